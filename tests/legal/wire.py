"""
The same bytes otherwise: reads, content codings, headers, framing of the event stream.

Sources: RFC 9110; RFC 9112; https://html.spec.whatwg.org/multipage/server-sent-events.html.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable
from dataclasses import replace

import brotli  # type: ignore[import-untyped]

from conformance.model import Chunk, Exchange
from conformance.read.reply import Reply

#: An exchange in another form, or None where it has nothing to vary.
Variant = Callable[[Exchange], Exchange | None]

#: What must cause no finding at all.
SILENT: dict[str, Variant] = {}
#: What the contract leaves open and a report may note, as MAY.
NOTED: dict[str, Variant] = {}

_CODED = {"content-encoding", "content-length", "transfer-encoding"}


def carrying(exchange: Exchange, body: bytes) -> Exchange:
    """
    The exchange with another body, read in as many pieces and at the same times.
    """
    headers = tuple(each for each in exchange.headers if each[0].lower() not in _CODED)
    times = [chunk.at for chunk in exchange.chunks] or [0.0]
    size = -(-len(body) // len(times)) or 1
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    chunks = tuple(Chunk(at, piece) for at, piece in zip(times, pieces, strict=False))
    return replace(exchange, headers=headers, chunks=chunks)


def _in_pieces(exchange: Exchange, size: int) -> Exchange:
    body = Reply(exchange).body
    first = exchange.chunks[0].at if exchange.chunks else 0.0
    last = exchange.chunks[-1].at if exchange.chunks else 0.0
    starts = range(0, len(body), size)
    step = (last - first) / max(1, len(starts) - 1)
    chunks = tuple(Chunk(first + number * step, body[at : at + size]) for number, at in enumerate(starts))
    return replace(carrying(exchange, body), chunks=chunks)


for _size in (1, 2, 7, 4096):
    SILENT[f"reads of {_size} bytes"] = lambda exchange, size=_size: _in_pieces(exchange, size)


def _coded(name: str, encode: Callable[[bytes], bytes]) -> Variant:
    def vary(exchange: Exchange) -> Exchange:
        made = carrying(exchange, encode(Reply(exchange).body))
        asked = [each for each in exchange.sent.headers if each[0].lower() != "accept-encoding"]
        sent = replace(exchange.sent, headers=(*asked, ("Accept-Encoding", "gzip, br, deflate")))
        return replace(made, sent=sent, headers=(*made.headers, ("Content-Encoding", name)))

    return vary


SILENT["gzip"] = _coded("gzip", gzip.compress)
SILENT["GZIP"] = _coded("GZIP", gzip.compress)
SILENT["brotli"] = _coded("br", lambda body: bytes(brotli.compress(body, quality=4)))
SILENT["deflate"] = _coded("deflate", zlib.compress)


def _renamed(how: Callable[[str], str]) -> Variant:
    return lambda exchange: replace(exchange, headers=tuple((how(name), value) for name, value in exchange.headers))


SILENT["header names in lower case"] = _renamed(str.lower)
SILENT["HEADER NAMES IN UPPER CASE"] = _renamed(str.upper)
SILENT["hEADER nAMES iN mIXED cASE"] = _renamed(str.swapcase)
SILENT["more headers"] = lambda exchange: replace(
    exchange, headers=(*exchange.headers, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Vendor", ""), ("Via", "x"))
)
SILENT["HTTP/2"] = lambda exchange: replace(exchange, http_version="HTTP/2")


def _typed(how: Callable[[str], str]) -> Variant:
    def vary(exchange: Exchange) -> Exchange:
        rest = tuple(each for each in exchange.headers if each[0].lower() != "content-type")
        media = Reply(exchange).media_type or "application/json"
        return replace(exchange, headers=(*rest, ("Content-Type", how(media))))

    return vary


for _written in ("{}", "{}; charset=utf-8", "{};charset=UTF-8", '{} ; charset="utf-8"', "{}; charset=utf-8; x=1"):
    SILENT[f"Content-Type {_written}"] = _typed(_written.format)
SILENT["Content-Type in Title Case"] = _typed(str.title)


def text_of(exchange: Exchange) -> str | None:
    """
    A stream of well-formed events in LF, or None for anything else.
    """
    reply = Reply(exchange)
    if not reply.is_stream or not reply.stream.events or reply.stream.bom or reply.stream.utf8_faults:
        return None
    text = reply.body.decode()
    return text.replace("\r\n", "\n").replace("\r", "\n") if reply.stream.events[-1].terminated else None


def _framed(how: Callable[[str], str]) -> Variant:
    def vary(exchange: Exchange) -> Exchange | None:
        text = text_of(exchange)
        return None if text is None else carrying(exchange, how(text).encode())

    return vary


def _over_lines(text: str) -> str:
    return re.sub(r"^data: ?(\{.*)$", lambda m: "data: " + m[1].replace("{", "{\ndata: ", 1), text, flags=re.MULTILINE)


FRAMES: dict[str, Callable[[str], str]] = {
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "CRLF and then LF": lambda text: text.replace("\n\n", "\r\n\n"),
    "no space after data:": lambda text: re.sub(r"^data: ", "data:", text, flags=re.MULTILINE),
    "blank lines first": lambda text: "\n\n\n" + text,
    "more blank lines": lambda text: text.replace("\n\n", "\n\n\n\n"),
    "more blank lines at the end": lambda text: text + "\n\n\n",
    "a comment first": lambda text: ": OPENROUTER PROCESSING\n\n" + text,
    "comments everywhere": lambda text: text.replace("\n\n", "\n\n: keep-alive\n\n"),
    "empty comments": lambda text: text.replace("\n\n", "\n\n:\n\n"),
    "comments within events": lambda text: re.sub(r"^data:", ": ping\ndata:", text, flags=re.MULTILINE),
    "comments that hold data": lambda text: text.replace("\n\n", '\n\n: data: {"a": 1}\n\n'),
    "data over several lines": _over_lines,
}
for _name, _how in FRAMES.items():
    SILENT[_name] = _framed(_how)
# After an id, official clients dispatch a comment with a blank line behind it, so the two are not combined.
NOTED["id: fields"] = _framed(
    lambda text: re.sub(r"^data:", "id: 7\ndata:", re.sub(r"^:.*\n+", "", text, flags=re.MULTILINE), flags=re.MULTILINE)
)
NOTED["retry: fields"] = _framed(lambda text: "retry: 1000\n" + text.lstrip("\n"))
