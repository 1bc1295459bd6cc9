"""
How a command ends: one code and one sentence, from what a run showed and what its baseline knows.

It judges nothing anew: verdicts and dispositions are given.  Usage errors and our own bugs are raised, and carry their
codes themselves (``errors.ConformanceError.exit_code``); they are here for the precedence alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from conformance.errors import UsageError
from conformance.model import (
    Disposition,
    Level,
    Outcome,
    ProfileScore,
    Result,
    Scorecard,
    Standing,
    State,
    Verdict,
)
from conformance.report.labels import cause
from conformance.report.text import line, plural
from conformance.report.verdicts import declined, profile_of

HOLDS, VIOLATED, USAGE, NO_VERDICT, STALE, EMPTY, BUG, INTERRUPTED = 0, 1, 2, 3, 4, 5, 70, 130

#: The first one that applies is the code of the command.
PRECEDENCE = (USAGE, BUG, INTERRUPTED, VIOLATED, NO_VERDICT, STALE, EMPTY, HOLDS)

#: Stands for a signature where a case of a core or claimed profile was refused, and so has no finding.
REFUSAL = "refused"

_NAMED = 3
_UNDECIDED = frozenset({Outcome.INCONCLUSIVE, Outcome.ERROR})
_SILENT = frozenset({Outcome.NOT_APPLICABLE, Outcome.NOT_RUN})


class Stale(StrEnum):
    """
    What an entry of the baseline does to the gate when its violation is gone.
    """

    FAIL = "fail"
    WARN = "warn"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Exit:
    """
    How a command ends.
    """

    code: int
    #: One sentence for people.
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """
    How many cases may stay inconclusive before there is no verdict: a number, or a share of those that were asked.
    """

    number: int | None = None
    percent: float = 0.0

    @classmethod
    def read(cls, text: str) -> Tolerance:
        """
        ``12`` or ``5%``; raises ``UsageError``.
        """
        given = text.strip()
        try:
            made = cls(percent=float(given[:-1])) if given.endswith("%") else cls(number=int(given))
        except ValueError:
            made = cls(number=-1)
        if not 0 <= made.percent <= 100 or (made.number or 0) < 0:
            raise UsageError(f"{text!r} is no number of cases and no share of them\n  Write 12 or 5%.")
        return made

    def allows(self, count: int, whole: int) -> bool:
        """
        So many of so many are still good enough.
        """
        return count <= (self.number if self.number is not None else whole * self.percent / 100)

    def __str__(self) -> str:
        return str(self.number) if self.number is not None else f"{self.percent:g}%"


#: What a gate tolerates unless it is told otherwise; without a baseline the verdict alone decides.
TOLERATED = Tolerance(percent=5)


def decide(
    card: Scorecard,
    standing: Standing | None = None,
    *,
    fail_on: Level = Level.MUST,
    stale: Stale = Stale.FAIL,
    tolerance: Tolerance | None = None,
    requested: Collection[str] = (),
    interrupted: bool = False,
) -> Exit:
    """
    How a run ends.

    ``standing`` is what a baseline says of it: None when there is no baseline, and then every violation counts and the
    verdict must be complete.  ``fail_on`` is the mildest level that fails.  ``requested`` are the ids of the profiles
    that were asked for by name, which must not stay untested.
    """
    found = [*_interruption(interrupted), *_violations(card, standing, fail_on), *_stale(standing, stale)]
    found += [*_empty(card), *_no_verdict(card, standing, tolerance, requested)]
    return worst([*found, Exit(HOLDS, _praise(card, standing))])


def worst(exits: Iterable[Exit]) -> Exit:
    """
    The one that counts of several: of the same code the first; raises ValueError when there is none.
    """
    return min(exits, key=lambda each: PRECEDENCE.index(each.code))


def _interruption(interrupted: bool) -> Iterator[Exit]:
    if interrupted:
        yield Exit(INTERRUPTED, "interrupted; what had come by then was written")


def _violations(card: Scorecard, standing: Standing | None, fail_on: Level) -> Iterator[Exit]:
    said = []
    for disposition in (Disposition.NEW, Disposition.EXPIRED):
        names = list(_failing(card, standing, fail_on, disposition))
        if names:
            word = "" if standing is None else f"{disposition.value} "
            said.append(f"{plural(len(names), f'{word}violation')}: {_some(dict.fromkeys(names))}")
    if said:
        yield Exit(VIOLATED, "; ".join(said))


def _failing(card: Scorecard, standing: Standing | None, fail_on: Level, disposition: Disposition) -> Iterator[str]:
    levels = list(Level)
    known = standing.findings if standing is not None else {}
    for violation in card.violations:
        if levels.index(violation.requirement.level) > levels.index(fail_on):
            continue
        if any(known.get((violation.signature, case), Disposition.NEW) is disposition for case in violation.cases):
            yield violation.requirement.id
    for result in refused(card):
        if known.get((REFUSAL, result.case.id), Disposition.NEW) is disposition:
            yield f"{result.case.id} was refused"


def refused(card: Scorecard) -> tuple[Result, ...]:
    """
    The refused cases that alone make a core or claimed profile fail: nothing was violated, but the feature is missing.
    """
    demanded = {score.profile.id for score in card.profiles if _demanded(score, card)}
    bare = [each for each in card.profiles if each.verdict is Verdict.FAILS and not each.counts["MUST"]["violated"]]
    failed = {(score.contract, score.profile.id) for score in bare}
    return tuple(
        result
        for result in card.results
        if declined(result)
        and set(result.case.needs) <= demanded
        and any((result.case.contract, name) in failed for name in _profiles(result, card))
    )


def _profiles(result: Result, card: Scorecard) -> tuple[str, ...]:
    contract = next(each for each in card.contracts if each.id == result.case.contract)
    return result.case.needs or (profile_of(result.case, contract),)


def _demanded(score: ProfileScore, card: Scorecard) -> bool:
    return score.profile.core or score.profile.id in (card.run.claims or ())


def _no_verdict(
    card: Scorecard, standing: Standing | None, tolerance: Tolerance | None, requested: Collection[str]
) -> Iterator[Exit]:
    if card.run.trouble:
        yield Exit(NO_VERDICT, f"no verdict: {cause(card.run.trouble)}")
    unsent = [each for each in card.results if each.outcome is Outcome.NOT_RUN and each.cause.startswith("budget")]
    if unsent:
        yield Exit(NO_VERDICT, f"no verdict: the budget was spent before {plural(len(unsent), 'case')}")
    if not card.run.complete:
        yield Exit(NO_VERDICT, "no verdict: the run was not finished")
    yield from _intolerable(card, tolerance or (TOLERATED if standing is not None else None))
    yield from _open_profiles(card, standing, requested)


def _intolerable(card: Scorecard, tolerance: Tolerance | None) -> Iterator[Exit]:
    asked = [each for each in card.results if each.outcome not in _SILENT]
    lost = [each for each in asked if each.outcome in _UNDECIDED]
    if tolerance is not None and not tolerance.allows(len(lost), len(asked)):
        yield Exit(
            NO_VERDICT, f"no verdict: {len(lost)} of {plural(len(asked), 'case')} undecided, {tolerance} allowed"
        )


def _open_profiles(card: Scorecard, standing: Standing | None, requested: Collection[str]) -> Iterator[Exit]:
    """
    Profiles that had to be decided and were not: something was asked in vain (3), or nothing was at stake at all (5).

    A gate asks only for the profiles that were named: a filter may leave others out.
    """
    wanted = [
        score
        for score in card.profiles
        if score.profile.id in requested or (standing is None and _demanded(score, card))
    ]
    open_ = [score for score in wanted if _open(score, requested)]
    bare = [score for score in open_ if _untested(score, card)]
    vain = [score for score in open_ if score not in bare and standing is None]
    if vain:
        yield Exit(NO_VERDICT, f"no verdict on {_some(line(each.profile.title) for each in vain)}: incomplete")
    if bare:
        yield Exit(EMPTY, f"nothing was tested of {_some(line(each.profile.title) for each in bare)}")


def _open(score: ProfileScore, requested: Collection[str]) -> bool:
    missing = score.verdict is Verdict.NOT_CLAIMED and score.profile.id in requested
    return score.verdict is Verdict.INCOMPLETE or missing


def _untested(score: ProfileScore, card: Scorecard) -> bool:
    """
    Nothing that the profile demands was at stake, and no case that could have shown it was asked in vain.
    """
    at_stake = any(score.counts[level][state.value] for level in ("MUST", "SHOULD") for state in State)
    contract = next(each for each in card.contracts if each.id == score.contract)
    ours = [each for each in _lost(card) if each.case.contract == contract.id]
    return not at_stake and not any(profile_of(each.case, contract) == score.profile.id for each in ours)


def _lost(card: Scorecard) -> list[Result]:
    return [each for each in card.results if each.outcome in _UNDECIDED]


def _stale(standing: Standing | None, stale: Stale) -> Iterator[Exit]:
    entries = standing.entries if standing is not None else ()
    gone = [entry.requirement for entry, each in entries if each is Disposition.UNEXPECTED_PASS]
    if gone and stale is Stale.FAIL:
        yield Exit(
            STALE, f"{plural(len(gone), 'stale entry')} in the baseline, which now hold: {_some(dict.fromkeys(gone))}"
        )


def _empty(card: Scorecard) -> Iterator[Exit]:
    if any(state is not State.INCONCLUSIVE for each in card.results for state in each.states.values()):
        return
    if _lost(card):
        yield Exit(NO_VERDICT, f"no verdict: {plural(len(_lost(card)), 'case')} undecided, none decided")
    yield Exit(EMPTY, "nothing was tested" + ("" if card.results else ": no case was chosen"))


def _praise(card: Scorecard, standing: Standing | None) -> str:
    if standing is None:
        return "conforms, with warnings" if card.verdict is Verdict.WARNINGS else "conforms"
    known = [each for each in standing.findings.values() if each is Disposition.KNOWN]
    return "the gate holds" + (f": {plural(len(known), 'known finding')}" if known else "")


def _some(names: Iterable[str]) -> str:
    """
    The first few of some names, and how many more there are.
    """
    every = list(names)
    more = f" and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
    return ", ".join(every[:_NAMED]) + more
