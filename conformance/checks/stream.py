"""
Rules of the event stream as bytes and of its framing.

Sources: the API reference ("data-only server-sent events", "terminated by a data: [DONE] message")
and https://html.spec.whatwg.org/multipage/server-sent-events.html.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.registry import check
from conformance.checks.subject import (
    Subject,
    streamed,
    succeeded,
    wants_stream,
    whole,
)
from conformance.model import Ending, Evidence, Finding
from conformance.read import strictjson
from conformance.read.reply import Packet
from conformance.read.sse import Event

DONE = "[DONE]"


def place(index: int) -> str:
    """
    How an event is named in a finding.
    """
    return f"event[{index}]"


@check("openai-chat.stream.sse", when=lambda s: succeeded(s) and whole(s) and wants_stream(s) and s.valid)
def answers_with_events(s: Subject) -> Iterator[Finding]:
    """
    ``stream: true`` is answered with an event stream, whatever else is asked.
    """
    if not s.reply.is_stream:
        got = s.reply.body[:80].decode("utf-8", "replace") or "an empty body"
        yield Finding(expected="server-sent events", observed=got, where="/")


@check("openai-chat.stream.content-type", when=streamed, shows=Evidence.HEADERS)
def is_labelled_event_stream(s: Subject) -> Iterator[Finding]:
    """
    A stream says ``text/event-stream``, or browsers refuse it and proxies buffer it.
    """
    if s.reply.media_type != "text/event-stream":
        got = s.reply.header("content-type") or "no Content-Type"
        yield Finding(expected="text/event-stream", observed=got, where="header:content-type")


def _broken(document: strictjson.Document) -> bool:
    return any(fault.kind in {"syntax", "trailing", "depth"} for fault in document.faults)


def cut_short(s: Subject, event: Event) -> bool:
    """
    The connection broke off, or we did, within the event.
    """
    return not event.terminated and s.reply.exchange.ending is not Ending.COMPLETE


def _is_object(text: str) -> bool:
    document = strictjson.read_text(text)
    return document.ok and isinstance(document.value, dict) and not _broken(document)


def joined(event: Event) -> bool:
    """
    Several payloads that a missing blank line made one event.
    """
    lines = [field.value for field in event.fields if field.name == "data"]
    if len(lines) < 2 or _is_object(event.data or ""):
        return False
    return sum(line == DONE or _is_object(line) for line in lines) >= 2


@check("openai-chat.stream.blank-line", when=streamed, shows=Evidence.FRAMING)
def separates_events_with_blank_lines(s: Subject) -> Iterator[Finding]:
    """
    A blank line dispatches an event; data lines without one between are joined and fail to parse.
    """
    for event in s.reply.stream.events:
        if joined(event):
            yield Finding(
                expected="a blank line after every event", observed="data lines run together", where=place(event.index)
            )
            return


@check("openai-chat.stream.data-json", when=streamed)
def sends_json_objects(s: Subject) -> Iterator[Finding]:
    """
    Every data payload before ``[DONE]`` is one JSON object.
    """
    for packet in s.reply.packets:
        if packet.done or packet.document is None or not packet.data.strip():
            continue
        event = s.reply.stream.events[packet.event]
        sound = packet.document.ok and isinstance(packet.document.value, dict)
        if (not sound or _broken(packet.document)) and not joined(event) and not cut_short(s, event):
            yield Finding(expected="one JSON object", observed=_what_is_wrong(packet), where=place(packet.event))


def _what_is_wrong(packet: Packet) -> str:
    """
    The payload itself when it is short or no JSON at all, else the place within it at which it stops being JSON.
    """
    faults = packet.document.faults if packet.document is not None else ()
    fault = next((each for each in faults if each.kind in {"syntax", "trailing"} and each.offset), None)
    if fault is None or fault.offset is None or not packet.data.startswith("{"):
        return packet.data[:80]
    raw = packet.data.encode()
    around = raw[max(0, fault.offset - 24) : fault.offset + 24].decode("utf-8", "replace")
    return f"{fault.message} at byte {fault.offset} of the data: …{around}…"


@check("openai-chat.stream.empty-data", when=streamed, shows=Evidence.FRAMING)
def sends_no_event_without_data(s: Subject) -> Iterator[Finding]:
    """
    Official SDKs parse the data of every named event, and fail on an empty one.
    """
    for event in s.reply.stream.events:
        if cut_short(s, event):
            continue
        if (event.data is None and event.name is not None) or (event.data is not None and not event.data.strip()):
            got = f"event: {event.name} without data" if event.data is None else "empty data"
            yield Finding(expected="data in every event", observed=got, where=place(event.index))


@check("openai-chat.stream.event-name", when=streamed, shows=Evidence.FRAMING)
def sends_unnamed_events(s: Subject) -> Iterator[Finding]:
    """
    The stream is data-only; ``onmessage`` does not fire for named events.
    """
    usual = (None, "", "message", "error")
    named = [event for event in s.reply.stream.events if event.name not in usual and event.data]
    if named:
        yield Finding(expected="no event: field", observed=f"event: {named[0].name}", where=place(named[0].index))


@check("openai-chat.stream.error-event", when=streamed, shows=Evidence.FRAMING)
def names_no_error_event(s: Subject) -> Iterator[Finding]:
    """
    The Node SDK throws on ``event: error`` before it looks at the data.
    """
    for event in s.reply.stream.events:
        if event.name == "error":
            yield Finding(expected="no event: field", observed="event: error", where=place(event.index))


def _ids(s: Subject) -> list[Event]:
    return [event for event in s.reply.stream.events if event.id is not None]


@check("openai-chat.stream.id-field", when=streamed, shows=Evidence.FRAMING)
def sends_no_id_field(s: Subject) -> Iterator[Finding]:
    """
    Nothing can be resumed by an ``id:``, and the Python SDK keeps the last one.
    """
    for event in _ids(s)[:1]:
        yield Finding(expected="no id: field", observed=f"id: {event.id}"[:80], where=place(event.index))


@check("openai-chat.stream.retry-field", when=streamed, shows=Evidence.FRAMING)
def sends_no_retry_field(s: Subject) -> Iterator[Finding]:
    """
    A ``retry:`` makes an EventSource ask the whole request again.
    """
    for event in s.reply.stream.events:
        if event.retry is not None:
            yield Finding(expected="no retry: field", observed=f"retry: {event.retry}", where=place(event.index))
            return


@check("openai-chat.stream.id-with-comment", when=streamed, shows=Evidence.FRAMING)
def keeps_comments_apart_from_ids(s: Subject) -> Iterator[Finding]:
    """
    After an ``id:``, a comment with a blank line behind it is dispatched as an empty event by the Python SDK.
    """
    seen = False
    for event in s.reply.stream.events:
        seen = seen or event.id is not None
        if seen and event.data is None and event.comments and event.terminated:
            got = "a comment block after an id: field"
            yield Finding(expected="no comment block after an id:", observed=got, where=place(event.index))
            return


@check("openai-chat.stream.lines", when=streamed, shows=Evidence.FRAMING)
def sends_only_known_lines(s: Subject) -> Iterator[Finding]:
    """
    A line that is no field and no comment is dropped by every client, with whatever it held.
    """
    stream = s.reply.stream
    lines = zip(stream.unknown_fields, stream.bare_lines, strict=True)
    # The last line of a stream that broke off may be the beginning of any field.
    whole_lines = [(field, line) for field, line in lines if field.line_end or whole(s)]
    for field, line in whole_lines[:3]:
        shown = line[:80] if line.isprintable() else repr(line[:80])
        yield Finding(expected="data:, a comment or a blank line", observed=shown, where=f"byte[{field.start}]")


@check("openai-chat.stream.bom", when=streamed, shows=Evidence.BYTES | Evidence.FRAMING)
def starts_without_a_byte_order_mark(s: Subject) -> Iterator[Finding]:
    """
    The standard allows one byte order mark; the Python SDK then drops the first event without a word.
    """
    if s.reply.stream.bom:
        yield Finding(expected="data: as the first bytes", observed="EF BB BF", where="byte[0]")
