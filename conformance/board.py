"""
What is known of the cases of one run: what came for each, and what was judged of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from conformance.judge import judge
from conformance.model import Case, Contract, Exchange, Result
from conformance.read.reply import Reply

Exchanges = tuple[Exchange, ...]

#: So many cases, and so large a share of all, must have seen a server error vanish before none is believed any more.
_SEEN, _SHARE = 2, 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """
    What judging needs to know of the target.
    """

    #: None: the target says nothing of its features.
    claims: frozenset[str] | None = None
    #: A key is sent; whether the target demands one, its answers to wrong ones say.
    keyed: bool = True


@dataclass(slots=True)
class Board:
    """
    What is known so far, by case id.
    """

    contracts: Mapping[str, Contract]
    circumstances: Circumstances
    cases: dict[str, Case]
    exchanges: dict[str, Exchanges] = field(default_factory=dict)
    results: dict[str, Result] = field(default_factory=dict)

    def applies(self, case: Case) -> bool:
        """
        Whether the case is to be sent at all.
        """
        return applicable(case, self.contracts[case.contract], self.circumstances.claims)

    def peers(self, case: Case) -> tuple[Case, ...]:
        """
        The known cases that this one is compared with.
        """
        compared = [self.cases[name] for name in case.compare if name in self.cases]
        group = [each for each in self.cases.values() if each.group == case.group] if case.group else []
        return tuple({each.id: each for each in [*compared, *group] if each.id != case.id}.values())

    @property
    def unsteady(self) -> bool:
        """
        Server errors come and go at this target: some vanished when the same request was sent again.
        """
        gone = sum(_vanished(exchanges) for exchanges in self.exchanges.values())
        return gone >= _SEEN and gone >= _SHARE * len(self.exchanges)

    def judge(self, case: Case) -> Result:
        """
        Judge a case by everything that came for it.
        """
        names = {each.id for each in self.peers(case)} | ({case.after} if case.after else set())
        peers = {name: Reply(self.exchanges[name][-1]) for name in names if self.exchanges.get(name)}
        return judge(
            case,
            self.exchanges[case.id],
            self.contracts[case.contract],
            claims=self.circumstances.claims,
            peers=peers,
            keyed=self.circumstances.keyed,
            unsteady=any(_broke(exchange) for exchange in self.exchanges[case.id]) and self.unsteady,
        )


def _vanished(exchanges: Exchanges) -> bool:
    return _broke(exchanges[0]) and exchanges[-1].status is not None and exchanges[-1].status < 500


def _broke(exchange: Exchange) -> bool:
    return exchange.status is not None and exchange.status >= 500


def applicable(case: Case, contract: Contract, claims: frozenset[str] | None) -> bool:
    """
    The target claims what the case needs, or says nothing and the profile is asked by default.
    """
    profiles = {profile.id: profile for profile in contract.profiles}
    for need in case.needs:
        profile = profiles[need]
        asked = profile.asked if claims is None else need in claims
        if not profile.core and not asked:
            return False
    return True
