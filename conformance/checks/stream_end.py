"""
Rules of how an event stream ends: ``[DONE]``, errors in the middle, the close of the response, time.

Source: the API reference ("terminated by a data: [DONE] message").
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.registry import check
from conformance.checks.stream import DONE, cut_short, joined, place
from conformance.checks.subject import Subject, stream_ended, stream_good, streamed
from conformance.model import JSON, Ending, Evidence, Finding
from conformance.read.strictjson import as_list, as_object


def _done_events(s: Subject) -> list[int]:
    return [packet.event for packet in s.reply.packets if packet.done]


def _waits_for_done(s: Subject) -> bool:
    """
    Every choice has finished, the counts have come where they were asked for, and then nothing more did.
    """
    late = s.reply.exchange.ending in (Ending.IDLE_TIMEOUT, Ending.TOTAL_TIMEOUT)
    if not late or not streamed(s) or s.reply.error_packet is not None or _done_events(s):
        return False
    counted = bool(s.completion.usages) or not as_object(s.asked.get("stream_options")).get("include_usage")
    choices = s.completion.choices
    return counted and bool(choices) and all(choice.finish_reasons for choice in choices)


@check("openai-chat.stream.done", when=lambda s: stream_ended(s) or _waits_for_done(s), shows=Evidence.FRAMING)
def ends_with_done(s: Subject) -> Iterator[Finding]:
    """
    ``data: [DONE]`` ends the stream; clients that wait for it hang without.
    """
    if not _done_events(s) and not any(joined(event) for event in s.reply.stream.events):
        packets = s.reply.packets
        last = packets[-1].data[:80] if packets else "nothing"
        yield Finding(expected="data: [DONE] last", observed=last, where=place(packets[-1].event if packets else 0))


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
        if packet.done and packet.data != DONE:
            yield Finding(expected="data: [DONE]", observed=f"data: {packet.data}"[:80], where=place(packet.event))
            return


@check("openai-chat.stream.chunks", when=lambda s: stream_ended(s) and s.valid and bool(_done_events(s)))
def sends_chunks(s: Subject) -> Iterator[Finding]:
    """
    A stream that ends well holds an answer: at least one object before ``[DONE]``.
    """
    before = [packet for packet in s.reply.packets if not packet.done]
    if not before:
        where = place(_done_events(s)[0])
        yield Finding(expected="chunks before [DONE]", observed="none", where=where)


@check("openai-chat.stream.done-once", when=stream_ended, shows=Evidence.FRAMING)
def says_done_once(s: Subject) -> Iterator[Finding]:
    """
    ``[DONE]`` is said once; a gateway that adds its own says it twice.
    """
    if len(_done_events(s)) > 1:
        where = place(_done_events(s)[1])
        yield Finding(expected="one [DONE]", observed=f"{len(_done_events(s))} of them", where=where)


@check("openai-chat.stream.after-done", when=streamed, shows=Evidence.FRAMING)
def sends_nothing_after_done(s: Subject) -> Iterator[Finding]:
    """
    Nothing but comments follows ``[DONE]``: clients have stopped reading.
    """
    done = _done_events(s)
    again = set(done[1:])
    for event in s.reply.stream.events[done[0] + 1 :] if done else ():
        if event.index not in again and event.fields and not cut_short(s, event):
            got = event.data if event.data is not None else event.fields[0].name
            yield Finding(expected="nothing after [DONE]", observed=got[:80], where=place(event.index))
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
            expected="a blank line at the end", observed="the end within an event", where=place(events[-1].index)
        )


def _refuses_in_words(s: Subject) -> bool:
    return s.case.invalid and bool(s.reply.packets) and not s.reply.chunks


@check(
    "openai-chat.stream.closes",
    when=lambda s: streamed(s) and bool(_done_events(s) or s.reply.error_packet or _refuses_in_words(s)),
    shows=Evidence.WIRE | Evidence.TIMES,
)
def ends_the_response_after_done(s: Subject) -> Iterator[Finding]:
    """
    After ``[DONE]``, or after an error that ends the stream, the response ends: clients that read on hang.
    """
    if s.reply.exchange.ending in (Ending.IDLE_TIMEOUT, Ending.TOTAL_TIMEOUT):
        what = "[DONE]" if _done_events(s) else "the error"
        yield Finding(
            expected=f"the end of the response after {what}",
            observed=f"an open connection for {s.reply.exchange.seconds:.0f} s",
            where=place(s.reply.packets[-1].event),
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
            yield Finding(expected='{"error": {"message": ...}}', observed=packet.data[:80], where=place(packet.event))


def _error_like(s: Subject) -> bool:
    return s.reply.error_packet is not None or any(event.name == "error" for event in s.reply.stream.events)


#: A stream is long enough to be called buffered when it holds so many characters, and takes so many seconds or waits so
#: many between its head and its first event.
_LONG_TEXT, _LONG_SECONDS, _LONG_WAIT = 400, 1.0, 0.25
#: Chunks a second that no model writes.
_FASTEST = 5000


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
    times = [packet.at for packet in s.reply.chunks if packet.at is not None and _says(packet.value)]
    total = s.reply.exchange.seconds
    # One that thinks first, and then writes fast, is late too: what tells is that all comes at once.
    if len(times) < 2 or times[0] < total / 2:
        return
    # What was known already may come at once, but why would it keep us waiting?
    if total < _LONG_SECONDS and times[0] - (s.reply.exchange.first_byte or 0.0) < _LONG_WAIT:
        return
    took = times[-1] - times[0]
    if took * _FASTEST < len(times):
        got = f"{len(times)} chunks within {1000 * took:.0f} ms, the first after {times[0]:.2f} s of {total:.2f} s"
        yield Finding(expected="chunks spread over the answer", observed=got, where=place(s.reply.chunks[0].event))


def _says(chunk: dict[str, JSON]) -> bool:
    """
    A chunk that brings some of the answer; the role alone may come long before.
    """
    deltas = [as_object(as_object(choice).get("delta")) for choice in as_list(chunk.get("choices"))]
    return any(value for delta in deltas for name, value in delta.items() if name != "role")
