"""
The reference provider with mistakes that a test can switch on and off while it runs.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from conformance.reference import app


@dataclass(slots=True)
class Faulty:
    """
    ``broken`` holds what is wrong now: ``id`` leaves the id out of plain answers, ``done`` the end mark out of streams.
    """

    url: str = ""
    broken: set[str] = field(default_factory=set)
    asked: int = 0
    inner: Any = field(default_factory=lambda: app.create(delay=0.0))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked += 1
        start: dict[str, Any] = {}

        async def edited(message: Any) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body = self._edit(message.get("body", b""))
            if start:
                headers = [(name, value) for name, value in start["headers"]]
                if not message.get("more_body"):
                    headers = [(n, str(len(body)).encode() if n == b"content-length" else v) for n, v in headers]
                await send({**start, "headers": headers})
                start.clear()
            await send({**message, "body": body})

        await self.inner(scope, receive, edited)

    def _edit(self, body: bytes) -> bytes:
        if "done" in self.broken:
            body = body.replace(b"data: [DONE]\n\n", b"")
        if "id" in self.broken and b'"chat.completion"' in body and body.startswith(b"{"):
            body = json.dumps({key: value for key, value in json.loads(body).items() if key != "id"}).encode()
        return body


@contextlib.contextmanager
def faulty() -> Iterator[Faulty]:
    """
    The provider on a free loopback port for the length of a block.
    """
    made = Faulty()
    config = uvicorn.Config(made, log_config=None, log_level="critical", lifespan="off", ws="none", server_header=False)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.005)
        made.url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        try:
            yield made
        finally:
            server.should_exit = True
            thread.join(10)
