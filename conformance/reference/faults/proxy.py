"""
The ASGI layer that applies faults to a correct provider's answers, down to single bytes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, MutableMapping, Sequence
from typing import Any

from conformance.reference.faults.fault import Answer, Asked, Fault, Item, Object

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

#: How long a connection stays open that should have been closed.
HANG = 600.0


def behind(app: App, faults: Sequence[Fault]) -> App:
    """
    The same provider with faults; without any, the provider itself.
    """
    if not faults:
        return app

    async def faulty(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        await _answer(app, faults, scope, receive, send)

    return faulty


async def _answer(
    app: App, faults: Sequence[Fault], scope: MutableMapping[str, Any], receive: Receive, send: Send
) -> None:
    asked = await _read(scope, receive)
    for fault in faults:
        early = fault.instead(asked) if fault.instead else None
        if early is not None:
            await _send_answer(early, send)
            return
    body = asked.raw
    for fault in faults:
        if fault.request is not None and asked.body:
            body = json.dumps(fault.request(asked)).encode()
    heard = await _hear(app, scope, body, receive)
    if _is_stream(heard.headers):
        await _send_stream(heard, faults, asked, send)
    else:
        await _send_answer(_changed(heard, faults, asked), send)


async def _read(scope: MutableMapping[str, Any], receive: Receive) -> Asked:
    raw = b""
    while True:
        message = await receive()
        raw += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            break
    try:
        value = json.loads(raw)
    except ValueError:
        value = None
    headers = {name.decode("latin-1").lower(): text.decode("latin-1") for name, text in scope["headers"]}
    return Asked(scope["method"], scope["path"], headers, value if isinstance(value, dict) else {}, raw)


class _Heard:
    """
    What the provider said, with the pauses it made.
    """

    def __init__(self) -> None:
        self.status = 200
        self.headers: tuple[tuple[str, str], ...] = ()
        self.parts: list[tuple[float, bytes]] = []


async def _hear(app: App, scope: MutableMapping[str, Any], body: bytes, receive: Receive) -> _Heard:
    heard, given = _Heard(), False
    loop = asyncio.get_running_loop()
    last = loop.time()

    async def ask() -> Message:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    async def listen(message: Message) -> None:
        nonlocal last
        if message["type"] == "http.response.start":
            heard.status = message["status"]
            heard.headers = tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in message["headers"])
        elif message.get("body"):
            heard.parts.append((loop.time() - last, message["body"]))
        last = loop.time()

    lengthless = [(n, v) for n, v in scope["headers"] if n.lower() != b"content-length"]
    headers = [*lengthless, (b"content-length", str(len(body)).encode())]
    await app({**scope, "headers": headers}, ask, listen)
    return heard


def _is_stream(headers: Sequence[tuple[str, str]]) -> bool:
    return any(n.lower() == "content-type" and v.startswith("text/event-stream") for n, v in headers)


def _changed(heard: _Heard, faults: Sequence[Fault], asked: Asked) -> Answer:
    raw = b"".join(part for _, part in heard.parts)
    try:
        value = json.loads(raw)
    except ValueError:
        value = None
    body: Object | bytes = value if isinstance(value, dict) else raw
    for fault in faults:
        whole = isinstance(body, dict) and body.get("object") == "chat.completion"
        if fault.plain is not None and whole and isinstance(body, dict):
            body = fault.plain(body, asked)
    answer = Answer(heard.status, heard.headers, body)
    for fault in faults:
        answer = fault.answer(answer, asked) if fault.answer is not None else answer
    return answer


def encode(value: Object | bytes) -> bytes:
    """
    A JSON value as compact UTF-8 text; bytes as they are.
    """
    return value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


async def _send_answer(answer: Answer, send: Send) -> None:
    body = encode(answer.body)
    kept = [(n, v) for n, v in answer.headers if n.lower() != "content-length"]
    headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in kept]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _items(heard: _Heard) -> tuple[list[Object], list[float]]:
    chunks, pauses = [], []
    for pause, part in heard.parts:
        for event in part.decode().split("\n\n"):
            text = event.removeprefix("data: ")
            if event.startswith("data: {"):
                chunks.append(json.loads(text))
                pauses.append(pause)
    return chunks, pauses


def event(item: Item) -> bytes:
    """
    One server-sent event, as OpenAI frames it.
    """
    return item if isinstance(item, bytes) else b"data: " + encode(item) + b"\n\n"


async def _send_stream(heard: _Heard, faults: Sequence[Fault], asked: Asked, send: Send) -> None:
    chunks, pauses = _items(heard)
    items: Sequence[Item] = chunks
    for fault in faults:
        if fault.chunks is not None:
            items = fault.chunks([item for item in items if isinstance(item, dict)], asked)
    headers = heard.headers
    for fault in faults:
        headers = fault.stream_headers(headers) if fault.stream_headers is not None else headers
    parts = [*(event(item) for item in items), b"data: [DONE]\n\n"]
    endings = {fault.ending for fault in faults}
    parts = _rewired(parts, faults, asked)
    await send(
        {
            "type": "http.response.start",
            "status": heard.status,
            "headers": [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers],
        }
    )
    await _play(parts, pauses, endings, send)


def _rewired(parts: list[bytes], faults: Sequence[Fault], asked: Asked) -> list[bytes]:
    for fault in faults:
        if fault.wire is None:
            continue
        whole = fault.wire(b"".join(parts), asked)
        count = max(1, len(parts))
        size = max(1, -(-len(whole) // count))
        parts = [whole[at : at + size] for at in range(0, len(whole), size)]
    return parts


async def _play(parts: list[bytes], pauses: list[float], endings: Collection[str], send: Send) -> None:
    if "cut" in endings:
        parts = parts[: max(2, len(parts) // 2)]
        parts[-1] = parts[-1][: len(parts[-1]) // 2]
    if "buffer" in endings:
        await asyncio.sleep(sum(pauses))
        parts, pauses = [b"".join(parts)], []
    for number, part in enumerate(parts):
        if number < len(pauses):
            await asyncio.sleep(min(pauses[number], 0.05))
        await send({"type": "http.response.body", "body": part, "more_body": True})
    if "cut" in endings:
        raise ConnectionAbortedError("the fault cuts the connection")
    if "hang" in endings:
        await asyncio.sleep(HANG)
    await send({"type": "http.response.body", "body": b"", "more_body": False})
