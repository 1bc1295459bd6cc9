"""
Rules of JSON text that hold for every body and every event (RFC 8259, RFC 7493).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.checks.registry import check
from conformance.checks.subject import Subject, failed, has_body, streamed, whole
from conformance.model import JSON, Evidence, Finding
from conformance.read import strictjson


def _texts(s: Subject) -> Iterator[tuple[str, strictjson.Document]]:
    """
    The JSON texts of a reply that may have faults, each with its event.
    """
    if streamed(s):
        yield from s.faulty
    elif _has_text(s):
        yield "", s.reply.document


def _has_text(s: Subject) -> bool:
    return streamed(s) or (has_body(s) and not s.reply.is_stream) or _refused_in_json(s)


def _refused_in_json(s: Subject) -> bool:
    # Whether a refusal has to be JSON at all is told elsewhere.
    return failed(s) and whole(s) and s.operation is not None and isinstance(s.reply.document.value, dict)


def _faults(s: Subject, *kinds: str) -> Iterator[tuple[str, strictjson.Fault]]:
    for where, document in _texts(s):
        for fault in document.faults:
            if fault.kind in kinds:
                yield where or f"byte[{fault.offset or 0}]", fault


def _json_or_said_so(s: Subject) -> bool:
    return has_body(s) and (not s.reply.is_stream or s.reply.media_type == "application/json")


@check("json.syntax", when=_json_or_said_so)
def is_one_json_text(s: Subject) -> Iterator[Finding]:
    """
    The body is exactly one JSON object, with nothing before and nothing after it.
    """
    if s.reply.is_stream:
        yield Finding(expected="exactly one JSON text", observed="server-sent events", where="byte[0]")
        return
    for where, fault in _faults(s, "syntax", "trailing", "empty", "depth", "utf16"):
        yield Finding(expected="exactly one JSON text", observed=fault.message, where=where)
        return
    if not s.reply.document.faults and not isinstance(s.reply.value, dict):
        yield Finding(expected="a JSON object", observed=_kind(s.reply.value), where="/")


def _kind(value: object) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "null")


@check("json.duplicate-keys", when=_has_text, shows=Evidence.BYTES)
def repeats_no_key(s: Subject) -> Iterator[Finding]:
    """
    The names within an object are unique (RFC 8259 section 4).
    """
    for where, fault in _faults(s, "duplicate-key"):
        yield Finding(expected="unique names in an object", observed=f"a repeated {fault.message}", where=where)


@check("json.numbers", when=_has_text)
def writes_numbers_as_json(s: Subject) -> Iterator[Finding]:
    """
    NaN and the infinities are not JSON (RFC 8259 section 6).
    """
    for where, fault in _faults(s, "constant", "overflow"):
        yield Finding(expected="a JSON number", observed=fault.message, where=where)


#: Members that are documented as integers, wherever they stand.
_INTEGERS = frozenset({"created", "expires_at", "index", "prompt_tokens", "completion_tokens", "total_tokens"})
#: Where none of them can have been written otherwise, no value is looked at.
_OTHERWISE = re.compile(rb'"(?:%s)"\s*:\s*-?[0-9]+(?:\.|[eE])' % b"|".join(name.encode() for name in sorted(_INTEGERS)))


def _fractions(value: JSON, where: str = "") -> Iterator[tuple[str, float]]:
    """
    Whole numbers that were written with a fraction or an exponent, where integers are documented.
    """
    if isinstance(value, dict):
        for name, each in value.items():
            if name in _INTEGERS and isinstance(each, float) and each.is_integer():
                yield f"{where}/{name}", each
            elif isinstance(each, dict | list):
                yield from _fractions(each, f"{where}/{name}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            if isinstance(each, dict):
                yield from _fractions(each, f"{where}/{number}")


def _values(s: Subject) -> Iterator[tuple[str, JSON]]:
    if streamed(s):
        yield from ((f"event[{event}]", chunk) for event, chunk in s.chunks)
    else:
        yield "", s.reply.value


@check("json.integers", when=lambda s: streamed(s) or (has_body(s) and not s.reply.is_stream), shows=Evidence.BYTES)
def writes_integers_as_such(s: Subject) -> Iterator[Finding]:
    """
    ``1790000000.0`` and ``1.79e9`` are integers to a schema, and none to decoders with types.
    """
    for event, value in _values(s) if _OTHERWISE.search(s.reply.body) else ():
        for where, number in _fractions(value):
            yield Finding(expected="an integer without a fraction", observed=repr(number), where=f"{event}{where}")
            return


@check("json.utf8", when=_has_text, shows=Evidence.BYTES)
def is_utf8(s: Subject) -> Iterator[Finding]:
    """
    JSON text that is exchanged is UTF-8 (RFC 8259 section 8.1); a character is never split over two events.
    """
    if streamed(s):
        # A stream that broke off, or that we left, may end within a character.
        end = len(s.reply.body) - (0 if whole(s) else 4)
        offsets = [offset for offset in s.reply.stream.utf8_faults if offset < end]
        if offsets:
            around = s.reply.body[max(0, offsets[0] - 8) : offsets[0] + 8]
            yield Finding(expected="UTF-8", observed=f"not UTF-8: {around!r}", where=f"byte[{offsets[0]}]")
        return
    for where, fault in _faults(s, "utf8"):
        yield Finding(expected="UTF-8", observed=fault.message, where=where)


@check("json.surrogates", when=_has_text)
def pairs_its_surrogates(s: Subject) -> Iterator[Finding]:
    """
    An unpaired surrogate escape is no character (RFC 8259 section 8.2, RFC 7493 section 2.1).
    """
    for where, fault in _faults(s, "surrogate"):
        yield Finding(expected="paired surrogates", observed=fault.message, where=where)


@check("json.bom", when=lambda s: _has_text(s) and not streamed(s), shows=Evidence.BYTES)
def starts_without_a_byte_order_mark(s: Subject) -> Iterator[Finding]:
    """
    JSON text begins with no byte order mark (RFC 8259 section 8.1).
    """
    for _, fault in _faults(s, "bom"):
        yield Finding(expected="no byte order mark", observed=fault.message or "EF BB BF", where="byte[0]")
