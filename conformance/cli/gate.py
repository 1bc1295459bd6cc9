"""
``conformance gate``: hold finished runs against a baseline.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from conformance import runs
from conformance.cli import ci, gating, shown
from conformance.errors import UsageError
from conformance.model import JSON, Scorecard, Standing
from conformance.report import baseline, diff, diff_text, exits

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
@gating.options
@click.option("--json", "as_json", is_flag=True, help="Print the dispositions as JSON.")
def command(folders: tuple[Path, ...], *, as_json: bool, **gate: Any) -> int:
    """
    Hold finished runs against a baseline: what is new, expired, known, stale.

    Nothing is sent, and the runs stay as they are.
    """
    if gate["baseline"] is None:
        raise UsageError("a gate needs --baseline FILE\n  conformance init begins one that accepts nothing.")
    held = gating.gate(**gate)
    cards = [runs.load(folder) for folder in folders]
    judged = []
    for card, folder in zip(cards, folders, strict=True):
        standing, ended = held.hold(card)
        judged.append(ci.Judged(card=card, standing=standing, ended=ended, report=str(folder / "report.html")))
    ended = exits.worst([each.ended for each in judged])
    for card in cards:
        held.warn(card)
    _say(judged, ended, as_json=as_json)
    ci.tell(judged, ended, os.environ, level=held.fail_on)
    return ended.code


def _say(judged: Sequence[ci.Judged], ended: exits.Exit, *, as_json: bool) -> None:
    if as_json:
        shown.data([document(each.card, each.standing, each.ended) for each in judged if each.standing is not None])
        return
    for each in judged:
        if each.standing is not None:
            shown.text(diff_text.text(diff.against(each.card, each.standing)) + "\n")
    shown.text(f"Exit {ended.code}: {ended.reason}\n")


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
