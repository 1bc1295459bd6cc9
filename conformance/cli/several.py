"""
Several targets asked at the same time, each by an engine of its own within its own limits, and compared at the end.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from conformance import comparison, performing, plan, runs
from conformance.capture import doctor
from conformance.capture.redaction import secrets_of
from conformance.cli import ci, finishing, shown
from conformance.cli.progress import Progress
from conformance.errors import NoVerdict, UsageError
from conformance.report import diff, diff_text, exits, labels, results
from conformance.report.text import grouped, line, plural

#: Seconds between two looks at all lines.
_LOOK = 0.2


def perform(plans: Sequence[plan.Plan], root: Path, ways: finishing.Ways) -> int:
    """
    Ask all targets at once, write a folder for each below ``root`` and the comparison into it.

    A target that cannot be asked stops no other: the others are judged, and the command ends as the worst of all.
    """
    if not ways.quiet:
        click.echo(f"asking {plural(len(plans), 'target')} at the same time", err=True)
    jobs = [_Job(made, folder) for made, folder in _places(plans, root)]
    for job in jobs:
        if not ways.resume and (job.folder / runs.RECORDING).exists():
            raise UsageError(
                f"{job.folder} holds a run\n  Continue it with --resume {root}, or name another folder with -o."
            )
    crew = _Crew(jobs, ways)
    crew.work()
    judged = list(crew.judged())
    for problem in crew.problems():
        click.echo(f"conformance: {problem}", err=True)
    ends = [each.ended for each in judged] + [exits.Exit(p.exit_code, p.problem) for p in crew.problems()]
    ended = exits.worst(ends)
    written = _compare(judged, plans, root) if len(judged) >= comparison.FEWEST else None
    _say(judged, ended, written, root, as_json=ways.as_json)
    ci.tell(judged, ended, os.environ, level=ways.gate.fail_on)
    return ended.code


def _places(plans: Sequence[plan.Plan], root: Path) -> Iterator[tuple[plan.Plan, Path]]:
    taken: set[str] = set()
    for made in plans:
        name = plain = runs.plain(made.target.name)
        number = 2
        while name in taken:
            name, number = f"{plain}-{number}", number + 1
        taken.add(name)
        yield made, root / name


@dataclass(slots=True)
class _Job:
    """
    One target's run in its thread.
    """

    made: plan.Plan
    folder: Path
    stop: Callable[[], None] | None = None
    performed: performing.Performed | None = None
    problem: NoVerdict | None = None


@dataclass(slots=True)
class _Crew:
    """
    All jobs, and the interrupt that ends them.
    """

    jobs: Sequence[_Job]
    ways: finishing.Ways
    interrupted: bool = False
    #: Whoever begins now ends at once.
    stopped: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self) -> None:
        """
        Do all jobs at once; an interrupt ends them early, and what has come is kept.
        """
        progress = [_progress(job, self.ways.quiet) for job in self.jobs]
        with _watched(progress, quiet=self.ways.quiet), ThreadPoolExecutor(len(self.jobs)) as pool:
            futures = [pool.submit(self._do, job, each) for job, each in zip(self.jobs, progress, strict=True)]
            try:
                _await(futures)
            except KeyboardInterrupt:
                self.interrupted = True
                self._stop()
                _await(futures)
            except BaseException:
                self._stop()
                raise

    def judged(self) -> Iterator[ci.Judged]:
        """
        The runs that came to something, held against their gates and reported.
        """
        for job in self.jobs:
            if job.performed is not None:
                yield finishing.finish(job.made, job.performed, job.folder, self.ways, interrupted=self.interrupted)

    def problems(self) -> list[NoVerdict]:
        """
        Why targets could not be asked, or not to the end.
        """
        found = [job.problem for job in self.jobs if job.problem is not None]
        stopped = [job.performed.stopped for job in self.jobs if job.performed is not None]
        return found + [each for each in stopped if isinstance(each, NoVerdict)]

    def _do(self, job: _Job, progress: Progress) -> None:
        def stoppable(stop: Callable[[], None]) -> None:
            with self._lock:
                job.stop = stop
                if self.stopped:
                    stop()

        try:
            doctor.ask_first(job.made.target, job.made.contracts[0].id)
            resume = self.ways.resume and (job.folder / runs.RECORDING).exists()
            job.performed = performing.perform(job.made, job.folder, resume=resume, watcher=progress, on_stop=stoppable)
        except NoVerdict as problem:
            job.problem = NoVerdict(f"{job.made.target.name}: {problem.problem}", problem.remedy, problem.cause)
        finally:
            progress.end()

    def _stop(self) -> None:
        with self._lock:
            self.stopped = True
            for job in self.jobs:
                if job.stop is not None:
                    job.stop()


def _await(futures: Sequence[Future[None]]) -> None:
    for future in futures:
        future.result()


def _progress(job: _Job, quiet: bool) -> Progress:
    target = job.made.target
    quiet = quiet or sys.stderr.isatty()
    return Progress(name=target.name, total=len(job.made.asked), file=sys.stderr, quiet=quiet)


@contextmanager
def _watched(progress: Sequence[Progress], *, quiet: bool) -> Iterator[None]:
    """
    A live line for each target on a terminal; elsewhere each says a plain line now and then by itself.
    """
    if quiet or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    def lines() -> Text:
        return Text("\n".join(each.line for each in progress), no_wrap=True, overflow="ellipsis")

    with Live(get_renderable=lines, console=Console(stderr=True), refresh_per_second=1 / _LOOK, transient=True):
        yield


def _compare(judged: Sequence[ci.Judged], plans: Sequence[plan.Plan], root: Path) -> Path:
    secrets = [secret for made in plans for secret in secrets_of(made.target)]
    made = comparison.of([(each.card, Path(each.report).parent.name) for each in judged])
    return comparison.write(root, made, secrets=secrets)[0]


def _say(judged: Sequence[ci.Judged], ended: exits.Exit, written: Path | None, root: Path, *, as_json: bool) -> None:
    if as_json:
        shown.data(
            [
                results.document(each.card, exit_code=each.ended.code, reason=each.ended.reason, standing=each.standing)
                for each in judged
            ]
        )
        return
    for each in judged:
        if each.standing is not None:
            shown.text(diff_text.text(diff.against(each.card, each.standing)) + "\n")
    shown.text("".join(f"{row}\n" for row in _rows(judged)))
    click.echo(f"\nreports: {root}/<target>/report.html")
    if written is not None:
        click.echo(f"comparison: {written}")
    click.echo(f"Exit {ended.code}" + (f": {line(ended.reason)}" if ended.reason else ""))


def _rows(judged: Sequence[ci.Judged]) -> Iterator[str]:
    wide = max([len("target"), *(len(line(each.card.run.target, 30)) for each in judged)])
    yield f"{'target':<{wide}}  {'requests':>8}  {'verdict':<24}exit"
    for each in judged:
        card = each.card
        sign = labels.VERDICT_SYMBOLS[card.verdict]
        verdict = f"{sign} {labels.words(card.verdict)}"
        yield f"{line(card.run.target, 30):<{wide}}  {grouped(card.requests):>8}  {verdict:<24}{each.ended.code}"
