"""
Faults of the event stream as bytes: how events are written, what stands between them, how the stream ends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from conformance.reference.faults.edits import both, header
from conformance.reference.faults.fault import Answer, Asked, Edit, Fault, Object
from conformance.reference.faults.rows import stream
from conformance.reference.faults.streamedits import DONE, chunks_of, each_event, event, events, inserted, is_stream

Parts = tuple[bytes, ...]


def _done(written: bytes) -> Edit:
    """
    Writes another end of the stream.
    """
    return events(lambda parts: [*parts[:-1], *([written] if written else [])])


def _of_chunks(write: Callable[[Object], bytes]) -> Edit:
    """
    Writes every chunk in another way.
    """

    def edit(given: Answer, _: Asked) -> Answer:
        if not is_stream(given):
            return given
        return replace(given, parts=(*map(write, chunks_of(given)), given.parts[-1]))

    return edit


def _second(change: Callable[[bytes], bytes]) -> Edit:
    """
    Changes the second event.
    """
    return events(lambda parts: [change(part) if place == 1 else part for place, part in enumerate(parts)])


def _python(chunk: Object) -> bytes:
    return f"data: {chunk!r}\n\n".encode()


def _indented(chunk: Object) -> bytes:
    return b"data: " + json.dumps(chunk, indent=1, ensure_ascii=False).encode() + b"\n\n"


def _bare(chunk: Object) -> bytes:
    return event(chunk).removeprefix(b"data: ").removesuffix(b"\n")


def _together(parts: Parts) -> Sequence[bytes]:
    """
    Two chunks in one event.
    """
    if len(parts) < 4:
        return parts
    pair = parts[1].removesuffix(b"\n\n") + parts[2].removeprefix(b"data: ")
    return [parts[0], pair, *parts[3:]]


def _halves(part: bytes) -> bytes:
    middle = len(part) // 2
    while part[middle] & 0xC0 == 0x80:
        middle += 1
    return part[:middle] + b"\n\ndata: " + part[middle:]


def _within_character(part: bytes) -> bytes:
    return re.sub(rb"[\xf0-\xf4][\x80-\xbf]{3}", lambda found: found[0][:2], part)


def _half_pairs(part: bytes) -> bytes:
    return re.sub(rb"[\xf0-\xf4][\x80-\xbf]{3}", rb"\\ud83d", part)


def _pairs_parted(parts: Parts) -> Sequence[bytes]:
    """
    The escapes of a surrogate pair in two chunks.
    """
    made: list[bytes] = []
    for part in parts:
        found = re.search(rb'"content":"[^"]*?([\xf0-\xf4][\x80-\xbf]{3})"', part)
        if found is None:
            made.append(part)
            continue
        high, low = json.dumps(found[1].decode()).strip('"').encode().split(b"\\u")[1:]
        made += [part.replace(found[1], b"\\u" + half) for half in (high, low)]
    return made


def _latin(part: bytes) -> bytes:
    return part.decode().encode("latin-1", "replace")


def _broken_at_separators(part: bytes) -> bytes:
    return re.sub("[\u2028\u2029\u0085]", "\n", part.decode()).encode()


def _labelled(value: str | None) -> Edit:
    return header("content-type", value, is_stream)


# fmt: off
FAULTS: tuple[Fault, ...] = (
    stream("sse-single-newline", "MUST", "stream.blank-line", "events are parted by one newline", each_event(lambda part: part[:-1]), entry="sse-single-newline-separator"),
    stream("sse-single-newline-once", "MUST", "stream.blank-line", "one blank line is missing", _second(lambda part: part[:-1])),
    stream("sse-done-missing", "MUST", "stream.done", "[DONE] is missing", _done(b""), entry="sse-done-missing"),
    stream("sse-done-lower-case", "MUST", "stream.done", "the end is [done]", _done(b"data: [done]\n\n"), also="stream.data-json"),
    stream("sse-done-bare-word", "MUST", "stream.done", "the end is DONE", _done(b"data: DONE\n\n"), also="stream.data-json"),
    stream("sse-done-quoted", "MUST", "stream.done", "the end is a JSON string", _done(b'data: "[DONE]"\n\n'), also="stream.data-json"),
    stream("sse-done-object", "MUST", "stream.done", "the end is a JSON object", _done(b'data: {"done":true}\n\n'), also="chunk.id chunk.object chunk.created chunk.model chunk.choices"),
    stream("sse-done-without-data", "MUST", "stream.done", "[DONE] stands without data:", _done(b"[DONE]\n\n"), also="stream.lines"),
    stream("sse-done-named-only", "MUST", "stream.done", "the end is event: done without data", _done(b"event: done\n\n"), also="stream.empty-data"),
    stream("sse-done-padded", "SHOULD", "stream.done-exact", "white space stands around [DONE]", _done(b"data:  [DONE] \n\n")),
    stream("sse-done-as-event", "SHOULD", "stream.event-name", "[DONE] is a named event", _done(b"event: done\ndata: [DONE]\n\n"), entry="sse-done-as-event"),
    stream("sse-done-twice", "SHOULD", "stream.done-once", "[DONE] comes twice", inserted(DONE, -1), entry="sse-done-duplicated"),
    stream("sse-data-after-done", "MUST", "stream.after-done", "usage follows [DONE]", events(lambda parts: [*parts, b'data: {"usage":{"total_tokens":9}}\n\n']), entry="sse-data-after-done"),
    stream("sse-text-after-done", "MUST", "stream.after-done", "a log line follows [DONE] as data", events(lambda parts: [*parts, b"data: bye\n\n"]), also="stream.data-json", entry="sse-data-after-done"),
    stream("sse-json-line-after-done", "MUST", "stream.after-done", "JSON without data: follows [DONE]", events(lambda parts: [*parts, b'{"status":"ok"}\n\n']), also="stream.lines"),
    stream("sse-last-blank-line-missing", "SHOULD", "stream.last-blank-line", "no blank line ends the stream", events(lambda parts: [*parts[:-1], parts[-1][:-1]]), entry="sse-no-trailing-blank-line"),
    stream("sse-last-newline-missing", "SHOULD", "stream.last-blank-line", "the last line is not ended at all", events(lambda parts: [*parts[:-1], parts[-1][:-2]]), entry="sse-no-trailing-blank-line"),
    stream("sse-text-as-data", "MUST", "stream.data-json", "a log line as data", inserted(b"data: still alive\n\n"), entry="sse-error-plain-text-data"),
    stream("sse-html-as-data", "MUST", "stream.data-json", "HTML as data", inserted(b"data: <html><h1>502</h1></html>\n\n"), entry="sse-error-plain-text-data"),
    stream("sse-log-line", "SHOULD", "stream.lines", "a log line between events", inserted(b"INFO still alive\n\n")),
    stream("sse-heartbeat-newline", "SHOULD", "stream.lines", "a heartbeat line that is no comment", inserted(b"heartbeat\n")),
    stream("sse-prefix-missing", "MUST", "stream.sse", "JSON lines without data:", _of_chunks(_bare), also="stream.lines stream.finish-reason"),
    stream("sse-prefix-missing-once", "SHOULD", "stream.lines", "one event stands without data:", _second(lambda part: part.removeprefix(b"data: ")), also="stream.equals-plain"),
    stream("sse-prefix-twice", "MUST", "stream.data-json", "data: stands twice", each_event(lambda part: b"data: " + part), also="stream.done stream.finish-reason"),
    stream("sse-named-events", "SHOULD", "stream.event-name", "events have names", _of_chunks(lambda chunk: b"event: completion.chunk\n" + event(chunk)), entry="sse-done-as-event"),
    stream("sse-ping-event", "MUST", "stream.empty-data", "event: ping without data", inserted(b"event: ping\n\n")),
    stream("sse-empty-data", "MUST", "stream.empty-data", "an event with empty data", inserted(b"data: \n\n")),
    stream("sse-id-field", "MAY", "stream.id-field", "events carry ids", each_event(lambda part: b"id: 7\n" + part), entry="sse-id-retry-fields"),
    stream("sse-retry-field", "MAY", "stream.retry-field", "retry: 3000", inserted(b"retry: 3000\n", 0), entry="sse-id-retry-fields"),
    stream("sse-id-and-comment", "SHOULD", "stream.id-with-comment", "ids, and a keep-alive comment between events", both(each_event(lambda part: b"id: 7\n" + part), inserted(b": ping\n\n", 2)), also="stream.id-field", entry="sse-comment-plus-blank-line-with-id"),
    stream("sse-bom", "SHOULD", "stream.bom", "a byte order mark before the stream", inserted(b"\xef\xbb\xbf", 0), entry="json-bom"),
    stream("sse-two-objects", "MUST", "stream.data-json", "two chunks in one event", events(_together)),
    stream("sse-object-over-two-events", "MUST", "stream.data-json", "one chunk over two events", _second(_halves)),
    stream("sse-indented-json", "MUST", "stream.data-json", "a chunk over several lines, data: before the first alone", _of_chunks(_indented), also="stream.lines stream.done stream.finish-reason"),
    stream("sse-python-repr", "MUST", "stream.data-json", "chunks are written as Python does", _of_chunks(_python)),
    stream("sse-trailing-comma", "MUST", "stream.data-json", "a comma too many in a chunk", _second(lambda part: part.replace(b"}\n\n", b",}\n\n"))),
    stream("sse-nul", "SHOULD", "stream.lines", "a NUL byte between events", inserted(b"\x00\n\n")),
    stream("sse-raw-control", "MUST", "stream.data-json", "a raw control character within a string", _second(lambda part: part.replace(b'"id":"', b'"id":"\x01', 1))),
    stream("sse-utf8-cut", "MUST", "json.utf8", "an event ends within a character", each_event(_within_character)),
    stream("sse-latin-1", "MUST", "json.utf8", "the stream is Latin-1", each_event(_latin), entry="json-non-utf8-or-charset"),
    stream("sse-half-pairs", "MUST", "json.surrogates", "emoji are half a surrogate pair", each_event(_half_pairs)),
    stream("sse-pairs-parted", "MUST", "json.surrogates", "the halves of a surrogate pair come in two chunks", events(_pairs_parted)),
    stream("sse-repeated-key", "SHOULD", "json.duplicate-keys", "a key stands twice in a chunk", _second(lambda part: part.replace(b'"object":', b'"object":"chat.completion.chunk","object":'))),
    stream("sse-nan", "MUST", "json.numbers", "NaN in a chunk", _second(lambda part: part.replace(b'"choices":', b'"score":NaN,"choices":'))),
    stream("sse-separators", "MUST", "stream.data-json", "lines break at U+2028 and its like", each_event(_broken_at_separators), also="stream.lines", entry="unicode-sse-line-separators"),
    stream("sse-content-type-text", "MUST", "stream.content-type", "a stream is labelled text/plain", _labelled("text/plain; charset=utf-8"), entry="sse-content-type-wrong"),
    stream("sse-content-type-json", "MUST", "stream.content-type", "a stream is labelled application/json", _labelled("application/json"), entry="sse-content-type-wrong"),
    stream("sse-content-type-ndjson", "MUST", "stream.content-type", "a stream is labelled application/x-ndjson", _labelled("application/x-ndjson")),
    stream("sse-content-type-missing", "MUST", "stream.content-type", "a stream has no label", _labelled(None), entry="sse-content-type-wrong"),
    stream("sse-charset", "MUST", "http.charset", "a stream is labelled ISO-8859-1", _labelled("text/event-stream; charset=iso-8859-1"), entry="json-non-utf8-or-charset"),
    stream("sse-empty", "MUST", "stream.done", "a stream without any event", events(lambda _: [])),
    stream("sse-only-done", "MUST", "stream.chunks", "a stream of [DONE] alone", events(lambda parts: parts[-1:])),
    stream("stream-error-text", "MUST", "stream.error-envelope", "a long stream breaks off with an error that is a text", events(lambda parts: [*parts[:40], b'data: {"error":"upstream failed"}\n\n', DONE] if len(parts) > 80 else parts)),
    stream("stream-error-bare", "MUST", "stream.error-envelope", "a long stream breaks off with event: error and no error object", events(lambda parts: [*parts[:40], b'event: error\ndata: {"message":"upstream failed"}\n\n'] if len(parts) > 80 else parts), also="stream.error-event stream.done stream.finish-reason"),
    stream("stream-error-plain", "MUST", "stream.data-json", "a long stream breaks off with an error as plain text", events(lambda parts: [*parts[:40], b"data: upstream failed\n\n", DONE] if len(parts) > 80 else parts), also="stream.finish-reason usage.streamed", entry="sse-error-plain-text-data"),
    stream("stream-error-named", "MAY", "stream.error-event", "a long stream breaks off with event: error", events(lambda parts: [*parts[:40], b'event: error\ndata: {"error":{"message":"upstream failed","type":"server_error","param":null,"code":null}}\n\n'] if len(parts) > 80 else parts), entry="sse-error-event-named"),
    stream("stream-cut-silently", "MUST", "stream.done", "a long stream just ends, with clean framing", events(lambda parts: parts[:40] if len(parts) > 80 else parts), also="stream.finish-reason usage.streamed"),
)
# fmt: on
