"""
Faults of HTTP and of plain bodies as bytes: labels, codings, lengths, connections, JSON text.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable
from dataclasses import replace

from conformance.reference.faults.asks import is_chat
from conformance.reference.faults.edits import head, header, is_completion, tail, text
from conformance.reference.faults.fault import PLAIN, STREAM, Answer, Asked, Edit, Fault, Rewire, Wire
from conformance.reference.faults.rows import fault, pair, stream
from conformance.reference.faults.streamedits import is_stream


def _label(value: str | None) -> Edit:
    return header("content-type", value, is_completion)


def _second_label(of: Callable[[Answer], bool]) -> Edit:
    def edit(given: Answer, _: Asked) -> Answer:
        return replace(given, headers=(*given.headers, ("content-type", "text/html"))) if of(given) else given

    return edit


def _coded(name: str, encode: Callable[[bytes], bytes], of: Callable[[Answer], bool]) -> Edit:
    """
    Codes a body in one piece, labelled with the name of a coding.
    """

    def edit(given: Answer, _: Asked) -> Answer:
        if not of(given):
            return given
        parts = (encode(given.body),)
        return replace(given.labelled("content-encoding", name) if name else given, parts=parts)

    return edit


def offers(name: str) -> Callable[[Asked], bool]:
    """
    The request offers a content coding.
    """
    return lambda asked: name in asked.headers.get("accept-encoding", "")


def _if_offered(name: str, edit: Edit) -> Edit:
    return lambda given, asked: edit(given, asked) if offers(name)(asked) else given


def flushed(given: Answer) -> Answer:
    """
    The answer in gzip, every event flushed as it is written.
    """
    coder = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    parts = [coder.compress(part) + coder.flush(zlib.Z_SYNC_FLUSH) for part in given.parts]
    return replace(given.labelled("content-encoding", "gzip"), parts=(*parts, coder.flush()))


def _flushed_damaged(given: Answer, asked: Asked) -> Answer:
    if not is_stream(given) or not offers("gzip")(asked):
        return given
    whole = flushed(given)
    middle = len(whole.parts) // 2
    return replace(whole, parts=(*whole.parts[:middle], b"\xff" * 9, *whole.parts[middle:]))


def _corrupt(data: bytes) -> bytes:
    coded = gzip.compress(data)
    middle = len(coded) // 2
    return coded[:middle] + bytes([coded[middle] ^ 0xFF]) + coded[middle + 1 :]


def _unasked(given: Answer, asked: Asked) -> Answer:
    if offers("gzip")(asked) or not is_completion(given):
        return given
    return _coded("gzip", gzip.compress, is_completion)(given, asked)


def _unasked_stream(given: Answer, asked: Asked) -> Answer:
    return flushed(given) if is_stream(given) and not offers("gzip")(asked) else given


# Lengths and connections. These act on answers to chat requests alone, whatever they say.


def _length(change: Callable[[int], int]) -> Rewire:
    def edit(written: bytes) -> bytes:
        return re.sub(rb"content-length: (\d+)", lambda m: b"content-length: %d" % change(int(m[1])), written)

    return head(lambda written: edit(written) if written.startswith(b"HTTP/1.1 200") else written)


def _cut(wire: Wire) -> Wire:
    middle = max(1, len(wire.pieces) // 2)
    _, piece = wire.pieces[middle - 1]
    kept = (*wire.pieces[: middle - 1], (0.0, piece[: len(piece) // 2]))
    return replace(wire, pieces=kept, ending="close")


def _streams(change: Callable[[Wire], Wire]) -> Rewire:
    return tail(change, lambda asked: is_chat(asked) and asked.streams)


def _plains(change: Callable[[Wire], Wire]) -> Rewire:
    return tail(change, lambda asked: is_chat(asked) and not asked.streams)


def _framed_twice(written: bytes) -> bytes:
    return written[:-2] + b"content-length: 4\r\n\r\n" if b"chunked" in written else written


def _buffered(wire: Wire) -> Wire:
    whole = _writing(wire)
    joined = b"".join(piece for _, piece in wire.pieces)
    return replace(wire, pieces=((whole, joined),)) if b"chunked" in wire.head else wire


def _held_back(wire: Wire) -> Wire:
    """
    Nothing comes until the whole stream is there, and then one piece after another.
    """
    if b"chunked" not in wire.head or len(wire.pieces) < 2:
        return wire
    whole = _writing(wire)
    return replace(wire, pieces=tuple((0.0 if place else whole, piece) for place, (_, piece) in enumerate(wire.pieces)))


def _coded_late(wire: Wire) -> Wire:
    """
    What is coded as a whole comes when the whole has been written.
    """
    if b"content-encoding: gzip" not in wire.head.lower() or not wire.pieces:
        return wire
    first, *rest = wire.pieces
    return replace(wire, pieces=((max(first[0], 1.5), first[1]), *rest))


def _writing(wire: Wire) -> float:
    """
    Seconds that a model needs to write a stream; a long one takes longer than the provider's haste lets it.
    """
    whole = sum(pause for pause, _ in wire.pieces)
    return max(whole, 1.5) if len(wire.pieces) > 100 else whole


def _before_done(wire: Wire) -> Wire:
    """
    The connection falls silent before [DONE].
    """
    if b"chunked" not in wire.head:
        return wire
    return replace(wire, pieces=wire.pieces[:-2], ending="hang")


def _bad_size(wire: Wire) -> Wire:
    pieces = list(wire.pieces)
    if b"chunked" in wire.head and len(pieces) > 3:
        pieces[2] = (pieces[2][0], b"zz" + pieces[2][1])
    return replace(wire, pieces=tuple(pieces))


def _leftover(wire: Wire) -> Wire:
    return replace(wire, pieces=(*wire.pieces, (0.0, b"0\r\n\r\n")))


def _one_read(given: Answer, _: Asked) -> Answer:
    return replace(given, parts=(given.body,), framing="length") if is_stream(given) else given


def _created(of: Callable[[Answer], bool]) -> Edit:
    return lambda given, _: replace(given, status=201) if of(given) else given


# fmt: off
FAULTS: tuple[Fault, ...] = (
    fault("content-type-text", "MUST", "http.content-type-json", "JSON is labelled text/plain", edit=_label("text/plain"), paths=(PLAIN,), entry="response-content-type-nonstream"),
    fault("content-type-html", "MUST", "http.content-type-json", "JSON is labelled text/html", edit=_label("text/html; charset=utf-8"), paths=(PLAIN,), entry="response-content-type-nonstream"),
    fault("content-type-events", "MUST", "http.content-type-json", "JSON is labelled text/event-stream", edit=_label("text/event-stream"), paths=(PLAIN,), entry="response-content-type-nonstream"),
    fault("content-type-missing", "MUST", "http.content-type-json", "JSON has no label", edit=_label(None), paths=(PLAIN,), entry="response-content-type-nonstream"),
    fault("charset-latin-1", "MUST", "http.charset", "JSON is labelled ISO-8859-1", edit=_label("application/json; charset=ISO-8859-1"), paths=(PLAIN,), entry="json-non-utf8-or-charset"),
    fault("json-latin-1", "MUST", "json.utf8", "the body is Latin-1", edit=text(lambda body: body.decode().encode("latin-1", "replace")), paths=(PLAIN,), entry="json-non-utf8-or-charset"),
    fault("json-utf-16", "MUST", "json.syntax", "the body is UTF-16", edit=text(lambda body: body.decode().encode("utf-16-le")), paths=(PLAIN,), also="json.utf8", entry="json-non-utf8-or-charset"),
    fault("json-bom", "MUST", "json.bom", "a byte order mark before the JSON", edit=text(lambda body: b"\xef\xbb\xbf" + body), paths=(PLAIN,), entry="json-bom"),
    fault("json-second-value", "MUST", "json.syntax", "a second JSON text follows", edit=text(lambda body: body + b'\n{"status":"ok"}'), paths=(PLAIN,), entry="json-trailing-garbage"),
    fault("json-log-before", "MUST", "json.syntax", "a log line stands before the JSON", edit=text(lambda body: b"INFO ready\n" + body), paths=(PLAIN,), entry="json-trailing-garbage"),
    fault("json-trailing-comma", "MUST", "json.syntax", "a comma too many", edit=text(lambda body: body[:-1] + b",}"), paths=(PLAIN,)),
    fault("json-single-quotes", "MUST", "json.syntax", "the body is written as Python does", edit=lambda given, _: given.saying(repr(given.value).encode()) if is_completion(given) else given, paths=(PLAIN,)),
    fault("json-quoted", "MUST", "json.syntax", "the JSON is a JSON string", edit=lambda given, _: given.saying(given.body.decode()) if is_completion(given) else given, paths=(PLAIN,)),
    fault("json-list", "MUST", "json.syntax", "the completion is in an array", edit=lambda given, _: given.saying([given.value]) if is_completion(given) else given, paths=(PLAIN,)),
    fault("json-empty", "MUST", "json.syntax", "200 with an empty body", edit=text(lambda _: b""), paths=(PLAIN,)),
    fault("json-html", "MUST", "json.syntax", "200 with an HTML page, labelled JSON", edit=text(lambda _: b"<html><h1>It works!</h1></html>"), paths=(PLAIN,)),
    fault("json-raw-control", "MUST", "json.syntax", "a raw control character within a string", edit=text(lambda body: body.replace(b'"id":"', b'"id":"\x01', 1)), paths=(PLAIN,)),
    fault("json-nan", "MUST", "json.numbers", "NaN in the JSON", edit=text(lambda body: body[:-1] + b',"score":NaN}'), paths=(PLAIN,)),
    fault("json-repeated-key", "SHOULD", "json.duplicate-keys", "a key stands twice", edit=text(lambda body: body.replace(b'"object":', b'"object":"chat.completion","object":', 1)), paths=(PLAIN,)),
    fault("json-half-pairs", "MUST", "json.surrogates", "emoji are half a surrogate pair", edit=text(lambda body: re.sub(rb"[\xf0-\xf4][\x80-\xbf]{3}", rb"\\ud83d", body)), paths=(PLAIN,)),
    fault("json-events", "MUST", "json.syntax", "a plain answer is an event, labelled JSON", edit=text(lambda body: b"data: " + body + b"\n\ndata: [DONE]\n\n"), paths=(PLAIN,)),
    fault("gzip-unasked.plain", "SHOULD", "http.content-encoding", "gzip is used unasked", edit=_unasked, paths=(PLAIN,), entry="sse-gzip"),
    fault("gzip-unasked.stream", "SHOULD", "http.content-encoding", "a stream is in gzip unasked", edit=_unasked_stream, paths=(STREAM,), entry="sse-gzip"),
    fault("gzip-corrupt.plain", "MUST", "http.content-decoding", "gzip is damaged", edit=_if_offered("gzip", _coded("gzip", _corrupt, is_completion)), paths=(PLAIN,)),
    fault("gzip-cut.plain", "MUST", "http.content-decoding", "gzip ends early", edit=_if_offered("gzip", _coded("gzip", lambda body: gzip.compress(body)[:-9], is_completion)), paths=(PLAIN,)),
    fault("gzip-label-only.plain", "MUST", "http.content-decoding", "a body that is not in gzip is labelled gzip", edit=header("content-encoding", "gzip", is_completion), paths=(PLAIN,), also="http.content-encoding"),
    fault("gzip-label-only.stream", "MUST", "http.content-decoding", "a stream that is not in gzip is labelled gzip", edit=header("content-encoding", "gzip", is_stream), paths=(STREAM,), also="http.content-encoding"),
    fault("gzip-without-label.plain", "MUST", "json.syntax", "a body in gzip has no label", edit=_if_offered("gzip", _coded("", gzip.compress, is_completion)), paths=(PLAIN,), also="json.utf8"),
    fault("gzip-twice.plain", "MUST", "json.syntax", "a body is in gzip twice and labelled once", edit=_if_offered("gzip", _coded("gzip", lambda body: gzip.compress(gzip.compress(body)), is_completion)), paths=(PLAIN,), also="json.utf8"),
    fault("gzip-corrupt.stream", "MUST", "http.content-decoding", "a stream in gzip is damaged in the middle", edit=_flushed_damaged, paths=(STREAM,), also="stream.done stream.finish-reason"),
    fault("gzip-buffers", "SHOULD", "stream.incremental", "gzip holds a stream back until its end", edit=_if_offered("gzip", _coded("gzip", gzip.compress, is_stream)), wire=_streams(_coded_late), paths=(STREAM,), entry="sse-gzip"),
    fault("coding-unknown", "SHOULD", "http.content-encoding", "zstd is used unasked", edit=header("content-encoding", "zstd", is_completion), paths=(PLAIN,), also="http.content-decoding"),
    fault("stream-buffered", "SHOULD", "stream.incremental", "the whole stream comes at once", wire=_streams(_buffered), paths=(STREAM,), entry="sse-buffered"),
    stream("stream-content-length", "MAY", "http.stream-content-length", "a stream has a Content-Length", _one_read, also="stream.incremental", entry="sse-content-length-present"),
    fault("stream-held-back", "SHOULD", "stream.incremental", "a stream is sent event by event when it is over", wire=_streams(_held_back), paths=(STREAM,), entry="sse-buffered"),
    fault("content-type-twice.plain", "SHOULD", "http.content-type-once", "two Content-Types differ (plain)", edit=_second_label(is_completion), paths=(PLAIN,)),
    fault("content-type-twice.stream", "SHOULD", "http.content-type-once", "two Content-Types differ (streamed)", edit=_second_label(is_stream), paths=(STREAM,)),
    fault("silent-before-done", "MUST", "stream.done", "the stream falls silent before [DONE]", wire=_streams(_before_done), paths=(STREAM,), entry="sse-done-missing"),
    fault("length-too-long", "MUST", "http.complete", "Content-Length is larger than the body", wire=_length(lambda n: n + 9), paths=(PLAIN,)),
    fault("length-too-short", "MUST", "json.syntax", "Content-Length is smaller than the body", wire=_length(lambda n: n - 9), paths=(PLAIN,), also="error.envelope http.framing"),
    fault("length-twice", "MUST", "http.complete", "two Content-Lengths differ", wire=head(lambda written: written[:-2] + b"content-length: 4\r\n\r\n" if b"content-length" in written else written), paths=(PLAIN,), also="http.framing"),
    fault("length-no-number", "MUST", "http.complete", "Content-Length is no number", wire=head(lambda written: re.sub(rb"content-length: \d+", b"content-length: many", written)), paths=(PLAIN,), also="http.framing"),
    fault("length-and-chunks", "MUST", "http.framing", "a stream has Content-Length beside chunks", wire=head(_framed_twice), paths=(STREAM,)),
    fault("cut.plain", "MUST", "http.complete", "the connection breaks within a body", wire=_plains(_cut), paths=(PLAIN,)),
    fault("cut.stream", "MUST", "http.complete", "the connection breaks within a stream", wire=_streams(_cut), paths=(STREAM,)),
    fault("last-chunk-missing", "MUST", "http.complete", "the connection closes without the last chunk", wire=_streams(lambda wire: replace(wire, pieces=wire.pieces[:-1], ending="close")), paths=(STREAM,)),
    fault("chunk-size-bad", "MUST", "http.complete", "the size of a chunk is no number", wire=_streams(_bad_size), paths=(STREAM,), also="http.framing"),
    fault("reset.stream", "MUST", "http.complete", "the connection is reset within a stream", wire=_streams(lambda wire: replace(_cut(wire), ending="reset")), paths=(STREAM,)),
    fault("stays-open", "MUST", "stream.closes", "the response stays open after [DONE]", wire=_streams(lambda wire: replace(wire, pieces=wire.pieces[:-1], ending="hang") if b"chunked" in wire.head else wire), paths=(STREAM,), entry="sse-connection-not-closed"),
    fault("leftover.plain", "MUST", "http.framing", "bytes are left over behind a plain answer", wire=_plains(_leftover), paths=(PLAIN,), entry="keep-alive-connection-broken"),
    fault("leftover.stream", "MUST", "http.framing", "bytes are left over behind a stream", wire=_streams(_leftover), paths=(STREAM,), entry="keep-alive-connection-broken"),
    fault("closes-unannounced", "SHOULD", "http.persistence", "the connection closes after every answer without Connection: close", wire=tail(lambda wire: replace(wire, ending="close")), entry="keep-alive-connection-broken"),
    fault("head-bare-newlines", "MUST", "http.framing", "the lines of the head end with LF alone", wire=head(lambda written: written.replace(b"\r\n", b"\n"))),
    fault("head-space-before-colon", "MUST", "http.complete", "a header has a space before its colon", wire=head(lambda written: written.replace(b"content-type:", b"content-type :")), also="http.framing"),
    fault("status-line-garbled", "MUST", "http.complete", "the status line is garbled", wire=head(lambda written: written.replace(b"HTTP/1.1 ", b"HTP/1.1 ", 1)), also="http.framing"),
    *pair("status-created", "SHOULD", "http.status", "an answer has the status 201", (_created(is_completion), _created(is_stream)), also="auth.scheme-case request.tools.count unicode.control|"),
    fault("redirects", "MUST", "request.answered", "valid requests are redirected with 307", edit=lambda given, asked: replace(given.labelled("location", "/api" + asked.path), status=307, parts=()) if is_completion(given) else given, paths=(PLAIN,)),
)
# fmt: on
