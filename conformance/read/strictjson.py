"""
JSON read strictly and completely: every departure from RFC 8259 is kept as a fault, nothing raises.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeAlias

from conformance.model import JSON


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


@dataclass(frozen=True, slots=True)
class Document:
    """
    What could be read of a text that should be one JSON value.
    """

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
_SURROGATE = re.compile("[\ud800-\udfff]")
_BOM = b"\xef\xbb\xbf"


class _Reading:
    """
    The faults of one text, gathered by the decoder's hooks.
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            self.faults.append(Fault("duplicate-key", f"key {twice!r}"))
        return made

    def constant(self, text: str) -> None:
        self.faults.append(Fault("constant", text))

    def number(self, text: str) -> float | None:
        value = float(text)
        if math.isinf(value):
            self.faults.append(Fault("overflow", text[:40]))
            return None
        return value


def read(data: bytes) -> Document:
    """
    Read bytes that should be one JSON text in UTF-8.
    """
    faults: list[Fault] = []
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or (data[:1] == b"\0" or data[1:2] == b"\0"):
        return Document(None, ok=False, faults=(Fault("utf16", "bytes of UTF-16 or UTF-32", 0),))
    if data.startswith(_BOM):
        faults.append(Fault("bom", "a byte order mark", 0))
        data = data[3:]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        faults.append(Fault("utf8", f"invalid byte 0x{data[problem.start]:02x}", problem.start))
        text = data.decode("utf-8", "replace")
    return _read(text, faults)


def read_text(text: str) -> Document:
    """
    Read characters that should be one JSON text, such as the data of an event.
    """
    return _read(text, [])


def _read(text: str, faults: list[Fault]) -> Document:
    reading = _Reading()
    start = len(text) - len(text.lstrip(_BLANK))
    if start == len(text):
        return Document(None, ok=False, faults=(*faults, Fault("empty", "no JSON at all", 0)), leading=start)
    decoder = json.JSONDecoder(
        object_pairs_hook=reading.pairs, parse_constant=reading.constant, parse_float=reading.number
    )
    try:
        value, end = decoder.raw_decode(text, start)
    except json.JSONDecodeError as problem:
        fault = Fault("syntax", problem.msg, len(text[: problem.pos].encode("utf-8", "replace")))
        return Document(None, ok=False, faults=(*faults, *reading.faults, fault), leading=start)
    except RecursionError:
        return Document(None, ok=False, faults=(*faults, Fault("depth", "nested too deeply")), leading=start)
    except ValueError as problem:  # an integer of more digits than Python reads
        return Document(None, ok=False, faults=(*faults, Fault("overflow", str(problem)[:80])), leading=start)
    found = [*faults, *reading.faults]
    if text[end:].strip(_BLANK):
        rest = text[end:].strip(_BLANK)
        found.append(Fault("trailing", f"more text: {rest[:40]!r}", len(text[:end].encode("utf-8", "replace"))))
    if "\\u" in text and _has_surrogate(value):
        found.append(Fault("surrogate", "an unpaired surrogate escape"))
        value = _mended(value)
    elif _SURROGATE.search(text):
        found.append(Fault("surrogate", "an unpaired surrogate"))
        value = _mended(value)
    return Document(value, ok=True, faults=tuple(found), leading=start)


def _has_surrogate(value: Any) -> bool:
    try:
        return _any_surrogate(value)
    except RecursionError:
        return True


def _any_surrogate(value: Any) -> bool:
    if isinstance(value, str):
        return _SURROGATE.search(value) is not None
    if isinstance(value, dict):
        return any(_any_surrogate(key) or _any_surrogate(each) for key, each in value.items())
    return isinstance(value, list) and any(_any_surrogate(each) for each in value)


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_mended(key): _mended(each) for key, each in value.items()}
    return [_mended(each) for each in value] if isinstance(value, list) else value


def at(value: object, *path: str | int) -> JSON | Missing:
    """
    The value at a path of keys and indexes, or ``MISSING``.
    """
    for step in path:
        if isinstance(value, dict) and isinstance(step, str) and step in value:
            value = value[step]
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return MISSING
    return value  # type: ignore[return-value]  # what is in JSON is JSON


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
