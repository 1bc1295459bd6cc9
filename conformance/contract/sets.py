"""
Frozen requirement sets, ``schemas/<contract>/sets/<date>.yaml``: what a certificate is measured by.

The suite may grow without failing anybody after the fact: a new requirement or case counts from the next set on.  A set
that was released is never edited.  ``python -m conformance.contract.sets`` freezes what differs from the newest set
in a file of today; before a release the older file goes, after one it stays.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from conformance.contract import cases, contracts, paths, shape, strictyaml
from conformance.errors import FileError, UsageError
from conformance.model import JSON, Contract, Level

_NAME = re.compile(r"[a-z0-9-]+/\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One requirement as a set counts it.
    """

    level: Level
    profile: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementSet:
    """
    What counts for a certificate of one contract.
    """

    #: ``<contract>/<date>``.
    name: str
    contract: str
    #: The version of the contract that was current.
    version: str
    #: By requirement id.
    rows: Mapping[str, Row]
    #: Requirements that do not count, with the reason.
    not_counted: Mapping[str, str]
    #: Ids of the cases that must have been asked.
    cases: tuple[str, ...]
    #: Of the file's bytes.
    sha256: str


def names(contract: str) -> tuple[str, ...]:
    """
    The names of a contract's sets, the oldest first.
    """
    folder = paths.folder("schemas") / contract / "sets"
    return tuple(f"{contract}/{path.stem}" for path in sorted(folder.glob("*.yaml")))


def current(contract: str) -> RequirementSet:
    """
    The newest set of a contract; raises ``UsageError`` when it has none.
    """
    known = names(contract)
    if not known:
        raise UsageError(
            f"the contract {contract} has no frozen set of requirements, so nothing can be certified by it"
        )
    return load(known[-1])


def load(name: str) -> RequirementSet:
    """
    The set of a name; raises ``UsageError`` for one that the suite does not have, ``FileError`` for a mistake in it.
    """
    return parse(raw(name), name)


def raw(name: str) -> bytes:
    """
    The bytes of a set's file; raises ``UsageError`` when the suite does not have it.
    """
    contract, _, day = name.partition("/")
    if not _NAME.fullmatch(name) or name not in names(contract):
        raise UsageError(
            f"this suite has no requirement set {name!r}\n  Use the version of the suite that it came with."
        )
    return (paths.folder("schemas") / contract / "sets" / f"{day}.yaml").read_bytes()


def parse(data: bytes, path: str) -> RequirementSet:
    """
    The set that bytes hold; raises ``FileError`` with the line of what is wrong.
    """
    try:
        document = strictyaml.read(data.decode(), path)
    except UnicodeDecodeError:
        raise FileError(path, 0, "not UTF-8") from None
    shape.check(document, "set.json")
    value = _object(document.value)
    return RequirementSet(
        name=str(value["set"]),
        contract=str(value["contract"]),
        version=str(value["version"]),
        rows={name: _row(row) for name, row in _object(value["requirements"]).items()},
        not_counted={name: str(why) for name, why in _object(value["not_counted"]).items()},
        cases=tuple(str(each) for each in _list(value["cases"])),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def counted(contract: Contract) -> dict[str, Row]:
    """
    What a contract would count if it were frozen now.
    """
    rows = [each for each in contract.requirements.values() if each.excluded is None]
    return {each.id: Row(level=each.level, profile=each.profile) for each in rows}


def narrowed(contract: Contract, frozen: RequirementSet) -> Contract:
    """
    The contract as a set counts it; raises ``UsageError`` when it lost one of the set's requirements.
    """
    lost = [name for name in frozen.rows if name not in contract.requirements]
    if lost:
        raise UsageError(
            f"this suite no longer judges {lost[0]}\n  Use the version of the suite that {frozen.name} came with."
        )
    rows = {
        name: replace(contract.requirements[name], level=row.level, profile=row.profile, excluded=None)
        for name, row in frozen.rows.items()
    }
    return replace(contract, requirements=rows)


def text(contract: Contract, day: str) -> str:
    """
    The file of the set that would freeze a contract on a day.
    """
    return "\n".join(_lines(contract, day)) + "\n"


def _lines(contract: Contract, day: str) -> Iterator[str]:
    yield "# Frozen: what counts for a certificate of this contract.  Never edited once released;"
    yield "# requirements and cases that came later count from the next set on."
    yield f"set: {contract.id}/{day}"
    yield f"contract: {contract.id}"
    yield f'version: "{contract.version}"'
    yield f"frozen: {day}"
    yield "requirements:"
    for name, row in sorted(counted(contract).items()):
        yield f"  {name}: {{level: {row.level}, profile: {row.profile}}}"
    left = {each.id: each.excluded for each in contract.requirements.values() if each.excluded is not None}
    yield "not_counted:" if left else "not_counted: {}"
    for name, why in sorted(left.items()):
        yield f"  {name}: {_quoted(str(why))}"
    yield "cases:"
    for case in sorted(cases.load_contract(contract.id), key=lambda each: each.id):
        yield f"  - {_quoted(case.id)}"


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _row(value: JSON) -> Row:
    row = _object(value)
    return Row(level=Level(str(row["level"])), profile=str(row["profile"]))


def _object(value: JSON) -> dict[str, JSON]:
    return value if isinstance(value, dict) else {}


def _list(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else []


def fits(frozen: RequirementSet, contract: Contract) -> bool:
    """
    A set still counts what its contract says, and every case of it can still be asked.
    """
    known = {case.id for case in cases.load_contract(contract.id)}
    return frozen.rows == counted(contract) and frozen.version == contract.version and set(frozen.cases) <= known


def freeze(day: str) -> list[str]:
    """
    Write a set for every contract whose newest one no longer fits; the names of the sets.
    """
    made = []
    for name in contracts.names():
        if not names(name) or not fits(current(name), contracts.load(name)):
            path = paths.folder("schemas") / name / "sets" / f"{day}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text(contracts.load(name), day), encoding="utf-8")
            made.append(f"{name}/{day}")
    return made


if __name__ == "__main__":
    sys.stdout.write("".join(f"{name}\n" for name in freeze(datetime.now(UTC).date().isoformat())))
