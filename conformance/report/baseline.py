"""
A run held against a baseline: what is new, what is known, what is expired, and which entries have nothing left to say.

An entry matches by requirement, case, place and kind of expectation, never by what a model or a message happened to say.
The day is given: nothing here looks at a clock or a file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from conformance.contract.baselines import matches
from conformance.model import (
    Baseline,
    Disposition,
    Entry,
    Finding,
    Level,
    Outcome,
    Result,
    Scorecard,
    Standing,
    State,
    Violation,
)
from conformance.report.exits import REFUSAL, refused
from conformance.report.scorecard import kind, normalised, signature
from conformance.report.text import visible

#: How a violation of a level is called in ``expect``; what a contract leaves open is no violation.
SEEN = {Level.MUST: "fail", Level.SHOULD: "warn"}

_Key = tuple[str, str]


def stand(card: Scorecard, baseline: Baseline, today: str) -> Standing:
    """
    Hold a run against a baseline; ``today`` is an ISO day in UTC, and an entry holds until the end of its last day.
    """
    entries = [entry for entry in baseline.entries if matches(entry.target, visible(card.run.target))]
    seen = dict(_seen(card, entries))
    findings = {key: _finding(found, today) for key, found in seen.items()}
    matched = {entry for found in seen.values() for entry in found}
    return Standing(
        findings=findings,
        knowing={key: min(found, key=lambda each: each.expires < today) for key, found in seen.items() if found},
        entries=tuple((entry, _disposition(entry, card, today, seen=entry in matched)) for entry in entries),
        path=baseline.path,
        day=today,
    )


def _finding(known: Sequence[Entry], today: str) -> Disposition:
    if not known:
        return Disposition.NEW
    return Disposition.KNOWN if any(entry.expires >= today for entry in known) else Disposition.EXPIRED


def place(finding: Finding) -> str:
    """
    Where a finding is, as an entry names it.
    """
    return visible(normalised(finding.where))


def sort(finding: Finding) -> str:
    """
    What kind of thing was expected, as an entry names it.
    """
    return visible(kind(finding.expected))


def grave(result: Result, card: Scorecard, standing: Standing | None) -> tuple[Finding, ...]:
    """
    The findings for which a case fails: a MUST, and not known to the baseline; the first of each kind.
    """
    levels = {name: row.level for contract in card.contracts for name, row in contract.requirements.items()}
    known = standing.findings if standing is not None else {}
    first: dict[_Key, Finding] = {}
    for finding in result.findings:
        key = (signature(finding), result.case.id)
        if levels.get(finding.requirement) is Level.MUST and known.get(key) is not Disposition.KNOWN:
            first.setdefault(key, finding)
    return tuple(first.values())


def worst(violation: Violation, standing: Standing | None) -> Disposition:
    """
    What a violation is over all its cases: new in one of them is new.
    """
    if standing is None:
        return Disposition.NEW
    given = {standing.findings.get((violation.signature, case), Disposition.NEW) for case in violation.cases}
    return next(each for each in (Disposition.NEW, Disposition.EXPIRED, Disposition.KNOWN) if each in given)


def accepted(result: Result, standing: Standing | None) -> Entry | None:
    """
    The first entry of the baseline that knows a finding of a case.
    """
    knowing = standing.knowing if standing is not None else {}
    keys = [(signature(finding), result.case.id) for finding in result.findings]
    return next((knowing[key] for key in keys if key in knowing), None)


def tally(card: Scorecard, standing: Standing) -> Mapping[Disposition, int]:
    """
    How many violations are new, expired and known, and how many entries are stale and unobserved.

    A violation that is new in one of its cases is new.
    """
    order = (Disposition.NEW, Disposition.EXPIRED, Disposition.KNOWN)
    counts: Counter[Disposition] = Counter()
    for violation in card.violations:
        given = {standing.findings.get((violation.signature, case)) for case in violation.cases}
        counts.update([each for each in order if each in given][:1])
    gone = (Disposition.UNEXPECTED_PASS, Disposition.UNOBSERVED)
    counts.update(each for _, each in standing.entries if each in gone)
    return {each: counts[each] for each in Disposition if each is not Disposition.ADVISORY}


def renewed(standing: Standing) -> tuple[Entry, ...]:
    """
    The entries that an update replaces: expired, and their violation was seen.
    """
    return tuple(entry for entry, disposition in standing.entries if disposition is Disposition.EXPIRED)


def prunable(standings: Sequence[Standing], least: int) -> tuple[Entry, ...]:
    """
    The entries with nothing left to say after some runs, the oldest first.

    The last run that exercised the requirement saw it hold; or at least so many runs looked for it and none saw it.
    """
    said: dict[Entry, list[Disposition]] = {}
    for standing in standings:
        for entry, disposition in standing.entries:
            said.setdefault(entry, []).append(disposition)
    return tuple(entry for entry, given in said.items() if _spent(given, least))


def _spent(given: Sequence[Disposition], least: int) -> bool:
    observed = [each for each in given if each is not Disposition.UNOBSERVED]
    return observed[-1] is Disposition.UNEXPECTED_PASS if observed else len(given) >= least


def _seen(card: Scorecard, entries: Sequence[Entry]) -> Iterator[tuple[_Key, list[Entry]]]:
    """
    Everything that a gate can hold against a run, with the entries that know it.
    """
    for violation in card.violations:
        word = SEEN.get(violation.requirement.level)
        if word is None:
            continue
        alike = [entry for entry in entries if _knows(entry, violation, word)]
        for case in violation.cases:
            yield (violation.signature, case), [entry for entry in alike if covers(entry, case)]
    for result in refused(card):
        known = [entry for entry in entries if "unsupported" in entry.expect and entry.cases]
        yield (REFUSAL, result.case.id), [entry for entry in known if covers(entry, result.case.id)]


def _knows(entry: Entry, violation: Violation, word: str) -> bool:
    _, _, finding = violation.samples[0]
    # A SHOULD that is violated where a MUST was is no worse than what was accepted.
    accepted = word in entry.expect or (word == "warn" and "fail" in entry.expect)
    return (
        accepted
        and entry.requirement == violation.requirement.id
        and entry.where in (None, place(finding))
        and entry.kind in (None, sort(finding))
    )


def covers(entry: Entry, case: str) -> bool:
    """
    The entry speaks of a case.
    """
    return not entry.cases or any(matches(each, case) or matches(each, visible(case)) for each in entry.cases)


def _disposition(entry: Entry, card: Scorecard, today: str, *, seen: bool) -> Disposition:
    if seen:
        return Disposition.KNOWN if entry.expires >= today else Disposition.EXPIRED
    ours = [result for result in card.results if covers(entry, result.case.id)]
    if "unsupported" in entry.expect and any(each.outcome is Outcome.UNSUPPORTED for each in ours):
        return Disposition.KNOWN
    if not _held(entry, ours):
        return Disposition.UNOBSERVED
    return Disposition.KNOWN if "pass" in entry.expect else Disposition.UNEXPECTED_PASS


def _held(entry: Entry, ours: Sequence[Result]) -> bool:
    """
    The requirement was exercised and held: in every case that the entry names, in all that its pattern reached.
    """
    states = {visible(result.case.id): result.states.get(entry.requirement) for result in ours}
    named = [visible(each) for each in entry.cases if "*" not in each]
    if State.VIOLATED in states.values() or any(states.get(each) is not State.HELD for each in named):
        return False
    return State.HELD in states.values() and not any(each.outcome is Outcome.NOT_RUN for each in ours)
