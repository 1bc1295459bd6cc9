"""
What changed between two scorecards, or between a scorecard and its baseline: one value that every view renders.

Violations are the same when requirement, place and kind of expectation are.  Comparing is not judging: a requirement
that the later run did not exercise is unobserved, never fixed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from conformance.model import (
    Disposition,
    Entry,
    Finding,
    Level,
    Requirement,
    RunInfo,
    Scorecard,
    Standing,
    State,
    Verdict,
    Violation,
)
from conformance.report.baseline import covers


class Change(StrEnum):
    """
    What became of a violation; the order is that of importance.
    """

    #: Seen now and not before.
    NEW = "new"
    #: Seen now; an entry of the baseline knows it, but its day has passed.
    EXPIRED = "expired"
    #: Seen before in every attempt, now in some only.
    FLAKY = "flaky"
    #: The baseline says that it is violated, and it holds.
    STALE = "unexpected-pass"
    #: Seen before; exercised now, and it holds.
    FIXED = "fixed"
    #: Seen now as before.
    KNOWN = "known"
    #: Seen before; not exercised now.
    UNOBSERVED = "unobserved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One violation that changed in the same way in some cases.
    """

    change: Change
    requirement: Requirement
    signature: str
    #: Case ids; of an entry of a baseline its patterns.
    cases: tuple[str, ...]
    #: Samples; None where it was not seen.
    before: Finding | None = None
    after: Finding | None = None
    #: What else is to be said: in how many attempts, or why and until when it is accepted.
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    The verdict on one profile, before and after; None where it was not scored.
    """

    contract: str
    profile: str
    before: Verdict | None
    after: Verdict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """
    Two runs side by side, or a run and its baseline (``before`` is None then).
    """

    before: RunInfo | None
    after: RunInfo
    rows: tuple[Row, ...]
    #: What makes the two less than comparable, in sentences.
    notes: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    #: Ids of cases that only one of the two asked.
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    #: How many requirements hold in the same case as before.
    same: int = 0

    def count(self, change: Change) -> int:
        """
        How many violations changed in one way.
        """
        return len({row.signature for row in self.rows if row.change is change})


def between(before: Scorecard, after: Scorecard) -> Changes:
    """
    What changed from one run to another, of one target or of two.
    """
    old, new = _asked(before), _asked(after)
    rows = [*_gone(before, after), *_seen(before, after)]
    return Changes(
        before=before.run,
        after=after.run,
        rows=_ordered(rows),
        notes=tuple(_notes(before, after)),
        steps=tuple(_steps(before, after)),
        added=tuple(sorted(new - old)),
        removed=tuple(sorted(old - new)),
        same=_same(before, after),
    )


def against(card: Scorecard, standing: Standing) -> Changes:
    """
    What a run shows that its baseline does not know, and what its baseline knows that the run does not show.
    """
    words = {Disposition.NEW: Change.NEW, Disposition.EXPIRED: Change.EXPIRED, Disposition.KNOWN: Change.KNOWN}
    rows = []
    for violation in card.violations:
        groups: dict[tuple[Change, str], list[str]] = {}
        for case in violation.cases:
            key = (violation.signature, case)
            if key in standing.findings:
                entry = standing.knowing.get(key)
                groups.setdefault((words[standing.findings[key]], _why(entry)), []).append(case)
        rows += [_row(change, violation, cases, note=note) for (change, note), cases in groups.items()]
    return Changes(before=None, after=card.run, rows=_ordered([*rows, *_entries(card, standing)]))


def _entries(card: Scorecard, standing: Standing) -> Iterator[Row]:
    known = {name: row for contract in card.contracts for name, row in contract.requirements.items()}
    words = {Disposition.UNEXPECTED_PASS: Change.STALE, Disposition.UNOBSERVED: Change.UNOBSERVED}
    for entry, disposition in standing.entries:
        if disposition in words and entry.requirement in known:
            yield Row(
                change=words[disposition],
                requirement=known[entry.requirement],
                signature=f"line {entry.line}",
                cases=tuple(r.case.id for r in card.results if entry.cases and covers(entry, r.case.id)) or entry.cases,
                note=_why(entry),
            )


def _why(entry: Entry | None) -> str:
    return "" if entry is None else f"until {entry.expires}: {entry.reason}"


def _row(
    change: Change, violation: Violation, cases: list[str], *, note: str = "", before: Violation | None = None
) -> Row:
    return Row(
        change=change,
        requirement=violation.requirement,
        signature=violation.signature,
        cases=tuple(cases),
        before=None if before is None else before.samples[0][2],
        after=_sample(violation, cases),
        note=note,
    )


def _sample(violation: Violation, cases: list[str]) -> Finding:
    fitting = [finding for case, _, finding in violation.samples if case in cases]
    return (fitting or [violation.samples[0][2]])[0]


def _seen(before: Scorecard, after: Scorecard) -> Iterator[Row]:
    """
    Every violation of the later run: new, known, or flaky now.
    """
    old = {violation.signature: violation for violation in before.violations}
    for violation in _counted(after):
        earlier = old.get(violation.signature)
        groups: dict[tuple[Change, str], list[str]] = {}
        for case in violation.cases:
            was = earlier is not None and case in earlier.cases
            now, then = _rate(after, violation, case), _rate(before, violation, case)
            flaky = was and bool(now) and not then
            change = Change.FLAKY if flaky else Change.KNOWN if was else Change.NEW
            groups.setdefault((change, now), []).append(case)
        for (change, note), cases in groups.items():
            yield _row(change, violation, cases, note=note, before=None if change is Change.NEW else earlier)


def _gone(before: Scorecard, after: Scorecard) -> Iterator[Row]:
    """
    Every violation of the earlier run that the later one does not show: fixed where it holds, else unobserved.
    """
    new = {violation.signature: violation.cases for violation in after.violations}
    states = {result.case.id: result.states for result in after.results}
    for violation in _counted(before):
        gone = [case for case in violation.cases if case not in new.get(violation.signature, ())]
        groups: dict[tuple[Change, str], list[str]] = {}
        for case in gone:
            state = states.get(case, {}).get(violation.requirement.id)
            change = Change.FIXED if state is State.HELD else Change.UNOBSERVED
            note = "violated elsewhere now" if state is State.VIOLATED else ""
            groups.setdefault((change, note), []).append(case)
        for (change, note), cases in groups.items():
            yield Row(
                change=change,
                requirement=violation.requirement,
                signature=violation.signature,
                cases=tuple(cases),
                before=_sample(violation, cases),
                note=note,
            )


def _counted(card: Scorecard) -> list[Violation]:
    return [each for each in card.violations if each.requirement.level is not Level.MAY]


def _rate(card: Scorecard, violation: Violation, case: str) -> str:
    """
    ``in 1 of 3 attempts`` when the attempts of a case disagree about a requirement; else nothing.
    """
    name = violation.requirement.id
    states = [
        attempt.states[name]
        for result in card.results
        if result.case.id == case
        for attempt in result.attempts
        if name in attempt.states
    ]
    broken = states.count(State.VIOLATED)
    return f"in {broken} of {len(states)} attempts" if broken and State.HELD in states else ""


def _notes(before: Scorecard, after: Scorecard) -> Iterator[str]:
    one, two = before.run, after.run
    if one.target != two.target or one.base_url != two.base_url:
        yield f"two targets: {one.target} and {two.target}"
    if one.model != two.model:
        yield f"two models, {one.model} and {two.model}: only what they say of the protocol compares"
    if one.contracts != two.contracts:
        yield "two versions of the contract: cases and requirements may differ"
    for run, word in ((one, "earlier"), (two, "later")):
        if not run.complete:
            yield f"the {word} run was not finished"


def _steps(before: Scorecard, after: Scorecard) -> Iterator[Step]:
    old, new = _verdicts(before), _verdicts(after)
    for contract, profile in dict.fromkeys([*old, *new]):
        key = (contract, profile)
        yield Step(contract=contract, profile=profile, before=old.get(key), after=new.get(key))


def _verdicts(card: Scorecard) -> Mapping[tuple[str, str], Verdict]:
    return {(score.contract, score.profile.id): score.verdict for score in card.profiles}


def _asked(card: Scorecard) -> set[str]:
    return {result.case.id for result in card.results if result.attempts}


def _same(before: Scorecard, after: Scorecard) -> int:
    held = {(result.case.id, name) for result in before.results for name in _held(result.states)}
    return len(held & {(result.case.id, name) for result in after.results for name in _held(result.states)})


def _held(states: Mapping[str, State]) -> list[str]:
    return [name for name, state in states.items() if state is State.HELD]


def _ordered(rows: list[Row]) -> tuple[Row, ...]:
    changes, levels = list(Change), list(Level)
    return tuple(
        sorted(
            rows,
            key=lambda row: (
                changes.index(row.change),
                levels.index(row.requirement.level),
                row.requirement.id,
                row.signature,
                row.cases,
            ),
        )
    )
