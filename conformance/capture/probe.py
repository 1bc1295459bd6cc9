"""
One request over a socket of our own, and every byte that the connection carried back.

A client hides how a response is framed: lengths that contradict each other, bytes behind the end, a connection that is
closed without a word. What came is read by h11 as a client would read it; the bytes are kept beside that, unread.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import h11

from conformance.capture.target import Prepared, Timeouts
from conformance.model import Chunk, Ending, Exchange, Sent

#: Seconds for which the connection is listened to after the response has ended.
GRACE = 0.3
_PIECE = 1 << 16


@dataclass(slots=True)
class _Heard:
    """
    What came so far.
    """

    sent_at: float
    started: float
    raw: bytearray = field(default_factory=bytearray)
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    http_version: str = "HTTP/1.1"
    first_byte: float | None = None
    chunks: list[Chunk] = field(default_factory=list)
    whole: bool = False
    closed: bool = False


async def exchange(prepared: Prepared, timeouts: Timeouts, context: ssl.SSLContext | None, *, largest: int) -> Exchange:
    """
    Send one request and keep what comes, not yet redacted; what the network does is the exchange's ending.

    No more than ``largest`` bytes are kept of the connection.
    """
    heard = _Heard(time.monotonic(), time.time())
    ending, error = Ending.COMPLETE, ""
    late = Ending.CONNECT_TIMEOUT
    writer: asyncio.StreamWriter | None = None
    try:
        reader, opened = await asyncio.wait_for(_connect(prepared.url, context), timeouts.connect)
        writer, late = opened, Ending.FIRST_BYTE_TIMEOUT
        async with asyncio.timeout(timeouts.total):
            await _ask(prepared, reader, opened, heard, timeouts, largest)
        if len(heard.raw) > largest:
            ending, error = Ending.TOO_LARGE, f"more than {largest} bytes"
    except TimeoutError:
        late = Ending.IDLE_TIMEOUT if heard.raw else late
        ending, error = late, f"no more within the {late.value.replace('-', ' ')}"
    except h11.RemoteProtocolError as problem:
        ending, error = _broken(heard), f"RemoteProtocolError: {problem}"
    except ssl.SSLError as problem:
        ending, error = Ending.TLS, str(problem)
    except OSError as problem:
        ending = Ending.CONNECT if writer is None else Ending.TRUNCATED if heard.raw else Ending.RESET
        error = f"{type(problem).__name__}: {problem}"
    finally:
        if writer is not None:
            writer.close()
    return _value(prepared, heard, ending, error)


def _value(prepared: Prepared, heard: _Heard, ending: Ending, error: str) -> Exchange:
    return Exchange(
        sent=Sent(method=prepared.method, url=prepared.url, headers=prepared.headers, body=prepared.body),
        ending=ending,
        status=heard.status,
        headers=heard.headers,
        http_version=heard.http_version,
        chunks=tuple(heard.chunks),
        seconds=(heard.chunks[-1].at if heard.chunks else time.monotonic() - heard.sent_at),
        first_byte=heard.first_byte,
        error=error,
        started=heard.started,
        raw=bytes(heard.raw),
        closed=heard.closed,
    )


def _broken(heard: _Heard) -> Ending:
    if heard.closed:
        return Ending.TRUNCATED if heard.raw else Ending.RESET
    return Ending.MALFORMED


async def _connect(url: str, context: ssl.SSLContext | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    return await asyncio.open_connection(parts.hostname, port, ssl=context if secure else None)


async def _ask(
    prepared: Prepared,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    heard: _Heard,
    timeouts: Timeouts,
    largest: int,
) -> None:
    connection = h11.Connection(our_role=h11.CLIENT)
    heard.sent_at, heard.started = time.monotonic(), time.time()
    writer.write(_written(connection, prepared))
    await writer.drain()
    while not heard.whole and len(heard.raw) <= largest:
        patience = timeouts.idle if heard.raw else timeouts.first_byte
        data = await asyncio.wait_for(reader.read(_PIECE), patience)
        heard.raw += data
        heard.closed = not data
        connection.receive_data(data)
        _understand(connection, heard)
    while not heard.closed and len(heard.raw) <= largest:
        try:
            data = await asyncio.wait_for(reader.read(_PIECE), GRACE)
        except TimeoutError:
            return
        heard.raw += data
        heard.closed = not data


def _written(connection: h11.Connection, prepared: Prepared) -> bytes:
    parts = urlsplit(prepared.url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = [
        ("Host", parts.netloc.rpartition("@")[2]),
        *prepared.headers,
        ("Content-Length", str(len(prepared.body))),
    ]
    coded = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]
    written = connection.send(h11.Request(method=prepared.method, target=path, headers=coded)) or b""
    written += connection.send(h11.Data(data=prepared.body)) or b"" if prepared.body else b""
    return written + (connection.send(h11.EndOfMessage()) or b"")


def _understand(connection: h11.Connection, heard: _Heard) -> None:
    body = bytearray()
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Response):
            heard.first_byte = time.monotonic() - heard.sent_at
            heard.status = event.status_code
            heard.http_version = f"HTTP/{event.http_version.decode()}"
            heard.headers = tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in event.headers.raw_items())
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            heard.whole = True
        if event in (h11.NEED_DATA, h11.PAUSED) or heard.whole or isinstance(event, h11.ConnectionClosed):
            break
    if body:
        heard.chunks.append(Chunk(time.monotonic() - heard.sent_at, bytes(body)))
