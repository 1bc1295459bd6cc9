"""
``results.json``: the scorecard as data, in the format ``conformance-results/1`` (``schemas/report/results.json``).

Every other view could be made of it; gates and comparisons read nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from conformance import __version__
from conformance.contract.baselines import identity
from conformance.model import (
    JSON,
    Attempt,
    Baseline,
    Disposition,
    Entry,
    Finding,
    Level,
    ProfileScore,
    Result,
    Scorecard,
    Standing,
    Violation,
)
from conformance.report.scorecard import signature
from conformance.report.verdicts import profile_of

FORMAT = "conformance-results/1"


def document(
    card: Scorecard, *, exit_code: int = 0, reason: str = "", standing: Standing | None = None
) -> dict[str, JSON]:
    """
    The scorecard as a JSON object.

    ``exit_code`` and ``reason`` say how the command ended; ``standing`` says what a baseline knows of the run, in which
    every finding is ``new`` otherwise.
    """
    run = card.run
    return {
        "format": FORMAT,
        "suite": {"name": "conformance", "version": __version__},
        "contracts": [{"id": c.id, "version": c.version, "sha256": c.sha256} for c in card.contracts],
        "target": {"name": run.target, "base_url": run.base_url, "model": run.model},
        "claims": None if run.claims is None else [*sorted(run.claims)],
        "started": run.started,
        "ended": run.ended,
        "complete": run.complete,
        "trouble": run.trouble,
        "command": list(run.command),
        "settings": dict(sorted(run.settings.items())),
        "verdict": card.verdict.value,
        "profiles": [_profile(score) for score in card.profiles],
        "cases": [
            _case(result, card) for result in sorted([*card.results, *card.explored], key=lambda each: each.case.id)
        ],
        "findings": list(_findings(card, standing.findings if standing is not None else {})),
        "baseline": None if standing is None else _baseline(standing),
        "totals": {
            "requests": card.requests,
            "seconds": card.seconds,
            "prompt_tokens": card.prompt_tokens,
            "completion_tokens": card.completion_tokens,
        },
        "exit": {"code": exit_code, "reason": reason},
    }


def render(card: Scorecard, *, exit_code: int = 0, reason: str = "", standing: Standing | None = None) -> bytes:
    """
    The file's bytes: the same for the same scorecard.  Not ASCII is escaped, so that no text can hide in it.
    """
    made = _paired(document(card, exit_code=exit_code, reason=reason, standing=standing))
    return json.dumps(made, indent=1, allow_nan=False).encode() + b"\n"


def _paired(value: JSON) -> JSON:
    # Half a surrogate pair is no Unicode text: most JSON readers refuse the whole file.
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, list):
        return [_paired(each) for each in value]
    return {str(_paired(key)): _paired(each) for key, each in value.items()} if isinstance(value, dict) else value


def _profile(score: ProfileScore) -> dict[str, JSON]:
    out: dict[str, JSON] = {
        "id": score.profile.id,
        "contract": score.contract,
        "title": score.profile.title,
        "core": score.profile.core,
        "verdict": score.verdict.value,
    }
    for level in Level:
        rows: dict[str, JSON] = {}
        for state, ids in score.counts[level.value].items():
            rows[state] = len(ids)
            rows[f"{state}_ids"] = list(ids)
        out[level.value.lower()] = rows
    return out


def _case(result: Result, card: Scorecard) -> dict[str, JSON]:
    contract = next(each for each in card.contracts if each.id == result.case.contract)
    return {
        "id": result.case.id,
        "contract": result.case.contract,
        "feature": result.case.feature,
        "profile": profile_of(result.case, contract),
        "title": result.case.title,
        "outcome": result.outcome.value,
        "cause": result.cause,
        "attempts": [_attempt(attempt) for attempt in result.attempts],
        "requirements": {name: state.value for name, state in sorted(result.states.items())},
    }


def _attempt(attempt: Attempt) -> dict[str, JSON]:
    exchange = attempt.exchange
    return {
        "reason": exchange.reason,
        "status": exchange.status,
        "ending": exchange.ending.value,
        "seconds": round(exchange.seconds, 6),
        "violated": [*sorted({finding.requirement for finding in attempt.findings})],
    }


def _findings(card: Scorecard, dispositions: Mapping[tuple[str, str], Disposition]) -> Iterator[dict[str, JSON]]:
    """
    One entry for each case that shows a violation: its first finding, and how many there are like it.
    """
    shown: dict[tuple[str, str], list[Finding]] = {}
    for result in card.results:
        for finding in result.findings:
            shown.setdefault((signature(finding), result.case.id), []).append(finding)
    for violation in card.violations:
        for case in sorted(violation.cases):
            found = shown[violation.signature, case]
            known = dispositions.get((violation.signature, case), Disposition.NEW)
            yield _finding(violation, case, found, known)
    for violation in card.advice:
        # The smallest request of every cause comes first.
        for case in violation.cases:
            yield _finding(violation, case, _of(violation, case, card), Disposition.ADVISORY)


def _of(violation: Violation, case: str, card: Scorecard) -> list[Finding]:
    result = next(each for each in card.explored if each.case.id == case)
    return [finding for finding in result.findings if finding.requirement == violation.requirement.id]


def _finding(violation: Violation, case: str, found: list[Finding], disposition: Disposition) -> dict[str, JSON]:
    row, first = violation.requirement, found[0]
    return {
        "requirement": row.id,
        "level": row.level.value,
        "profile": row.profile,
        "case": case,
        "message": first.message,
        "expected": first.expected,
        "observed": first.observed,
        "where": first.where,
        "count": len(found),
        "signature": violation.signature,
        "disposition": disposition.value,
        "breaks": row.breaks,
    }


def baseline(document: Mapping[str, JSON]) -> tuple[Baseline, str] | None:
    """
    The entries against which a run was held, and the day, as ``results.json`` states them; None when there were none.
    """
    held = document.get("baseline")
    if not isinstance(held, dict) or not isinstance(held["entries"], list):
        return None
    rows = [row for row in held["entries"] if isinstance(row, dict)]
    return Baseline(path=str(held["file"]), entries=tuple(_entry_of(row) for row in rows)), str(held["day"])


def _entry_of(row: Mapping[str, JSON]) -> Entry:
    cases, expect = row["cases"], row["expect"]
    return Entry(
        requirement=str(row["requirement"]),
        reason=str(row["reason"]),
        added=str(row["added"]),
        expires=str(row["expires"]),
        target=str(row["target"]),
        cases=tuple(str(each) for each in cases) if isinstance(cases, list) else (),
        where=None if row["where"] is None else str(row["where"]),
        kind=None if row["class"] is None else str(row["class"]),
        expect=tuple(str(each) for each in expect) if isinstance(expect, list) else (),
        issue=str(row["issue"]),
        line=int(str(row["line"])),
    )


def _baseline(standing: Standing) -> dict[str, JSON]:
    return {
        "file": standing.path,
        "day": standing.day,
        "entries": [_entry(*each) for each in standing.entries],
    }


def _entry(entry: Entry, disposition: Disposition) -> dict[str, JSON]:
    return {
        "id": identity(entry),
        "line": entry.line,
        "target": entry.target,
        "requirement": entry.requirement,
        "cases": list(entry.cases),
        "where": entry.where,
        "class": entry.kind,
        "expect": list(entry.expect),
        "reason": entry.reason,
        "issue": entry.issue,
        "added": entry.added,
        "expires": entry.expires,
        "disposition": disposition.value,
    }
