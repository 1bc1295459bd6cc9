"""
``conformance run``: ask one target or several and judge what they answer.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from conformance import plan, runs
from conformance.capture import budget, doctor
from conformance.capture.amounts import seconds
from conformance.capture.redaction import secrets_of
from conformance.cli import ci, gating, options, shown
from conformance.cli.progress import Progress
from conformance.contract import selection
from conformance.errors import NoVerdict
from conformance.model import Case
from conformance.report import diff, diff_text, results
from conformance.report.text import grouped
from conformance.report.verdicts import profile_of

_EPILOG = """\b
Examples:
  conformance run                              the bundled reference provider
  OPENAI_API_KEY=... conformance run https://host/v1 --model m
  conformance run https://host/v1 -m m --profile smoke   ten requests
  conformance run https://host/v1 -m m --claims tools,vision --dry-run
  conformance run --targets targets.yaml --group nightly

\b
Exit codes:
  0 conforms   1 violation   2 usage   3 no verdict   4 stale baseline
  5 nothing tested   70 a bug of ours   130 interrupted
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@options.whom
@click.option("-c", "--contract", "contracts", multiple=True, metavar="ID", help="A contract; repeatable.")
@click.option("-p", "--profile", "profiles", multiple=True, metavar="ID", help="A profile, or smoke; repeatable.")
@click.option("-k", "expression", default="", metavar="EXPR", help="Words with and, or, not over ids and titles.")
@click.option("--case", "ids", multiple=True, metavar="ID", help="A case, or the beginning of ids; repeatable.")
@click.option(
    "--cases", "files", multiple=True, type=click.Path(path_type=Path), metavar="PATH", help="Your own case files."
)
@click.option("--max-requests", type=click.IntRange(1), metavar="N", help="Send no more requests than this.")
@click.option("--max-tokens", type=click.IntRange(1), metavar="N", help="Spend no more tokens, reckoned as ceilings.")
@click.option("--max-time", metavar="S", help="Send nothing after this time, as 10m.")
@gating.options
@gating.reports
@click.option("--dry-run", is_flag=True, help="Say what would be sent and what it may cost; send nothing.")
@click.option("--resume", type=click.Path(path_type=Path), metavar="DIR", help="Continue an interrupted run.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="DIR", help="The run's folder.")
@click.option("--json", "as_json", is_flag=True, help="Print results.json instead of the summary.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(
    contracts: tuple[str, ...],
    profiles: tuple[str, ...],
    expression: str,
    ids: tuple[str, ...],
    files: tuple[Path, ...],
    max_requests: int | None,
    max_tokens: int | None,
    max_time: str | None,
    baseline: Path | None,
    fail_on: str,
    stale: str,
    max_inconclusive: str | None,
    formats: tuple[str, ...],
    dry_run: bool,
    resume: Path | None,
    output: Path | None,
    as_json: bool,
    quiet: bool,
    **whom: Any,
) -> int:
    """
    Ask an endpoint and judge what it answers.

    URL is the base URL, with its /v1.  Without it the environment variable
    OPENAI_BASE_URL names one, else the bundled reference provider is asked.
    The key is read from OPENAI_API_KEY.
    """
    choice = plan.Choice(contracts=contracts, profiles=profiles, expression=expression, ids=ids, files=files)
    limits = plan.Limits(
        requests=max_requests, tokens=max_tokens, seconds=seconds(max_time) if max_time is not None else None
    )
    gate = gating.gate(baseline=baseline, fail_on=fail_on, stale=stale, max_inconclusive=max_inconclusive)
    with options.chosen(**whom) as found:
        target = options.one(found)
        made = plan.make(target, choice, limits=limits, command=("conformance", *sys.argv[1:]))
        if dry_run:
            return _say_cost(made, as_json=as_json)
        folder = resume or output or plan.new_folder(Path("reports"), target.name)
        ways = _Ways(
            gate=gate.for_target(target.baseline),
            formats=formats,
            resume=resume is not None,
            as_json=as_json,
            quiet=quiet,
        )
        return _perform(made, folder, ways)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ways:
    """
    How a run is performed, judged and shown.
    """

    gate: gating.Gate
    formats: tuple[str, ...]
    resume: bool
    as_json: bool
    quiet: bool


def _perform(made: plan.Plan, folder: Path, ways: _Ways) -> int:
    target, quiet = made.target, ways.quiet
    if not quiet:
        click.echo(f"asking {target.label or target.name} ({len(made.asked)} cases)", err=True)
    doctor.ask_first(target, made.contracts[0].id)
    progress = Progress(name=target.name, total=len(made.asked), file=sys.stderr, quiet=quiet, live=sys.stderr.isatty())
    try:
        performed = plan.perform(made, folder, resume=ways.resume, watcher=progress)
    finally:
        progress.end()
    standing, ended = ways.gate.hold(
        performed.card,
        requested=[name for name in made.choice.profiles if name != selection.SMOKE],
        interrupted=isinstance(performed.stopped, KeyboardInterrupt),
    )
    runs.write(
        folder,
        performed.card,
        secrets=secrets_of(target),
        exit_code=ended.code,
        reason=ended.reason,
        standing=standing,
        stale=ways.gate.stale,
        formats=ways.formats,
    )
    ways.gate.warn([performed.card])
    judged = ci.Judged(card=performed.card, standing=standing, ended=ended, report=str(folder / "report.html"))
    _say(judged, folder, as_json=ways.as_json)
    ci.tell([judged], ended, os.environ, level=ways.gate.fail_on)
    if isinstance(performed.stopped, NoVerdict):
        click.echo(f"conformance: {performed.stopped}", err=True)
    return ended.code


def _say(judged: ci.Judged, folder: Path, *, as_json: bool) -> None:
    card, ended, standing = judged.card, judged.ended, judged.standing
    if as_json:
        shown.data(results.document(card, exit_code=ended.code, reason=ended.reason, standing=standing))
        return
    if standing is not None:
        shown.text(diff_text.text(diff.against(card, standing)) + "\n")
    shown.card(card, report=str(folder / "report.html"), exit_code=ended.code, reason=ended.reason)


def _say_cost(made: plan.Plan, *, as_json: bool) -> int:
    rows = list(_costs(made))
    whole = budget.estimate(made.asked)
    if as_json:
        keys = ("profile", "requests", "prompt_tokens", "completion_tokens")
        shown.data(
            {
                "target": made.target.name,
                "model": made.target.model,
                "profiles": [dict(zip(keys, row, strict=True)) for row in rows],
                "requests": whole.requests,
                "prompt_tokens": whole.prompt_tokens,
                "completion_tokens": whole.completion_tokens,
            }
        )
        return 0
    click.echo(f"{made.target.label or made.target.name}, model {made.target.model}: nothing is sent.\n")
    click.echo(f"{'profile':<34}{'requests':>10}{'prompt':>12}{'completion':>14}")
    for name, requests, prompt, completion in [
        *rows,
        ("in all, at most", whole.requests, whole.prompt_tokens, whole.completion_tokens),
    ]:
        click.echo(f"{name:<34}{grouped(requests):>10}{grouped(prompt):>12}{grouped(completion):>14}")
    click.echo("\nTokens are ceilings.  One small request is sent first to see who answers; retries come on top.")
    return 0


def _costs(made: plan.Plan) -> Iterable[tuple[str, int, int, int]]:
    known = {contract.id: contract for contract in made.contracts}
    groups: dict[str, list[Case]] = {}
    for case in made.asked:
        prefix = f"{case.contract} " if len(known) > 1 else ""
        groups.setdefault(prefix + profile_of(case, known[case.contract]), []).append(case)
    for name, cases in groups.items():
        cost = budget.estimate(cases)
        yield name, cost.requests, cost.prompt_tokens, cost.completion_tokens
