"""
The reference provider on a socket: in the foreground for a person, or in a thread for as long as a block lasts.

Without faults uvicorn serves it; with faults our own raw server does, which can break HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import uvicorn

from conformance.reference import app, front
from conformance.reference.faults import chosen

_PATIENCE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """
    A running provider: where it is, what to send it, and which features it has.
    """

    url: str
    api_key: str | None
    model: str = app.MODEL
    embedding_model: str = app.EMBEDDING_MODEL
    claims: tuple[str, ...] = app.CLAIMS


def _server(
    *, api_key: str | None, delay: float, context: int, host: str = "127.0.0.1", port: int = 0
) -> uvicorn.Server:
    provider = app.create(api_key=api_key, delay=delay, context=context)
    config = uvicorn.Config(
        provider,
        host=host,
        port=port,
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=60,
    )
    return uvicorn.Server(config)


def serve(
    host: str = "127.0.0.1",
    port: int = 8080,
    *,
    api_key: str | None = None,
    delay: float = 0.002,
    context: int = 32768,
    faults: Sequence[str] = (),
) -> None:
    """
    Serves the provider until it is interrupted (Ctrl-C).

    Args:
        host: the address to listen at.
        port: the port to listen at.
        api_key: the bearer token to demand; None lets everybody in.
        delay: seconds between two chunks of a stream; an answer never takes longer than half a second over all.
        context: the most tokens that prompt and answer may have together.
        faults: ids of faults and legal variants to show.

    Raises:
        SystemExit: the address cannot be bound; uvicorn ends the process itself.
        LookupError: there is no fault or variant with such an id.

    """
    with contextlib.suppress(KeyboardInterrupt):
        if not faults:
            _server(api_key=api_key, delay=delay, context=context, host=host, port=port).run()
            return
        made = _front(api_key=api_key, delay=delay, context=context, faults=faults)
        with socket.create_server((host, port), backlog=2048) as listener:
            asyncio.run(_forever(made, listener))


def _front(*, api_key: str | None, delay: float, context: int, faults: Sequence[str]) -> front.Front:
    # The front paces the events, so that the provider itself need not.
    provider = app.create(api_key=api_key, delay=0.0, context=context)
    return front.Front(app=provider, shown=chosen(faults), delay=delay, memory={"key": api_key})


async def _forever(made: front.Front, listener: socket.socket) -> None:
    async with await front.listen(made, listener) as server:
        await server.serve_forever()


@contextlib.contextmanager
def running(
    *, api_key: str | None = None, delay: float = 0.002, context: int = 32768, faults: Sequence[str] = ()
) -> Iterator[Provider]:
    """
    Serves the provider on a free loopback port while the block lasts. The parameters are those of `serve`.

    Raises:
        RuntimeError: it did not come up within ten seconds.
        LookupError: there is no fault or variant with such an id.

    """
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        served = (
            _fronted(_front(api_key=api_key, delay=delay, context=context, faults=faults), listener)
            if faults
            else _threaded(_server(api_key=api_key, delay=delay, context=context), listener)
        )
        with served:
            yield Provider(url=url, api_key=api_key)


@contextlib.contextmanager
def _threaded(server: uvicorn.Server, listener: socket.socket) -> Iterator[None]:
    thread = threading.Thread(target=server.run, args=([listener],), name="reference-provider", daemon=True)
    thread.start()
    try:
        _await_start(server, thread)
        yield
    finally:
        server.should_exit = True
        thread.join(_PATIENCE)


@contextlib.contextmanager
def _fronted(made: front.Front, listener: socket.socket) -> Iterator[None]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="reference-front", daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(front.listen(made, listener), loop).result(_PATIENCE)
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(_PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_PATIENCE)
        loop.close()


async def _close(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.wait(others, timeout=1) if others else None


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the reference provider did not start")
        time.sleep(0.005)
