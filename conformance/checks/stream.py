"""
Rules of the event stream as bytes: framing, the end, errors in the middle, time.

Sources: the API reference ("data-only server-sent events", "terminated by a data: [DONE] message")
and https://html.spec.whatwg.org/multipage/server-sent-events.html.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.registry import check
from conformance.checks.subject import (
    Subject,
    stream_ended,
    stream_good,
    streamed,
    succeeded,
    wants_stream,
    whole,
)
from conformance.model import Ending, Evidence, Finding
from conformance.read import strictjson
from conformance.read.sse import Event

_DONE = "[DONE]"


def _event(index: int) -> str:
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


def _cut_short(s: Subject, event: Event) -> bool:
    """
    The connection broke off, or we did, within the event.
    """
    return not event.terminated and s.reply.exchange.ending is not Ending.COMPLETE


def _is_object(text: str) -> bool:
    document = strictjson.read_text(text)
    return document.ok and isinstance(document.value, dict) and not _broken(document)


def _joined(event: Event) -> bool:
    """
    Several payloads that a missing blank line made one event.
    """
    lines = [field.value for field in event.fields if field.name == "data"]
    if len(lines) < 2 or _is_object(event.data or ""):
        return False
    return sum(line == _DONE or _is_object(line) for line in lines) >= 2


@check("openai-chat.stream.blank-line", when=streamed, shows=Evidence.FRAMING)
def separates_events_with_blank_lines(s: Subject) -> Iterator[Finding]:
    """
    A blank line dispatches an event; data lines without one between are joined and fail to parse.
    """
    for event in s.reply.stream.events:
        if _joined(event):
            yield Finding(
                expected="a blank line after every event", observed="data lines run together", where=_event(event.index)
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
        if (not sound or _broken(packet.document)) and not _joined(event) and not _cut_short(s, event):
            yield Finding(expected="one JSON object", observed=packet.data[:80], where=_event(packet.event))


@check("openai-chat.stream.empty-data", when=streamed, shows=Evidence.FRAMING)
def sends_no_event_without_data(s: Subject) -> Iterator[Finding]:
    """
    Official SDKs parse the data of every named event, and fail on an empty one.
    """
    for event in s.reply.stream.events:
        if _cut_short(s, event):
            continue
        if (event.data is None and event.name is not None) or (event.data is not None and not event.data.strip()):
            got = f"event: {event.name} without data" if event.data is None else "empty data"
            yield Finding(expected="data in every event", observed=got, where=_event(event.index))


@check("openai-chat.stream.event-name", when=streamed, shows=Evidence.FRAMING)
def sends_unnamed_events(s: Subject) -> Iterator[Finding]:
    """
    The stream is data-only; ``onmessage`` does not fire for named events.
    """
    usual = (None, "", "message", "error")
    named = [event for event in s.reply.stream.events if event.name not in usual and event.data]
    if named:
        yield Finding(expected="no event: field", observed=f"event: {named[0].name}", where=_event(named[0].index))


@check("openai-chat.stream.error-event", when=streamed, shows=Evidence.FRAMING)
def names_no_error_event(s: Subject) -> Iterator[Finding]:
    """
    The Node SDK throws on ``event: error`` before it looks at the data.
    """
    for event in s.reply.stream.events:
        if event.name == "error":
            yield Finding(expected="no event: field", observed="event: error", where=_event(event.index))


def _ids(s: Subject) -> list[Event]:
    return [event for event in s.reply.stream.events if event.id is not None]


@check("openai-chat.stream.id-field", when=streamed, shows=Evidence.FRAMING)
def sends_no_id_field(s: Subject) -> Iterator[Finding]:
    """
    Nothing can be resumed by an ``id:``, and the Python SDK keeps the last one.
    """
    for event in _ids(s)[:1]:
        yield Finding(expected="no id: field", observed=f"id: {event.id}"[:80], where=_event(event.index))


@check("openai-chat.stream.retry-field", when=streamed, shows=Evidence.FRAMING)
def sends_no_retry_field(s: Subject) -> Iterator[Finding]:
    """
    A ``retry:`` makes an EventSource ask the whole request again.
    """
    for event in s.reply.stream.events:
        if event.retry is not None:
            yield Finding(expected="no retry: field", observed=f"retry: {event.retry}", where=_event(event.index))
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
            yield Finding(expected="no comment block after an id:", observed=got, where=_event(event.index))
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
        yield Finding(expected="data:, a comment or a blank line", observed=line[:80], where=f"byte[{field.start}]")


@check("openai-chat.stream.bom", when=streamed, shows=Evidence.BYTES | Evidence.FRAMING)
def starts_without_a_byte_order_mark(s: Subject) -> Iterator[Finding]:
    """
    The standard allows one byte order mark; the Python SDK then drops the first event without a word.
    """
    if s.reply.stream.bom:
        yield Finding(expected="data: as the first bytes", observed="EF BB BF", where="byte[0]")


def _done_events(s: Subject) -> list[int]:
    return [packet.event for packet in s.reply.packets if packet.done]


@check("openai-chat.stream.done", when=stream_ended, shows=Evidence.FRAMING)
def ends_with_done(s: Subject) -> Iterator[Finding]:
    """
    ``data: [DONE]`` ends the stream; clients that wait for it hang without.
    """
    if not _done_events(s) and not any(_joined(event) for event in s.reply.stream.events):
        packets = s.reply.packets
        last = packets[-1].data[:80] if packets else "nothing"
        yield Finding(expected="data: [DONE] last", observed=last, where=_event(packets[-1].event if packets else 0))


@check(
    "openai-chat.stream.done-exact",
    when=lambda s: stream_ended(s) and bool(_done_events(s)),
    shows=Evidence.FRAMING | Evidence.BYTES,
)
def says_done_exactly(s: Subject) -> Iterator[Finding]:
    """
    Nothing stands around ``[DONE]``: clients compare the text, and parse what is not equal as JSON.
    """
    for packet in s.reply.packets:
        if packet.done and packet.data != _DONE:
            yield Finding(expected="data: [DONE]", observed=f"data: {packet.data}"[:80], where=_event(packet.event))
            return


@check("openai-chat.stream.chunks", when=lambda s: stream_ended(s) and s.valid and bool(_done_events(s)))
def sends_chunks(s: Subject) -> Iterator[Finding]:
    """
    A stream that ends well holds an answer: at least one object before ``[DONE]``.
    """
    before = [packet for packet in s.reply.packets if not packet.done]
    if not before:
        where = _event(_done_events(s)[0])
        yield Finding(expected="chunks before [DONE]", observed="none", where=where)


@check("openai-chat.stream.done-once", when=stream_ended, shows=Evidence.FRAMING)
def says_done_once(s: Subject) -> Iterator[Finding]:
    """
    ``[DONE]`` is said once; a gateway that adds its own says it twice.
    """
    if len(_done_events(s)) > 1:
        where = _event(_done_events(s)[1])
        yield Finding(expected="one [DONE]", observed=f"{len(_done_events(s))} of them", where=where)


@check("openai-chat.stream.after-done", when=streamed, shows=Evidence.FRAMING)
def sends_nothing_after_done(s: Subject) -> Iterator[Finding]:
    """
    Nothing but comments follows ``[DONE]``: clients have stopped reading.
    """
    done = _done_events(s)
    again = set(done[1:])
    for event in s.reply.stream.events[done[0] + 1 :] if done else ():
        if event.index not in again and event.fields and not _cut_short(s, event):
            got = event.data if event.data is not None else event.fields[0].name
            yield Finding(expected="nothing after [DONE]", observed=got[:80], where=_event(event.index))
            return


@check("openai-chat.stream.last-blank-line", when=stream_ended, shows=Evidence.FRAMING | Evidence.WIRE)
def ends_its_last_event(s: Subject) -> Iterator[Finding]:
    """
    An event without a blank line before the end is discarded by conforming parsers.

    Judged on the wire alone: whoever stores a body as text is apt to trim its last line ends.
    """
    events = s.reply.stream.events
    if events and not events[-1].terminated and (events[-1].data is not None or events[-1].name is not None):
        yield Finding(
            expected="a blank line at the end", observed="the end within an event", where=_event(events[-1].index)
        )


@check(
    "openai-chat.stream.closes",
    when=lambda s: streamed(s) and bool(_done_events(s) or s.reply.error_packet),
    shows=Evidence.WIRE | Evidence.TIMES,
)
def ends_the_response_after_done(s: Subject) -> Iterator[Finding]:
    """
    After ``[DONE]``, or after an error that ends the stream, the response ends: clients that read on hang.
    """
    if s.reply.exchange.ending in (Ending.IDLE_TIMEOUT, Ending.TOTAL_TIMEOUT):
        what = "[DONE]" if _done_events(s) else "the error event"
        yield Finding(
            expected=f"the end of the response after {what}",
            observed=f"an open connection for {s.reply.exchange.seconds:.0f} s",
            where=_event(s.reply.packets[-1].event),
        )


@check("openai-chat.stream.error-envelope", when=lambda s: streamed(s) and _error_like(s))
def reports_errors_with_an_error_object(s: Subject) -> Iterator[Finding]:
    """
    An error in the middle of a stream is ``{"error": {...}}`` with a message; SDKs look for nothing else.
    """
    for packet in s.reply.packets:
        if packet.document is None or not isinstance(packet.document.value, dict):
            continue
        error = packet.document.value.get("error")
        named = s.reply.stream.events[packet.event].name == "error"
        sound = isinstance(error, dict) and isinstance(error.get("message"), str)
        if (error or named) and not sound:
            yield Finding(expected='{"error": {"message": ...}}', observed=packet.data[:80], where=_event(packet.event))


def _error_like(s: Subject) -> bool:
    return s.reply.error_packet is not None or any(event.name == "error" for event in s.reply.stream.events)


#: A stream is long enough to be called buffered when it holds so many characters and chunks.
_LONG_TEXT, _LONG_SECONDS = 400, 0.25


def _long(s: Subject) -> bool:
    text = sum(len(choice.content or "") for choice in s.completion.choices)
    return text >= _LONG_TEXT and s.reply.exchange.first_byte is not None


@check(
    "openai-chat.stream.incremental",
    when=lambda s: stream_good(s) and s.own and _long(s),
    shows=Evidence.TIMES | Evidence.WIRE,
)
def streams_as_it_writes(s: Subject) -> Iterator[Finding]:
    """
    Deltas are sent as they are produced: the first text comes well before the end.
    """
    times = [packet.at for packet in s.reply.chunks if packet.at is not None]
    total = s.reply.exchange.seconds
    reads = len(set(times))
    late = bool(times) and total >= _LONG_SECONDS and times[0] > 0.8 * total
    if len(times) >= 2 and (reads == 1 or late):
        got = f"{len(times)} chunks in {reads} read(s), the first after {times[0]:.2f} s of {total:.2f} s"
        yield Finding(expected="chunks spread over the answer", observed=got, where=_event(s.reply.chunks[0].event))
