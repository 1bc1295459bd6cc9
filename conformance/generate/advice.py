"""
What an exploration found, told by its smallest requests: a pure function of results, live and from a recording alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from conformance.generate import chat_request, families
from conformance.generate.families import Family
from conformance.model import JSON, Case, Result

#: Different causes of one mistake that are told.
_CAUSES = 3


def smallest(results: Sequence[Result]) -> dict[str, tuple[Case, ...]]:
    """
    For every requirement that explored cases violate the smallest cases that do, one for each cause that can be told.
    """
    shown: dict[str, dict[str, Case]] = {}
    for result in results:
        for finding in result.findings if result.case.advisory else ():
            shown.setdefault(finding.requirement, {})[result.case.id] = result.case
    return {name: _causes(list(cases.values())) for name, cases in shown.items()}


def _causes(cases: list[Case]) -> tuple[Case, ...]:
    causes: list[Case] = []
    for case in sorted(cases, key=size):
        if len(causes) < _CAUSES and not any(explains((cause,), (case,)) for cause in causes):
            causes.append(case)
    return tuple(causes)


def size(case: Case) -> tuple[bool, int, int, str]:
    """
    How much there is to read in a case's request: valid ones first, then fewest members.
    """
    text = families.canonical(case.request.body)
    return case.invalid, len(_features(case)), len(text) + len(case.request.raw or b""), case.id


def explains(cause: Family, family: Family) -> bool:
    """
    Everything that makes the one more than the simplest request is in the other as well.
    """
    given = frozenset(feature for case in family for feature in (*_features(case), case.title))
    return frozenset(feature for case in cause for feature in _reasons(case)) <= given


def _reasons(case: Case) -> frozenset[str]:
    # What is broken is the reason, whatever by; a variant is one by the way in which it is written.
    return frozenset({case.title}) if case.invalid or case.compare else _features(case)


def _features(case: Case) -> frozenset[str]:
    return frozenset(_leaves(case.request.body, "")) - frozenset(_leaves(chat_request.smallest(), ""))


def _leaves(value: JSON, at: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield from _leaves(each, f"{at}/{name}")
    elif isinstance(value, list) and value:
        for each in value:
            yield from _leaves(each, f"{at}/*")
    else:
        # What kind of value it is matters more often than which.
        yield f"{at}: {_sort(value)}"


def _sort(value: JSON) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "a number"
    return "a text" if value and isinstance(value, str) else json.dumps(value)
