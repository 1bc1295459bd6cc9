"""
The few events around a violation, for a page that must be read without script.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conformance.model import Attempt, Finding
from conformance.report import evidence
from conformance.report.evidence import Row, Tick
from conformance.report.text import plural
from conformance.report.views import AttemptView


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """
    A time line and the event that a finding names, with its neighbours.
    """

    #: What the time line shows, in words.
    said: str
    seconds: str
    unit: str
    #: SVG path data in a box of 1000 x 40.
    ticks: str
    violated: str
    rows: tuple[Row, ...]


def of(attempt: Attempt, view: AttemptView | None, finding: Finding) -> Excerpt | None:
    """
    The excerpt for a finding of an attempt; None when it names no event that can be shown.
    """
    shown = evidence.show(attempt, 1, view)
    place = next((n for n, row in enumerate(shown.rows) if finding in row.findings), None)
    if place is None:
        return None
    near = [row for row in shown.rows[max(place - 1, 0) : place + 2] if not row.skipped]
    said = f"{plural(shown.total, shown.unit)} over {shown.seconds}, the violation at {shown.unit} {shown.rows[place].number}"
    return Excerpt(
        said=said,
        seconds=shown.seconds,
        unit=shown.unit,
        ticks=path((tick for tick in shown.ticks if not tick.violated), 13, 14),
        violated=path((tick for tick in shown.ticks if tick.violated), 2, 36),
        rows=tuple(near),
    )


def path(ticks: Iterable[Tick], top: int, height: int) -> str:
    """
    Vertical strokes as the data of one SVG path.
    """
    return "".join(f"M{tick.x} {top}v{height}" for tick in ticks)
