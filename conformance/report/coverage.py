"""
What of a contract a run proved: every requirement with its state, and why one that was not decided was not.
"""

from __future__ import annotations

from dataclasses import dataclass

from conformance.model import Contract, Level, ProfileScore, Requirement, Result, Scorecard, State, Verdict
from conformance.report import labels
from conformance.report.scorecard import merged
from conformance.report.text import line, plural


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """
    One requirement and what a run says of it.
    """

    requirement: Requirement
    profile: str
    #: ``held``, ``violated``, ``inconclusive``, ``noted``, ``untested`` or ``excluded``.
    state: str
    #: How many cases had it at stake, and how many of them violated it.
    cases: int = 0
    violated: int = 0
    #: Why it was not decided; empty when it was.
    why: str = ""


def of(card: Scorecard) -> tuple[Covered, ...]:
    """
    Every requirement of a card's contracts: by profile, MUST first.
    """
    contracts = {contract.id: contract for contract in card.contracts}
    states, counts = merged(card.results), counted(card)
    return tuple(
        _covered(row, score, card, states.get(row.id), counts.get(row.id, (0, 0)))
        for score in card.profiles
        for row in _rows(contracts[score.contract], score)
    )


def counted(card: Scorecard) -> dict[str, tuple[int, int]]:
    """
    For every requirement at stake: the cases that decided it, and those that violated it.
    """
    counts: dict[str, tuple[int, int]] = {}
    for result in card.results:
        for name, state in result.states.items():
            if state is not State.INCONCLUSIVE:
                cases, violated = counts.get(name, (0, 0))
                counts[name] = (cases + 1, violated + (state is State.VIOLATED))
    return counts


def _rows(contract: Contract, score: ProfileScore) -> list[Requirement]:
    rows = [row for row in contract.requirements.values() if row.profile == score.profile.id]
    return sorted(rows, key=lambda row: (list(Level).index(row.level), row.id))


def _covered(
    row: Requirement, score: ProfileScore, card: Scorecard, state: State | None, counts: tuple[int, int]
) -> Covered:
    return Covered(
        requirement=row,
        profile=labels.title(score, card),
        state=word(row, state),
        cases=counts[0],
        violated=counts[1],
        why=_why(row, score, card, state),
    )


def word(row: Requirement, state: State | None) -> str:
    """
    A requirement's state in one word.  What a contract leaves open cannot be violated, only be otherwise.
    """
    if row.excluded:
        return "excluded"
    if state is None:
        return "untested"
    return "noted" if row.level is Level.MAY and state is State.VIOLATED else state.value


def _why(row: Requirement, score: ProfileScore, card: Scorecard, state: State | None) -> str:
    if row.excluded:
        return row.excluded
    if state is State.INCONCLUSIVE:
        return _missed(row, card.results)
    if state is not None:
        return ""
    own = [result for result in card.results if _asks(result, row)]
    lost = [result for result in own if not result.attempts]
    if lost and len(lost) == len(own):
        return f"not asked: {labels.cause(lost[0].cause) or labels.words(lost[0].outcome)}"
    if score.verdict is Verdict.NOT_CLAIMED:
        return "the target does not claim the profile"
    if own:
        last = own[-1]
        return f"{labels.words(last.outcome)}: {labels.cause(last.cause)}" if last.cause else labels.words(last.outcome)
    return "no exchange of this run came to what it speaks of"


def _asks(result: Result, row: Requirement) -> bool:
    return result.case.expect is not None and result.case.expect.requirement == row.id


def _missed(row: Requirement, results: tuple[Result, ...]) -> str:
    reasons = [
        attempt.unobserved[row.id].reason
        for result in results
        for attempt in result.attempts
        if row.id in attempt.unobserved
    ]
    return line(reasons[0], 200) if reasons else "the state that it speaks of never occurred"


def summary(rows: tuple[Covered, ...]) -> str:
    """
    ``365 requirements: 200 held, 12 violated, 3 inconclusive, 110 untested, 40 excluded``.
    """
    counts: dict[str, int] = {}
    for each in rows:
        counts[each.state] = counts.get(each.state, 0) + 1
    order = ("held", "violated", "noted", "inconclusive", "untested", "excluded")
    said = [f"{counts[state]} {state}" for state in order if state in counts]
    return f"{plural(len(rows), 'requirement')}: {', '.join(said)}"
