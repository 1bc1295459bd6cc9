"""
Legal peculiarities of servers: HTTP as it may be spoken, times of trouble, features that are not there.

Sources: RFC 9110, RFC 9112; the guards of the catalogue of deviations.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import replace

import brotli  # type: ignore[import-untyped]

from conformance.reference.faults.asks import is_chat, refusing
from conformance.reference.faults.edits import head, header, tail
from conformance.reference.faults.fault import Answer, Asked, Edit, Object, Variant, Wire, answer
from conformance.reference.faults.rows import variant
from conformance.reference.faults.streamedits import is_stream
from conformance.reference.faults.transport import flushed, offers

_HTTP = "HTTP allows it (RFC 9110, RFC 9112)."
_BUSY = "A server may be busy; a client waits and asks again."
_REFUSAL = "An optional feature may be refused with the documented error."


def _reads(size: int) -> Edit:
    """
    HTTP chunks of so many bytes, wherever they fall.
    """

    def edit(given: Answer, _: Asked) -> Answer:
        if not is_stream(given):
            return given
        body = given.body
        return replace(given, parts=tuple(body[place : place + size] for place in range(0, len(body), size)))

    return edit


def _drip(size: int) -> Callable[[Wire], Wire]:
    """
    Every piece in several writes, wherever they fall.
    """

    def change(wire: Wire) -> Wire:
        raw = wire.bytes
        pieces = [raw[place : place + size] for place in range(0, len(raw), size)][:400]
        rest = raw[400 * size :]
        pause = min(0.002, sum(each for each, _ in wire.pieces) / max(1, len(pieces)))
        return replace(wire, pieces=tuple((pause, each) for each in [*pieces, *([rest] if rest else [])]))

    return change


def _members(given: Answer, asked: Asked) -> Answer:
    if not is_stream(given) or not offers("gzip")(asked):
        return given
    return replace(given.labelled("content-encoding", "gzip"), parts=tuple(gzip.compress(part) for part in given.parts))


def _padded_sizes(wire: Wire) -> Wire:
    if b"chunked" not in wire.head:
        return wire
    padded = [
        (p, b"00" + piece.split(b"\r\n", 1)[0].upper() + b"\r\n" + piece.split(b"\r\n", 1)[1])
        for p, piece in wire.pieces
    ]
    return replace(wire, pieces=tuple(padded))


def _once_busy(status: int, headers: tuple[tuple[str, str], ...] = ()) -> Callable[[Asked], Answer | None]:
    """
    Some kinds of request are answered once with a busy server's words.
    """

    def instead(asked: Asked) -> Answer | None:
        seen: set[bytes] = asked.memory.setdefault(f"busy {status}", set())
        if asked.raw in seen or sum(asked.raw) % 24:
            return None
        seen.add(asked.raw)
        said = "Rate limit reached." if status == 429 else "The server is overloaded."
        body = {"error": {"message": said, "type": "rate_limit_error", "param": None, "code": None}}
        made = answer(status, body)
        return replace(made, headers=(*made.headers, *headers))

    return instead


def _any_model(asked: Asked) -> Object | None:
    return {**asked.body, "model": "reference-1"} if is_chat(asked) and asked.body.get("model") else None


def _edge(asked: Asked) -> Answer | None:
    seen: set[bytes] = asked.memory.setdefault("edge", set())
    if asked.raw in seen or sum(asked.raw) % 9 or asked.method != "POST":
        return None
    seen.add(asked.raw)
    error = {"message": "Bad gateway.", "type": "server_error", "param": None, "code": None}
    return answer(502, {"error": error})


def _refuses(*keys: str) -> Callable[[Asked], Answer | None]:
    return refusing(
        lambda asked: any(asked.body.get(key) not in (None, "none", False) for key in keys),
        f"Unsupported parameter: {keys[0]}",
    )


#: What OpenAI's reasoning models refuse, each with the value that says no more than leaving it out.
_SAMPLING = {
    "temperature": 1,
    "top_p": 1,
    "frequency_penalty": 0,
    "presence_penalty": 0,
    "logprobs": False,
    **dict.fromkeys(("top_logprobs", "logit_bias", "max_tokens", "stop")),
}


def _reasons(asked: Asked) -> Answer | None:
    """
    A parameter that the model lacks is named, with the code that OpenAI gives it.
    """
    given = {key: asked.body.get(key) for key in _SAMPLING} if is_chat(asked) else {}
    lacked = next((key for key, value in given.items() if value is not None and value != _SAMPLING[key]), None)
    if lacked is None:
        return None
    said = f"Unsupported parameter: '{lacked}' is not supported with this model."
    error = {"message": said, "type": "invalid_request_error", "param": lacked, "code": "unsupported_parameter"}
    return answer(400, {"error": error})


def _several(asked: Asked) -> bool:
    n = asked.body.get("n")
    return isinstance(n, int) and not isinstance(n, bool) and 1 < n <= 128


def _validation(status: int) -> Edit:
    def edit(given: Answer, asked: Asked) -> Answer:
        return replace(given, status=status) if is_chat(asked) and given.status == 400 else given

    return edit


def _thinks_first(wire: Wire) -> Wire:
    pauses = [0.4, *[0.001] * (len(wire.pieces) - 1)]
    paced = tuple(zip(pauses, (piece for _, piece in wire.pieces), strict=False))
    return replace(wire, pieces=paced) if b"chunked" in wire.head else wire


def _known_already(wire: Wire) -> Wire:
    return replace(wire, pieces=((0.0, wire.bytes),))


def _slow(wire: Wire) -> Wire:
    first, *rest = wire.pieces or ((0.0, b""),)
    return replace(wire, pieces=((0.3, first[1]), *rest))


def _title(name: bytes) -> bytes:
    return b"-".join(word.capitalize() for word in name.split(b"-"))


def _recased(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def edit(written: bytes) -> bytes:
        first, *lines = written.split(b"\r\n")
        made = [change(name) + colon + value for name, colon, value in (line.partition(b":") for line in lines)]
        return b"\r\n".join([first, *made])

    return edit


def _closing(given: Answer, _: Asked) -> Answer:
    return replace(given, framing="close")


def _http_1_0(wire: Wire) -> Wire:
    if b"chunked" in wire.head:
        return wire
    written = wire.head.replace(b"HTTP/1.1", b"HTTP/1.0").replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    return replace(wire, head=written, ending="close")


def _trailer(wire: Wire) -> Wire:
    if b"chunked" not in wire.head:
        return wire
    return replace(wire, pieces=(*wire.pieces[:-1], (0.0, b"0\r\nx-trailer: 1\r\n\r\n")))


def _extended(wire: Wire) -> Wire:
    if b"chunked" not in wire.head:
        return wire
    found = tuple((pause, piece.replace(b"\r\n", b";x=1\r\n", 1)) for pause, piece in wire.pieces)
    return replace(wire, pieces=found)


def _coded(name: str, encode: Callable[[bytes], bytes]) -> Edit:
    def edit(given: Answer, asked: Asked) -> Answer:
        if given.streamed or not offers(name)(asked):
            return given
        return replace(given.labelled("content-encoding", name), parts=(encode(given.body),))

    return edit


def _coded_stream(given: Answer, asked: Asked) -> Answer:
    return flushed(given) if is_stream(given) and offers("gzip")(asked) else given


# fmt: off
VARIANTS: tuple[Variant, ...] = (
    variant("through-front", "nothing but another HTTP server", _HTTP),
    variant("reads-of-seven-bytes", "reads end within lines and characters", _HTTP, _reads(7)),
    variant("reads-of-one-kilobyte", "HTTP chunks have nothing to do with events", _HTTP, _reads(1000)),
    variant("writes-of-five-bytes", "the connection is written in pieces of five bytes", _HTTP, wire=tail(_drip(5))),
    variant("stream-in-one-chunk", "a short stream comes in one HTTP chunk", _HTTP, lambda given, _: replace(given, parts=(given.body,)) if is_stream(given) and len(given.parts) < 60 else given),
    variant("stream-until-close", "the end of a stream is the end of the connection", _HTTP, lambda given, asked: _closing(given, asked) if is_stream(given) else given),
    variant("plain-chunked", "plain answers come in chunks", _HTTP, lambda given, _: replace(given, framing="chunked", parts=(given.body[:50], given.body[50:])) if not given.streamed else given),
    variant("plain-until-close", "the end of an answer is the end of the connection", _HTTP, lambda given, asked: given if given.streamed else _closing(given, asked)),
    variant("connection-close", "every connection is announced to close", _HTTP, wire=tail(lambda wire: replace(wire, head=wire.head[:-2] + b"connection: close\r\n\r\n", ending="close"))),
    variant("http-1.0", "plain answers are HTTP/1.0", _HTTP, wire=tail(_http_1_0)),
    variant("chunk-extensions", "chunks have extensions", _HTTP, wire=tail(_extended)),
    variant("chunk-sizes-padded", "sizes of chunks with leading zeros, in upper case", _HTTP, wire=tail(_padded_sizes)),
    variant("trailers", "a trailer follows the last chunk", _HTTP, wire=tail(_trailer)),
    variant("early-hints", "an interim response 103 comes first", _HTTP, wire=tail(lambda wire: replace(wire, head=b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + wire.head))),
    variant("no-reason-phrase", "the status line has no reason phrase", _HTTP, wire=head(lambda written: re.sub(rb"^(HTTP/1.1 \d+) [^\r]*", rb"\1 ", written))),
    variant("headers-title-case", "Header-Names In Title Case", _HTTP, wire=head(_recased(_title))),
    variant("headers-upper-case", "HEADER-NAMES IN UPPER CASE", _HTTP, wire=head(_recased(bytes.upper))),
    variant("headers-few", "no header but the type", "The headers of OpenAI are no promise of others.", lambda given, _: replace(given, headers=tuple((n, v) for n, v in given.headers if n in ("content-type", "allow", "www-authenticate")))),
    variant("headers-padded", "white space around header values", _HTTP, wire=head(lambda written: re.sub(rb"\r\ncontent-type: ([^\r]*)", rb"\r\ncontent-type:   \1  ", written))),
    variant("many-cookies", "several Set-Cookie headers", _HTTP, lambda given, _: replace(given, headers=(*given.headers, ("set-cookie", "a=1; Path=/"), ("set-cookie", "b=2; Path=/")))),
    variant("ratelimit-other-units", "x-ratelimit-reset-* in other durations", "Durations such as 6m0s, 1h2m3s or 12ms.", header("x-ratelimit-reset-requests", "1h2m3.5s")),
    variant("gzip", "plain answers in gzip for clients that offer it", _HTTP, _coded("gzip", gzip.compress)),
    variant("br", "plain answers in Brotli for clients that offer it", _HTTP, _coded("br", brotli.compress)),
    variant("gzip-stream", "streams in gzip, flushed event by event", _HTTP, _coded_stream),
    variant("gzip-members", "streams in gzip, a member for each event", _HTTP, _members),
    variant("coding-identity", "Content-Encoding: identity", _HTTP, header("content-encoding", "identity")),
    variant("label-with-parameters", "the label says charset=utf-8", _HTTP, header("content-type", "application/json; charset=utf-8", lambda given: given.value is not None)),
    variant("label-problem", "errors are application/problem+json", _HTTP, header("content-type", "application/problem+json", lambda given: given.status >= 400)),
    variant("busy-429", "some requests meet a rate limit once", _BUSY, instead=_once_busy(429, (("retry-after", "0"),)), steady=False),
    variant("busy-429-silent", "some requests meet a rate limit once, without Retry-After", "The header is optional.", instead=_once_busy(429), steady=False),
    variant("busy-503", "some requests meet 503 once", _BUSY, instead=_once_busy(503, (("retry-after", "0"),)), steady=False),
    variant("edge-502", "an edge before the server fails some requests once", "An edge before the API fails in its own way.", instead=_edge, steady=False),
    variant("thinks-first", "streams begin late, and are fast then", "A model that reasons writes nothing until it knows.", wire=tail(_thinks_first)),
    variant("answers-from-a-cache", "streams come whole and at once", "What is known already need not be written slowly.", wire=tail(_known_already)),
    variant("slow-first-byte", "answers begin after 0.3 s", "Nothing is promised of time.", wire=tail(_slow)),
    variant("single-model", "any model name is served", "Single-model servers take any name; that nobody notices a typing mistake is worth a warning, no more.", ask=_any_model, warned=("openai-chat.request.model.*",)),
    variant("open-door", "any key is taken, and none", "A server at home demands no key, whatever its clients have to send.", forgive=lambda given, _: given.status == 401),
    variant("refuses-log-probabilities", "logprobs are refused", _REFUSAL, claims_less=True, instead=_refuses("logprobs", "top_logprobs")),
    variant("refuses-several-choices", "several choices are refused", _REFUSAL, claims_less=True, instead=refusing(_several, "n above 1 is not supported")),
    variant("refuses-tools", "tools are refused", _REFUSAL, claims_less=True, instead=_refuses("tools", "tool_choice", "parallel_tool_calls")),
    variant("refuses-formats", "response_format json_schema and json_object are refused", _REFUSAL, claims_less=True, instead=refusing(lambda asked: isinstance(asked.body.get("response_format"), dict) and asked.body["response_format"].get("type") != "text", "response_format is not supported")),
    variant("refuses-unknown-members", "unknown members are refused", "OpenAI refuses them, others ignore them.", claims_less=True, instead=refusing(lambda asked: "not_a_parameter" in asked.body, "Unrecognized request argument supplied: not_a_parameter")),
    variant("reasoning-model", "sampling parameters, max_tokens, stop and logprobs are refused by name", "OpenAI's reasoning models refuse them so.", claims_less=True, instead=_reasons),
    variant("refusals-422", "broken constraints give 422", "Noted, but a refusal it is.", _validation(422)),
)
# fmt: on
