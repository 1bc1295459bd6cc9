"""
What a server may send, good or hostile, for properties.
"""

from __future__ import annotations

import contextlib
import copy
import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import brotli
from hypothesis import strategies as st

from conformance.model import Chunk, Ending, Evidence, Exchange, Sent
from tests import schema_documents as documents
from tests.defects import DEFECTS
from tests.good import GOOD
from tests.specimens import Specimen

#: Values that a careless reader stumbles over.
HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, -1, 10**15, 10**400, -(10**400), 10**4299, 9 * 10**4299, 1.5, -0.0, 1e308, 5e-324,
    "", " ", "a", "[DONE]", "\u2028", "\x00", "\ud83d\ude00", "\ufeff", "{", "null", "0", "assistant", "stop",
    "tool_calls", "x" * 3000, [], [None], [[]], [{}], [1, "a", None, {}], {}, {"": {}}, {"error": {}}, {"error": 1},
    {"index": 0}, {"id": [1]}, {"text": 1}, {"function": {"arguments": None}}, {"token": 1, "logprob": 10**400},
)  # fmt: skip

#: Pieces of which event streams are made, in and out of order.
PIECES: tuple[bytes, ...] = (
    b"\n", b"\r", b"\r\n", b"\n\n", b"data", b"data:", b"data: ", b":", b": ping", b"event: error", b"event:", b"id: 5",
    b"id: \x00", b"retry: 3000", b"retry: x", b"[DONE]", b"data: [DONE]\n\n", b"{}", b'{"error": {}}', b" ", b"  ",
    b"\xef\xbb\xbf", b"\xff", b"\xe2\x82", b"\xf0\x9f\x98\x80", b"\xf0\x9f", b"\xc2\x85", b"\xe2\x80\xa8", b"\x0b", b"\x0c",
    b"\x1c", b"\x00", b"foo", b"data\n", b"DATA: x\n", b" data: x\n", b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n',
)  # fmt: skip

CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "deflate": zlib.compress,
    "br": brotli.compress,
    "identity": lambda data: data,
}

SPECIMENS: tuple[Specimen, ...] = (*GOOD.values(), *(each for every in DEFECTS.values() for each in every))


def events() -> st.SearchStrategy[bytes]:
    """
    Bytes that look like an event stream, or nearly.
    """
    return st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=24).map(b"".join)


def values(leaves: st.SearchStrategy[Any] | None = None) -> st.SearchStrategy[Any]:
    """
    JSON values of any shape.
    """
    scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
    return st.recursive(
        scalars if leaves is None else leaves,
        lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=8), below, max_size=4),
        max_leaves=12,
    )


@st.composite
def mutated(draw: st.DrawFn, document: Any) -> Any:
    """
    A copy of a JSON value, some of whose members are left out, doubled or replaced by something hostile.
    """
    made = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        where = list(documents.places(made))
        if not where:
            return draw(st.sampled_from(HOSTILE))
        *parents, last = draw(st.sampled_from(where))
        parent = made
        for step in parents:
            parent = parent[step]
        change = draw(st.sampled_from(("remove", "put", "put", "put", "double")))
        if change == "remove":
            del parent[last]
        elif change == "double" and isinstance(parent, list):
            parent.append(copy.deepcopy(parent[last]))
        else:
            parent[last] = copy.deepcopy(draw(st.sampled_from(HOSTILE)))
    return made


@st.composite
def splits(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """
    The bytes in pieces, some of which may be empty.
    """
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    return [data[first:after] for first, after in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@st.composite
def broken(draw: st.DrawFn, data: bytes) -> bytes:
    """
    The bytes with some of them changed, cut or doubled.
    """
    made = bytearray(data)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(made)))
        size = draw(st.integers(0, 12))
        change = draw(st.sampled_from(("cut", "put", "double", "end")))
        if change == "end":
            del made[at:]
        elif change == "cut":
            del made[at : at + size]
        elif change == "double":
            made[at:at] = made[at : at + size]
        else:
            made[at : at + size] = draw(st.sampled_from(PIECES) | st.binary(max_size=6))
    return bytes(made)


#: The place of a document that is the whole body; others are lines of a stream.
WHOLE = -1


