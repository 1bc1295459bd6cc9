"""
What a target sent before and after, side by side, where a violation is new or gone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from conformance.report.changes import Change, Changes, Line, lines
from conformance.report.text import cut, visible
from conformance.report.views import AttemptView, CaseView

#: Changes that are shown side by side, and bytes of each side.
_MOST, _BYTES = 20, 1500
_EVENT = re.compile(r"event\[(\d+)\]")

Views = Mapping[str, CaseView]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """
    One place of one case in two runs, and where it differs.
    """

    case: str
    before: str
    after: str
    lines: tuple[Line, ...]


def of(changes: Changes, before: Views, after: Views) -> dict[str, Beside]:
    """
    By signature: the first events, or the bodies, of what is new or gone, where both runs asked the same case.
    """
    made: dict[str, Beside] = {}
    for change in changes.changes:
        if change.kind in ("new", "gone") and len(made) < _MOST:
            found = _beside(change, before, after)
            if found is not None:
                made[change.signature] = found
    return made


def _beside(change: Change, before: Views, after: Views) -> Beside | None:
    violation = change.after or change.before
    if violation is None:
        return None
    case, _, finding = violation.samples[0]
    if case not in before or case not in after:
        return None
    one, other = (_text(views[case].attempts[-1], finding.where) for views in (before, after))
    laid = lines(_payload(one), _payload(other))
    return Beside(case=case, before=cut(one, _BYTES), after=cut(other, _BYTES), lines=laid)


def _text(view: AttemptView, where: str) -> str:
    """
    The event that a place names, or the body.
    """
    found = _EVENT.match(where)
    if found is None or not view.events:
        return visible(view.body or "\n\n".join(event.text for event in view.events[-3:]), "\n")
    number = int(found[1])
    event = next((each for each in view.events if each.index == number), None)
    return visible(event.text, "\n") if event is not None else f"[there is no event {number}]"


def _payload(text: str) -> str:
    return text.removeprefix("data:").strip()
