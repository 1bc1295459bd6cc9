"""
CTRF, a JSON report of tests that many tools of CI read: one test a case, in its five statuses and our own word beside it.

Source: https://ctrf.io/docs/specification (specification 0.0.0, which its schema in tests/standards states).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from conformance import __version__
from conformance.contract.baselines import identity
from conformance.model import JSON, Attempt, Case, Disposition, Outcome, Result, Scorecard, Standing, State
from conformance.report.baseline import accepted, grave
from conformance.report.exits import Stale
from conformance.report.labels import cause
from conformance.report.text import line, visible
from conformance.report.verdicts import profile_of

SPECIFICATION = "0.0.0"

_STATUS = {
    Outcome.PASS: "passed",
    Outcome.INFO: "passed",
    Outcome.WARN: "passed",
    Outcome.FAIL: "failed",
    Outcome.UNSUPPORTED: "skipped",
    Outcome.NOT_APPLICABLE: "skipped",
    Outcome.INCONCLUSIVE: "other",
    Outcome.ERROR: "other",
    Outcome.NOT_RUN: "pending",
}


def render(card: Scorecard, *, standing: Standing | None = None, stale: Stale = Stale.FAIL) -> bytes:
    """
    The file's bytes: the same for the same scorecard.

    A failure that the baseline knows is ``other`` with the raw status ``known``; an entry whose violation is gone is a
    test of its own, which fails when ``stale`` says so.
    """
    tests = [_test(result, card, standing) for result in card.results]
    tests += _stale_tests(card, standing, stale)
    document: dict[str, JSON] = {
        "reportFormat": "CTRF",
        "specVersion": SPECIFICATION,
        "generatedBy": "conformance",
        "results": {
            "tool": {"name": "conformance", "version": __version__},
            "summary": _summary(card, tests),
            "tests": [*tests],
            "environment": {
                "testEnvironment": visible(card.run.target),
                "extra": {
                    "base_url": visible(card.run.base_url),
                    "model": visible(card.run.model),
                    "verdict": card.verdict.value,
                    "complete": card.run.complete,
                },
            },
        },
    }
    return json.dumps(document, indent=1, allow_nan=False).encode() + b"\n"


def _summary(card: Scorecard, tests: list[dict[str, JSON]]) -> dict[str, JSON]:
    counts = Counter(str(test["status"]) for test in tests)
    start = _milliseconds(card.run.started)
    return {
        "tests": len(tests),
        **{status: counts[status] for status in ("passed", "failed", "skipped", "pending", "other")},
        "flaky": sum(test.get("flaky") is True for test in tests),
        "start": start,
        "stop": max(start, _milliseconds(card.run.ended)),
    }


def _test(result: Result, card: Scorecard, standing: Standing | None) -> dict[str, JSON]:
    contract = next(each for each in card.contracts if each.id == result.case.contract)
    profile = profile_of(result.case, contract)
    counted, entry = grave(result, card, standing), accepted(result, standing)
    known = result.outcome is Outcome.FAIL and not counted and entry is not None
    started = next((attempt.exchange.started for attempt in result.attempts if attempt.exchange.started), None)
    made: dict[str, JSON] = {
        "name": visible(result.case.id),
        "status": "other" if known else _STATUS[result.outcome],
        "duration": round(1000 * sum(attempt.exchange.seconds for attempt in result.attempts)),
        "rawStatus": "known" if known else result.outcome.value,
        "suite": [line(card.run.target), profile, result.case.feature],
        "tags": [profile, result.case.feature],
        "type": "conformance",
        **_where(result.case),
        **_history(result),
    }
    if started is not None:
        made["start"] = round(1000 * started)
    message = f"known until {entry.expires}: {entry.reason}" if known and entry else _message(result, card, standing)
    return {**made, "message": line(message, 1000)} if message else made


def _message(result: Result, card: Scorecard, standing: Standing | None) -> str:
    counted = grave(result, card, standing) or result.findings
    said = "; ".join(f"{each.requirement}: {each.message}" for each in counted[:3])
    return said or (cause(result.cause) if result.cause else "")


def _where(case: Case) -> dict[str, JSON]:
    if not case.file or case.file.startswith("/"):
        return {}
    return {"filePath": visible(case.file), "line": case.line}


def _history(result: Result) -> dict[str, JSON]:
    """
    The attempts before the last; a test is flaky when it passes after one that failed.
    """
    earlier = result.attempts[:-1]
    if not earlier:
        return {}
    failed = [attempt for attempt in earlier if _violates(attempt)]
    return {
        "retries": len(earlier),
        "retryAttempts": [
            {
                "attempt": number,
                "status": "failed" if _violates(attempt) else "other",
                "duration": round(1000 * attempt.exchange.seconds),
            }
            for number, attempt in enumerate(earlier, start=1)
        ],
        "flaky": bool(failed) and result.outcome in (Outcome.PASS, Outcome.WARN, Outcome.INFO),
    }


def _violates(attempt: Attempt) -> bool:
    return State.VIOLATED in attempt.states.values()


def _stale_tests(card: Scorecard, standing: Standing | None, stale: Stale) -> Iterator[dict[str, JSON]]:
    for entry, disposition in standing.entries if standing is not None else ():
        if disposition is Disposition.UNEXPECTED_PASS and stale is not Stale.IGNORE:
            yield {
                "name": f"{entry.requirement} {identity(entry)}",
                "status": "failed" if stale is Stale.FAIL else "other",
                "duration": 0,
                "rawStatus": Disposition.UNEXPECTED_PASS.value,
                "suite": [line(card.run.target), "baseline"],
                "message": f"stale baseline: {entry.requirement} holds now, remove the entry of line {entry.line}",
            }


def _milliseconds(moment: str) -> int:
    try:
        return round(1000 * datetime.fromisoformat(moment).timestamp())
    except ValueError:
        return 0
