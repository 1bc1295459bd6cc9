"""
What several targets violate alike, requirement by requirement, and which of their cases show it best side by side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.model import Finding, Level, Requirement, Result, Scorecard, State, Violation

#: Targets that are shown side by side for one requirement: those that violate it, and those that hold it.
_VIOLATING, _HOLDING = 24, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """
    One violation of one target.
    """

    case: str
    attempt: int
    finding: Finding
    signature: str
    #: In how many of the target's cases it is seen.
    cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """
    The case of one target that is shown beside the others'.
    """

    target: int
    case: str
    #: The case that all were asked; else the target's own nearest.
    same: bool
    #: None: the case does not decide the requirement here.
    state: State | None

    @property
    def violated(self) -> bool:
        """
        The requirement is violated in this case.
        """
        return self.state is State.VIOLATED


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """
    One requirement that at least one target violates.
    """

    requirement: Requirement
    #: By target: its violations, each unlike the others.
    samples: Mapping[int, tuple[Sample, ...]]
    #: In how many cases each target violated it.
    cases: Mapping[int, int]
    held: tuple[int, ...]
    sides: tuple[Side, ...]


def of(cards: Sequence[Scorecard]) -> tuple[Shared, ...]:
    """
    The violated requirements: MUST first, then what most targets violate, then by id.
    """
    indexes = [_Index.of(card) for card in cards]
    rows = {violation.requirement.id: violation.requirement for card in cards for violation in card.violations}
    made = [_shared(row, cards, indexes) for row in rows.values()]
    levels = list(Level)
    return tuple(
        sorted(made, key=lambda each: (levels.index(each.requirement.level), -len(each.samples), each.requirement.id))
    )


@dataclass(frozen=True, slots=True)
class _Index:
    """
    The cases of one target by the requirement that they held or violated.
    """

    asked: frozenset[str]
    held: Mapping[str, tuple[str, ...]]
    violated: Mapping[str, tuple[str, ...]]
    violations: Mapping[str, tuple[Violation, ...]]

    @classmethod
    def of(cls, card: Scorecard) -> _Index:
        held: dict[str, list[str]] = {}
        violated: dict[str, list[str]] = {}
        for result in card.results:
            for name, state in _stated(result):
                if state is State.VIOLATED:
                    violated.setdefault(name, []).append(result.case.id)
                elif state is State.HELD:
                    held.setdefault(name, []).append(result.case.id)
        violations: dict[str, list[Violation]] = {}
        for violation in card.violations:
            violations.setdefault(violation.requirement.id, []).append(violation)
        return cls(
            asked=frozenset(result.case.id for result in card.results if result.attempts),
            held={name: tuple(cases) for name, cases in held.items()},
            violated={name: tuple(cases) for name, cases in violated.items()},
            violations={name: tuple(each) for name, each in violations.items()},
        )


def _stated(result: Result) -> Iterator[tuple[str, State]]:
    yield from result.states.items() if result.attempts else ()


def _shared(row: Requirement, cards: Sequence[Scorecard], indexes: Sequence[_Index]) -> Shared:
    samples = {
        number: tuple(_sample(violation) for violation in index.violations[row.id])
        for number, index in enumerate(indexes)
        if row.id in index.violations
    }
    return Shared(
        requirement=row,
        samples=samples,
        cases={number: len(indexes[number].violated.get(row.id, ())) for number in samples},
        held=tuple(n for n in range(len(cards)) if n not in samples and row.id in indexes[n].held),
        sides=_few(_sides(row.id, indexes)),
    )


def _sample(violation: Violation) -> Sample:
    case, attempt, finding = violation.samples[0]
    return Sample(
        case=case, attempt=attempt, finding=finding, signature=violation.signature, cases=len(violation.cases)
    )


def _sides(name: str, indexes: Sequence[_Index]) -> Iterator[Side]:
    """
    The case that most targets violate, wherever it was asked; else each target's own violating or holding case.
    """
    counts = Counter(case for index in indexes for case in index.violated.get(name, ()))
    focus = min(counts, key=lambda case: (-counts[case], case), default="")
    for number, index in enumerate(indexes):
        violated, held = index.violated.get(name, ()), index.held.get(name, ())
        if focus in index.asked and (focus in violated or not violated):
            own = focus
        else:
            own = next(iter([*violated, *held]), "")
        if own:
            state = State.VIOLATED if own in violated else State.HELD if own in held else None
            yield Side(target=number, case=own, same=own == focus, state=state)


def _few(sides: Iterator[Side]) -> tuple[Side, ...]:
    """
    Not more of either kind than anybody looks at, in the order of the targets.
    """
    room = {True: _VIOLATING, False: _HOLDING}
    kept = []
    for side in sides:
        room[side.violated] -= 1
        if room[side.violated] >= 0:
            kept.append(side)
    return tuple(kept)
