"""
Raw servers on loopback for the tests of capture: each says exactly the bytes it is told to, right or wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator

Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@contextlib.contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """
    A server that hands each request (head and body) to ``answer``; yields its base URL.
    """
    loop = asyncio.new_event_loop()

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                body = await reader.readexactly(int(lengths[0].split(b":")[1])) if lengths else b""
                await answer(head + body, writer)
                await writer.drain()
                if writer.is_closing():
                    break
        writer.close()

    server = loop.run_until_complete(asyncio.start_server(connection, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _stop(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others, timeout=1)


def plain(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """
    A whole response with a content-length.
    """
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunk(data: bytes) -> bytes:
    """
    One HTTP chunk.
    """
    return b"%x\r\n%s\r\n" % (len(data), data)


CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def saying(*parts: bytes | float) -> Answer:
    """
    Write the parts, pausing where a number stands; None of it depends on the request.
    """

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            if isinstance(part, bytes):
                writer.write(part)
                await writer.drain()
            else:
                await asyncio.sleep(part)

    return answer


def closing(*parts: bytes | float) -> Answer:
    """
    Write the parts, then close the connection.
    """

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        await saying(*parts)(request, writer)
        writer.close()

    return answer


def resetting(*parts: bytes | float) -> Answer:
    """
    Write the parts, then reset the connection (RST).
    """

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        await saying(*parts)(request, writer)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return answer
