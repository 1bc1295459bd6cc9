"""
JUnit XML for CI: one test case a case of ours, by our own writer.

pytest's writer would lose the target's name and lets bidirectional controls through.
What each outcome becomes is in the documentation of the reports; a warning passes and says so on ``system-out``.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from conformance import __version__
from conformance.contract.baselines import identity
from conformance.model import Contract, Disposition, Level, Outcome, Result, Scorecard, Standing
from conformance.report.baseline import accepted, grave
from conformance.report.exits import Stale
from conformance.report.labels import cause
from conformance.report.text import cut, line, visible
from conformance.report.verdicts import profile_of

#: What CI shows of one case, in bytes.
_MOST = 2048


def render(card: Scorecard, *, standing: Standing | None = None, stale: Stale = Stale.FAIL) -> bytes:
    """
    The whole file, UTF-8.

    A failure that the baseline knows is skipped, not failed; an entry whose violation is gone is a test case of its own,
    which fails when ``stale`` says so.
    """
    root = ET.Element("testsuites", {"name": "conformance"})
    suite = ET.SubElement(root, "testsuite", {"name": line(card.run.target)})
    _properties(suite, card)
    contracts = {contract.id: contract for contract in card.contracts}
    taken: set[tuple[str, str]] = set()
    for result in card.results:
        case = ET.SubElement(suite, "testcase", _names(result, card, contracts, taken))
        _outcome(case, result, card, standing)
    _stale(suite, card, standing, stale)
    for tag in ("failure", "error", "skipped"):
        suite.set({"failure": "failures", "error": "errors"}.get(tag, tag), str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("tests", str(len(suite.findall("testcase"))))
    suite.set("time", f"{card.seconds:.3f}")
    if card.run.started:
        suite.set("timestamp", line(card.run.started))
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _levels(card: Scorecard) -> dict[str, Level]:
    return {name: row.level for contract in card.contracts for name, row in contract.requirements.items()}


def _properties(suite: ET.Element, card: Scorecard) -> None:
    holder = ET.SubElement(suite, "properties")
    pairs = {
        "suite": __version__,
        "target": card.run.target,
        "base_url": card.run.base_url,
        "model": card.run.model,
        "verdict": card.verdict.value,
        "complete": "true" if card.run.complete else "false",
        **{f"contract.{each.id}": f"{each.version} sha256:{each.sha256}" for each in card.contracts},
    }
    for name, value in pairs.items():
        ET.SubElement(holder, "property", {"name": line(name), "value": line(value, 500)})


def _names(
    result: Result, card: Scorecard, contracts: Mapping[str, Contract], taken: set[tuple[str, str]]
) -> dict[str, str]:
    profile = profile_of(result.case, contracts[result.case.contract])
    parts = [each.replace(".", "_") for each in (card.run.target, profile, result.case.feature)]
    group, name = line(".".join(parts)), line(result.case.id, 300)
    unique, number = name, 2
    while (group, unique) in taken:
        unique, number = f"{name} ({number})", number + 1
    taken.add((group, unique))
    seconds = sum(attempt.exchange.seconds for attempt in result.attempts)
    return {"classname": group, "name": unique, "time": f"{seconds:.3f}"}


def _outcome(case: ET.Element, result: Result, card: Scorecard, standing: Standing | None) -> None:
    reason = cause(result.cause) if result.cause else ""
    if result.outcome is Outcome.FAIL:
        _failure(case, result, card, standing)
    elif result.outcome in (Outcome.INCONCLUSIVE, Outcome.ERROR):
        kind = line(result.cause, 60) or result.outcome.value
        ET.SubElement(case, "error", {"type": kind, "message": f"{result.outcome.value}: {reason}"})
    elif result.outcome in (Outcome.UNSUPPORTED, Outcome.NOT_APPLICABLE, Outcome.NOT_RUN):
        ET.SubElement(case, "skipped", {"message": f"{result.outcome.value.replace('-', ' ')}: {reason}"})
    elif result.findings:
        ET.SubElement(case, "system-out").text = _said(result, _levels(card))


def _failure(case: ET.Element, result: Result, card: Scorecard, standing: Standing | None) -> None:
    counted, entry = grave(result, card, standing), accepted(result, standing)
    if not counted and entry is not None:
        said = f"known failure: {entry.requirement} until {entry.expires}: {entry.reason}"
        ET.SubElement(case, "skipped", {"message": line(said, 300)})
        return
    first = counted[0] if counted else None
    made = ET.SubElement(case, "failure", {"type": line(first.requirement) if first else "fail"})
    made.set("message", line(first.message, 300) if first else cause(result.cause))
    made.text = _said(result, _levels(card))


def _stale(suite: ET.Element, card: Scorecard, standing: Standing | None, stale: Stale) -> None:
    for entry, disposition in standing.entries if standing is not None else ():
        if disposition is not Disposition.UNEXPECTED_PASS or stale is Stale.IGNORE:
            continue
        group = line(f"{card.run.target.replace('.', '_')}.baseline")
        case = ET.SubElement(suite, "testcase", {"classname": group, "name": f"{entry.requirement} {identity(entry)}"})
        said = f"stale baseline: {entry.requirement} holds now, remove the entry of line {entry.line}"
        if stale is Stale.FAIL:
            ET.SubElement(case, "failure", {"type": "stale-baseline", "message": line(said)})
        else:
            ET.SubElement(case, "skipped", {"message": line(said)})


def _said(result: Result, levels: Mapping[str, Level]) -> str:
    words = {Level.MUST: "FAIL", Level.SHOULD: "WARN", Level.MAY: "INFO"}
    lines = [
        f"{words[levels[each.requirement]]} {each.requirement} at {each.where or 'the whole'}: {each.message}"
        for each in sorted(result.findings, key=lambda each: list(Level).index(levels[each.requirement]))
    ]
    if result.case.file and not result.case.file.startswith("/"):
        lines.insert(0, f"{result.case.file}:{result.case.line}")
    return cut("\n".join(visible(" ".join(each.split())) for each in lines), _MOST - 40)
