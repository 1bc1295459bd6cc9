"""
A run's folder: its recording judged again, and every report that is made of it.

The recording is the one source of truth, so that what is judged live and what is judged again years later agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from conformance import run
from conformance.capture import recording
from conformance.capture.redaction import write_guarded
from conformance.capture.secret import Secret
from conformance.contract import contracts
from conformance.errors import FileError
from conformance.judge import not_asked
from conformance.model import Contract, Evidence, Exchange, Outcome, Result, RunInfo, Scorecard, Standing
from conformance.read.reply import Reply
from conformance.report import html, junit, markdown, results, scorecard
from conformance.report.exits import Stale
from conformance.report.views import AttemptView, CaseView, EventView

RECORDING = "recording.jsonl"


def load(folder: Path) -> Scorecard:
    """
    The scorecard of an earlier run, judged again from its recording (a folder or the file itself).

    Raises ``FileError`` when there is no readable recording.
    """
    path = folder / RECORDING if folder.is_dir() else folder
    if not path.is_file():
        raise FileError(
            str(path), 0, "there is no recording here", "Name the folder of a run, as reports/<time>-<target>."
        )
    return judged(recording.read(path))


def judged(kept: recording.Recording) -> Scorecard:
    """
    A recording's exchanges judged, and scored with what was never sent.
    """
    info = kept.header
    known = {name: contracts.load(name) for name, _, _ in info.contracts}
    around = circumstances(info)
    made = run.judged(kept.pairs, known, circumstances=around)
    asked = {result.case.id for result in made}
    rest = [not_asked(case, outcome, cause) for case, outcome, cause in kept.unasked if case.id not in asked]
    return score([*made, *rest], tuple(known.values()), info)


def circumstances(info: RunInfo) -> run.Circumstances:
    """
    What judging needs to know of a target, as a run's header states it.
    """
    claims = None if info.claims is None else frozenset(info.claims)
    return run.Circumstances(claims=claims, keyed=info.settings.get("key") != "none")


def score(made: Sequence[Result], known: Sequence[Contract], info: RunInfo) -> Scorecard:
    """
    The scorecard of results, with the tokens that the target counted.
    """
    ordered = sorted(made, key=lambda result: result.case.id)
    return scorecard.score(ordered, known, info, tokens=run.tokens(ordered))


def write(
    folder: Path,
    card: Scorecard,
    *,
    secrets: Iterable[Secret] = (),
    exit_code: int = 0,
    reason: str = "",
    standing: Standing | None = None,
    stale: Stale = Stale.FAIL,
) -> None:
    """
    Write ``results.json``, ``report.html``, ``junit.xml`` and ``summary.md``; each whole or not at all.

    Raises ``SecretLeak`` when one would hold a secret.
    """
    known = tuple(secrets)
    files: Mapping[str, str | bytes] = {
        "results.json": results.render(card, exit_code=exit_code, reason=reason, standing=standing),
        "report.html": html.render(card, views(card)),
        "junit.xml": junit.render(card, standing=standing, stale=stale),
        "summary.md": markdown.render(card, report="report.html"),
    }
    for name, data in files.items():
        write_guarded(folder / name, data, known)


def views(card: Scorecard) -> dict[str, CaseView]:
    """
    Every reply of a scorecard as the report shows it, by case id.
    """
    return {
        result.case.id: CaseView(attempts=tuple(_view(attempt.exchange) for attempt in result.attempts))
        for result in card.results
        if result.attempts
    }


def _view(exchange: Exchange) -> AttemptView:
    reply = Reply(exchange)
    if not reply.is_stream:
        return AttemptView(body=reply.body.decode(errors="backslashreplace"))
    times = [at for at, _ in reply.reads] if Evidence.TIMES in exchange.shows else []
    plain = not any(name.lower() == "content-encoding" for name, _ in exchange.headers)
    made = []
    for event in reply.stream.events:
        read = reply.read_of(event.end)
        at = times[read] if read is not None and times else None
        text = reply.body[event.start : event.end].decode(errors="backslashreplace").rstrip("\r\n")
        made.append(
            EventView(
                index=event.index, at=at, text=text, start=event.start, end=event.end, read=read if plain else None
            )
        )
    return AttemptView(events=tuple(made))


def unasked(made: Iterable[Result]) -> list[tuple[Result, Outcome, str]]:
    """
    The results for which nothing was sent.
    """
    return [(result, result.outcome, result.cause) for result in made if not result.attempts]
