"""
Generated requests within a run: which are added to the cases, and how an exploration goes on when they are judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from conformance import generate
from conformance.capture import budget
from conformance.errors import UsageError
from conformance.generate.exploring import Enough, Exploration
from conformance.model import Case, Contract, Result
from conformance.run import Ask


class Mode(StrEnum):
    """
    What is generated.
    """

    OFF = "off"
    #: The same list for the same suite and seed; it may gate.
    FIXED = "fixed"
    #: New requests by Hypothesis, shrunk where they find something; they advise until they are pinned.
    EXPLORE = "explore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """
    What the user wants generated.
    """

    mode: Mode = Mode.OFF
    seed: int = 0

    @property
    def settings(self) -> dict[str, str]:
        """
        For the method page of a report; nothing when nothing is generated.
        """
        return {} if self.mode is Mode.OFF else {"generate": self.mode.value, "seed": str(self.seed)}


NOTHING = Wish()


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """
    The generated cases of a run, and the explorations that they begin.
    """

    cases: tuple[Case, ...] = ()
    explorations: tuple[Exploration, ...] = ()

    def go_on(self, results: Sequence[Result], ask: Ask) -> None:
        """
        Shrink what the first waves found, as far as the budget goes.
        """

        def asked(cases: Sequence[Case]) -> Sequence[Result]:
            try:
                return ask(cases)
            except budget.Spent:
                raise Enough from None

        for exploration in self.explorations:
            own = {case.id for case in exploration.cases}
            come = [result for result in results if result.case.id in own and result.attempts]
            exploration.shrink(come, asked)


def add(
    wish: Wish,
    contracts: Sequence[Contract],
    *,
    claims: frozenset[str] | None,
    room: int | None,
    widest: frozenset[str],
) -> Added:
    """
    What is generated for the contracts that can be: within the claims, and within ``widest`` unless it is empty.

    ``room`` is the number of requests that are left for it; None for as many as are usual.
    Raises ``UsageError`` when requests are wished for, but none of the contracts has any.
    """
    if wish.mode is Mode.OFF:
        return Added()
    able = [contract for contract in contracts if generate.available(contract.id)]
    if not able:
        names = ", ".join(contract.id for contract in contracts)
        raise UsageError(f"nothing is generated for {names}\n  Leave --generate off, or name another contract.")
    usual = generate.FIXED if wish.mode is Mode.FIXED else generate.EXPLORE
    share = (usual if room is None else max(0, min(usual, room))) // len(able)
    made = [_added(wish, contract, _narrowed(contract, claims, widest), share) for contract in able]
    return Added(
        cases=tuple(case for each in made for case in each.cases),
        explorations=tuple(exploration for each in made for exploration in each.explorations),
    )


def _narrowed(contract: Contract, claims: frozenset[str] | None, widest: frozenset[str]) -> frozenset[str] | None:
    if not widest:
        return claims
    asked = {profile.id for profile in contract.profiles if profile.asked} if claims is None else claims
    return frozenset(asked & widest)


def _added(wish: Wish, contract: Contract, claims: frozenset[str] | None, limit: int) -> Added:
    if wish.mode is Mode.FIXED:
        return Added(cases=generate.fixed(contract.id, seed=wish.seed, claims=claims, limit=limit))
    exploration = generate.explore(contract.id, seed=wish.seed, claims=claims, limit=limit)
    return Added(cases=exploration.cases, explorations=(exploration,))
