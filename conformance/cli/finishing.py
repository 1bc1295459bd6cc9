"""
What follows a run, for one target as for several: the gate, the reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from conformance import plan, runs
from conformance.capture.redaction import secrets_of
from conformance.cli import ci, gating
from conformance.contract import selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """
    How a run is performed, judged and shown.
    """

    gate: gating.Gate
    formats: tuple[str, ...]
    resume: bool
    as_json: bool
    quiet: bool


def finish(
    made: plan.Plan, performed: plan.Performed, folder: Path, ways: Ways, *, interrupted: bool = False
) -> ci.Judged:
    """
    Hold a run against its gate and write its reports.
    """
    gate = ways.gate.for_target(made.target.baseline)
    standing, ended = gate.hold(
        performed.card,
        requested=[name for name in made.choice.profiles if name != selection.SMOKE],
        interrupted=interrupted,
    )
    runs.write(
        folder,
        performed.card,
        secrets=secrets_of(made.target),
        exit_code=ended.code,
        reason=ended.reason,
        standing=standing,
        stale=gate.stale,
        formats=ways.formats,
    )
    return ci.Judged(card=performed.card, standing=standing, ended=ended, report=str(folder / "report.html"))
