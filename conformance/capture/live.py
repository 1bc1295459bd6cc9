"""
Requests sent over the network, and everything that came back kept as it came; the only user of httpx.

Nothing is judged here, no redirect is followed, no cookie kept, no body decoded.
A chunk is what one read returned: not an HTTP chunk and not an event.
"""

from __future__ import annotations

import asyncio
import ssl
import time
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from conformance.capture import probe
from conformance.capture.redaction import Redactor, secrets_of
from conformance.capture.target import Prepared, Target, Timeouts
from conformance.errors import UsageError
from conformance.model import Case, Chunk, Ending, Exchange, Sent

#: Bytes of a body that are kept; an answer of more is cut and said to be TOO_LARGE.
LARGEST = 32 * 1024 * 1024


class Live:
    """
    Asks a target over the network; used within one event loop, closed by ``aclose``.

    Every exchange in flight has a client of its own, for one shared pool costs eight times the CPU at 64 in flight.
    """

    def __init__(self, target: Target, *, largest: int = LARGEST) -> None:
        """
        ``largest`` is the number of body bytes kept of one answer.
        """
        self.target = target
        self._largest = largest
        self._redactor = Redactor(secrets_of(target))
        self._idle: list[httpx.AsyncClient] = []
        self._proxy = _proxy(target.base_url)
        self._context: ssl.SSLContext | None = None

    async def __aenter__(self) -> Self:
        """
        Itself; clients are opened as they are needed.
        """
        return self

    async def __aexit__(self, *_: object) -> None:
        """
        Close every connection.
        """
        await self.aclose()

    async def aclose(self) -> None:
        """
        Close every connection.
        """
        while self._idle:
            await self._idle.pop().aclose()

    async def exchange(self, case: Case, prepared: Prepared) -> Exchange:
        """
        Send one request and keep what comes, redacted.

        What the network does is the exchange's ending.  Raises ``UsageError`` when the request cannot be sent at all.
        """
        if case.probe and self._proxy is None:
            probed = await probe.exchange(prepared, self.target.timeouts, self._tls(), largest=self._largest)
            return self._redactor.exchange(probed)
        client = self._idle.pop() if self._idle else self._open()
        try:
            reading = await _read(client, prepared, self.target.timeouts, case.abort_after, self._largest)
        except (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError) as problem:
            message = self._redactor.text(f"{case.id} cannot be sent to {self.target.base_url}: {problem}")
            raise UsageError(message) from None
        finally:
            client.cookies.clear()
            self._idle.append(client)
        return self._redactor.exchange(reading.exchange(prepared))

    def _tls(self) -> ssl.SSLContext | None:
        if self._context is None and self.target.base_url.startswith("https:"):
            self._context = httpx.create_ssl_context()
        return self._context

    def _open(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            verify=self._tls() or False, proxy=self._proxy, trust_env=False, limits=httpx.Limits(max_connections=1)
        )


@dataclass(slots=True)
class _Reading:
    """
    One exchange while it is read.
    """

    clock: asyncio.Timeout
    timeouts: Timeouts
    #: When the request began to be sent, on the monotonic clock.
    sent_at: float = field(default_factory=time.monotonic)
    started: float = field(default_factory=time.time)
    deadline: float = 0.0
    #: The ending that running out of time has now.
    late: Ending = Ending.CONNECT_TIMEOUT
    securing: bool = False
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    http_version: str = "HTTP/1.1"
    first_byte: float | None = None
    chunks: list[Chunk] = field(default_factory=list)
    ending: Ending = Ending.COMPLETE
    error: str = ""
    ended: float = 0.0

    async def trace(self, event: str, _: dict[str, Any]) -> None:
        """
        Follow the client's progress: times count from sending, not from looking for a connection.
        """
        if event == "connection.start_tls.started":
            self.securing = True
        elif event.endswith(".send_request_headers.started"):
            self.securing = False
            self.sent_at, self.started = time.monotonic(), time.time()
            self.deadline = self.sent_at + self.timeouts.total
            self.wait(self.timeouts.first_byte, Ending.FIRST_BYTE_TIMEOUT)

    def wait(self, seconds: float, late: Ending) -> None:
        """
        Allow ``seconds`` for the next step, but no more than the total.
        """
        until = time.monotonic() + seconds
        if self.deadline and self.deadline < until:
            until, late = self.deadline, Ending.TOTAL_TIMEOUT
        self.late = late
        self.clock.reschedule(until)

    def answered(self, response: httpx.Response) -> None:
        """
        Keep the head of the answer.
        """
        self.first_byte = time.monotonic() - self.sent_at
        self.status = response.status_code
        self.headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)
        self.http_version = response.http_version

    def end(self, ending: Ending, error: str) -> None:
        """
        Keep why reading stopped before its end.
        """
        self.ending, self.error = ending, error

    def exchange(self, prepared: Prepared) -> Exchange:
        """
        The value, not yet redacted.
        """
        sent = Sent(method=prepared.method, url=prepared.url, headers=prepared.headers, body=prepared.body)
        return Exchange(
            sent=sent,
            ending=self.ending,
            status=self.status,
            headers=self.headers,
            http_version=self.http_version,
            chunks=tuple(self.chunks),
            seconds=self.ended - self.sent_at,
            first_byte=self.first_byte,
            error=self.error,
            started=self.started,
        )


