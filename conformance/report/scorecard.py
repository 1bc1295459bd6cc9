"""
The scorecard: all results of one target, scored by profile, and what is wrong grouped by what it has in common.

It does not judge: states and findings are the judge's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from conformance.model import (
    Contract,
    Finding,
    Level,
    ProfileScore,
    Requirement,
    Result,
    RunInfo,
    Scorecard,
    State,
    Violation,
)
from conformance.report import verdicts

_SAMPLES = 3
_STATES = (State.VIOLATED, State.HELD, State.INCONCLUSIVE)
_NUMBER_IN_PLACE = re.compile(r"(?<=[\[/])\d+(?=[\]/]|$)")
#: Quoted text, cut short or whole, the case that was compared with, and numbers.
_PARTICULAR = re.compile(
    r"""(?<!\w)"(?:[^"\\]|\\.)*(?:"|$)|(?<!\w)'(?:[^'\\]|\\.)*(?:'|$)|`[^`]*`|(?<=\bas in )\S.*|\d+(?:\.\d+)?""",
    re.DOTALL,
)
_SEVERAL = re.compile(r"\*(?:, \*)+")

#: A finding with the id of its case and the number of its attempt.
_Found = tuple[str, int, Finding]


def score(
    results: Sequence[Result],
    contracts: Sequence[Contract],
    run: RunInfo,
    *,
    tokens: tuple[int, int] = (0, 0),
    causes: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Scorecard:
    """
    Score everything that a run brought to light about one target.

    ``tokens`` are the prompt and the completion tokens that the target counted; reading replies is not done here.
    ``causes`` are the cases to tell of the requirements that explored ones violate.
    """
    decisive = tuple(result for result in results if not result.case.advisory)
    explored = tuple(result for result in results if result.case.advisory)
    states = merged(decisive)
    profiles = tuple(_profiles(decisive, contracts, run, states))
    return Scorecard(
        run=run,
        contracts=tuple(contracts),
        verdict=verdicts.overall(profiles, run),
        profiles=profiles,
        results=decisive,
        violations=violations(decisive, contracts),
        explored=explored,
        advice=_advice(explored, contracts, causes),
        requests=sum(len(result.attempts) for result in results),
        seconds=_seconds(results, run),
        prompt_tokens=tokens[0],
        completion_tokens=tokens[1],
    )


def merged(results: Iterable[Result]) -> dict[str, State]:
    """
    The state of every requirement that was at stake: violated before held before inconclusive.
    """
    states: dict[str, State] = {}
    for result in results:
        for name, state in result.states.items():
            states[name] = min(states.get(name, state), state, key=_STATES.index)
    return states


def _profiles(
    results: Sequence[Result], contracts: Sequence[Contract], run: RunInfo, states: Mapping[str, State]
) -> Iterator[ProfileScore]:
    for contract in contracts:
        ours = [result for result in results if result.case.contract == contract.id]
        for profile in contract.profiles:
            counts = verdicts.counts(profile, contract, states)
            facts = verdicts.Facts(profile=profile, contract=contract, run=run, counts=counts, results=ours)
            if verdicts.left_out(facts):
                continue
            yield ProfileScore(profile=profile, contract=contract.id, verdict=verdicts.verdict(facts), counts=counts)


def violations(results: Iterable[Result], contracts: Iterable[Contract]) -> tuple[Violation, ...]:
    """
    The findings grouped by requirement, place and kind: MUST first, then what most cases show, then by id.
    """
    requirements = {name: row for contract in contracts for name, row in contract.requirements.items()}
    groups = _grouped(results, signature)
    return _worst_first(_violation(mark, found, requirements) for mark, found in groups.items())


def _advice(
    results: Iterable[Result], contracts: Iterable[Contract], causes: Mapping[str, Sequence[str]]
) -> tuple[Violation, ...]:
    """
    The findings of explored requests by requirement alone, each with the smallest requests that show it.
    """
    requirements = {name: row for contract in contracts for name, row in contract.requirements.items()}
    made = []
    for name, found in _grouped(results, lambda finding: finding.requirement).items():
        told = list(causes.get(name, ()))
        found.sort(key=lambda each: told.index(each[0]) if each[0] in told else len(told))
        violation = _violation(signature(found[0][2]), found, requirements)
        made.append(replace(violation, samples=violation.samples[: max(1, len(told))]))
    return _worst_first(made)


def _grouped(results: Iterable[Result], mark: Callable[[Finding], str]) -> dict[str, list[_Found]]:
    groups: dict[str, list[_Found]] = {}
    for result in results:
        for number, attempt in enumerate(result.attempts, start=1):
            for finding in attempt.findings:
                groups.setdefault(mark(finding), []).append((result.case.id, number, finding))
    return groups


def _worst_first(made: Iterable[Violation]) -> tuple[Violation, ...]:
    levels = list(Level)
    return tuple(
        sorted(
            made,
            key=lambda each: (
                levels.index(each.requirement.level),
                -len(each.cases),
                each.requirement.id,
                each.signature,
            ),
        )
    )


def _violation(mark: str, found: Sequence[_Found], requirements: Mapping[str, Requirement]) -> Violation:
    cases = tuple(dict.fromkeys(case for case, _, _ in found))
    first = {case: sample for sample in reversed(found) for case in [sample[0]]}
    return Violation(
        requirement=requirements[found[0][2].requirement],
        signature=mark,
        cases=cases,
        samples=tuple(first[case] for case in cases[:_SAMPLES]),
        count=len(found),
    )


def signature(finding: Finding) -> str:
    """
    Twelve hexadecimal digits that stay the same between runs for the same mistake.

    They come from the requirement, the place without its numbers and the kind of expectation, not from what the model
    happened to say.
    """
    parts = (finding.requirement, normalised(finding.where), kind(finding.expected))
    return hashlib.sha256("\0".join(parts).encode(errors="backslashreplace")).hexdigest()[:12]


def normalised(where: str) -> str:
    """
    The place with array indexes, event numbers and byte offsets as ``*``.
    """
    return _NUMBER_IN_PLACE.sub("*", where)


def kind(expected: str) -> str:
    """
    What sort of thing was expected: without numbers, quoted text, and the names of cases that it was compared with.
    """
    return _SEVERAL.sub("*", _PARTICULAR.sub("*", expected))


def _seconds(results: Iterable[Result], run: RunInfo) -> float:
    try:
        spent = datetime.fromisoformat(run.ended) - datetime.fromisoformat(run.started)
    except (ValueError, TypeError):
        return round(sum(attempt.exchange.seconds for result in results for attempt in result.attempts), 3)
    return round(spent.total_seconds(), 3)
