"""
Generated requests: what nobody would have written, within what a target claims.

``fixed`` gives a list of cases that go through the runner like any other; it is the same for the same version of the
suite and the same seed, needs no Hypothesis and may gate.  ``explore`` lets Hypothesis draw families of cases, asks for
them, and shrinks what was found; what it finds advises until it is pinned.

Use::

    generate.available("openai-chat")                      # is there anything to generate for the contract
    generate.fixed("openai-chat", seed=0, claims=None, limit=300)       # -> tuple[Case, ...]

    plan = generate.plan("openai-chat", seed=0, claims=None, limit=300)
    plan.cases                                             # the first wave, ready for the runner
    plan.shrink(results, ask)                              # the second: asks for smaller requests until nothing shrinks

``ask`` takes cases and gives their judged results, in their order; it may be called from several threads, and is asked
about every request once.  It raises ``Enough`` when the budget is spent.  Nothing here knows the network.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from conformance.contract import generation
from conformance.errors import UsageError
from conformance.model import Case

#: Generated requests of a run that sets no limit.
LIMIT = 300


def available(contract: str) -> bool:
    """
    Requests can be generated for the contract.
    """
    return generation.load(contract) is not None


def fixed(
    contract: str, *, seed: int = 0, claims: AbstractSet[str] | None = None, limit: int = LIMIT
) -> tuple[Case, ...]:
    """
    The fixed list of a contract: at most ``limit`` requests within what the target claims (None: it says nothing).

    Raises ``UsageError`` for a contract without generated requests.
    """
    from conformance.generate import listing

    return listing.cases(_ground(contract), seed=seed, claims=claims, limit=limit)


def _ground(contract: str) -> generation.Generation:
    ground = generation.load(contract)
    if ground is None:
        raise UsageError(f"nothing is generated for the contract {contract!r}\n  Leave --generate off for it.")
    return ground
