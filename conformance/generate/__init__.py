"""
Generated requests: what nobody would have written, within what a target claims.

``fixed`` gives a list of cases that go through the runner like any other; it is the same for the same version of the
suite and the same seed, needs no Hypothesis and may gate.  ``explore`` lets Hypothesis draw families of cases, asks for
them, and shrinks what was found; what it finds advises until it is pinned.

Use::

    generate.available("openai-chat")                      # is there anything to generate for the contract
    generate.fixed("openai-chat", seed=0, claims=None, limit=300)       # -> tuple[Case, ...]

    exploration = generate.explore("openai-chat", seed=0, claims=None, limit=500)
    exploration.cases                                      # the first wave, ready for the runner
    exploration.shrink(results, ask)                       # asks for ever smaller requests that show the same mistakes
    generate.smallest(results)                             # what was found: requirements with their smallest cases

``ask`` takes cases and gives their judged results, in their order; it may be called from several threads, and is asked
about every request once.  It raises ``Enough`` when the budget is spent.  Nothing here knows the network.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from conformance.contract import generation
from conformance.errors import UsageError
from conformance.generate.advice import smallest as smallest
from conformance.model import Case

if TYPE_CHECKING:
    from conformance.generate.exploring import Exploration

#: Requests of the fixed list when nothing is said.
FIXED = 300
#: Requests of an exploration when nothing is said, shrinking included.
EXPLORE = 500


def available(contract: str) -> bool:
    """
    Requests can be generated for the contract.
    """
    return generation.load(contract) is not None


def fixed(
    contract: str, *, seed: int = 0, claims: AbstractSet[str] | None = None, limit: int = FIXED
) -> tuple[Case, ...]:
    """
    The fixed list of a contract: at most ``limit`` requests within what the target claims (None: it says nothing).

    Raises ``UsageError`` for a contract without generated requests.
    """
    from conformance.generate import listing

    return listing.cases(_ground(contract), seed=seed, claims=claims, limit=limit)


def explore(
    contract: str, *, seed: int = 0, claims: AbstractSet[str] | None = None, limit: int = EXPLORE
) -> Exploration:
    """
    An exploration of at most ``limit`` requests within what the target claims; its first wave is drawn here.

    Raises ``UsageError`` for a contract without generated requests.
    """
    from conformance.generate import exploring, profiles

    ground = _ground(contract)
    return exploring.explore(ground, seed=seed, asked=profiles.within(ground, claims), limit=limit)


def _ground(contract: str) -> generation.Generation:
    ground = generation.load(contract)
    if ground is None:
        raise UsageError(f"nothing is generated for the contract {contract!r}\n  Leave --generate off for it.")
    return ground
