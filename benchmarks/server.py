"""
A raw server in a process of its own, so that measuring what asks does not measure what answers.

``/x?wait=S`` answers after S seconds; ``/stream?events=N&rate=R`` sends N events, each with the time it was written.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """
    The server's base URL, for the length of a block.
    """
    command = [sys.executable, str(Path(__file__).resolve())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


async def _connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            url = urlsplit(head.split(b" ", 2)[1].decode())
            asked = {name: float(values[0]) for name, values in parse_qs(url.query).items()}
            if url.path == "/stream":
                await _stream(writer, int(asked["events"]), 1 / asked["rate"])
            else:
                await asyncio.sleep(asked["wait"])
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
            await writer.drain()
    writer.close()


async def _stream(writer: asyncio.StreamWriter, events: int, step: float) -> None:
    loop = asyncio.get_running_loop()
    writer.write(_HEAD)
    at = loop.time()
    for _ in range(events):
        at += step
        await asyncio.sleep(at - loop.time())
        # CLOCK_MONOTONIC is one clock for all processes of a machine.
        event = b"data: %.9f\n\n" % time.monotonic()
        writer.write(b"%x\r\n%s\r\n" % (len(event), event))
    writer.write(b"0\r\n\r\n")


async def _main() -> None:
    server = await asyncio.start_server(_connection, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main())
