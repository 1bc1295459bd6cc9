"""
Baseline files read: the known violations that a gate accepts, each for a reason and until a day.

What an entry matches is decided elsewhere; here its words are held against the contracts that we know.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NoReturn

from conformance.contract import cases as case_files
from conformance.contract import contracts, shape, strictyaml
from conformance.errors import FileError
from conformance.model import JSON, Baseline, Entry

_NUMBER_IN_PLACE = re.compile(r"(?<=[\[/])\d+(?=[\]/]|$)")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_BEGIN = "Begin one with: conformance baseline update DIR --baseline FILE --reason TEXT --create"


def load(path: Path) -> Baseline:
    """
    The baseline of a file.

    Raises ``FileError`` with the line of what is wrong: a file that is not there (it is never created on the side), an
    unknown key or requirement, an entry wider than one requirement, a day that is none, an entry that stands twice.
    """
    return parse(text_of(path), str(path))


def text_of(path: Path) -> str:
    """
    The text of a baseline file; raises ``FileError``, with the nearest name when there is no such file.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        names = [each.name for each in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, names, 1)
        hint = f"Did you mean {path.with_name(near[0])}?" if near else _BEGIN
        raise FileError(str(path), 0, "there is no such baseline", hint) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise FileError(str(path), 0, f"cannot be read: {problem}") from None


def parse(text: str, path: str) -> Baseline:
    """
    The baseline that a text holds; raises ``FileError`` as ``load`` does.
    """
    document = strictyaml.read(text, path)
    shape.check(document, "baseline.json")
    rows = _list(document.value)
    known = {name for each in contracts.names() for name in contracts.load(each).requirements}
    entries = tuple(_Row(document, number, row).entry(known) for number, row in enumerate(rows))
    _check_unique(entries, path)
    return Baseline(path=path, entries=entries)


def identity(entry: Entry) -> str:
    """
    Eight hexadecimal digits of what an entry matches.
    """
    parts = [entry.target, entry.requirement, sorted(entry.cases), entry.where, entry.kind]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:8]


def unknown_cases(baseline: Baseline, extra: Iterable[str] = ()) -> tuple[tuple[Entry, str, str], ...]:
    """
    Entries that speak of cases which neither the suite nor ``extra`` has: entry, the pattern, and the nearest id.
    """
    known = {case.id for name in contracts.names() for case in case_files.load_contract(name)} | set(extra)
    missing = [
        (entry, pattern)
        for entry in baseline.entries
        for pattern in entry.cases
        if pattern not in known and not any(matches(pattern, each) for each in known)
    ]
    near = {pattern: next(iter(difflib.get_close_matches(pattern, known, 1)), "") for _, pattern in missing}
    return tuple((entry, pattern, near[pattern]) for entry, pattern in missing)


def matches(pattern: str, name: str) -> bool:
    """
    A name is meant by a pattern, in which ``*`` stands for any run of characters and nothing else is special.
    """
    if "*" not in pattern:
        return pattern == name
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL) is not None


def _list(value: JSON) -> list[JSON]:
    rows = value.get("entries") if isinstance(value, dict) else None
    return rows if isinstance(rows, list) else []


def _check_unique(entries: Iterable[Entry], path: str) -> None:
    first: dict[str, Entry] = {}
    for entry in entries:
        other = first.setdefault(identity(entry), entry)
        if other is not entry:
            problem = f"the entry of line {other.line} stands here again"
            raise FileError(path, entry.line, problem, "Remove one of them.")


@dataclass(frozen=True, slots=True)
class _Row:
    """
    One entry of the file, whose shape is right already.
    """

    document: strictyaml.Document
    number: int
    value: JSON

    def entry(self, known: Collection[str]) -> Entry:
        row = self.value if isinstance(self.value, dict) else {}
        self._requirement(str(row["requirement"]), known)
        self._place(row)
        self._days(row)
        made = Entry(
            requirement=str(row["requirement"]),
            reason=str(row["reason"]),
            added=str(row.get("added", "")),
            expires=str(row["expires"]),
            target=str(row.get("target", "*")),
            cases=_texts(row.get("case")),
            where=_optional(row, "where"),
            kind=_optional(row, "class"),
            expect=_texts(row.get("expect", "fail")),
            issue=str(row.get("issue", "")),
            line=self.document.line(f"/entries/{self.number}"),
        )
        if row.get("id", identity(made)) != identity(made):
            self._fail(
                "id",
                f"the id is not that of what the entry matches, which is {identity(made)}",
                "The entry was edited: leave the id out, or write that one if it is meant to match this.",
            )
        return made

    def _requirement(self, name: str, known: Collection[str]) -> None:
        if name in known:
            return
        if "*" in name or any(each.startswith(f"{name}.") for each in known):
            self._fail("requirement", f"{name!r} is wider than one requirement", "Write one entry for each.")
        near = difflib.get_close_matches(name, known, 1)
        hint = f"Did you mean {near[0]}?" if near else "conformance list requirements shows them all."
        self._fail("requirement", f"there is no requirement {name!r}", hint)

    def _place(self, row: Mapping[str, JSON]) -> None:
        where = str(row.get("where", ""))
        general = _NUMBER_IN_PLACE.sub("*", where)
        if general != where:
            self._fail("where", "a place has * for its numbers", f"Write {general}")
        if where == "*":
            self._fail("where", "* is no place", "Leave where out if any place is meant.")
        if not str(row["reason"]).strip():
            self._fail("reason", "the reason is empty", "Say why the violation is accepted for now.")

    def _days(self, row: Mapping[str, JSON]) -> None:
        for key in ("added", "expires"):
            if key in row:
                self._day(key, str(row[key]))
        if "added" in row and str(row["added"]) > str(row["expires"]):
            self._fail("expires", "the entry expires before it was added")

    def _day(self, key: str, text: str) -> None:
        try:
            good = _DAY.fullmatch(text) is not None and date.fromisoformat(text) is not None
        except ValueError:
            good = False
        if not good:
            self._fail(key, f"{text!r} is no day", "Write a day as 2027-02-21.")

    def _fail(self, key: str, problem: str, remedy: str = "") -> NoReturn:
        raise self.document.wrong(f"/entries/{self.number}/{key}", problem, remedy)


def _texts(value: JSON) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(str(each) for each in value) if isinstance(value, list) else (str(value),)


def _optional(row: Mapping[str, JSON], key: str) -> str | None:
    return str(row[key]) if key in row else None
