"""
Several targets side by side: requirements by profile against targets, with counts.  No ranking, no total.

Columns stay in the order in which they are given.  A difference is known only where two targets were both judged:
what was not exercised is no difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from conformance.model import (
    Contract,
    Level,
    Outcome,
    Profile,
    ProfileScore,
    Requirement,
    Scorecard,
    State,
    Verdict,
)
from conformance.report import alike, coverage, shared
from conformance.report.alike import Remark
from conformance.report.scorecard import merged
from conformance.report.shared import Shared
from conformance.report.text import line
from conformance.report.verdicts import profile_of
from conformance.report.views import Facts


class Mark(StrEnum):
    """
    What one target's run says of one requirement.
    """

    HELD = "held"
    #: A MUST was violated.
    VIOLATED = "violated"
    #: A SHOULD was violated.
    UNMET = "not met"
    #: The contract leaves it open, and the target does otherwise.
    NOTED = "otherwise"
    INCONCLUSIVE = "inconclusive"
    UNTESTED = "untested"
    #: The profile was refused in a documented way.
    UNSUPPORTED = "unsupported"
    NOT_CLAIMED = "not claimed"


_BROKEN = {Level.MUST: Mark.VIOLATED, Level.SHOULD: Mark.UNMET, Level.MAY: Mark.NOTED}
#: Marks that say something of the target, and which of them agree with each other.
DECIDED = {
    Mark.HELD: "kept",
    Mark.VIOLATED: "broken",
    Mark.UNMET: "broken",
    Mark.NOTED: "broken",
    Mark.UNSUPPORTED: "refused",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """
    One target.
    """

    #: Unlike every other column's.
    name: str
    card: Scorecard
    facts: Facts


@dataclass(frozen=True, slots=True)
class Cell:
    """
    One requirement at one target: in how many of the cases that decided it it was violated.
    """

    mark: Mark
    violated: int = 0
    cases: int = 0

    @property
    def partial(self) -> bool:
        """
        Violated in some cases and held in others.
        """
        return 0 < self.violated < self.cases


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One requirement over all targets.
    """

    requirement: Requirement
    cells: tuple[Cell, ...]
    #: The number of its note, which says what is behind a partial cell; 0: none.
    note: int = 0

    @property
    def differs(self) -> bool:
        """
        At least two targets were judged and do not agree.
        """
        return len({DECIDED[cell.mark] for cell in self.cells if cell.mark in DECIDED}) > 1

    @property
    def broken(self) -> bool:
        """
        At least one target violates it; what a contract leaves open cannot be.
        """
        return any(cell.mark in (Mark.VIOLATED, Mark.UNMET) for cell in self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """
    One profile over all targets, and its requirements.
    """

    title: str
    contract: str
    profile: Profile
    #: None where a target was not held to the contract.
    scores: tuple[ProfileScore | None, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """
    Targets side by side: what every form of the comparison shows.
    """

    columns: tuple[Column, ...]
    #: What makes the columns less comparable.
    remarks: tuple[Remark, ...]
    groups: tuple[Group, ...]
    findings: tuple[Shared, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """
        The rows of all groups.
        """
        return tuple(row for group in self.groups for row in group.rows)


def compare(columns: Sequence[Column]) -> Comparison:
    """
    Compare the targets of columns whose names are unlike.
    """
    findings = shared.of([column.card for column in columns])
    return Comparison(
        columns=tuple(columns),
        remarks=alike.remarks([(column.name, column.card) for column in columns]),
        groups=tuple(_numbered(list(_groups(columns)))),
        findings=findings,
    )


def _groups(columns: Sequence[Column]) -> Iterator[Group]:
    judged = [_Judged.of(column.card) for column in columns]
    contracts = {contract.id: contract for column in columns for contract in column.card.contracts}
    for contract in contracts.values():
        for profile in contract.profiles:
            scores = tuple(each.scores.get((contract.id, profile.id)) for each in judged)
            rows = tuple(_rows(contract, profile, judged))
            if rows:
                title = f"{contract.title}: {profile.title}" if len(contracts) > 1 else profile.title
                yield Group(title=line(title), contract=contract.id, profile=profile, scores=scores, rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """
    What one card says, by requirement and by profile.
    """

    states: dict[str, State]
    counts: dict[str, tuple[int, int]]
    scores: dict[tuple[str, str], ProfileScore]
    #: Profiles of which a case was refused in a documented way.
    refused: frozenset[tuple[str, str]]
    claims: frozenset[str] | None

    @classmethod
    def of(cls, card: Scorecard) -> _Judged:
        contracts = {contract.id: contract for contract in card.contracts}
        return cls(
            states=merged(card.results),
            counts=coverage.counted(card),
            scores={(score.contract, score.profile.id): score for score in card.profiles},
            refused=frozenset(
                (result.case.contract, profile_of(result.case, contracts[result.case.contract]))
                for result in card.results
                if result.outcome is Outcome.UNSUPPORTED
            ),
            claims=None if card.run.claims is None else frozenset(card.run.claims),
        )

    def cell(self, row: Requirement, contract: str) -> Cell:
        state = self.states.get(row.id)
        cases, violated = self.counts.get(row.id, (0, 0))
        if state is State.VIOLATED:
            return Cell(_BROKEN[row.level], violated, cases)
        if state is State.HELD:
            return Cell(Mark.HELD, 0, cases)
        return Cell(Mark.INCONCLUSIVE if state is State.INCONCLUSIVE else self._absent(contract, row.profile))

    def _absent(self, contract: str, profile: str) -> Mark:
        if (contract, profile) in self.refused:
            return Mark.UNSUPPORTED
        score = self.scores.get((contract, profile))
        unclaimed = score is not None and score.verdict is Verdict.NOT_CLAIMED and self.claims is not None
        return Mark.NOT_CLAIMED if unclaimed else Mark.UNTESTED


def _rows(contract: Contract, profile: Profile, judged: Sequence[_Judged]) -> Iterator[Row]:
    """
    The requirements of a profile that a black box can test, MUST first.
    """
    ours = [row for row in contract.requirements.values() if row.profile == profile.id and not row.excluded]
    for row in sorted(ours, key=lambda row: (list(Level).index(row.level), row.id)):
        yield Row(requirement=row, cells=tuple(each.cell(row, contract.id) for each in judged))


def _numbered(groups: Sequence[Group]) -> Iterator[Group]:
    number = 0
    for group in groups:
        rows = []
        for row in group.rows:
            partial = any(cell.partial for cell in row.cells)
            number += partial
            rows.append(Row(requirement=row.requirement, cells=row.cells, note=number if partial else 0))
        yield Group(
            title=group.title,
            contract=group.contract,
            profile=group.profile,
            scores=group.scores,
            rows=tuple(rows),
        )
