"""
Which documented parameters targets take: in how many valid requests each was sent, and what became of them.

A refusal may have had another reason: it is a fact to look into, and no verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.report.text import line
from conformance.report.views import Facts, ParameterUse


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """
    One documented parameter over all targets.
    """

    contract: str
    place: str
    #: By target, in the order of the targets: valid requests with it that were answered, and that were refused.
    accepted: tuple[tuple[str, int], ...]
    refused: tuple[tuple[str, int], ...]

    @property
    def top(self) -> bool:
        """
        A member of the request itself.
        """
        return self.place.count("/") == 1

    @property
    def sent(self) -> bool:
        """
        At least one target was sent it.
        """
        return bool(self.accepted or self.refused)


def of(targets: Sequence[tuple[str, Facts]]) -> tuple[Parameter, ...]:
    """
    Every documented parameter, in the order of the contracts.
    """
    uses: dict[tuple[str, str], list[tuple[str, ParameterUse]]] = {}
    for name, facts in targets:
        for use in facts.parameters:
            uses.setdefault((use.contract, use.place), []).append((line(name), use))
    return tuple(
        Parameter(
            contract=contract,
            place=place,
            accepted=tuple((name, use.accepted) for name, use in found if use.accepted),
            refused=tuple((name, use.refused) for name, use in found if use.refused),
        )
        for (contract, place), found in uses.items()
    )
