"""
A recording measured by frozen sets: judged again, and counted by what its sets count and nothing else.

What was filtered, left out, asked otherwise, lost or flaky certifies nothing, and is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from conformance import run, runs
from conformance.capture.recording import Recording
from conformance.contract import cases as case_files
from conformance.contract import contracts, sets
from conformance.contract.sets import RequirementSet
from conformance.errors import Refused
from conformance.model import Attempt, Case, Contract, Level, Outcome, Result, Scorecard, State, Verdict
from conformance.report import exits

#: What narrows a run so that it certifies nothing, as the settings of a run name it.
_FILTERS = ("profiles", "expression", "cases", "files")


def measured(kept: Recording, frozen: Sequence[RequirementSet]) -> Scorecard:
    """
    The scorecard of a recording as the sets count it; raises ``Refused`` when it certifies nothing.
    """
    _refuse_part(kept)
    by_contract = {each.contract: each for each in frozen}
    for each in frozen:
        _refuse_gaps(kept, each)
    full = runs.judged(kept)
    known = {each.id: each for each in full.contracts}
    made = [
        narrowed(result, by_contract[result.case.contract], known[result.case.contract])
        for result in full.results
        if result.case.id in by_contract[result.case.contract].cases
    ]
    for result in made:
        _refuse_flaky(result, by_contract[result.case.contract])
    counted = [sets.narrowed(contract, by_contract[contract.id]) for contract in full.contracts]
    card = runs.score(made, counted, kept.header)
    if card.verdict is Verdict.INCOMPLETE:
        raise Refused(
            f"the run is incomplete: {exits.decide(card).reason}", "Run again when the target answers steadily."
        )
    return card


def _refuse_part(kept: Recording) -> None:
    info = kept.header
    for name in _FILTERS:
        if info.settings.get(name):
            raise Refused(f"the run was narrowed: {name} {info.settings[name]}", "Run again without a choice of cases.")
    if info.settings.get("generate", "off") != "off" or any(case.file == "generated" for case, _ in kept.pairs):
        raise Refused("the run holds generated cases", "Run again with --generate off.")
    if not kept.complete or info.trouble:
        raise Refused(f"the run was not finished ({info.trouble or 'no footer'})", "Continue it with --resume.")


def _refuse_gaps(kept: Recording, frozen: RequirementSet) -> None:
    """
    Every case of the set was asked as the suite asks it, or the target does not claim what it needs.
    """
    contract = contracts.load(frozen.contract)
    shipped = {case.id: case for case in case_files.load_contract(frozen.contract)}
    asked = {case.id: case for case, _ in kept.pairs}
    claims = None if kept.header.claims is None else frozenset(kept.header.claims)
    version = kept.header.suite or "another version"
    for name in frozen.cases:
        if name not in shipped:
            raise Refused(f"this suite no longer has the case {name}", f"Verify with conformance {version}.")
        if name not in asked:
            if run.applicable(shipped[name], contract, claims):
                raise Refused(f"the case {name} was not asked")
        elif _question(asked[name]) != _question(shipped[name]):
            raise Refused(
                f"the case {name} asked something else than the suite's", f"Verify with conformance {version}."
            )


def _question(case: Case) -> Case:
    """
    What a case asks, wherever it stands.
    """
    return replace(case, file="", line=0)


def narrowed(result: Result, frozen: RequirementSet, contract: Contract) -> Result:
    """
    A result without the requirements that its set does not count, at the levels that it gives the others.
    """
    counted = {name: row.level for name, row in frozen.rows.items()}
    if all(counted.get(name) is contract.requirements[name].level for name in result.states):
        return result
    attempts = tuple(_less(attempt, frozen) for attempt in result.attempts)
    states = {name: state for name, state in result.states.items() if name in frozen.rows}
    return replace(result, attempts=attempts, states=states, outcome=_outcome(result, attempts, frozen))


def _less(attempt: Attempt, frozen: RequirementSet) -> Attempt:
    return replace(
        attempt,
        findings=tuple(each for each in attempt.findings if each.requirement in frozen.rows),
        states={name: state for name, state in attempt.states.items() if name in frozen.rows},
        unobserved={name: each for name, each in attempt.unobserved.items() if name in frozen.rows},
    )


def _outcome(result: Result, attempts: Sequence[Attempt], frozen: RequirementSet) -> Outcome:
    """
    The outcome of a judged case by the levels that its set gives; what says nothing of the contract stays.
    """
    if result.outcome not in (Outcome.FAIL, Outcome.WARN, Outcome.INFO, Outcome.PASS):
        return result.outcome
    levels = {frozen.rows[each.requirement].level for attempt in attempts for each in attempt.findings}
    words = {Level.MUST: Outcome.FAIL, Level.SHOULD: Outcome.WARN, Level.MAY: Outcome.INFO}
    return next((words[level] for level in Level if level in levels), Outcome.PASS)


def _refuse_flaky(result: Result, frozen: RequirementSet) -> None:
    for name, state in result.states.items():
        seen = {attempt.states.get(name) for attempt in result.attempts}
        if frozen.rows[name].level is Level.MUST and state is State.VIOLATED and State.HELD in seen:
            raise Refused(
                f"{name} is flaky: in {result.case.id} it held in one attempt and not in another",
                "A MUST that holds sometimes does not hold.",
            )
