"""
The bytes of one connection read as HTTP/1.1 responses, strictly: what a client would put right is kept, with its place.

Source: RFC 9112, sections 3 to 7 and 9. No opinions but the grammar's; nothing here raises, whatever the server sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] [1-5]\d\d( [^\r\n]*)?")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SIZE = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(;[^\r\n]*)?")


@dataclass(frozen=True, slots=True)
class Oddity:
    """
    One place at which the bytes are not what HTTP/1.1 has: its offset, what belongs there and what is there.
    """

    offset: int
    expected: str
    observed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """
    A response as the connection carried it.
    """

    oddities: tuple[Oddity, ...] = ()
    #: Offset past its last byte; None when the end is the end of the connection, or never came.
    end: int | None = None
    #: The header says that the connection closes, or the version that it does by itself.
    closes: bool = False


def read(raw: bytes, method: str) -> Response:
    """
    Read the answer to one request; whatever stands behind its end is an oddity.
    """
    at = 0
    while True:
        stop = _blank_line(raw, at)
        if stop is None:
            return Response(oddities=(Oddity(at, "a status line and headers", _shown(raw[at:])),))
        head = raw[at:stop]
        if not re.match(rb"HTTP/1\.\d 1\d\d", head):
            break
        at = stop
    found = list(_head(head, at))
    fields = _fields(head)
    bodiless = method == "HEAD" or re.match(rb"HTTP/1\.\d (204|304)", head) is not None
    end, more = (stop, []) if bodiless else _body(raw, stop, fields, at)
    found += more
    if end is not None and end < len(raw):
        found.append(Oddity(end, "nothing behind the response", f"{len(raw) - end} bytes: {_shown(raw[end:])}"))
    closes = head.startswith(b"HTTP/1.0") or any(b"close" in value.lower() for value in fields.get(b"connection", ()))
    return Response(oddities=tuple(found), end=end, closes=closes)


def _blank_line(raw: bytes, at: int) -> int | None:
    found = re.compile(rb"\r?\n\r?\n").search(raw, at)
    return found.end() if found else None


def _shown(data: bytes) -> str:
    return repr(data[:40].decode("latin-1")) if data else "nothing"


def _lines(head: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """
    The lines of a head before its blank line, with offset and line end.
    """
    at = 0
    for line in head.splitlines(keepends=True):
        bare = line.rstrip(b"\r\n")
        if bare:
            yield at, bare, line[len(bare) :]
        at += len(line)


def _head(head: bytes, start: int) -> Iterator[Oddity]:
    for number, (at, line, end) in enumerate(_lines(head)):
        if end != b"\r\n":
            yield Oddity(start + at, "lines that end with CRLF", f"{end!r} behind {_shown(line)}")
            return
        name, colon, _ = line.partition(b":")
        if number == 0:
            if not _STATUS_LINE.fullmatch(line):
                yield Oddity(start, "a status line", _shown(line))
        elif line[:1] in (b" ", b"\t"):
            yield Oddity(start + at, "a header in one line", f"a folded line {_shown(line)}")
        elif not colon or not _NAME.fullmatch(name):
            yield Oddity(start + at, "a header name and a colon", _shown(line))


def _fields(head: bytes) -> dict[bytes, list[bytes]]:
    fields: dict[bytes, list[bytes]] = {}
    for _, line, _ in list(_lines(head))[1:]:
        name, _, value = line.partition(b":")
        fields.setdefault(name.strip().lower(), []).append(value.strip())
    return fields


def _body(raw: bytes, start: int, fields: dict[bytes, list[bytes]], head: int) -> tuple[int | None, list[Oddity]]:
    """
    Where the body ends, and what is odd about its length (RFC 9112 section 6.3).
    """
    lengths = [each.strip() for value in fields.get(b"content-length", ()) for each in value.split(b",")]
    chunked = any(b"chunked" in value.lower() for value in fields.get(b"transfer-encoding", ()))
    found: list[Oddity] = []
    if chunked and lengths:
        found.append(Oddity(head, "one way to tell the length", "Content-Length beside Transfer-Encoding"))
    if len(lengths) > 1:
        found.append(Oddity(head, "one Content-Length", b" and ".join(lengths).decode("latin-1")[:80]))
    if chunked:
        end, odd = _chunks(raw, start)
        return end, found + odd
    if lengths and not lengths[0].isdigit():
        return None, [*found, Oddity(head, "a Content-Length of digits", _shown(lengths[0]))]
    # No body is as long as 19 digits say, and Python refuses to read thousands of them.
    end = start + int(lengths[0]) if lengths and len(lengths[0]) < 19 else None
    return (end if end is not None and end <= len(raw) else None), found


def _chunks(raw: bytes, at: int) -> tuple[int | None, list[Oddity]]:
    while True:
        stop = raw.find(b"\n", at)
        if stop < 0:
            return None, []
        line = raw[at:stop]
        size = _SIZE.fullmatch(line.removesuffix(b"\r"))
        if size is None or not line.endswith(b"\r"):
            return None, [Oddity(at, "the size of a chunk, and CRLF", _shown(line))]
        length = int(size[1], 16)
        if length == 0:
            return _trailers(raw, stop + 1)
        at = stop + 1 + length
        if at + 2 <= len(raw) and raw[at : at + 2] != b"\r\n":
            return None, [Oddity(at, "CRLF behind a chunk", _shown(raw[at : at + 2]))]
        at += 2


def _trailers(raw: bytes, at: int) -> tuple[int | None, list[Oddity]]:
    while True:
        stop = raw.find(b"\r\n", at)
        if stop < 0:
            return None, []
        if stop == at:
            return stop + 2, []
        at = stop + 2
