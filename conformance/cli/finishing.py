"""
What follows a run, for one target as for several: the gate, the reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance import performing, plan, runs
from conformance.capture.redaction import secrets_of
from conformance.cli import ci, gating
from conformance.contract import selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """
    How a run is performed, judged and shown.
    """

    gate: gating.Gate
    #: By the name of a target that names a baseline of its own; read before anything is sent.
    gates: Mapping[str, gating.Gate]
    formats: tuple[str, ...]
    resume: bool
    as_json: bool
    quiet: bool


def finish(
    made: plan.Plan, performed: performing.Performed, folder: Path, ways: Ways, *, interrupted: bool = False
) -> ci.Judged:
    """
    Hold a run against its gate and write its reports.
    """
    gate = ways.gates.get(made.target.name, ways.gate)
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
    gate.warn(performed.card)
    return ci.Judged(card=performed.card, standing=standing, ended=ended, report=str(folder / "report.html"))
