"""
What targets send that their contract does not document, and who sends it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.report.text import line
from conformance.report.views import Extra, Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """
    One undocumented field, event name, comment or line over all targets.
    """

    contract: str
    kind: str
    place: str
    types: tuple[str, ...]
    #: By target, in the order of the targets: in how many exchanges it was seen.
    senders: tuple[tuple[str, int], ...]


def of(targets: Sequence[tuple[str, Facts]]) -> tuple[Extension, ...]:
    """
    Every extension of any target: what most targets send first, then by kind and place.
    """
    found: dict[tuple[str, str, str], list[tuple[str, Extra]]] = {}
    for name, facts in targets:
        for extra in facts.extras:
            found.setdefault((extra.contract, extra.kind, line(extra.place, 160)), []).append((line(name), extra))
    made = [
        Extension(
            contract=contract,
            kind=kind,
            place=place,
            types=tuple(sorted({each for _, extra in sent for each in extra.types})),
            senders=tuple((name, extra.exchanges) for name, extra in sent),
        )
        for (contract, kind, place), sent in found.items()
    ]
    return tuple(sorted(made, key=lambda each: (-len(each.senders), each.contract, each.kind, each.place)))
