"""
An exchange as an API's reply: status, headers, JSON, events, the assembled completion, each read on demand.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from typing import NamedTuple

from conformance.model import JSON, Evidence, Exchange
from conformance.read import body, chat, sse, strictjson
from conformance.read.strictjson import as_object

_DONE = "[DONE]"
_STARTS = (b"data:", b"event:", b":", b"id:", b"retry:")


class Packet(NamedTuple):
    """
    The data of one event.  A tuple, as all of which streams have many: it is made in a third of the time.
    """

    #: The number of the event in the stream.
    event: int
    data: str
    #: None for ``[DONE]``.
    document: strictjson.Document | None
    done: bool
    #: Seconds until the read that completed the event; None when times are not known.
    at: float | None

    @property
    def value(self) -> dict[str, JSON]:
        """
        The JSON object of the data, or an empty one.
        """
        return as_object(self.document.value) if self.document is not None else {}


class Reply:
    """
    What an exchange means.  Nothing here raises, whatever the server sent.
    """

    def __init__(self, exchange: Exchange) -> None:
        """
        Nothing is read before it is asked for.
        """
        self.exchange = exchange

    @property
    def status(self) -> int | None:
        """
        The status code, or None when there was no response.
        """
        return self.exchange.status

    def headers_named(self, name: str) -> tuple[str, ...]:
        """
        Every value of a header, in order; names compare without case.
        """
        return tuple(value for key, value in self.exchange.headers if key.lower() == name.lower())

    def header(self, name: str) -> str | None:
        """
        The first value of a header.
        """
        return next(iter(self.headers_named(name)), None)

    @cached_property
    def media_type(self) -> str:
        """
        The media type in lower case without parameters, or nothing.
        """
        return (self.header("content-type") or "").split(";")[0].strip().lower()

    @cached_property
    def charset(self) -> str:
        """
        The charset parameter of the Content-Type, or nothing.
        """
        for parameter in (self.header("content-type") or "").split(";")[1:]:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "charset":
                return value.strip()
        return ""

    @cached_property
    def _decoded(self) -> body.Decoded:
        return body.decode(self.exchange)

    @property
    def body(self) -> bytes:
        """
        The body without content codings.
        """
        return self._decoded.data

    @property
    def reads(self) -> tuple[tuple[float, int], ...]:
        """
        For each read, when it returned and how many bytes of ``body`` there were then.
        """
        return self._decoded.reads

    def read_of(self, end: int) -> int | None:
        """
        The number of the read that completed the first ``end`` bytes of ``body``; None when nothing was read.
        """
        if not self._ends:
            return None
        return min(bisect_left(self._ends, end), len(self._ends) - 1)

    @cached_property
    def _ends(self) -> list[int]:
        return [length for _, length in self._decoded.reads]

    @property
    def body_problem(self) -> str | None:
        """
        Why the body could not be decoded.
        """
        return self._decoded.problem

    @cached_property
    def document(self) -> strictjson.Document:
        """
        The body as one JSON text.
        """
        return strictjson.read(self.body)

    @property
    def value(self) -> JSON:
        """
        The JSON value of the body; None when there is none.
        """
        return self.document.value

    @cached_property
    def is_stream(self) -> bool:
        """
        The body is an event stream, whatever its label says; an empty one is if its label says so.
        """
        start = self.body[:200].removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
        if start.startswith(_STARTS):
            return True
        json_like = start[:1] in (b"{", b"[", b"<", b'"')
        return self.media_type == "text/event-stream" and not json_like

    @cached_property
    def stream(self) -> sse.Stream:
        """
        The body as an event stream.
        """
        return sse.read(self.body)

    @cached_property
    def packets(self) -> tuple[Packet, ...]:
        """
        The data of every event that has some, ``[DONE]`` included.
        """
        timed = Evidence.TIMES in self.exchange.shows
        packets = []
        for event in self.stream.events:
            if event.data is None:
                continue
            done = event.data.strip() == _DONE
            read = self.read_of(event.end)
            at = self.reads[read][0] if timed and read is not None else None
            document = None if done else strictjson.read_text(event.data)
            packets.append(Packet(event.index, event.data, document, done, at))
        return tuple(packets)

    @cached_property
    def chunks(self) -> tuple[Packet, ...]:
        """
        The packets before ``[DONE]`` that are JSON objects and report no error.
        """
        chunks = []
        for packet in self.packets:
            if packet.done:
                break
            if packet.document is None or not isinstance(packet.document.value, dict) or packet.value.get("error"):
                continue
            if not any(fault.kind == "trailing" for fault in packet.document.faults):
                chunks.append(packet)
        return tuple(chunks)

    @cached_property
    def error_packet(self) -> Packet | None:
        """
        The first event that reports an error.
        """
        return next((packet for packet in self.packets if packet.value.get("error")), None) if self.is_stream else None

    @cached_property
    def error(self) -> dict[str, JSON] | None:
        """
        The error object of the body or of the stream, if there is one.
        """
        source = self.error_packet.value if self.error_packet is not None else as_object(self.value)
        error = source.get("error")
        return error if isinstance(error, dict) else None

    @cached_property
    def completion(self) -> chat.Completion:
        """
        The chat completion, assembled from the chunks or read from the body.
        """
        if self.is_stream:
            return chat.from_chunks([(packet.event, packet.value) for packet in self.chunks])
        return chat.from_body(self.value)
