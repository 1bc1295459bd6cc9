"""
``conformance gate``: hold finished runs against a baseline.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from conformance import runs
from conformance.cli import shown
from conformance.cli.baseline import today
from conformance.contract import baselines
from conformance.model import JSON, Baseline, Level, Scorecard, Standing
from conformance.report import baseline, diff, diff_text, exits
from conformance.report.text import line

_EPILOG = """\b
Examples:
  conformance gate reports/20260101T000000Z-acme --baseline baseline.yaml
  conformance gate reports/*/ --baseline baseline.yaml --stale warn

\b
Exit codes:
  0 the gate holds   1 new or expired violation   3 no verdict
  4 stale baseline alone   5 nothing tested
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DIR...")
@click.option(
    "--baseline", "file", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The known violations."
)
@click.option("--fail-on", type=click.Choice(["must", "should"]), default="must", help="What makes the exit code 1.")
@click.option(
    "--stale",
    type=click.Choice([each.value for each in exits.Stale]),
    default="fail",
    help="What an entry does whose violation is gone.",
)
@click.option("--max-inconclusive", metavar="N|P%", help="Cases that may stay undecided (default: 5%).")
@click.option("--json", "as_json", is_flag=True, help="Print the dispositions as JSON.")
def command(
    folders: tuple[Path, ...], file: Path, fail_on: str, stale: str, max_inconclusive: str | None, *, as_json: bool
) -> int:
    """
    Hold finished runs against a baseline: what is new, expired, known, stale.

    Nothing is sent and nothing is written.
    """
    tolerance = exits.Tolerance.read(max_inconclusive) if max_inconclusive is not None else None
    known = baselines.load(file)
    cards = [runs.load(folder) for folder in folders]
    standings = [baseline.stand(card, known, today().isoformat()) for card in cards]
    ends = [
        exits.decide(card, standing, fail_on=Level(fail_on.upper()), stale=exits.Stale(stale), tolerance=tolerance)
        for card, standing in zip(cards, standings, strict=True)
    ]
    ended = exits.worst(ends)
    warn_of_unknown(known, cards)
    if as_json:
        shown.data([document(*each) for each in zip(cards, standings, ends, strict=True)])
    else:
        for card, standing in zip(cards, standings, strict=True):
            shown.text(diff_text.text(diff.against(card, standing)) + "\n")
        shown.text(f"Exit {ended.code}: {ended.reason}\n")
    return ended.code


def document(card: Scorecard, standing: Standing, ended: exits.Exit) -> dict[str, JSON]:
    """
    What a gate says of one run, as a JSON object.
    """
    counts = baseline.tally(card, standing)
    return {
        "target": card.run.target,
        "exit": {"code": ended.code, "reason": ended.reason},
        "counts": {disposition.value: count for disposition, count in counts.items()},
        **{key: each for key, each in diff_text.document(diff.against(card, standing)).items() if key == "changes"},
    }


def warn_of_unknown(known: Baseline, cards: Sequence[Scorecard]) -> None:
    """
    Say which entries speak of cases that do not exist; they match nothing, so that this alone fails no gate.
    """
    asked = [result.case.id for card in cards for result in card.results]
    for entry, pattern, near in baselines.unknown_cases(known, asked):
        hint = f"; did you mean {near}?" if near else ""
        click.echo(f"{known.path}:{entry.line}: there is no case {line(pattern, 120)!r}{hint}", err=True)
