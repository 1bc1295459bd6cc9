"""
Answers that were recorded to be played back as stubs: nock's fixtures, and sessions of Azure's test proxy.

Formats: https://github.com/nock/nock#recording, https://github.com/Azure/azure-sdk-tools (tools/test-proxy).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from conformance import coding
from conformance.capture.foreign import (
    MISTAKES,
    REENCODED,
    STORED,
    Foreign,
    Found,
    Headers,
    foreign,
    pairs,
    raw,
    words,
)
from conformance.errors import FileError
from conformance.model import JSON

_Row = Mapping[str, Any]
_NOCK = frozenset({"scope", "path", "status", "response"})
_PROXY = "Entries"


def is_one(document: Any) -> bool:
    """
    A JSON value is a fixture of nock or a session of the test proxy.
    """
    rows = _rows(document)
    return bool(rows) and all(isinstance(row, dict) for row in rows) and _reader(document) is not None


def read(document: Any, path: str, stem: str) -> Iterator[Foreign]:
    """
    The exchanges of a file; raises ``FileError`` for one that is none.
    """
    reader = _reader(document) or _nock
    for number, row in enumerate(_rows(document), start=1):
        try:
            made = foreign(reader(row, f"{stem}-{number}", path))
        except MISTAKES as problem:
            raise FileError(path, 0, f"entry {number} is no exchange: {words(problem)}") from None
        yield made


def _rows(document: Any) -> list[Any]:
    rows = document.get(_PROXY) if isinstance(document, dict) else document
    return rows if isinstance(rows, list) else []


def _reader(document: Any) -> Callable[[_Row, str, str], Found] | None:
    if isinstance(document, dict):
        return _proxied
    return _nock if all(row.keys() >= _NOCK for row in document if isinstance(row, dict)) else None


def _nock(row: _Row, name: str, path: str) -> Found:
    headers = _alternating(row.get("rawHeaders") or row.get("headers"))
    answer = row["response"]
    kept = isinstance(answer, str) or _is_coded(answer, headers)
    return Found(
        id=name,
        url=str(row["scope"]) + str(row["path"]),
        status=row["status"],
        method=str(row.get("method") or "GET").upper(),
        request_body=_asked(row.get("body")),
        headers=headers,
        body=_as_it_came(answer, binary=bool(row.get("responseIsBinary"))) if kept else _encoded(answer),
        shows=STORED if kept else REENCODED,
        file=path,
    )


def _is_coded(answer: object, headers: Headers) -> bool:
    """
    A coded body is a list of hexadecimal texts, one a read.
    """
    return isinstance(answer, list) and bool(coding.names(headers)) and all(isinstance(each, str) for each in answer)


def _as_it_came(answer: str | list[str], *, binary: bool) -> bytes:
    if isinstance(answer, str):
        return bytes.fromhex(answer) if binary else raw(answer)
    return b"".join(bytes.fromhex(each) for each in answer)


def _proxied(row: _Row, name: str, path: str) -> Found:
    headers = pairs(row.get("ResponseHeaders"))
    answer = row["ResponseBody"]
    if isinstance(answer, list) and not any(
        "json" in value for name, value in headers if name.lower() == "content-type"
    ):
        answer = "".join(str(each) for each in answer)
    kept = isinstance(answer, str)
    return Found(
        id=name,
        url=row["RequestUri"],
        status=row["StatusCode"],
        method=str(row["RequestMethod"]).upper(),
        request_headers=pairs(row.get("RequestHeaders")),
        request_body=_asked(row.get("RequestBody")),
        headers=headers,
        body=raw(answer) if kept or answer is None else _encoded(answer),
        # What may be secret was made the same word everywhere, ids among it.
        shows=REENCODED,
        cut=answer is None,
        file=path,
    )


def _asked(body: JSON) -> bytes | JSON | None:
    return raw(body) or None if isinstance(body, str) else body


def _encoded(value: JSON) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def _alternating(headers: object) -> Headers:
    """
    Headers as a mapping, or as a list of names and values in turn.
    """
    if not isinstance(headers, list):
        return pairs(headers)
    texts = [str(each) for each in headers]
    return tuple(zip(texts[::2], texts[1::2], strict=False))
