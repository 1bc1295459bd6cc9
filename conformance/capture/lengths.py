"""
What a stated Content-Length says of the body that a recorder kept.

Recordings are edited by hand and by program, their headers seldom with them: a length that no way of writing the kept
body has shows that something else was sent (RFC 9110 section 8.6).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from conformance import coding
from conformance.model import JSON, Evidence

#: What is lost when a body was written anew, and when it was changed as well.
_WRITTEN_ANEW = Evidence.BYTES
_CHANGED = Evidence.BYTES | Evidence.IDENTITY

_SEPARATORS = ((",", ":"), (", ", ": "))
#: Writers that end a text with a line end, or two.
_LINE_ENDS = (0, 1, 2)


def request_is_another(body: bytes, headers: Iterable[tuple[str, str]]) -> bool:
    """
    The request that was sent was longer or shorter than the one that is shown, however that is written.
    """
    stated = _stated(tuple(headers))
    return stated is not None and stated not in set(_lengths(body))


def lost(body: bytes, headers: Iterable[tuple[str, str]]) -> Evidence:
    """
    What an answer's body can no longer show because it has not the length that was sent.
    """
    stated = _stated(tuple(headers))
    if stated is None or not body or stated == len(body):
        return Evidence.NONE
    return _WRITTEN_ANEW if stated in set(_lengths(body)) else _CHANGED


def _stated(headers: tuple[tuple[str, str], ...]) -> int | None:
    """
    The length of the body as it is, where it is stated once and no content coding changed it.
    """
    values = {value.strip() for name, value in headers if name.lower() == "content-length"}
    value = next(iter(values), "")
    plain = len(values) == 1 and value.isascii() and value.isdecimal() and len(value) < 12
    return int(value) if plain and not coding.names(headers) else None


def _lengths(body: bytes) -> Iterator[int]:
    """
    How long a body is as it is kept, and, if it is JSON, as others write the same value.
    """
    yield from (len(body) + more for more in _LINE_ENDS)
    yield len(body.rstrip())
    try:
        value: JSON = json.loads(body)
    except (ValueError, RecursionError):
        return
    for text in _writings(value):
        escaped = sum(text.count(sign) for sign in "<>&")
        # Go writes <, > and & as \u003c and the like, PHP a slash as \/.
        for longer in (0, 5 * escaped, text.count("/")):
            yield from (len(text.encode("utf-8", "replace")) + longer + more for more in _LINE_ENDS)


def _writings(value: JSON) -> Iterator[str]:
    for ascii_only in (False, True):
        for separators in _SEPARATORS:
            yield json.dumps(value, separators=separators, ensure_ascii=ascii_only)
        for indent in (2, 4):
            yield json.dumps(value, indent=indent, ensure_ascii=ascii_only)
