"""
Server-sent events read strictly: what a client would drop is kept, so that a check can object.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(rb"([^\r\n]*)(\r\n|\r|\n|\Z)")
_BOM = b"\xef\xbb\xbf"
_KNOWN = frozenset({"data", "event", "id", "retry"})


@dataclass(frozen=True, slots=True)
class Field:
    """
    One line of an event: ``name: value``.
    """

    name: str
    value: str
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
    data: str | None
    name: str | None
    id: str | None
    retry: str | None
    comments: tuple[str, ...]
    fields: tuple[Field, ...]
    start: int
    end: int
    #: A blank line ended it; clients drop a block that the end of the stream cut off.
    terminated: bool


@dataclass(frozen=True, slots=True)
class Stream:
    """
    All blocks of a body, and how it was written.
    """

    events: tuple[Event, ...]
    bom: bool
    line_ends: frozenset[str]
    #: Offsets of bytes that are not UTF-8.
    utf8_faults: tuple[int, ...]
    #: Lines that are no known field and no comment.
    bare_lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    end: str
    start: int
    stop: int


def read(body: bytes) -> Stream:
    """
    Read a whole body; any bytes will do.
    """
    bom = body.startswith(_BOM)
    events: list[Event] = []
    block: list[_Line] = []
    ends: set[str] = set()
    bare: list[str] = []
    for line in _lines(body, 3 if bom else 0):
        if line.end:
            ends.add(line.end)
        if line.text or not line.end:
            if line.text:
                block.append(line)
            continue
        if block:
            events.append(_event(len(events), block, line.stop, bare, terminated=True))
            block = []
    if block:
        events.append(_event(len(events), block, len(body), bare, terminated=False))
    return Stream(tuple(events), bom, frozenset(ends), _invalid(body), tuple(bare))


def _lines(body: bytes, start: int) -> Iterator[_Line]:
    at = start
    while at < len(body):
        match = _LINE.match(body, at)
        if match is None:  # pragma: no cover  (the pattern matches anything)
            return
        yield _Line(match[1].decode("utf-8", "replace"), match[2].decode(), at, match.end())
        at = match.end()


def _event(index: int, block: list[_Line], end: int, bare: list[str], *, terminated: bool) -> Event:
    fields, comments = [], []
    for line in block:
        name, colon, value = line.text.partition(":")
        if colon and not name:
            comments.append(value.removeprefix(" "))
            continue
        fields.append(Field(name, value.removeprefix(" "), line.end, value.startswith(" "), line.start))
        if name not in _KNOWN:
            bare.append(line.text)
    last = {field.name: field.value for field in fields}
    data = [field.value for field in fields if field.name == "data"]
    return Event(
        index=index,
        data="\n".join(data) if data else None,
        name=last.get("event"),
        id=last.get("id"),
        retry=last.get("retry"),
        comments=tuple(comments),
        fields=tuple(fields),
        start=block[0].start,
        end=end,
        terminated=terminated,
    )


def _invalid(body: bytes) -> tuple[int, ...]:
    faults, at = [], 0
    while len(faults) < 100:
        try:
            body[at:].decode("utf-8")
            break
        except UnicodeDecodeError as problem:
            faults.append(at + problem.start)
            at += problem.end
    return tuple(faults)
