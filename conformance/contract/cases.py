"""
Case files read from ``cases/<contract>/*.yaml`` and expanded into cases.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import hashlib
import itertools
import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from conformance.contract import contracts, paths, shape, strictyaml
from conformance.errors import FileError
from conformance.model import JSON, Case, Contract, Expect, Request

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
#: Variables that are filled in when a case is sent.
_LATER = re.compile(r"model|unique|long:[0-9]+|after\.?(/.*)?")


def load(path: Path, contract: Contract | None = None) -> tuple[Case, ...]:
    """
    The cases of one file; raises ``FileError`` with the line of what is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise FileError(paths.shown(path), 0, f"cannot be read: {problem}") from None
    document = strictyaml.read(text, paths.shown(path))
    shape.check(document, "case.json")
    file = _File(document, contract or contracts.load(str(_get(document.value, "contract"))))
    return tuple(case for number in range(len(_list(document.value, "cases"))) for case in file.cases(number))


@cache
def load_contract(name: str) -> tuple[Case, ...]:
    """
    All cases of a contract, in the order of their files.
    """
    contract = contracts.load(name)
    made = [case for path in sorted((paths.folder("cases") / name).glob("*.yaml")) for case in load(path, contract)]
    check(made, contract)
    return tuple(made)


def check(cases: Sequence[Case], contract: Contract, others: Sequence[Case] = ()) -> None:
    """
    Ids are unique, and what a case names exists, here or among ``others``; raises ``FileError`` at the case.
    """
    known = {case.id: case for case in others}
    for case in cases:
        if case.id in known:
            raise FileError(case.file, case.line, f"the id {case.id} stands twice", f"First in {known[case.id].file}.")
        known[case.id] = case
    profiles = {profile.id for profile in contract.profiles}
    for case in cases:
        for other in (*case.compare, *([case.after] if case.after else [])):
            _exists(case, other, known, "case")
        for need in case.needs:
            _exists(case, need, profiles, "profile")
        if case.expect is not None:
            _exists(case, case.expect.requirement, contract.requirements, "requirement")
            if not contract.requirements[case.expect.requirement].expect:
                raise FileError(case.file, case.line, f"{case.expect.requirement} is not judged by expect")


def _exists(case: Case, name: str, known: Collection[str], kind: str) -> None:
    names = list(known)
    if name not in names:
        near = difflib.get_close_matches(name, names, 1)
        raise FileError(
            case.file, case.line, f"there is no {kind} {name!r}", f"Did you mean {near[0]}?" if near else ""
        )


def _get(value: JSON, key: str) -> JSON:
    return value.get(key) if isinstance(value, dict) else None


def _object(value: JSON) -> dict[str, JSON]:
    return value if isinstance(value, dict) else {}


def _list(value: JSON, key: str) -> list[JSON]:
    found = _get(value, key)
    return found if isinstance(found, list) else []


def _texts(value: JSON, key: str) -> tuple[str, ...]:
    return tuple(str(each) for each in _list(value, key))


@dataclass(frozen=True)
class _File:
    document: strictyaml.Document
    contract: Contract

    def cases(self, number: int) -> Iterator[Case]:
        pointer = f"/cases/{number}"
        row = _object(_list(self.document.value, "cases")[number])
        each = _object(row.get("each"))
        kept = {key: value for key, value in row.items() if key != "each"}
        # Without names the product is one empty row: the case itself.
        for values in itertools.product(*(_list(each, name) for name in each)):
            yield self._case(pointer, kept, dict(zip(each, values, strict=True)))

    def _case(self, pointer: str, row: dict[str, JSON], bound: dict[str, JSON]) -> Case:
        filled = {key: self._fill(f"{pointer}/{key}", value, bound) for key, value in row.items()}
        identity = str(filled["id"])
        if not identity.startswith(f"{self.contract.id}."):
            raise self.document.wrong(f"{pointer}/id", f"the id must begin with {self.contract.id}.")
        expect = self._expect(filled.get("expect"))
        return Case(
            id=identity + _suffix(bound),
            contract=self.contract.id,
            feature=str(_get(self.document.value, "feature")),
            title=str(filled["title"]),
            request=self._request(pointer, filled.get("request")),
            needs=_texts(filled, "needs"),
            expect=expect,
            invalid=filled.get("invalid") is True or (expect is not None and expect.refusal is not None),
            after=str(filled["after"]) if filled.get("after") else None,
            compare=_texts(filled, "compare"),
            group=str(filled["group"]) if filled.get("group") else None,
            again=_texts(filled, "again"),
            abort_after=_whole(filled.get("abort_after")),
            probe=filled.get("probe") is True,
            smoke=filled.get("smoke") is True,
            file=self.document.path,
            line=self.document.line(pointer),
        )

    def _fill(self, pointer: str, value: JSON, bound: dict[str, JSON]) -> JSON:
        if isinstance(value, dict):
            return {key: self._fill(f"{pointer}/{key}", each, bound) for key, each in value.items()}
        if isinstance(value, list):
            return [self._fill(f"{pointer}/{place}", each, bound) for place, each in enumerate(value)]
        if not isinstance(value, str) or "${" not in value:
            return value
        whole = _VARIABLE.fullmatch(value)
        if whole and whole[1] in bound:
            return bound[whole[1]]
        return _VARIABLE.sub(lambda match: self._variable(pointer, match, bound), value)

    def _variable(self, pointer: str, match: re.Match[str], bound: dict[str, JSON]) -> str:
        name = match[1]
        if name in bound:
            value = bound[name]
            return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if not _LATER.fullmatch(name) and not (name == "key" and "/request/headers/" in pointer):
            near = difflib.get_close_matches(name, [*bound, "model", "unique"], 1)
            raise self.document.wrong(
                pointer, f"unknown variable ${{{name}}}", f"Did you mean {near[0]}?" if near else ""
            )
        return match[0]

    def _request(self, pointer: str, value: JSON) -> Request:
        first = self.contract.operations[0]
        headers = _get(value, "headers")
        raw = _get(value, "raw")
        encoded = _get(value, "raw_base64")
        try:
            data = raw.encode() if isinstance(raw, str) else base64.b64decode(str(encoded)) if encoded else None
        except binascii.Error as problem:
            raise self.document.wrong(f"{pointer}/request/raw_base64", f"not base64: {problem}") from None
        return Request(
            method=str(_get(value, "method") or (first.method if not _get(value, "path") else "POST")),
            path=str(_get(value, "path") or first.path),
            headers=tuple((str(k), str(v)) for k, v in headers.items()) if isinstance(headers, dict) else (),
            without=_texts(value, "without"),
            body=_get(value, "body"),
            raw=data,
        )

    def _expect(self, value: JSON) -> Expect | None:
        if not isinstance(value, dict):
            return None
        status = value.get("status")
        given = status if isinstance(status, list) else [status] if status is not None else []
        return Expect(
            requirement=str(value["requirement"]),
            refusal=_text(value.get("refusal")),
            accepted=value.get("accepted") is True,
            status=tuple(int(each) for each in given if isinstance(each, int)),
            param=_text(value.get("param")),
            code=_text(value.get("code")),
            reply=value.get("reply"),
            echo=_text(value.get("echo")),
        )


def _text(value: JSON) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: JSON) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _suffix(bound: dict[str, JSON]) -> str:
    if not bound:
        return ""
    return "[" + ",".join(_label(value) for value in bound.values()) + "]"


def _label(value: JSON) -> str:
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    if len(text) <= 40:
        return text
    return f"{text[:24]}~{hashlib.sha256(text.encode()).hexdigest()[:8]}"
