"""
Any file of recorded exchanges, told apart by what is in it and not by its name.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conformance.capture import har, recording, stubs, traffic, vcr
from conformance.capture.foreign import Foreign
from conformance.errors import FileError

_KNOWN = (
    "Known are recordings of conformance, HAR 1.2, VCR cassettes (YAML or JSON), fixtures of nock, sessions of Azure's\n"
    "  test proxy and JSON lines; each may be gzipped."
)
_CASSETTE = re.compile(rb"^(?:http_)?interactions:|^-\s+request:|^requests:[^\n]*\n-", re.MULTILINE)
_ARCHIVE = re.compile(rb"\A(?:---\s*\n)?log:\s*$", re.MULTILINE)


def read(path: Path) -> Iterator[Foreign]:
    """
    The exchanges of a file, one after another.

    Raises ``FileError``, with the line where there is one, for a file that cannot be read or understood.
    """
    first = _first_line(path)
    value = _json(first)
    if isinstance(value, dict) and str(value.get("format", "")).startswith("conformance-recording/"):
        return _own(path)
    if isinstance(value, dict) and "request" in value and "response" in value:
        if vcr.is_one(value) and "body_text" not in value["response"]:
            return vcr.read_lines(_lines(path), str(path), _stem(path))
        return traffic.read(_lines(path), str(path))
    return _whole(path)


def _whole(path: Path) -> Iterator[Foreign]:
    content, stem = recording.contents(path), _stem(path)
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return _document(content, path, stem)
    if _ARCHIVE.search(content):
        return har.read(vcr.plain(content, str(path)), str(path), stem)
    if _CASSETTE.search(content):
        return vcr.read_yaml(content, str(path), stem)
    raise FileError(str(path), 1, "holds no exchanges that we can read", _KNOWN)


def _document(content: bytes, path: Path, stem: str) -> Iterator[Foreign]:
    try:
        document: Any = json.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError) as problem:
        if isinstance(_json(content.splitlines()[0]), dict):
            raise FileError(str(path), 1, "its lines hold no exchanges that we can read", _KNOWN) from None
        raise FileError(str(path), getattr(problem, "lineno", 1), f"not JSON: {problem}", _KNOWN) from None
    if isinstance(document, dict) and "log" in document:
        return har.read(document, str(path), stem)
    if vcr.is_one(document):
        return vcr.read_json(document, str(path), stem)
    if stubs.is_one(document):
        return stubs.read(document, str(path), stem)
    raise FileError(str(path), 1, "holds no exchanges that we can read", _KNOWN)


def _own(path: Path) -> Iterator[Foreign]:
    read = recording.read(path)
    claims = None if read.header.claims is None else frozenset(read.header.claims)
    for case, exchange in read.pairs:
        yield Foreign(vendor=read.header.target, id=case.id, case=case, exchange=exchange, claims=claims)


def _first_line(path: Path) -> bytes:
    return next(_lines(path), b"")


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if zipped else path.open("rb") as lines:
            yield from lines
    except (OSError, EOFError) as problem:
        raise FileError(str(path), 0, f"cannot be read: {problem}") from None


def _json(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _stem(path: Path) -> str:
    name = path.name.removesuffix(".gz")
    return re.sub(r"[^a-z0-9]+", "-", name.rsplit(".", 1)[0].lower()).strip("-") or "recorded"
