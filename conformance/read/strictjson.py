"""
JSON read strictly and completely: every departure from RFC 8259 is kept as a fault, nothing raises.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import Any, Final, NamedTuple, TypeAlias

from conformance.model import JSON
from conformance.read import utf8

#: Arrays and objects within each other that are read: no API nests so deep, and whoever walks a value may recurse.
DEEPEST = 256
#: So many repeated names and odd numbers are told of one text.
_MOST = 100


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One departure from JSON as RFC 8259 has it.
    """

    #: ``syntax``, ``trailing``, ``duplicate-key``, ``constant``, ``overflow``, ``surrogate``, ``utf8``, ``utf16``,
    #: ``bom``, ``depth`` or ``empty``.
    kind: str
    message: str
    #: The byte at which it was seen, where that is known.
    offset: int | None = None


class Document(NamedTuple):
    """
    What could be read of a text that should be one JSON value.
    """

    #: Safe to hand on: no NaN, no infinity, no unpaired surrogate, no more than ``DEEPEST`` levels.
    value: JSON
    #: A value could be read, faults or not.
    ok: bool
    faults: tuple[Fault, ...] = ()
    #: White space before the value, in bytes.
    leading: int = 0


class _Missing(Enum):
    MISSING = "missing"

    def __bool__(self) -> bool:
        return False


Missing: TypeAlias = _Missing
#: What ``at`` gives where nothing is.
MISSING: Final = _Missing.MISSING

_BLANK = " \t\n\r"
_BOM = b"\xef\xbb\xbf"
#: UTF-16 or UTF-32 by its mark, or by the zero byte in its first ASCII character (RFC 4627 section 3).
_WIDE = re.compile(rb"\xff\xfe|\xfe\xff|\x00|.\x00", re.DOTALL)
#: Characters of a whole number that surely fits into a double.
_FITS = 308
#: Characters of an odd number that are told.
_SHOWN = 40
_RAW_SURROGATE = re.compile("[\ud800-\udfff]")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
#: Every escape in turn; the group holds those of surrogates without a partner.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)

_Offset = Callable[[int], "int | None"]


class _DoubtError(Exception):
    """
    The quick decoder met something that the thorough one must look at.
    """


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _DoubtError
    return made


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _DoubtError
    return value


def _whole(text: str) -> int:
    if len(text) > _FITS and math.isinf(float(text)):
        raise _DoubtError
    return int(text)


def _doubt(text: str) -> None:
    raise _DoubtError(text)


#: Nearly every text is in order; its hooks keep no state, so one decoder serves all.
_QUICK = json.JSONDecoder(object_pairs_hook=_distinct, parse_float=_finite, parse_int=_whole, parse_constant=_doubt)


