"""
HAR 1.2, as browsers' developer tools and proxies save it (http://www.softwareishard.com/blog/har-12-spec/).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from conformance import coding
from conformance.capture.foreign import MISTAKES, STORED, Foreign, Found, Headers, foreign, pairs, raw, words
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
            made = foreign(_found(entry, f"{stem}-{number}", path))
        except MISTAKES as problem:
            raise FileError(path, 0, f"entry {number} is no exchange: {words(problem)}") from None
        yield made


def _found(entry: Mapping[str, Any], name: str, path: str) -> Found:
    request, response = entry["request"], entry["response"]
    content = response.get("content") or {}
    headers = _plain(pairs(response.get("headers")))
    status = int(response["status"])
    # A tool that kept no body still states its size, or -1; status 0 is a request that was blocked or dropped.
    lost = "text" not in content and int(content.get("size") or 0) != 0
    # Chromium's word for a request that was given up, perhaps in the middle of its body.
    lost = lost or bool(response.get("_error"))
    return Found(
        id=name,
        url=request["url"],
        status=status or None,
        method=request["method"].upper(),
        request_headers=_plain(pairs(request.get("headers"))),
        request_body=_posted(request.get("postData")),
        headers=headers,
        body=_content(content, headers),
        shows=STORED,
        cut=lost or not status,
        started=_time(entry.get("startedDateTime")),
        file=path,
    )


def _content(content: Mapping[str, Any], headers: Headers) -> bytes:
    text = content.get("text")
    if content.get("encoding") == "base64":
        try:
            return b"".join(_base64(each) for each in _pieces(text or ""))
        except binascii.Error as problem:
            raise ValueError(f"its content is not base64: {problem}") from None
    if isinstance(text, str) and (content.get("_isBinary") or (coding.names(headers) and text[:2] == '["')):
        return _hexadecimal(text)
    return raw(text)


def _base64(text: str) -> bytes:
    # Some tools break the text into lines.
    return base64.b64decode("".join(text.split()), validate=True)


def _pieces(text: str) -> list[str]:
    """
    The texts that stand for a body: Polly.js writes a coded one as a JSON list, one text a read.
    """
    value = json.loads(text) if text[:1] == "[" else [text]
    return [str(each) for each in value]


def _hexadecimal(text: str) -> bytes:
    """
    A body as Polly.js wrote it before version 5: hexadecimal where it was no text.
    """
    try:
        return b"".join(bytes.fromhex(each) for each in _pieces(text))
    except ValueError:
        return raw(text)


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
