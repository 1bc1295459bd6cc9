"""
What an exploration found, told by its smallest requests: a pure function of results, live and from a recording alike.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence

from conformance.generate import chat_request, families
from conformance.generate.families import Family
from conformance.model import JSON, Case, Finding, Result

#: Different causes of one mistake that are told.
_CAUSES = 3


def smallest(results: Sequence[Result], mark: Callable[[Finding], str]) -> dict[str, tuple[Case, ...]]:
    """
    For every mistake that explored cases show the smallest cases that do, one for each cause that can be told apart.
    """
    shown: dict[str, dict[str, Case]] = {}
    for result in results:
        for finding in result.findings if result.case.advisory else ():
            shown.setdefault(mark(finding), {})[result.case.id] = result.case
    return {name: _causes(list(cases.values())) for name, cases in shown.items()}


def in_order(results: Sequence[Result], mark: Callable[[Finding], str]) -> list[Result]:
    """
    The results with those of the smallest cases before those of other explored ones; what decides stays in front.
    """
    first = {case.id: place for each in smallest(results, mark).values() for place, case in enumerate(each)}
    return sorted(results, key=lambda result: (result.case.advisory, first.get(result.case.id, _CAUSES)))


def _causes(cases: list[Case]) -> tuple[Case, ...]:
    causes: list[Case] = []
    for case in sorted(cases, key=size):
        if len(causes) < _CAUSES and not any(explains((cause,), (case,)) for cause in causes):
            causes.append(case)
    return tuple(causes)


def size(case: Case) -> tuple[int, int, str]:
    """
    How much there is to read in a case's request, fewest members first.
    """
    text = families.canonical(case.request.body)
    return len(_features(case)), len(text) + len(case.request.raw or b""), case.id


def explains(cause: Family, family: Family) -> bool:
    """
    Everything that makes the one more than the simplest request is in the other as well.
    """
    return _all_features(cause) <= _all_features(family)


def _all_features(family: Iterable[Case]) -> frozenset[str]:
    return frozenset(feature for case in family for feature in _features(case))


def _features(case: Case) -> frozenset[str]:
    found = frozenset(_leaves(case.request.body, "")) - frozenset(_leaves(chat_request.smallest(), ""))
    if case.invalid:
        # What is broken is the cause, whatever by.
        return frozenset({case.title})
    return found | ({case.title} if case.compare else frozenset())


def _leaves(value: JSON, at: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield from _leaves(each, f"{at}/{name}")
    elif isinstance(value, list) and value:
        for each in value:
            yield from _leaves(each, f"{at}/*")
    else:
        yield f"{at}={json.dumps(value)}"
