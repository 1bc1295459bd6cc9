"""
Replies: whatever a server sent, reading it never fails.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.model import Evidence, Exchange
from conformance.read.reply import Reply
from tests import strategies
from tests.specimens import Specimen, an_exchange, chunk, part, sse, text_chunks

#: What a reply says on demand.
LAZY = [name for name in vars(Reply) if not name.startswith("_") and not callable(vars(Reply)[name])]


def reading(exchange: Exchange) -> dict[str, Any]:
    """
    Everything that a reply says, but when it came.
    """
    reply = Reply(exchange)
    said = {name: getattr(reply, name) for name in LAZY if name not in ("exchange", "reads")}
    return {**said, "packets": tuple(packet._replace(at=None) for packet in reply.packets)} | {
        "chunks": tuple(packet._replace(at=None) for packet in reply.chunks),
        "error_packet": reply.error_packet and reply.error_packet._replace(at=None),
    }


@given(strategies.exchanges())
def test_no_exchange_can_make_reading_fail(exchange: Exchange) -> None:
    assert set(reading(exchange)) == set(LAZY) - {"exchange", "reads"}
    Reply(exchange).completion.as_json()


@given(strategies.near_misses(), st.sampled_from(list(strategies.CODINGS)), st.data())
def test_however_reads_split_a_body_the_same_is_read(specimen: Specimen, coding: str, data: st.DataObject) -> None:
    whole = strategies.CODINGS[coding](strategies.body_of(specimen.exchange))
    parts = data.draw(strategies.splits(whole))
    coded = replace(specimen.exchange, headers=(*specimen.exchange.headers, ("Content-Encoding", coding)))
    assert reading(strategies.in_reads(coded, parts)) == reading(strategies.in_reads(coded, [whole]))


def a_reply(body: bytes, media: str | None = "text/event-stream", **more: Any) -> Reply:
    return Reply(an_exchange(body, asked={}, media=media, **more))


@pytest.mark.parametrize(
    ("media", "kind", "charset"),
    [
        (None, "", ""), ("", "", ""), ("Text/Event-Stream", "text/event-stream", ""),
        ("application/json; charset=utf-8", "application/json", "utf-8"),
        (" application/json ;a=b; Charset = x ", "application/json", "x"), (";;=;charset", "", ""),
    ],
)  # fmt: skip
def test_a_media_type_is_told_without_its_parameters(media: str | None, kind: str, charset: str) -> None:
    reply = a_reply(b"", media)
    assert (reply.media_type, reply.charset) == (kind, charset)


@pytest.mark.parametrize(
    ("body", "media", "stream"),
    [
        (b"data: {}\n\n", "application/json", True), (b"\xef\xbb\xbf\r\n: hi\n\n", None, True),
        (b"event: x\n\n", "text/plain", True), (b'{"data": 1}', "text/event-stream", False),
        (b"<html>", "text/event-stream", False), (b"", "text/event-stream", True), (b"", "application/json", False),
        (b"INFO: x\n\n", "text/event-stream", True), (b"INFO: x\n\n", "text/plain", False),
    ],
)  # fmt: skip
def test_a_stream_is_told_by_how_it_begins(body: bytes, media: str | None, stream: bool) -> None:
    assert a_reply(body, media).is_stream is stream


def test_headers_are_found_whatever_their_case_and_none_is_lost() -> None:
    reply = a_reply(b"", headers=[("X-A", "1"), ("x-a", "2")])
    assert (reply.headers_named("X-a"), reply.header("x-A"), reply.header("x-b")) == (("1", "2"), "1", None)


def test_an_event_came_with_the_read_that_completed_it() -> None:
    body = sse(text_chunks("Hello"), done=False)
    first, second = body.index(b"\n\n") + 2, body.rindex(b"data:")
    parts = [body[: first - 1], body[first - 1 : second], body[second:]]
    reply = Reply(strategies.in_reads(an_exchange(b"", asked={}, media="text/event-stream"), parts))
    assert [packet.at for packet in reply.packets] == [0.1, 0.1, 0.2]
    unknown = Reply(replace(reply.exchange, shows=Evidence.ALL & ~Evidence.TIMES))
    assert [packet.at for packet in unknown.packets] == [None] * 3


def test_chunks_are_objects_before_the_end_that_report_no_error() -> None:
    error = {"error": {"message": "m"}}
    body = sse(
        ["data: 1\n\n", chunk(part({})), error, "data: {} {}\n\n", ": hm\n\n", "data: [DONE] \n\n", chunk(), "data:"]
    )
    reply = a_reply(body)
    assert [packet.event for packet in reply.packets] == [0, 1, 2, 3, 5, 6, 7]
    assert [packet.event for packet in reply.chunks] == [1]
    assert [packet.event for packet in reply.packets if packet.done] == [5]
    assert (reply.error, reply.error_packet) == ({"message": "m"}, reply.packets[2])


@pytest.mark.parametrize(
    ("body", "error"),
    [(b'{"error": {"message": "m"}}', {"message": "m"}), (b'{"error": "m"}', None), (b"[]", None), (b"", None)],
)
def test_the_error_of_a_body_is_an_object(body: bytes, error: Any) -> None:
    reply = a_reply(body, "application/json")
    assert (reply.error, reply.error_packet) == (error, None)


def test_a_body_that_cannot_be_decoded_says_why() -> None:
    assert "zstd" in (a_reply(b"x", headers=[("Content-Encoding", "zstd")]).body_problem or "")
