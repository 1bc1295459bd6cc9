"""
A raw HTTP/1.1 server before the provider: it writes the provider's answers byte by byte, with faults when told to.

It exists because a web framework cannot be made to break HTTP. Requests are read leniently, one after another on a
connection; the provider is called in the same process.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote

from conformance.reference.faults import pipeline
from conformance.reference.faults.fault import Answer, Asked, Object, Peculiarity, Wire

Message = MutableMapping[str, Any]
App = Callable[[Any, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]

#: The largest head of a request, in bytes.
_HEAD = 1 << 20
#: How long a connection stays open that a fault leaves hanging, in seconds.
_HANG = 600.0


@dataclass(kw_only=True)
class Front:
    """
    The provider with the peculiarities that are shown; `delay` is in seconds between two events of a stream.
    """

    app: App
    shown: Sequence[Peculiarity]
    delay: float
    #: What faults remember between requests.
    memory: Object = field(default_factory=dict)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """
        Answers the requests of one connection.
        """
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while (asked := await _read(reader, writer, self.memory)) is not None:
                wire = await self.answer(asked)
                if not await _send(wire, writer):
                    break
        with contextlib.suppress(ConnectionError):
            writer.close()

    async def answer(self, asked: Asked) -> Wire:
        """
        Gives what is sent for a request.
        """
        self.memory["in flight"] = self.memory.get("in flight", 0) + 1
        try:
            given = pipeline.instead(asked, self.shown)
            answer = given or await hear(self.app, pipeline.asked(asked, self.shown))
            pardoned = None if given else pipeline.pardoned(answer, asked, self.shown)
            answer = await hear(self.app, pardoned) if pardoned is not None else answer
            # Others that run at the same time are to be seen by faults of concurrency.
            await asyncio.sleep(self.delay)
            return pipeline.written(answer, asked, self.shown, delay=self.delay)
        finally:
            self.memory["in flight"] -= 1


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, memory: Object) -> Asked | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = (*first.split(" "), "", "")[:3]
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if "chunked" in headers.get("transfer-encoding", ""):
        raw = await _chunks(reader)
    else:
        raw = await reader.readexactly(int(headers.get("content-length") or 0))
    return Asked(method=method, path=target, headers=headers, raw=raw, memory=memory)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass
    return bytes(body)


async def hear(app: App, asked: Asked) -> Answer:
    """
    Gives the provider's answer to a request.
    """
    path, _, query = asked.path.partition("?")
    headers = {**asked.headers, "content-length": str(len(asked.raw))}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 0),
    }
    said: list[Message] = []
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            await asyncio.sleep(_HANG)
        given = True
        return {"type": "http.request", "body": asked.raw, "more_body": False}

    async def send(message: Message) -> None:
        said.append(message)

    await app(scope, receive, send)
    return _answer(said)


def _answer(said: Sequence[Message]) -> Answer:
    start = said[0]
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"])
    parts = tuple(message["body"] for message in said[1:] if message.get("body"))
    known = any(name.lower() == "content-length" for name, _ in headers)
    dated = (*headers, ("date", formatdate(usegmt=True)))
    return Answer(
        status=start["status"], headers=dated, parts=parts, streamed=not known, framing="length" if known else "chunked"
    )


async def _send(wire: Wire, writer: asyncio.StreamWriter) -> bool:
    """
    Writes an answer and says whether the connection goes on.
    """
    writer.write(wire.head)
    for pause, piece in wire.pieces:
        if pause:
            await writer.drain()
            await asyncio.sleep(pause)
        if writer.transport.is_closing():
            return False  # Nobody is left to read this.
        writer.write(piece)
    await writer.drain()
    if wire.ending == "hang":
        await asyncio.sleep(_HANG)
    if wire.ending == "reset":
        _reset(writer)
    return wire.ending == "keep"


def _reset(writer: asyncio.StreamWriter) -> None:
    # Closing a socket that lingers for no time sends a reset instead of an orderly end.
    plug = writer.get_extra_info("socket")
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def listen(front: Front, listener: socket.socket) -> asyncio.Server:
    """
    Begins to serve on a bound socket.
    """
    return await asyncio.start_server(front.converse, sock=listener, limit=_HEAD)
