"""
The bytes of a connection are read as HTTP/1.1 has them, and nothing that a server sends makes reading fail.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.read import http1

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

GOOD = {
    "with a length": HEAD + b"Content-Length: 2\r\n\r\n{}",
    "without a body": b"HTTP/1.1 204 No Content\r\n\r\n",
    "without a reason": b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
    "in chunks": CHUNKED + b"2\r\n{}\r\n0\r\n\r\n",
    "in chunks with extensions and a trailer": CHUNKED + b"2;a=b\r\n{}\r\n0\r\nX-Sum: 1\r\n\r\n",
    "after an interim response": b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + HEAD + b"Content-Length: 2\r\n\r\n{}",
    "with an empty header": HEAD + b"X-Empty:\r\nContent-Length: 2\r\n\r\n{}",
}
ODD = {
    "bytes behind its end": (HEAD + b"Content-Length: 2\r\n\r\n{}HT", 72, "nothing behind the response"),
    "bytes behind its last chunk": (CHUNKED + b"0\r\n\r\n0\r\n\r\n", 84, "nothing behind the response"),
    "two lengths": (HEAD + b"Content-Length: 2, 3\r\n\r\n{}", 0, "one Content-Length"),
    "a length beside chunks": (
        HEAD + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        0,
        "one way",
    ),
    "bare line feeds": (b"HTTP/1.1 200 OK\nContent-Length: 0\n\n", 0, "lines that end with CRLF"),
    "a space before the colon": (HEAD + b"X : 1\r\nContent-Length: 0\r\n\r\n", 49, "a header name and a colon"),
    "a folded header": (HEAD + b" more\r\nContent-Length: 0\r\n\r\n", 49, "a header in one line"),
    "a garbled status line": (b"HTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, "a status line"),
    "no size of a chunk": (CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n", 79, "the size of a chunk, and CRLF"),
    "no line end behind a chunk": (CHUNKED + b"1\r\n{}\r\n0\r\n\r\n", 83, "CRLF behind a chunk"),
    "nothing at all": (b"", 0, "a status line and headers"),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_response_has_no_oddity_and_an_end(name: str) -> None:
    response = http1.read(GOOD[name], "POST")
    assert (response.oddities, response.end) == ((), len(GOOD[name]))


@pytest.mark.parametrize("name", ODD)
def test_an_oddity_is_named_with_its_place(name: str) -> None:
    raw, offset, expected = ODD[name]
    first = http1.read(raw, "POST").oddities[0]
    assert (first.offset, first.expected[: len(expected)]) == (offset, expected)


def test_a_body_until_the_end_of_the_connection_has_no_end_of_its_own() -> None:
    assert http1.read(HEAD + b"\r\n{}", "POST").end is None


@pytest.mark.parametrize(
    ("head", "closes"), [(HEAD, False), (HEAD + b"Connection: Close\r\n", True), (b"HTTP/1.0 200 OK\r\n", True)]
)
def test_a_response_says_whether_its_connection_closes(head: bytes, closes: bool) -> None:
    assert http1.read(head + b"Content-Length: 0\r\n\r\n", "POST").closes is closes


def test_no_length_is_too_long_to_be_read() -> None:
    long = HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}"
    assert http1.read(long, "POST").end is None
    assert http1.read(CHUNKED + b"f" * 5000 + b"\r\n{}", "POST").end is None


@given(st.binary() | st.binary().map(lambda tail: CHUNKED + tail) | st.binary().map(lambda tail: HEAD + tail))
def test_no_bytes_make_reading_fail(raw: bytes) -> None:
    http1.read(raw, "POST")
