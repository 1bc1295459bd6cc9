"""
The registry of checks: one generator of findings a requirement.

A check knows nothing of severity, reports or pytest.
A contract binds a check to a requirement by naming it in its ``requirements.yaml``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conformance.checks.subject import Subject
from conformance.model import CheckClass, Evidence, Finding, Unobserved

Find = Callable[[Subject], Iterator[Finding | Unobserved]]
Applies = Callable[[Subject], bool]


@dataclass(frozen=True, slots=True)
class Check:
    """
    One claim about a case and its reply.
    """

    name: str
    find: Find
    #: Whether the rule is at stake at all; if not, the requirement stays untested.
    applies: Applies
    #: Everything that the exchange must be able to show for the rule to be judged.
    shows: Evidence
    kind: CheckClass


REGISTRY: dict[str, Check] = {}


def check(
    name: str,
    *,
    when: Applies,
    shows: Evidence = Evidence.VALUES,
    kind: CheckClass = CheckClass.STRUCTURAL,
) -> Callable[[Find], Find]:
    """
    Register the decorated generator under a name that requirements can bind.
    """

    def register(find: Find) -> Find:
        if name in REGISTRY:
            raise ValueError(f"two checks are named {name}")
        REGISTRY[name] = Check(name, find, when, shows, kind)
        return find

    return register