async def _read(
    client: httpx.AsyncClient, prepared: Prepared, timeouts: Timeouts, abort_after: int | None, largest: int
) -> _Reading:
    clock = asyncio.timeout(timeouts.connect)
    reading = _Reading(clock=clock, timeouts=timeouts)
    try:
        async with clock:
            response = await client.send(_request(prepared, reading), stream=True, auth=None)
            try:
                reading.answered(response)
                await _body(response, reading, abort_after, largest)
            finally:
                await response.aclose()
    except TimeoutError:
        reading.end(reading.late, f"no more within the {reading.late.value.replace('-', ' ')}")
    except httpx.TransportError as problem:
        if isinstance(problem, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
            raise
        reading.end(_ending(problem, reading), f"{type(problem).__name__}: {problem}".removesuffix(": "))
    reading.ended = time.monotonic()
    return reading


async def _body(response: httpx.Response, reading: _Reading, abort_after: int | None, largest: int) -> None:
    size = 0
    reads = aiter(response.aiter_raw())
    while True:
        if abort_after is not None and len(reading.chunks) >= abort_after:
            return reading.end(Ending.ABORTED, f"closed on purpose after {abort_after} reads")
        reading.wait(reading.timeouts.idle, Ending.IDLE_TIMEOUT)
        data = await _next(reads)
        if data is None:
            return None
        size += len(data)
        if size > largest:
            return reading.end(Ending.TOO_LARGE, f"more than {largest} bytes")
        reading.chunks.append(Chunk(time.monotonic() - reading.sent_at, data))


async def _next(reads: AsyncIterator[bytes]) -> bytes | None:
    try:
        return await anext(reads)
    except StopAsyncIteration:
        return None


def _request(prepared: Prepared, reading: _Reading) -> httpx.Request:
    # Built by hand: a client adds headers and cookies of its own, and a case may want to send none.
    headers = [(name.encode("latin-1", "replace"), _header_bytes(value)) for name, value in prepared.headers]
    # Our own clock keeps the deadlines; the client's would restart with every read of a dribbled head.
    timeout = httpx.Timeout(None, connect=reading.timeouts.connect).as_dict()
    return httpx.Request(
        prepared.method,
        prepared.url,
        headers=headers,
        content=prepared.body or None,
        extensions={"timeout": timeout, "trace": reading.trace},
    )


def _header_bytes(value: str) -> bytes:
    return value.encode("ascii") if value.isascii() else value.encode("utf-8", "surrogateescape")


def _ending(problem: httpx.TransportError, reading: _Reading) -> Ending:
    """
    What a failure of the client says of the connection.
    """
    if isinstance(problem, httpx.ConnectTimeout):
        return Ending.CONNECT_TIMEOUT
    if isinstance(problem, httpx.TimeoutException):
        return reading.late
    if reading.securing:
        return Ending.TLS
    if isinstance(problem, httpx.ConnectError | httpx.ProxyError):
        return Ending.CONNECT
    if isinstance(problem, httpx.RemoteProtocolError):
        return _protocol_ending(str(problem))
    return Ending.RESET if reading.status is None else Ending.TRUNCATED


def _protocol_ending(words: str) -> Ending:
    # The client has one exception for all of these; its words are the only difference.
    if "without sending a response" in words:
        return Ending.RESET
    if "without sending complete message body" in words:
        return Ending.TRUNCATED
    return Ending.MALFORMED


def _proxy(url: str) -> str | None:
    """
    The proxy that the environment names for this address, looked up once.
    """
    parts = urlsplit(url)
    proxies = urllib.request.getproxies()
    chosen = proxies.get(parts.scheme) or proxies.get("all")
    if not chosen or urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return chosen if "://" in chosen else f"http://{chosen}"
