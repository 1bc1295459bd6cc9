"""
What a target sent before and after, side by side, where a violation is new, flaky or fixed.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from conformance.report.diff import Change, Changes, Row
from conformance.report.text import cut, visible
from conformance.report.views import AttemptView, CaseView

#: Changes that are shown side by side, bytes of each side, and lines around each difference.
_MOST, _BYTES, _AROUND = 20, 1500, 2
_EVENT = re.compile(r"event\[(\d+)\]")

Views = Mapping[str, CaseView]


@dataclass(frozen=True, slots=True)
class Line:
    """
    One line of two texts: in both, or only in one of them.
    """

    #: `` ``, ``-`` or ``+``.
    sign: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """
    One place of one case in two runs, and where it differs.
    """

    case: str
    before: str
    after: str
    lines: tuple[Line, ...]


def of(changes: Changes, before: Views, after: Views) -> dict[tuple[Change, str], Beside]:
    """
    By change and signature: the first events, or the bodies, where both runs asked the same case.
    """
    made: dict[tuple[Change, str], Beside] = {}
    for row in changes.rows:
        if row.change in (Change.NEW, Change.FIXED, Change.FLAKY) and len(made) < _MOST:
            found = _beside(row, before, after)
            if found is not None:
                made.setdefault((row.change, row.signature), found)
    return made


def _beside(row: Row, before: Views, after: Views) -> Beside | None:
    finding = row.after or row.before
    case = next((each for each in row.cases if each in before and each in after), None)
    if case is None or finding is None:
        return None
    one, other = (_text(views[case].attempts[-1], finding.where) for views in (before, after))
    return Beside(
        case=case, before=cut(one, _BYTES), after=cut(other, _BYTES), lines=lines(_payload(one), _payload(other))
    )


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


def lines(before: str, after: str) -> tuple[Line, ...]:
    """
    Where two texts differ, line by line; JSON is laid out first.
    """
    return tuple(_signed(difflib.unified_diff(_laid_out(before), _laid_out(after), n=_AROUND, lineterm="")))


def _signed(rows: Iterable[str]) -> Iterator[Line]:
    for row in rows:
        if not row.startswith(("---", "+++", "@@")):
            yield Line(row[:1] or " ", row[1:])


def _laid_out(text: str) -> list[str]:
    try:
        return json.dumps(json.loads(text), indent=1, ensure_ascii=False).splitlines()
    except (ValueError, RecursionError):
        return text.splitlines()
