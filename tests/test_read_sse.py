"""
Server-sent events: read as the standard says, and nothing that a client would drop is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given

from conformance.read import sse
from tests import strategies

#: Type, data and last event id of an event that a client sees.
Seen = tuple[str, str, str]


def dispatched(body: bytes) -> Iterator[Seen]:
    """
    What an EventSource dispatches: the standard's algorithm, step by step and without haste.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation.
    """
    text = body.decode("utf-8", "replace").removeprefix("\ufeff")
    data = kind = last = ""
    # A line without an end is never processed: the stream ended within it.
    for line in re.findall("([^\r\n]*)(?:\r\n|\n|\r)", text):
        if not line:
            if data:
                yield kind or "message", data.removesuffix("\n"), last
            data = kind = ""
        elif not line.startswith(":"):
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                kind = value
            elif field == "data":
                data += value + "\n"
            elif field == "id" and "\x00" not in value:
                last = value


def seen(body: bytes) -> Iterator[Seen]:
    """
    The same by our reader, whose blocks a client drops when they are cut off or have no data.
    """
    last = ""
    for event in sse.read(body).events:
        ids = [field.value for field in event.fields if field.name == "id" and "\x00" not in field.value]
        last = [last, *ids][-1]
        if event.terminated and event.data is not None:
            yield event.name or "message", event.data, last


@given(strategies.events())
def test_a_client_sees_what_the_standard_says(body: bytes) -> None:
    assert list(seen(body)) == list(dispatched(body))


@given(strategies.events())
def test_blocks_lie_one_after_another_with_only_blank_lines_between(body: bytes) -> None:
    at = 3 if body.startswith(b"\xef\xbb\xbf") else 0
    for event in sse.read(body).events:
        assert body[at : event.start].strip(b"\r\n") == b""
        assert at <= event.start < event.end
        at = event.end
    assert body[at:].strip(b"\r\n") == b""


@given(strategies.events())
def test_every_line_is_kept(body: bytes) -> None:
    lines = [line for line in re.split(b"\r\n|\n|\r", body.removeprefix(b"\xef\xbb\xbf")) if line]
    events = sse.read(body).events
    kept = [line for event in events for line in (*event.fields, *event.comments)]
    assert len(kept) == len(lines)
    for field in (field for event in events for field in event.fields):
        assert body[field.start :].decode("utf-8", "replace").startswith(field.name)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        pytest.param(b"data: a\n\n", [("data", "a", "\n", True)], id="a space is not part of the value"),
        pytest.param(b"data:  a\n\n", [("data", " a", "\n", True)], id="a second space is"),
        pytest.param(b"data:a\r\n\r\n", [("data", "a", "\r\n", False)], id="CRLF"),
        pytest.param(b"data:a\r\r", [("data", "a", "\r", False)], id="CR"),
        pytest.param(b"data", [("data", "", "", False)], id="a name alone, cut off"),
        pytest.param(b"data : a\n\n", [("data ", "a", "\n", True)], id="a name with a space is another name"),
        pytest.param(b"data: a: b\n\n", [("data", "a: b", "\n", True)], id="a colon in the value"),
        pytest.param("data: \u2028\x85\n\n".encode(), [("data", "\u2028\x85", "\n", True)], id="other line separators"),
        pytest.param(b"data: \xff\n\n", [("data", "\ufffd", "\n", True)], id="not UTF-8"),
    ],
)
def test_a_line_is_a_name_and_a_value(body: bytes, fields: list[tuple[str, str, str, bool]]) -> None:
    assert [tuple(field)[:4] for event in sse.read(body).events for field in event.fields] == fields


def test_a_block_has_its_data_joined_and_its_comments_apart() -> None:
    body = b"data: a\n: hm\ndata: b\nevent: x\nid: 1\nretry: 2\nevent: y\n\n"
    (event,) = sse.read(body).events
    assert (event.data, event.comments, event.name, event.id, event.retry) == ("a\nb", ("hm",), "y", "1", "2")
    assert (event.start, event.end, event.terminated) == (0, len(body), True)


def test_what_clients_drop_is_kept_so_that_a_check_can_object() -> None:
    stream = sse.read(b"\xef\xbb\xbfINFO: hello\n\nevent: ping\n\ndata: cut\xff")
    assert [(event.data, event.name, event.terminated) for event in stream.events] == [
        (None, None, True), (None, "ping", True), ("cut\ufffd", None, False),
    ]  # fmt: skip
    assert stream.bom
    assert stream.bare_lines == ("INFO: hello",)
    assert [field.name for field in stream.unknown_fields] == ["INFO"]
    assert stream.utf8_faults == (38,)


@pytest.mark.parametrize(
    ("body", "ends"),
    [(b"", set()), (b"data", set()), (b"a\n\r", {"\n", "\r"}), (b"a\r\n\r\nb\n", {"\r\n", "\n"}), (b"\r", {"\r"})],
)
def test_the_ends_of_lines_are_told(body: bytes, ends: set[str]) -> None:
    assert sse.read(body).line_ends == ends