def _safe_float(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


def _safe_whole(text: str) -> int | None:
    # One that no double holds is infinity to most readers, and arithmetic with it fails in Python.
    return int(text) if len(text) <= _FITS or math.isfinite(float(text)) else None


#: Reads what the quick decoder doubts, with null for what is no number.
_THOROUGH = json.JSONDecoder(parse_constant=lambda _: None, parse_float=_safe_float, parse_int=_safe_whole)
#: Strings, numbers, and what gives a text its shape.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN|-?[0-9][0-9.eE+-]*|[{}\[\],]', re.DOTALL)


def _oddities(text: str, start: int, end: int, offset: _Offset) -> Iterator[Fault]:
    """
    Names that an object repeats and numbers that JSON or a double has no room for, in a text that could be read.
    """
    names: list[set[str] | None] = []
    key_next = False
    for match in _TOKEN.finditer(text, start, end):
        mark, at = match[0], match.start()
        if mark[0] == '"':
            if key_next and names and names[-1] is not None:
                name = json.loads(mark)
                if name in names[-1]:
                    yield Fault("duplicate-key", f"key {name!r}", offset(at))
                names[-1].add(name)
            key_next = False
        elif mark in "{[":
            names.append(set() if mark == "{" else None)
            key_next = mark == "{"
        elif mark in "}]":
            names.pop()
        elif mark == ",":
            key_next = names[-1] is not None
        elif mark[-1] in "Ny":
            yield Fault("constant", mark, offset(at))
        elif math.isinf(float(mark)):
            more = f"... of {len(mark)} digits" if len(mark) > _SHOWN else ""
            yield Fault("overflow", mark[:_SHOWN] + more, offset(at))


def read(data: bytes) -> Document:
    """
    Read bytes that should be one JSON text in UTF-8.
    """
    if _WIDE.match(data):
        return Document(None, ok=False, faults=(Fault("utf16", "bytes of UTF-16 or UTF-32", 0),))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if text and text[0] != "\ufeff":
        return _read(text, _plain_offset(text), ())
    return _read_odd(data)


def _read_odd(data: bytes) -> Document:
    faults = []
    start = 0
    if data.startswith(_BOM):
        faults.append(Fault("bom", "a byte order mark", 0))
        start, data = 3, data[3:]
    spans = utf8.invalid(data)
    faults += [Fault("utf8", f"invalid byte 0x{data[first]:02x}", start + first) for first, _ in spans]
    text = data.decode("utf-8", "replace")
    return _read(text, _replaced_offset(text, start, spans), tuple(faults))


def read_text(text: str) -> Document:
    """
    Read characters that should be one JSON text, such as the data of an event; offsets are those of its UTF-8.
    """
    if text.isascii() or not _RAW_SURROGATE.search(text):
        return _read(text, _plain_offset(text), ())
    text = _RAW_SURROGATE.sub("\ufffd", text)
    return _read(text, _plain_offset(text), (Fault("surrogate", "an unpaired surrogate"),))


def _plain_offset(text: str) -> _Offset:
    return lambda at: len(text[:at].encode("utf-8"))


def _replaced_offset(text: str, start: int, spans: tuple[tuple[int, int], ...]) -> _Offset:
    """
    Offsets in bytes of which some sequences became one U+FFFD (three bytes) each.
    """

    def offset(at: int) -> int | None:
        place = len(text[:at].encode("utf-8"))
        for first, after in spans:
            if first < place:
                place += after - first - 3
        return start + place if len(spans) < utf8.MOST else None

    return offset


def _read(text: str, offset: _Offset, faults: tuple[Fault, ...]) -> Document:
    start = len(text) - len(text.lstrip(_BLANK))
    if start == len(text):
        return Document(None, ok=False, faults=(*faults, Fault("empty", "no JSON at all", offset(0))), leading=start)
    if "\\u" in text and _SURROGATE.search(text):
        text, unpaired = _paired(text, offset)
        faults = (*faults, *unpaired)
    try:
        value, end = _QUICK.raw_decode(text, start)
    except (_DoubtError, ValueError, RecursionError):
        return _read_thoroughly(text, start, offset, faults)
    return _judged(text, value, (start, end), offset, faults)


def _paired(text: str, offset: _Offset) -> tuple[str, tuple[Fault, ...]]:
    """
    The text with escapes of unpaired surrogates written as those of U+FFFD, which are as long.
    """
    lone = next((match for match in _ESCAPE.finditer(text) if match[1]), None)
    if lone is None:
        return text, ()
    mended = _ESCAPE.sub(lambda match: r"\ufffd" if match[1] else match[0], text)
    return mended, (Fault("surrogate", "an unpaired surrogate escape", offset(lone.start())),)


def _read_thoroughly(text: str, start: int, offset: _Offset, faults: tuple[Fault, ...]) -> Document:
    try:
        value, end = _THOROUGH.raw_decode(text, start)
    except json.JSONDecodeError as problem:
        fault = Fault("syntax", problem.msg, offset(problem.pos))
        return Document(None, ok=False, faults=(*faults, fault), leading=start)
    except RecursionError:
        return Document(None, ok=False, faults=(*faults, _TOO_DEEP), leading=start)
    met = tuple(islice(_oddities(text, start, end, offset), _MOST))
    return _judged(text, value, (start, end), offset, (*faults, *met))


_TOO_DEEP = Fault("depth", f"more than {DEEPEST} levels of nesting")


def _judged(text: str, value: Any, place: tuple[int, int], offset: _Offset, faults: tuple[Fault, ...]) -> Document:
    start, end = place
    if text.count("[") + text.count("{") > DEEPEST and _deeper(value):
        return Document(None, ok=False, faults=(*faults, _TOO_DEEP), leading=start)
    rest = text[end:].strip(_BLANK) if end < len(text) else ""
    if rest:
        faults = (*faults, Fault("trailing", f"more text: {rest[:40]!r}", offset(end)))
    return Document(value, ok=True, faults=faults, leading=start)


def _deeper(value: Any) -> bool:
    """
    The value has more levels than ``DEEPEST``, found level by level so as not to recurse.
    """
    level, depth = [value], 0
    while level and depth <= DEEPEST:
        below = (each.values() if isinstance(each, dict) else each for each in level if isinstance(each, (dict, list)))
        level = [value for values in below for value in values if isinstance(value, (dict, list))]
        depth += 1
    return depth > DEEPEST


def at(value: object, *path: str | int) -> JSON | Missing:
    """
    The value at a path of keys and indexes, or ``MISSING``.
    """
    place: Any = value
    for step in path:
        found = (isinstance(place, dict) and isinstance(step, str) and step in place) or (
            isinstance(place, list) and isinstance(step, int) and -len(place) <= step < len(place)
        )
        if not found:
            return MISSING
        place = place[step]
    made: JSON = place
    return made


def is_int(value: object) -> bool:
    """
    A JSON integer; ``true`` and ``1.0`` are none.
    """
    return isinstance(value, int) and not isinstance(value, bool)


def as_object(value: object) -> dict[str, JSON]:
    """
    The object itself, or an empty one for any other value.
    """
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[JSON]:
    """
    The array itself, or an empty one for any other value.
    """
    return value if isinstance(value, list) else []


def as_text(value: object) -> str:
    """
    The string itself, or an empty one for any other value.
    """
    return value if isinstance(value, str) else ""
