"""
Results in pytest's words: what is told of a violation, why a case was left out, what travels in properties.

Every text that an endpoint had a part in is made safe to look at; bodies are never quoted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from conformance.model import Contract, Entry, Finding, Level, Outcome, Requirement, Result
from conformance.pytest_plugin.options import OPTIONS
from conformance.report import labels
from conformance.report.scorecard import signature
from conformance.report.text import line, plural, visible

#: Findings told of one case; the report has all.
_MOST = 5

Requirements = Mapping[str, Requirement]


def headline(finding: Finding, requirements: Requirements) -> str:
    """
    One line for pytest's summary.
    """
    row = requirements[finding.requirement]
    return f"{row.level} {row.id}: {line(finding.message, 160)}"


def violations(result: Result, requirements: Requirements, entries: Mapping[str, Entry], *, report: str = "") -> str:
    """
    What a case violated, the gravest first, with what it breaks and where to read on.

    ``entries`` are those of a baseline by signature, ``report`` is where the run's report will be.
    """
    found = distinct(result.findings, (Level.MUST, Level.SHOULD), requirements)
    parts = [_violation(each, count, requirements, entries) for each, count in found[:_MOST]]
    if len(found) > _MOST:
        parts.append(f"and {plural(len(found) - _MOST, 'more finding')}")
    more = [f"conformance explain {found[0][0].requirement}", *([f"report: {report}"] if report else [])]
    return "\n\n".join([_title(result), *parts, "\n".join(more)])


def _title(result: Result) -> str:
    return f"{line(result.case.id, 300)}: {line(result.case.title, 200)}"


def _violation(finding: Finding, count: int, requirements: Requirements, entries: Mapping[str, Entry]) -> str:
    row, entry = requirements[finding.requirement], entries.get(signature(finding))
    rows = [
        ("expected", line(finding.expected, 300)),
        ("got", line(finding.observed, 300)),
        ("at", line(finding.where, 200)),
        ("breaks", line(row.breaks, 300)),
        ("see", row.doc),
        ("baseline", _entry(entry) if entry else ""),
    ]
    head = f"{row.level} {row.id}" + (f" ({count} times)" if count > 1 else "")
    return "\n".join([head, f"  {line(row.text, 300)}", *(f"  {name:<10}{text}" for name, text in rows if text)])


def _entry(entry: Entry) -> str:
    return " ".join(
        each for each in (line(entry.reason, 200), line(entry.issue, 200), f"(until {entry.expires})") if each
    )


def known(entry: Entry) -> str:
    """
    Why a violation is expected.
    """
    return f"{entry.requirement}: {_entry(entry)}"


def gone(entry: Entry) -> str:
    """
    That a violation did not come which the baseline expects.
    """
    return f"{entry.requirement} holds, and the baseline still expects a violation: {_entry(entry)}"


def distinct(
    findings: Iterable[Finding], levels: Collection[Level], requirements: Requirements
) -> list[tuple[Finding, int]]:
    """
    The findings of these levels that differ in more than numbers, each with how many are like it, the gravest first.
    """
    alike: dict[str, list[Finding]] = {}
    for finding in findings:
        if requirements[finding.requirement].level in levels:
            alike.setdefault(signature(finding), []).append(finding)
    order = list(Level)
    rows = [(found[0], len(found)) for found in alike.values()]
    return sorted(rows, key=lambda row: (order.index(requirements[row[0].requirement].level), row[0].requirement))


def ours(text: str) -> str:
    """
    A text that names options of the command line, with the names that they have here.
    """
    names = "|".join(option.name for option in OPTIONS)
    return re.sub(rf"(?<![\w-])--(?=(?:{names})\b(?!-))", "--conformance-", visible(text, "\n"))


def reason(result: Result) -> str:
    """
    Why a case has no verdict or was left out, in a few words.
    """
    words = labels.words(result.outcome)
    if result.outcome is Outcome.NOT_APPLICABLE and result.cause == "not claimed":
        return f"{words}: the target does not claim {', '.join(result.case.needs)}"
    return ours(f"{words}: {labels.cause(result.cause)}") if result.cause else words


def undecided(result: Result) -> str:
    """
    What became of every attempt of a case without a verdict.
    """
    rows = [_title(result), "", reason(result)]
    for number, attempt in enumerate(result.attempts, start=1):
        exchange = attempt.exchange
        came = [f"status {exchange.status}" if exchange.status else "no answer", f"{exchange.seconds:.1f} s"]
        came += [line(exchange.error, 160)] if exchange.error else []
        why = dict.fromkeys(f"{name}: {line(each.reason, 160)}" for name, each in attempt.unobserved.items())
        rows += [f"  attempt {number}: {', '.join(came)}", *(f"    {each}" for each in list(why)[:_MOST])]
    return "\n".join(rows)


def properties(result: Result, target: str, contract: Contract) -> Iterator[tuple[str, str]]:
    """
    What a result says to JUnit, pytest-html and pytest-xdist: names and texts.
    """
    yield "conformance.target", line(target, 120)
    yield "conformance.case", line(result.case.id, 300)
    yield "conformance.outcome", result.outcome.value
    if result.cause:
        yield "conformance.cause", line(result.cause, 120)
    yield "conformance.requirements", json.dumps(_about(result, contract.requirements))
    findings = distinct(result.findings, tuple(Level), contract.requirements)
    if findings:
        yield "conformance.findings", json.dumps([_data(each, count, contract) for each, count in findings])


def _about(result: Result, requirements: Requirements) -> list[tuple[str, str]]:
    """
    What a case violated, else what it is about, each with its level.
    """
    found = distinct(result.findings, tuple(Level), requirements)
    names: Sequence[str] = [each.requirement for each, _ in found]
    if not names and result.case.expect is not None:
        names = [result.case.expect.requirement]
    return [(name, requirements[name].level.value) for name in dict.fromkeys(names)]


def _data(finding: Finding, count: int, contract: Contract) -> dict[str, str | int]:
    return {
        "requirement": finding.requirement,
        "level": contract.requirements[finding.requirement].level.value,
        "expected": line(finding.expected, 300),
        "observed": line(finding.observed, 300),
        "where": line(finding.where, 200),
        "count": count,
        "signature": signature(finding),
    }
