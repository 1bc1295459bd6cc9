"""
What a check looks at, and the predicates that say when a rule is at stake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from conformance.model import JSON, Case, Contract, Ending, Evidence, Operation
from conformance.read import strictjson
from conformance.read.chat import Completion
from conformance.read.reply import Packet, Reply
from conformance.read.strictjson import Document

#: Statuses by which a server says that it is busy or that something before it failed.
BUSY = frozenset({408, 409, 425, 429, 502, 503, 504, 520, 522, 524, 529})


@dataclass(frozen=True)
class Subject:
    """
    A case with its reply, the contract it is judged by, and the replies it is compared with.
    """

    case: Case
    reply: Reply
    contract: Contract
    #: Replies of compared cases and of the same group, by case id.
    peers: Mapping[str, Reply] = field(default_factory=lambda: MappingProxyType({}))
    #: The target's server errors come and go: one more says nothing of this request.
    unsteady: bool = False

    @cached_property
    def asked(self) -> dict[str, JSON]:
        """
        The request body as it was sent; empty when it was no JSON object or is not known.
        """
        return asked(self.reply)

    @cached_property
    def operation(self) -> Operation | None:
        """
        The documented call that the request made, if it is one.
        """
        path = self.case.request.path.split("?")[0]
        for operation in self.contract.operations:
            if operation.method == self.case.request.method and _matches(operation.path, path):
                return operation
        return None

    @cached_property
    def chunks(self) -> list[tuple[int, dict[str, JSON]]]:
        """
        The chunks of a stream with the numbers of their events, Azure's prelude and named error events left out.
        """
        events = self.reply.stream.events
        return [
            (packet.event, packet.value)
            for packet in self.reply.chunks
            if not prelude(packet.value) and events[packet.event].name != "error"
        ]

    @cached_property
    def faulty(self) -> list[tuple[str, Document]]:
        """
        The JSON texts of a stream that are not quite JSON, each with its event; several rules look at them.
        """
        packets = [packet for packet in self.reply.packets if packet.document is not None and packet.document.faults]
        return [(f"event[{packet.event}]", packet.document) for packet in packets if packet.document is not None]

    @property
    def valid(self) -> bool:
        """
        The request keeps the contract.
        """
        return not self.case.invalid

    @property
    def completion(self) -> Completion:
        """
        The assembled chat completion, of a body or of a stream.
        """
        return self.reply.completion

    @cached_property
    def damaged(self) -> bool:
        """
        A chunk of the stream was lost to whoever reads it as it stands, so that what the others make up is not whole.
        """
        stream = self.reply.stream
        lost = (packet for packet in self.reply.packets if packet.document is not None and not _is_chunk(packet))
        texts = [packet.data for packet in lost] + list(stream.bare_lines)
        return any('"choices"' in text or text.lstrip().startswith("{") for text in texts)

    @property
    def own(self) -> bool:
        """
        The case is ours, not a foreign recording's.
        """
        return self.case.feature != "recorded"


def _is_chunk(packet: Packet) -> bool:
    document = packet.document
    broken = document is None or any(fault.kind in {"syntax", "trailing", "depth"} for fault in document.faults)
    return document is not None and document.ok and not broken and isinstance(document.value, dict)


def asked(reply: Reply) -> dict[str, JSON]:
    """
    The JSON object that a reply's request carried, or an empty one.
    """
    if Evidence.REQUEST not in reply.exchange.shows:
        return {}
    return strictjson.as_object(strictjson.read(reply.exchange.sent.body).value)


def _matches(pattern: str, path: str) -> bool:
    wanted, given = pattern.strip("/").split("/"), path.strip("/").split("/")
    if wanted[-1].startswith("{") and len(given) >= len(wanted):
        given = [*given[: len(wanted) - 1], "/".join(given[len(wanted) - 1 :])]
    return len(wanted) == len(given) and all(
        want.startswith("{") or want == got for want, got in zip(wanted, given, strict=True)
    )


def knows_request(s: Subject) -> bool:
    """
    The request that was answered is known.
    """
    return Evidence.REQUEST in s.reply.exchange.shows


def succeeded(s: Subject) -> bool:
    """
    The reply has a 2xx status.
    """
    return s.reply.status is not None and 200 <= s.reply.status < 300


def failed(s: Subject) -> bool:
    """
    The reply has a 4xx or 5xx status.
    """
    return s.reply.status is not None and s.reply.status >= 400


def whole(s: Subject) -> bool:
    """
    The reply was heard to its end, as far as the recording can show.
    """
    exchange = s.reply.exchange
    return exchange.ending is Ending.COMPLETE and (Evidence.WIRE in exchange.shows or not _breaks_off(s.reply))


def _breaks_off(reply: Reply) -> bool:
    """
    The body is empty or stops in the middle; where the wire was not recorded, the recorder may have lost the rest.
    """
    if reply.is_stream:
        ended = reply.error_packet is not None or any(packet.done for packet in reply.packets)
        return not ended and not any(choice.finish_reasons for choice in reply.completion.choices)
    text = reply.body.strip()
    return not text or (text.startswith(b"{") and any(_runs_out(fault, reply.body) for fault in reply.document.faults))


def _runs_out(fault: strictjson.Fault, body: bytes) -> bool:
    """
    JSON is sound as far as it goes: what is missed is missed at its end, or in its last string, word or escape.
    """
    if fault.kind != "syntax" or fault.offset is None:
        return False
    rest = body[fault.offset :].rstrip()
    cut_word = any(word.startswith(rest) for word in (b"true", b"false", b"null"))
    cut_escape = fault.message.startswith("Invalid \\") and b'"' not in rest and len(rest) < 7
    return cut_word or cut_escape or fault.message.startswith("Unterminated string")


def wants_stream(s: Subject) -> bool:
    """
    The request says ``stream: true``.
    """
    return s.asked.get("stream") is True


def has_body(s: Subject) -> bool:
    """
    A documented call was answered with 2xx and one body, as asked.
    """
    unknown = not knows_request(s) and s.reply.is_stream
    return succeeded(s) and whole(s) and s.operation is not None and not wants_stream(s) and not unknown


def plain(s: Subject) -> bool:
    """
    A documented call was answered with one readable JSON object (an error object apart).
    """
    return has_body(s) and not s.reply.is_stream and isinstance(s.reply.value, dict) and not s.reply.value.get("error")


def streamed(s: Subject) -> bool:
    """
    An event stream came, whole or in part, and none was refused.
    """
    if not succeeded(s) or not s.reply.is_stream or s.operation is None or s.operation.chunk is None:
        return False
    return wants_stream(s) or not knows_request(s)


def stream_ended(s: Subject) -> bool:
    """
    An event stream came, was heard to its end and reported no error.
    """
    return streamed(s) and whole(s) and s.reply.error_packet is None


def stream_good(s: Subject) -> bool:
    """
    An event stream came that ended by itself and holds at least one chunk, and none that cannot be read.
    """
    return stream_ended(s) and bool(s.reply.chunks) and not s.damaged


def answered(s: Subject) -> bool:
    """
    A completion came, plain or streamed, and can be read.
    """
    return _chat(s) and (plain(s) or stream_good(s))


def readable(s: Subject) -> bool:
    """
    A completion came, and every choice has something to read: a message, or deltas.
    """
    choices = s.completion.choices if answered(s) else ()
    if not s.completion.streamed:
        return bool(choices) and all(choice.message for choice in choices)
    return bool(choices) and all(
        any(isinstance(each.raw.get("delta"), dict) for each in choice.deltas) for choice in choices
    )


def _chat(s: Subject) -> bool:
    return s.operation is not None and s.operation.chunk is not None


def audio_asked(s: Subject) -> bool:
    """
    Audio output was asked for, or came: OpenAI itself shapes such streams differently.
    """
    if "audio" in strictjson.as_list(s.asked.get("modalities")):
        return True
    return not knows_request(s) and any(choice.audio for choice in s.completion.choices)


def prelude(chunk: dict[str, JSON]) -> bool:
    """
    Azure's filter chunk: no choices and no identity, but the results of its content filter.
    """
    return chunk.get("choices") == [] and ("prompt_filter_results" in chunk or "prompt_annotations" in chunk)
