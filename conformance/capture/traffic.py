"""
Traffic as JSON lines, one exchange each: ``id, vendor, fidelity, request, response`` and what was lost.

``fidelity`` says what may be concluded: ``raw`` bodies are as recorded, ``canonical`` ones were encoded anew,
and of ``rebuilt`` streams only the payloads are evidence.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from conformance.capture.foreign import MISTAKES, REENCODED, STORED, Foreign, Found, foreign, pairs, raw, words
from conformance.errors import FileError
from conformance.model import Evidence

_SHOWS = {"raw": STORED, "canonical": REENCODED, "rebuilt": Evidence.VALUES | Evidence.REQUEST}


def read(lines: Iterable[bytes], path: str) -> Iterator[Foreign]:
    """
    The exchanges of a file; raises ``FileError`` with the number of a line that is none.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            made = foreign(_found(json.loads(line), path, number))
        except MISTAKES as problem:
            raise FileError(path, number, f"not an exchange: {words(problem)}") from None
        yield made


def _found(row: Mapping[str, Any], path: str, number: int) -> Found:
    request, response = row["request"], row["response"]
    shows = _SHOWS.get(row.get("fidelity", "canonical"), Evidence.VALUES)
    if row.get("request_elided") or request.get("request_elided"):
        shows &= ~Evidence.REQUEST
    if row.get("scrubbed"):
        # Whoever blotted out secrets may have blotted out ids.
        shows &= ~Evidence.IDENTITY
    body = request.get("body")
    return Found(
        id=str(row.get("id") or number),
        vendor=str(row.get("vendor") or ""),
        url=str(request.get("url") or ""),
        status=response["status"],
        method=str(request.get("method") or "POST").upper(),
        request_headers=pairs(request.get("headers")),
        request_body=body.encode("utf-8", "replace") if isinstance(body, str) else body,
        headers=pairs(response.get("headers")),
        body=raw(response["body_text"]),
        shows=shows,
        cut=bool(row.get("truncated") or response.get("truncated")),
        file=path,
        line=number,
    )