def documents_in(body: bytes) -> Iterator[tuple[int, Any]]:
    """
    The JSON document of a body, or those of its events with the numbers of their lines.
    """
    lines = [(number, line[6:]) for number, line in enumerate(body.split(b"\n")) if line.startswith(b"data: {")]
    for number, text in lines or [(WHOLE, body)]:
        with contextlib.suppress(ValueError):
            yield number, json.loads(text)


def with_document(body: bytes, number: int, document: Any) -> bytes:
    """
    The body with another document in the place that ``documents_in`` gave.
    """
    text = json.dumps(document).encode()
    lines = body.split(b"\n")
    return text if number == WHOLE else b"\n".join([*lines[:number], b"data: " + text, *lines[number + 1 :]])


@st.composite
def _changed_json(draw: st.DrawFn, body: bytes) -> bytes:
    """
    The body with one of its JSON documents mutated.
    """
    found = list(documents_in(body))
    number, document = draw(st.sampled_from(found)) if found else (WHOLE, None)
    return with_document(body, number, draw(mutated(document))) if found else body


NAMES = (
    "content-type", "Content-Type", "content-encoding", "content-length", "retry-after", "allow", "", "x-a", "date",
    "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens", "x-request-id", "server",
)  # fmt: skip
SAID = (
    "", ";", ",", "text/event-stream", "application/json", "text/html; charset=", "application/json;charset=x", "gzip",
    "br, gzip", "deflate", "zstd", "-1", "1s", "6m0s", "1.2.3", "²", "٣s", "nan", "1e999", "9" * 400, "9" * 5000,
    "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 00 Jan 0000 99:99:99 +9999",
)  # fmt: skip
HEADERS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(SAID) | st.text(max_size=12)), max_size=4).map(
    tuple
)


def exchanges() -> st.SearchStrategy[Exchange]:
    """
    Anything at all: any bytes under any headers, status and ending.
    """
    body = st.one_of(events(), st.binary(max_size=40), values().map(lambda value: json.dumps(value).encode()))
    return st.builds(
        Exchange,
        sent=st.builds(
            Sent,
            method=st.sampled_from(("POST", "GET")),
            url=st.just("http://host/v1/chat/completions"),
            headers=HEADERS,
            body=body,
        ),
        ending=st.sampled_from(Ending),
        status=st.none() | st.sampled_from((200, 201, 204, 302, 400, 401, 404, 405, 422, 429, 500, 503, 599, 999)),
        headers=HEADERS,
        chunks=body.flatmap(splits).map(lambda parts: tuple(Chunk(0.1 * n, part) for n, part in enumerate(parts))),
        seconds=st.sampled_from((0.0, 0.5, 1e9)),
        first_byte=st.none() | st.just(0.05),
        started=st.none() | st.just(1790000000.0),
        shows=st.sampled_from((Evidence.ALL, Evidence.NONE, Evidence.VALUES, Evidence.ALL & ~Evidence.REQUEST)),
    )


def body_of(exchange: Exchange) -> bytes:
    """
    All that was read of a body.
    """
    return b"".join(chunk.data for chunk in exchange.chunks)


def in_reads(exchange: Exchange, parts: Sequence[bytes]) -> Exchange:
    """
    The exchange with another body, a tenth of a second after each other.
    """
    return replace(exchange, chunks=tuple(Chunk(0.1 * number, part) for number, part in enumerate(parts)))


@st.composite
def near_misses(draw: st.DrawFn) -> Specimen:
    """
    A specimen whose reply, request or circumstances were changed a little.
    """
    specimen = draw(st.sampled_from(SPECIMENS))
    exchange = specimen.exchange
    body = body_of(exchange)
    for kind in draw(
        st.lists(st.sampled_from(("json", "bytes", "request", "headers", "status", "ending")), max_size=3)
    ):
        if kind in ("json", "bytes"):
            body = draw(_changed_json(body) if kind == "json" else broken(body))
            exchange = in_reads(exchange, draw(splits(body)))
        elif kind == "request":
            exchange = replace(exchange, sent=replace(exchange.sent, body=draw(_changed_json(exchange.sent.body))))
        elif kind == "headers":
            exchange = replace(exchange, headers=(*draw(HEADERS), *exchange.headers))
        elif kind == "status":
            exchange = replace(exchange, status=draw(st.sampled_from((None, 200, 400, 401, 429, 500))))
        else:
            exchange = replace(exchange, ending=draw(st.sampled_from(Ending)))
    return replace(specimen, exchange=exchange)
