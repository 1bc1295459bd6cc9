"""
A probed connection is kept to its last byte, and read beside that as any client reads it.
"""

from __future__ import annotations

import asyncio
import dataclasses

from conformance.capture.live import Live
from conformance.capture.target import Secret, Target, Timeouts, prepare
from conformance.capture.values import exchange_from_json, exchange_to_json
from conformance.model import Case, Ending, Exchange, Request
from tests.capture_servers import CHUNKED, chunk, closing, plain, resetting, saying, serving

CASE = Case(id="a", contract="c", feature="f", title="t", request=Request(path="/x", body={"a": 1}), probe=True)


def ask(url: str, **more: object) -> Exchange:
    timeouts = Timeouts(connect=2, first_byte=0.5, idle=0.5, total=3)
    target = Target(name="t", base_url=url, model="m", key=Secret("sk-very-secret"), timeouts=timeouts)

    async def asking() -> Exchange:
        async with Live(target, **more) as live:  # type: ignore[arg-type]
            return await live.exchange(CASE, prepare(CASE, target, unique="quux"))

    return asyncio.run(asking())


def test_the_answer_is_that_of_any_client_and_the_connection_is_kept_beside_it() -> None:
    answer = CHUNKED + chunk(b"data: 1\n\n") + b"0\r\n\r\n"
    with serving(saying(answer)) as url:
        exchange = ask(url)
    body = b"".join(each.data for each in exchange.chunks)
    assert (exchange.status, body, exchange.ending) == (200, b"data: 1\n\n", Ending.COMPLETE)
    assert (exchange.raw, exchange.closed) == (answer, False)


def test_what_stands_behind_the_end_is_kept() -> None:
    with serving(saying(plain(b"{}") + b"leftover")) as url:
        assert ask(url).raw.endswith(b"{}leftover")


def test_a_connection_that_the_server_closes_says_so() -> None:
    with serving(closing(plain(b"{}"))) as url:
        assert ask(url).closed


def test_endings_are_those_of_any_client() -> None:
    endings = {
        closing(plain(b"{}")[:-1]): Ending.TRUNCATED,
        closing(): Ending.RESET,
        resetting(plain(b"{}")[:-1]): Ending.TRUNCATED,
        saying(b"nonsense\r\n\r\n"): Ending.MALFORMED,
        saying(9.0): Ending.FIRST_BYTE_TIMEOUT,
        saying(plain(b"{}")[:-1], 9.0): Ending.IDLE_TIMEOUT,
    }
    for answer, ending in endings.items():
        with serving(answer) as url:
            assert ask(url).ending is ending


def test_nobody_there_is_a_failed_connection() -> None:
    assert ask("http://127.0.0.1:9/v1").ending is Ending.CONNECT


def test_more_than_is_kept_is_too_large() -> None:
    with serving(saying(plain(b"x" * 5000))) as url:
        assert ask(url, largest=1000).ending is Ending.TOO_LARGE


def test_secrets_are_blotted_out_sign_by_sign() -> None:
    answer = plain(b'{"key": "sk-very-secret"}', "200 OK", "Set-Cookie: session=abc; Path=/")
    with serving(saying(answer)) as url:
        raw = ask(url).raw
    assert len(raw) == len(answer)
    assert b"secret" not in raw
    assert b"abc" not in raw
    assert b"Set-Cookie: ***" in raw


def test_a_probed_exchange_is_recorded_and_read_back_whole() -> None:
    with serving(saying(plain(b"{}") + b"\xff")) as url:
        exchange = ask(url)
    assert exchange_from_json(exchange_to_json(exchange)) == exchange
    assert dataclasses.replace(exchange, raw=b"") != exchange
