"""
HAR 1.2, as browsers' developer tools and proxies save it (http://www.softwareishard.com/blog/har-12-spec/).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from conformance.capture.foreign import STORED, Foreign, Found, Headers, foreign, pairs, raw
from conformance.errors import FileError


def read(document: Mapping[str, Any], path: str, stem: str) -> Iterator[Foreign]:
    """
    The entries of an archive; raises ``FileError`` for one that is no exchange.
    """
    entries = document["log"].get("entries") if isinstance(document.get("log"), dict) else None
    if not isinstance(entries, list):
        raise FileError(path, 1, "not an HTTP archive: log.entries is no list")
    for number, entry in enumerate(entries, start=1):
        try:
            found = _found(entry, f"{stem}-{number}", path)
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise FileError(path, 0, f"entry {number} is no exchange: {problem!r}") from None
        yield foreign(found)


def _found(entry: Mapping[str, Any], name: str, path: str) -> Found:
    request, response = entry["request"], entry["response"]
    content = response.get("content") or {}
    body = _content(content)
    status = int(response["status"])
    # A tool that kept no body still states its size; status 0 is a request that was blocked or dropped.
    lost = "text" not in content and int(content.get("size") or 0) > 0
    # Chromium's word for a request that was given up, perhaps in the middle of its body.
    lost = lost or bool(response.get("_error"))
    return Found(
        id=name,
        url=request["url"],
        status=status or None,
        method=request["method"].upper(),
        request_headers=_plain(pairs(request.get("headers"))),
        request_body=_posted(request.get("postData")),
        headers=_plain(pairs(response.get("headers"))),
        body=body,
        shows=STORED,
        cut=lost or not status,
        started=_time(entry.get("startedDateTime")),
        file=path,
    )


def _content(content: Mapping[str, Any]) -> bytes:
    if content.get("encoding") == "base64":
        try:
            return base64.b64decode(content.get("text") or "", validate=True)
        except binascii.Error as problem:
            raise ValueError(f"its content is not base64: {problem}") from None
    return raw(content.get("text"))


def _posted(data: Mapping[str, Any] | None) -> bytes | None:
    if not data or data.get("text") is None:
        return None
    return base64.b64decode(data["text"]) if data.get("encoding") == "base64" else raw(data["text"])


def _plain(headers: Headers) -> Headers:
    # HTTP/2 carries method, path and status as headers whose names begin with a colon.
    return tuple(each for each in headers if not each[0].startswith(":"))


def _time(text: str | None) -> float | None:
    try:
        return datetime.fromisoformat(text or "").timestamp()
    except ValueError:
        return None
