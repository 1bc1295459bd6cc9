"""
What a run says of a profile and of the whole, from the states of its requirements and the outcomes of its cases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conformance.model import Case, Contract, Level, Outcome, Profile, ProfileScore, Result, RunInfo, State, Verdict

Counts = Mapping[str, Mapping[str, tuple[str, ...]]]

_UNPROVEN = frozenset({Outcome.ERROR, Outcome.NOT_RUN, Outcome.INCONCLUSIVE})
_DECLINED = frozenset({Outcome.NOT_APPLICABLE, Outcome.UNSUPPORTED})
#: The worst first.
_ORDER = (Verdict.FAILS, Verdict.INCOMPLETE, Verdict.WARNINGS, Verdict.CONFORMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """
    What decides about one profile.
    """

    profile: Profile
    contract: Contract
    run: RunInfo
    counts: Counts
    #: The results of the profile's contract.
    results: Sequence[Result]

    @property
    def demanded(self) -> bool:
        """
        Core, or claimed: what the target must be able to do.
        """
        return self.profile.core or self.profile.id in (self.run.claims or ())


def profile_of(case: Case, contract: Contract) -> str:
    """
    The profile under which a case is shown: its first optional one, else its first core one.
    """
    known = {profile.id: profile for profile in contract.profiles}
    needs = [name for name in case.needs if name in known]
    optional = [name for name in needs if not known[name].core]
    core = [profile.id for profile in contract.profiles if profile.core]
    return next(iter([*optional, *needs, *core]), "core")


def verdict(facts: Facts) -> Verdict:
    """
    The verdict on one profile; the first rule that holds decides.

    does-not-conform: a MUST is violated, or the profile is core or claimed and a case of it was refused.
    not-claimed: the profile is optional, the target does not claim it, and either says what it claims or refused it.
    incomplete: something is unproven, see ``_incomplete``.
    conforms-with-warnings: a SHOULD is violated.  conforms: otherwise.
    """
    if facts.counts["MUST"]["violated"] or (facts.demanded and _refused(facts)):
        return Verdict.FAILS
    if not facts.demanded and _not_claimed(facts):
        return Verdict.NOT_CLAIMED
    if _incomplete(facts):
        return Verdict.INCOMPLETE
    return Verdict.WARNINGS if facts.counts["SHOULD"]["violated"] else Verdict.CONFORMS


def narrowed(run: RunInfo) -> bool:
    """
    The run asked a choice of cases, and so says nothing of what it left out.
    """
    return any(run.settings.get(name) for name in ("profiles", "expression", "cases", "files"))


def left_out(facts: Facts) -> bool:
    """
    A profile of which a narrowed run asked nothing and by chance saw nothing.
    """
    seen = any(facts.counts[level][state.value] for level in facts.counts for state in State)
    return narrowed(facts.run) and not seen and not _own(facts)


def overall(scores: Sequence[ProfileScore], run: RunInfo) -> Verdict:
    """
    The worst verdict that counts.

    Core and claimed profiles count whole.  An optional profile that was not claimed counts only where it shows a
    violation: what the target does, it must do right, but it need not do it.
    """
    counted = []
    for score in scores:
        demanded = score.profile.core or score.profile.id in (run.claims or ())
        if demanded or score.verdict in (Verdict.FAILS, Verdict.WARNINGS):
            counted.append(score.verdict)
    return next((each for each in _ORDER if each in counted), Verdict.INCOMPLETE)


def _own(facts: Facts) -> list[Result]:
    """
    The results of the cases that need the profile; those that need nothing belong to the first core profile.
    """
    name = facts.profile.id
    return [
        result
        for result in facts.results
        if name in result.case.needs or (not result.case.needs and name == profile_of(result.case, facts.contract))
    ]


def _refused(facts: Facts) -> bool:
    # A case that also needs something the target need not have may have been refused because of that.
    granted = {profile.id for profile in facts.contract.profiles if profile.core} | set(facts.run.claims or ())
    return any(declined(result) and granted >= set(result.case.needs) for result in _own(facts))


def declined(result: Result) -> bool:
    """
    A feature was refused; that a model lacks a parameter is none.
    """
    return result.outcome is Outcome.UNSUPPORTED and result.cause != "model"


def _not_claimed(facts: Facts) -> bool:
    if facts.run.claims is not None:
        return True
    own = _own(facts)
    if not own:
        return not any(facts.counts[level][state] for level in ("MUST", "SHOULD") for state in ("held", "violated"))
    return all(result.outcome in _DECLINED for result in own)


def _incomplete(facts: Facts) -> bool:
    """
    Nothing was exercised, a MUST stayed inconclusive, or a case was lost that could have exercised an untested MUST.

    A case is lost as well that failed without an answer.
    A MUST that is untested because its state never arose in a run without losses does not count against the target.
    """
    must, should = facts.counts["MUST"], facts.counts["SHOULD"]
    if not must["held"] and (any(must.values()) or not should["held"] + should["violated"]):
        return True
    if must["inconclusive"]:
        return True
    untested = set(must["untested"])
    return bool(untested) and (not facts.run.complete or _lost(facts, untested) or any(map(_unanswered, _own(facts))))


def _unanswered(result: Result) -> bool:
    """
    A good request failed and has no answer, as with a 500.

    That is held against another profile, and this one knows no more for it.
    """
    statuses = [attempt.exchange.status or 0 for attempt in result.attempts]
    failed = result.outcome is Outcome.FAIL and not result.case.invalid
    return failed and not any(200 <= status < 300 for status in statuses)


def _lost(facts: Facts, untested: set[str]) -> bool:
    for result in facts.results:
        if result.outcome not in _UNPROVEN or any(state is State.HELD for state in result.states.values()):
            continue
        named = result.case.expect.requirement if result.case.expect is not None else None
        if named in untested:
            return True
        # A request that is wrong on purpose exercises little but the requirement which it names.
        if result.states or result.case.invalid:
            continue
        if profile_of(result.case, facts.contract) == facts.profile.id:
            return True
    return False


def counts(profile: Profile, contract: Contract, states: Mapping[str, State]) -> Counts:
    """
    The requirements of a profile by level and state, sorted by id; those that are excluded are not counted.
    """
    made: dict[str, dict[str, tuple[str, ...]]] = {}
    rows = [each for each in contract.requirements.values() if each.profile == profile.id and not each.excluded]
    for level in Level:
        ids = sorted(each.id for each in rows if each.level is level)
        made[level.value] = {
            **{state.value: tuple(name for name in ids if states.get(name) is state) for state in State},
            "untested": tuple(name for name in ids if name not in states),
        }
    return made
