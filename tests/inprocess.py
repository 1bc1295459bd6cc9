"""
A provider asked within this process: cases become exchanges without a socket, judged with what they are compared with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

from conformance.capture.secret import Secret
from conformance.capture.target import Target, prepare
from conformance.contract import contracts
from conformance.judge import judge
from conformance.model import Case, Chunk, Ending, Exchange, Result, Sent
from conformance.read.reply import Reply
from conformance.reference import front
from conformance.reference.faults import pipeline
from conformance.reference.faults.fault import Asked

CONTRACT = contracts.load("openai-chat")
EVERYTHING = frozenset(profile.id for profile in CONTRACT.profiles)


def faulty(app, shown):
    """
    The same application with peculiarities, but for those of the wire: no bytes are written here.
    """

    async def serve(scope, receive, send):
        head = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        raw = (await receive())["body"]
        asked = Asked(method=scope["method"], path=scope["path"], headers=head, raw=raw)
        given = pipeline.instead(asked, shown)
        answer = given or await front.hear(app, pipeline.asked(asked, shown))
        pardoned = None if given else pipeline.pardoned(answer, asked, shown)
        answer = await front.hear(app, pardoned) if pardoned is not None else answer
        made = pipeline.edited(answer, asked, shown).labelled("content-length", None)
        headers = [(name.encode(), value.encode("latin-1")) for name, value in made.headers]
        await send({"type": "http.response.start", "status": made.status, "headers": headers})
        for part in made.parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return serve


class InProcess:
    """
    An ASGI application under the engine's and the judge's eyes; ``asked`` counts what was sent.
    """

    def __init__(self, app, *, model: str = "reference-1"):
        self._app = app
        self._target = Target(name="here", base_url="http://here/v1", model=model)
        self._exchanges: dict[str, Exchange] = {}
        self.asked: list[Case] = []

    def __call__(self, cases: Sequence[Case]) -> list[Result]:
        for case in cases:
            if case.id not in self._exchanges:
                self.asked.append(case)
                self._exchanges[case.id] = asyncio.run(self._exchange(case))
        return [self._judge(case) for case in cases]

    def _judge(self, case: Case) -> Result:
        peers = {name: Reply(self._exchanges[name]) for name in case.compare if name in self._exchanges}
        return judged(case, self._exchanges[case.id], peers)

    async def _exchange(self, case: Case) -> Exchange:
        return await exchanged(self._app, prepare(case, self._target, unique="unique"))


def judged(case, exchange, peers) -> Result:
    """
    The verdict on a case for a target that claims everything and demands no key.
    """
    return judge(case, [exchange], CONTRACT, claims=EVERYTHING, peers=peers, keyed=False)


async def exchanged(app, prepared) -> Exchange:
    """
    What an ASGI application answers to a prepared request.
    """
    said: dict = {"chunks": []}

    async def receive():
        if "given" in said:
            await asyncio.Event().wait()
        said["given"] = True
        return {"type": "http.request", "body": prepared.body, "more_body": False}

    async def send(message):
        if message["type"] == "http.response.start":
            said["status"] = message["status"]
            said["headers"] = tuple((n.decode(), v.decode()) for n, v in message["headers"])
        elif message.get("body"):
            said["chunks"].append(Chunk(0.001 * len(said["chunks"]), bytes(message["body"])))

    await app(_scope(prepared), receive, send)
    return Exchange(
        sent=Sent(method=prepared.method, url=prepared.url, headers=prepared.headers, body=prepared.body),
        ending=Ending.COMPLETE,
        status=said.get("status"),
        headers=said.get("headers", ()),
        chunks=tuple(said["chunks"]),
        seconds=0.001 * len(said["chunks"]) + 0.001,
        first_byte=0.0,
    )


def _scope(prepared) -> dict:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": prepared.method,
        "scheme": "http",
        "path": urlsplit(prepared.url).path,
        "raw_path": urlsplit(prepared.url).path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(n.lower().encode(), v.encode("latin-1")) for n, v in prepared.headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }


class InProcessSource:
    """
    The same for the engine: a source of exchanges.
    """

    def __init__(self, app, *, key: str = "key"):
        self.target = Target(
            name="here", base_url="http://here/v1", model="reference-1", key=Secret(key), claims=tuple(EVERYTHING)
        )
        self._app = app

    async def exchange(self, case: Case, prepared) -> Exchange:
        del case
        return await exchanged(self._app, prepared)

    async def aclose(self) -> None:
        pass
