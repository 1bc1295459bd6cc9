"""
SARIF 2.1.0, for tools that show findings beside code: a rule for each requirement, a result for each violation.

A remote API has no source line: a result points at the case that was asked, and carries a fingerprint that stays the
same between runs.  Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

from conformance import __version__
from conformance.model import JSON, Case, Disposition, Level, Requirement, Scorecard, Standing, Violation
from conformance.report import labels
from conformance.report.baseline import worst
from conformance.report.text import line, shorten, visible

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#: GitHub shows 5000 results a run and refuses 25000.
_MOST = 5000

_LEVELS = {Level.MUST: "error", Level.SHOULD: "warning", Level.MAY: "note"}


def render(card: Scorecard, *, standing: Standing | None = None) -> bytes:
    """
    The file's bytes: the same for the same scorecard.  What the baseline knows is suppressed, with its reason.
    """
    rules = list({violation.requirement.id: violation.requirement for violation in card.violations}.values())
    numbers = {rule.id: number for number, rule in enumerate(rules)}
    run: dict[str, JSON] = {
        "tool": {"driver": {"name": "conformance", "version": __version__, "rules": [_rule(rule) for rule in rules]}},
        "automationDetails": {"id": f"conformance/{line(card.run.target)}/"},
        "columnKind": "unicodeCodePoints",
        "properties": {
            "target": visible(card.run.target),
            "base_url": visible(card.run.base_url),
            "model": visible(card.run.model),
            "verdict": card.verdict.value,
        },
        "results": [
            _result(violation, card, standing, numbers[violation.requirement.id])
            for violation in card.violations[:_MOST]
        ],
    }
    document: dict[str, JSON] = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=1, allow_nan=False).encode() + b"\n"


def _rule(row: Requirement) -> dict[str, JSON]:
    made: dict[str, JSON] = {
        "id": row.id,
        "shortDescription": {"text": shorten(row.text, 200)},
        "fullDescription": {"text": row.text},
        "help": {"text": f"{row.text} Who breaks without it: {row.breaks}"},
        "defaultConfiguration": {"level": _LEVELS[row.level]},
        "properties": {"level": row.level.value, "profile": row.profile},
    }
    return {**made, "helpUri": row.doc} if labels.link(row.doc) else made


def _result(violation: Violation, card: Scorecard, standing: Standing | None, number: int) -> dict[str, JSON]:
    _, _, finding = violation.samples[0]
    place = f" at {finding.where}" if finding.where else ""
    count = f" ({len(violation.cases)} cases)" if len(violation.cases) > 1 else ""
    made: dict[str, JSON] = {
        "ruleId": violation.requirement.id,
        "ruleIndex": number,
        "level": _LEVELS[violation.requirement.level],
        "message": {"text": line(f"{card.run.target}: {finding.message}{place}{count}", 1000)},
        "locations": list(_locations(violation, card)),
        "partialFingerprints": {"conformance/v1": f"{line(card.run.target)}/{violation.signature}"},
        "occurrenceCount": violation.count,
        "properties": {"cases": [visible(case) for case in violation.cases[:20]], "where": visible(finding.where)},
    }
    return made if standing is None else {**made, **_standing(violation, standing)}


def _locations(violation: Violation, card: Scorecard) -> Iterator[JSON]:
    cases = {result.case.id: result.case for result in card.results}
    yield from (_location(cases[name]) for name, _, _ in violation.samples if name in cases)


def _location(case: Case) -> dict[str, JSON]:
    named: list[JSON] = [{"fullyQualifiedName": visible(case.id), "kind": "function"}]
    if not case.file or case.file.startswith("/"):
        return {"logicalLocations": named}
    place: dict[str, JSON] = {"artifactLocation": {"uri": _uri(case.file)}}
    if case.line:
        place["region"] = {"startLine": case.line}
    return {"physicalLocation": place, "logicalLocations": named}


def _uri(path: str) -> str:
    return quote(path.replace("\\", "/"), errors="replace")


def _standing(violation: Violation, standing: Standing) -> dict[str, JSON]:
    keys = [(violation.signature, case) for case in violation.cases]
    entry = next((standing.knowing[key] for key in keys if key in standing.knowing), None)
    if violation.requirement.level is Level.MAY:
        return {}
    if worst(violation, standing) is not Disposition.KNOWN or entry is None:
        return {"baselineState": "new"}
    said = f"{entry.reason} (until {entry.expires})"
    return {
        "baselineState": "unchanged",
        "suppressions": [{"kind": "external", "status": "accepted", "justification": line(said, 500)}],
    }
