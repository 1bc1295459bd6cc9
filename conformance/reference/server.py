"""
The reference provider on a socket: in the foreground for a person, or in a thread for as long as a block lasts.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import uvicorn

from conformance.reference import app

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
    *, api_key: str | None, delay: float, context: int, faults: Sequence[str], host: str = "127.0.0.1", port: int = 0
) -> uvicorn.Server:
    provider = app.create(api_key=api_key, delay=delay, context=context, faults=faults)
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
    Serves the provider until it is interrupted (Ctrl-C). The parameters are those of `app.create`.

    Raises:
        SystemExit: the address cannot be bound; uvicorn ends the process itself.

    """
    server = _server(api_key=api_key, delay=delay, context=context, faults=faults, host=host, port=port)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()


@contextlib.contextmanager
def running(
    *, api_key: str | None = None, delay: float = 0.002, context: int = 32768, faults: Sequence[str] = ()
) -> Iterator[Provider]:
    """
    Serves the provider on a free loopback port while the block lasts. The parameters are those of `app.create`.

    Raises:
        RuntimeError: it did not come up within ten seconds.

    """
    server = _server(api_key=api_key, delay=delay, context=context, faults=faults)
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), name="reference-provider", daemon=True)
        thread.start()
        try:
            _await_start(server, thread)
            yield Provider(url=f"http://127.0.0.1:{listener.getsockname()[1]}/v1", api_key=api_key)
        finally:
            server.should_exit = True
            thread.join(_PATIENCE)


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the reference provider did not start")
        time.sleep(0.005)
