"""
What the network does becomes an ending, and nothing that came is lost.
"""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import threading

import pytest

from conformance.capture.live import Live
from conformance.capture.target import Secret, Target, Timeouts, prepare
from conformance.model import Case, Ending, Exchange, Request
from tests.capture_servers import CHUNKED, Answer, chunk, closing, plain, resetting, saying, serving

QUICK = Timeouts(connect=0.5, first_byte=0.3, idle=0.3, total=0.8)
CASE = Case(
    id="a.case",
    contract="a",
    feature="f",
    title="t",
    request=Request(path="/chat/completions", body={"model": "${model}"}),
)


def ask(url: str, case: Case = CASE, *, key: str | None = None, largest: int = 1 << 20) -> Exchange:
    target = Target(name="t", base_url=url, model="m", key=Secret(key) if key else None, timeouts=QUICK)

    async def once() -> Exchange:
        async with Live(target, largest=largest) as live:
            return await live.exchange(case, prepare(case, target, unique="u"))

    return asyncio.run(once())


ENDINGS: dict[str, tuple[Answer, Ending, bytes]] = {
    "a whole body": (saying(plain(b"{}")), Ending.COMPLETE, b"{}"),
    "a whole stream": (saying(CHUNKED + chunk(b"a") + chunk(b"b") + b"0\r\n\r\n"), Ending.COMPLETE, b"ab"),
    "a stream cut between chunks": (closing(CHUNKED + chunk(b"a")), Ending.TRUNCATED, b"a"),
    "a body shorter than announced": (
        closing(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"),
        Ending.TRUNCATED,
        b"abc",
    ),
    "a reset in the body": (resetting(CHUNKED + chunk(b"a"), 0.1), Ending.TRUNCATED, b"a"),
    "a reset before any byte": (resetting(), Ending.RESET, b""),
    "closed before any byte": (closing(), Ending.RESET, b""),
    "silence": (saying(2.0), Ending.FIRST_BYTE_TIMEOUT, b""),
    "a stream that stops": (saying(CHUNKED + chunk(b"a"), 2.0), Ending.IDLE_TIMEOUT, b"a"),
    "a stream without end": (
        saying(CHUNKED, *[part for _ in range(9) for part in (chunk(b"."), 0.2)]),
        Ending.TOTAL_TIMEOUT,
        b"....",
    ),
    "no HTTP at all": (closing(b"SSH-2.0-x\r\n\r\n"), Ending.MALFORMED, b""),
    "a chunk size that is no number": (closing(CHUNKED + chunk(b"a") + b"zz\r\n"), Ending.MALFORMED, b"a"),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_what_the_network_does_is_an_ending(name: str) -> None:
    answer, ending, body = ENDINGS[name]
    with serving(answer) as url:
        exchange = ask(url)
    assert (exchange.ending, b"".join(each.data for each in exchange.chunks)) == (ending, body)
    assert bool(exchange.error) == (ending is not Ending.COMPLETE)


def test_nobody_listening_is_a_connect_ending() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert ask(f"http://127.0.0.1:{port}/v1").ending is Ending.CONNECT


def test_plain_http_behind_https_is_a_tls_ending() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            with server.accept()[0] as connection:
                connection.recv(9)
                connection.sendall(plain(b"{}"))

        thread = threading.Thread(target=greet)
        thread.start()
        exchange = ask(f"https://127.0.0.1:{server.getsockname()[1]}/v1")
        thread.join()
    assert exchange.ending is Ending.TLS


def test_headers_are_kept_as_sent_and_in_order() -> None:
    with serving(saying(plain(b"{}", "200 OK", "X-A: 1", "x-a: 2", "X-B: \xe9"))) as url:
        assert ask(url).headers[2:] == (("X-A", "1"), ("x-a", "2"), ("X-B", "\xc3\xa9"))


def test_reads_have_times_relative_to_sending() -> None:
    with serving(saying(CHUNKED + chunk(b"a"), 0.1, chunk(b"b"), 0.1, chunk(b"c") + b"0\r\n\r\n")) as url:
        first, second, third = (each.at for each in ask(url).chunks)
    assert 0 <= first < 0.08 <= second - first < 0.2
    assert 0.08 <= third - second < 0.2


def test_a_client_that_goes_away_says_so() -> None:
    with serving(saying(CHUNKED + chunk(b"a"), 0.05, chunk(b"b"), 0.05, chunk(b"c"), 9.0)) as url:
        exchange = ask(url, dataclasses.replace(CASE, abort_after=2))
    assert (exchange.ending, [each.data for each in exchange.chunks]) == (Ending.ABORTED, [b"a", b"b"])


def test_more_than_is_kept_is_too_large() -> None:
    with serving(saying(plain(b"x" * 5000))) as url:
        exchange = ask(url, largest=1000)
    assert exchange.ending is Ending.TOO_LARGE


def test_redirects_are_not_followed_and_cookies_not_kept() -> None:
    seen: list[bytes] = []

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        seen.append(request)
        writer.write(plain(b"", "307 Temporary Redirect", "Location: /elsewhere", "Set-Cookie: a=b; Path=/"))

    with serving(answer) as url:
        target = Target(name="t", base_url=url, model="m")

        async def twice() -> list[int | None]:
            async with Live(target) as live:
                prepared = prepare(CASE, target, unique="u")
                return [(await live.exchange(CASE, prepared)).status for _ in range(2)]

        assert asyncio.run(twice()) == [307, 307]
    assert len(seen) == 2
    assert b"cookie" not in seen[1].lower()


def test_what_is_sent_is_what_was_prepared_and_nothing_else() -> None:
    seen: list[bytes] = []

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        seen.append(request)
        writer.write(plain(b"{}"))

    with serving(answer) as url:
        exchange = ask(url, key="sk-very-secret")
    head, _, body = seen[0].partition(b"\r\n\r\n")
    names = [line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:]]
    assert sorted(names) == sorted(
        [b"host", b"content-length", b"content-type", b"accept", b"accept-encoding", b"user-agent", b"authorization"]
    )
    assert body == b'{"model":"m"}'
    assert dict(exchange.sent.headers)["Authorization"] == "[redacted]"


ECHOES = {
    "in one read": [b'{"error":{"message":"bad key sk-very-secret!"}}'],
    "across two reads": [b'{"message":"bad key sk-ver', b'y-secret!"}'],
    "byte by byte": [bytes([byte]) for byte in b"key sk-very-secret!"],
}


@pytest.mark.parametrize("name", ECHOES)
def test_a_key_that_comes_back_does_not_leave_live(name: str) -> None:
    parts = [part for data in ECHOES[name] for part in (chunk(data), 0.01)]
    with serving(saying(CHUNKED, *parts, b"0\r\n\r\n")) as url:
        exchange = ask(url, key="sk-very-secret")
    body = b"".join(each.data for each in exchange.chunks)
    assert len(exchange.chunks) == len(ECHOES[name])
    assert b"[redacted]!" in body
    assert b"secret" not in body
    assert "sk-very-secret" not in repr(exchange)
