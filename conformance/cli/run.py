"""
``conformance run``: ask one target or several and judge what they answer.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from conformance import generated, performing, plan, runs
from conformance.capture import budget, doctor
from conformance.capture.amounts import seconds
from conformance.cli import ci, finishing, gating, options, several, shown
from conformance.cli.progress import Progress
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
  conformance run --targets targets.yaml --group all     every target at once, and compare them

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
@click.option(
    "--generate",
    "mode",
    type=click.Choice(["off", "fixed", "explore"]),
    default="off",
    help="Add generated requests: a fixed list, which decides, or an exploration, which advises.",
)
@click.option("--seed", type=click.IntRange(0), default=0, metavar="N", help="Of generated requests (default: 0).")
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
    mode: str,
    seed: int,
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
    The key is read from OPENAI_API_KEY.  Several targets of a targets file
    are asked at the same time, each within its own limits, and compared.
    """
    choice = plan.Choice(contracts=contracts, profiles=profiles, expression=expression, ids=ids, files=files)
    limits = plan.Limits(
        requests=max_requests, tokens=max_tokens, seconds=seconds(max_time) if max_time is not None else None
    )
    gate = gating.gate(baseline=baseline, fail_on=fail_on, stale=stale, max_inconclusive=max_inconclusive)
    with options.chosen(**whom) as found:
        wish = generated.Wish(mode=generated.Mode(mode), seed=seed)
        command = ("conformance", *sys.argv[1:])
        plans = [plan.make(each, choice, limits=limits, command=command, wish=wish) for each in found]
        if dry_run:
            return max(_say_cost(each, as_json=as_json) for each in plans)
        ways = finishing.Ways(
            gate=gate,
            gates={each.name: gate.for_target(each.baseline) for each in found},
            formats=formats,
            resume=resume is not None,
            as_json=as_json,
            quiet=quiet,
        )
        named = plans[0].target.name if len(plans) == 1 else whom["group"] or "targets"
        folder = resume or output or runs.new_folder(Path("reports"), named)
        return _perform(plans[0], folder, ways) if len(plans) == 1 else several.perform(plans, folder, ways)


def _perform(made: plan.Plan, folder: Path, ways: finishing.Ways) -> int:
    target, quiet = made.target, ways.quiet
    if not quiet:
        click.echo(f"asking {target.label or target.name} ({len(made.asked)} cases)", err=True)
    doctor.ask_first(target, made.contracts[0].id)
    progress = Progress(name=target.name, total=len(made.asked), file=sys.stderr, quiet=quiet, live=sys.stderr.isatty())
    try:
        performed = performing.perform(made, folder, resume=ways.resume, watcher=progress)
    finally:
        progress.end()
    judged = finishing.finish(
        made, performed, folder, ways, interrupted=isinstance(performed.stopped, KeyboardInterrupt)
    )
    _say(judged, folder, as_json=ways.as_json)
    ci.tell([judged], judged.ended, os.environ, level=ways.gate.fail_on)
    if isinstance(performed.stopped, NoVerdict):
        click.echo(f"conformance: {performed.stopped}", err=True)
    return judged.ended.code


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
