"""
Server-sent events read strictly: what a client would drop is kept, so that a check can object.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import NamedTuple

from conformance.read import utf8

_BOM = b"\xef\xbb\xbf"
_LINE = re.compile(rb"[^\r\n]*")
_BLANK = frozenset({b"\n", b"\r\n", b"\r"})
#: The names that the standard knows, and the ends of lines: looked up rather than decoded, for speed.
_KNOWN = {name.encode(): name for name in ("data", "event", "id", "retry")}
_NAMES = frozenset(_KNOWN.values())
_ENDS = {end.encode(): end for end in ("\n", "\r\n", "\r", "")}


class Field(NamedTuple):
    """
    One line of an event: ``name: value``.  A tuple, because streams have many and it is made in a third of the time.
    """

    name: str
    value: str
    #: Nothing when the body ended there.
    line_end: str
    #: One space stood behind the colon (and is not part of the value).
    space: bool
    #: Offset of the line in the body.
    start: int


@dataclass(frozen=True, slots=True)
class Event:
    """
    A block of lines up to a blank line, also one without data, which clients do not dispatch.
    """

    index: int
    #: The ``data`` lines joined by line feeds; None when there are none.
    data: str | None
    comments: tuple[str, ...]
    fields: tuple[Field, ...]
    #: Offset of the first line, and past the blank line.
    start: int
    end: int
    #: A blank line ended it; clients drop a block that the end of the stream cut off.
    terminated: bool

    @property
    def name(self) -> str | None:
        """
        The last ``event`` field.
        """
        return self._last("event")

    @property
    def id(self) -> str | None:
        """
        The last ``id`` field, also one with U+0000, which clients ignore; an earlier block's id is not repeated.
        """
        return self._last("id")

    @property
    def retry(self) -> str | None:
        """
        The last ``retry`` field as it was sent; clients ignore it unless it is all digits.
        """
        return self._last("retry")

    def _last(self, name: str) -> str | None:
        for field in reversed(self.fields):
            if field.name == name:
                return field.value
        return None


@dataclass(frozen=True, slots=True)
class Stream:
    """
    All blocks of a body, and how it was written.
    """

    events: tuple[Event, ...]
    bom: bool
    line_ends: frozenset[str]
    #: Offsets of byte sequences that are not UTF-8 (at most ``utf8.MOST``).
    utf8_faults: tuple[int, ...]
    #: Fields whose name the standard does not know, which clients drop.
    unknown_fields: tuple[Field, ...]
    #: The same, as the lines were written.
    bare_lines: tuple[str, ...]


def read(body: bytes) -> Stream:
    """
    Read a whole body; any bytes will do.
    """
    bom = body.startswith(_BOM)
    events: list[Event] = []
    ends: set[bytes] = set()
    block: list[bytes] = []
    start = at = len(_BOM) if bom else 0
    # Lines of bytes end at CR, LF and CRLF alone; lines of text would also end at U+2028 and others.
    for line in body[at:].splitlines(keepends=True):
        at += len(line)
        if line not in _BLANK:
            block.append(line)
            continue
        ends.add(line)
        if block:
            events.append(_event(len(events), block, start, at, ends))
            block = []
        start = at
    if block:
        events.append(replace(_event(len(events), block, start, at, ends), terminated=False))
    unknown = tuple(field for event in events for field in event.fields if field.name not in _NAMES)
    return Stream(
        events=tuple(events),
        bom=bom,
        line_ends=frozenset(_ENDS[end] for end in ends if end),
        utf8_faults=tuple(first for first, _ in utf8.invalid(body)),
        unknown_fields=unknown,
        bare_lines=tuple(_line_at(body, field.start) for field in unknown),
    )


def _event(index: int, block: list[bytes], start: int, end: int, ends: set[bytes]) -> Event:
    fields: list[Field] = []
    comments: list[str] = []
    data: list[str] = []
    at = start
    for line in block:
        bare = line.rstrip(b"\r\n")
        name, colon, value = bare.partition(b":")
        space = value[:1] == b" "
        line_end = line[len(bare) :]
        ends.add(line_end)
        text = (value[1:] if space else value).decode("utf-8", "replace")
        if name or not colon:
            known = _KNOWN.get(name) or name.decode("utf-8", "replace")
            fields.append(Field(known, text, _ENDS[line_end], space, at))
            if known == "data":
                data.append(text)
        else:
            comments.append(text)
        at += len(line)
    joined = "\n".join(data) if data else None
    return Event(index, joined, tuple(comments), tuple(fields), start, end, terminated=True)


def _line_at(body: bytes, start: int) -> str:
    match = _LINE.match(body, start)
    return match[0].decode("utf-8", "replace") if match else ""
