"""
The text of a baseline file with entries added or taken away; every other line, and every comment, stays as it was.

Values come in and text goes out: nothing here opens a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from conformance.contract.baselines import identity
from conformance.errors import FileError
from conformance.model import Disposition, Entry, Result, Scorecard, Standing, State, Violation
from conformance.report.baseline import SEEN, place, sort
from conformance.report.text import line, visible

#: A baseline that accepts nothing.
EMPTY = """\
# Violations that the gate accepts for now, each for a reason and until a day.
# conformance baseline update writes entries, prune removes them, check reads them.
version: 1
entries: []
"""

_ENTRIES = re.compile(r"^entries:[ \t]*(\[[ \t]*\]|null|~)?[ \t]*(#.*)?$", re.MULTILINE)
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._/-]*[A-Za-z0-9]")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off"})


def entries_of(
    card: Scorecard, standing: Standing, *, reason: str, issue: str, today: str, expires: str
) -> tuple[Entry, ...]:
    """
    An entry for every violation that is new or expired, for the cases that show it and nothing wider.
    """
    blank = Entry(requirement="", reason=reason, issue=issue, added=today, expires=expires)
    accepted = (Disposition.NEW, Disposition.EXPIRED)
    made = []
    for violation in card.violations:
        cases = [each for each in violation.cases if standing.findings.get((violation.signature, each)) in accepted]
        if cases:
            made.append(_entry(violation, cases, card, blank))
    return tuple(made)


def _entry(violation: Violation, cases: Sequence[str], card: Scorecard, blank: Entry) -> Entry:
    _, _, finding = violation.samples[0]
    name, word = violation.requirement.id, SEEN[violation.requirement.level]
    flaky = any(_flaky(result, name) for result in card.results if result.case.id in cases)
    return replace(
        blank,
        requirement=name,
        target=visible(card.run.target) or "*",
        cases=tuple(visible(each) for each in cases),
        where=place(finding),
        kind=sort(finding),
        expect=(word, "pass") if flaky else (word,),
    )


def _flaky(result: Result, requirement: str) -> bool:
    states = {attempt.states.get(requirement) for attempt in result.attempts}
    return {State.HELD, State.VIOLATED} <= states


def with_entries(text: str, path: str, entries: Iterable[Entry]) -> str:
    """
    The text with entries after its last one; raises ``FileError`` when they cannot be told apart by lines.
    """
    added = list(entries)
    if not added:
        return text
    found = _ENTRIES.search(text)
    if found is None:
        raise FileError(
            path, 0, "the entries are not written in lines of their own", "Write each below entries: as - …"
        )
    head = text
    if found[1] is not None:
        head = f"{text[: found.start()]}entries:{' ' + found[2] if found[2] else ''}{text[found.end() :]}"
    lines = head.rstrip("\n").split("\n")
    start = head[: found.start()].count("\n") + 1
    first = _first(lines, start)
    indent = "  " if first is None else _indent(lines[first])
    last = start if first is None else _end(lines, first, indent, items=True)
    block = [indent + each for entry in added for each in written(entry)]
    return "\n".join([*lines[:last], *block, *lines[last:]]) + "\n"


def without(text: str, path: str, gone: Collection[Entry]) -> str:
    """
    The text without some of its entries; raises ``FileError`` when they cannot be told apart by lines.
    """
    lines = text.rstrip("\n").split("\n")
    for entry in sorted(gone, key=lambda each: -each.line):
        start = entry.line - 1
        if not lines[start].lstrip().startswith("- "):
            raise FileError(
                path, entry.line, "this entry does not begin a line of its own", "Write it below entries: as - …"
            )
        del lines[start : _end(lines, start, _indent(lines[start]))]
    made = "\n".join(lines) + "\n"
    found = _ENTRIES.search(made)
    if gone and found is not None and _first(lines, made[: found.start()].count("\n") + 1) is None:
        made = f"{made[: found.start()]}entries: []{' ' + found[2] if found[2] else ''}{made[found.end() :]}"
    return made


def written(entry: Entry) -> Iterator[str]:
    """
    The lines of one entry, the first of which begins the list item.
    """
    yield f"- id: {json.dumps(identity(entry))}"
    yield f"  target: {_scalar(entry.target)}"
    yield f"  requirement: {_scalar(entry.requirement)}"
    if len(entry.cases) == 1:
        yield f"  case: {_scalar(entry.cases[0])}"
    elif entry.cases:
        yield "  case:"
        yield from (f"    - {_scalar(each)}" for each in entry.cases)
    if entry.where is not None:
        yield f"  where: {_scalar(entry.where)}"
    if entry.kind is not None:
        yield f"  class: {_scalar(entry.kind)}"
    yield f"  expect: {entry.expect[0] if len(entry.expect) == 1 else '[' + ', '.join(entry.expect) + ']'}"
    yield f"  reason: {_scalar(line(entry.reason))}"
    if entry.issue:
        yield f"  issue: {_scalar(line(entry.issue))}"
    yield f"  added: {entry.added}"
    yield f"  expires: {entry.expires}"


def _scalar(text: str) -> str:
    # JSON's quoted text is YAML's, once nothing in it needs a pair of escapes.
    plain = _PLAIN.fullmatch(text) is not None and text.lower() not in _WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)


def _indent(text: str) -> str:
    return text[: len(text) - len(text.lstrip())]


def _first(lines: Sequence[str], start: int) -> int | None:
    """
    The line of the first entry, when one follows.
    """
    rest = [number for number in range(start, len(lines)) if _speaks(lines[number])]
    return rest[0] if rest and lines[rest[0]].lstrip().startswith("- ") else None


def _end(lines: Sequence[str], start: int, indent: str, *, items: bool = False) -> int:
    """
    The line after the entry that begins at ``start``, or after all ``items`` of its list.
    """
    end = start + 1
    for number in range(start + 1, len(lines)):
        if not _speaks(lines[number]):
            continue
        own = _indent(lines[number])
        if len(own) < len(indent) or (own == indent and not (items and lines[number].lstrip().startswith("- "))):
            break
        end = number + 1
    return end


def _speaks(text: str) -> bool:
    return bool(text.strip()) and not text.lstrip().startswith("#")
