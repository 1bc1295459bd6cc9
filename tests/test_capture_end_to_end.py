"""
Target, engine, network and recording together: what an endpoint echoes never reaches the disk.
"""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import pytest

from conformance.capture import engine, recording
from conformance.capture.live import Live
from conformance.capture.redaction import secrets_of
from conformance.capture.target import Secret, Target
from conformance.model import Case, Ending, Request, RunInfo
from tests.capture_servers import CHUNKED, chunk, plain, serving

KEY = "sk-proj-do/not+show-me"


async def echo_whole(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(plain(request, "401 Unauthorized", f"X-Echo: {KEY}", "Set-Cookie: session=abc"))


async def echo_in_pieces(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(CHUNKED)
    for start in range(0, len(request), 7):
        writer.write(chunk(request[start : start + 7]))
        await writer.drain()
        await asyncio.sleep(0.001)
    writer.write(b"0\r\n\r\n")


async def echo_coded(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(plain(base64.b64encode(b"user:" + KEY.encode())))


@pytest.mark.parametrize("answer", [echo_whole, echo_in_pieces, echo_coded])
def test_an_echoed_key_never_reaches_the_recording(tmp_path: Path, answer) -> None:  # type: ignore[no-untyped-def]
    cases = [
        Case(id=f"a.{number}", contract="c", feature="f", title="t", request=Request(path="/x", body={}))
        for number in range(6)
    ]
    path = tmp_path / "recording.jsonl"
    with serving(answer) as url:
        target = Target(name="t", base_url=url, model="m", key=Secret(KEY))
        run = RunInfo(target="t", base_url=url, model="m")
        with (
            recording.create(path, run, secrets_of(target)) as recorder,
            engine.running(lambda: Live(target), on_exchange=recorder.append) as running,
        ):
            futures = [running.submit(case) for case in cases]
            endings = [future.result(10)[-1].ending for future in futures]
    assert endings == [Ending.COMPLETE] * 6
    got = recording.read(path)
    assert (len(got.pairs), got.complete) == (6, True)
    written = path.read_bytes()
    for piece in (b"sk-proj", b"not+show", b"session=abc", base64.b64encode(b"user:" + KEY.encode())[10:24]):
        assert piece not in written


def test_a_run_that_was_cancelled_leaves_a_shorter_recording(tmp_path: Path) -> None:
    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        if b"/slow" in request.split(b"\r\n")[0]:
            await asyncio.sleep(30)
        writer.write(plain(b"{}"))

    def case(name: str, path: str) -> Case:
        return Case(id=name, contract="c", feature="f", title="t", request=Request(path=path))

    path = tmp_path / "recording.jsonl"
    with serving(answer) as url:
        target = Target(name="t", base_url=url, model="m")
        recorder = recording.create(path, RunInfo(target="t", base_url=url, model="m"))
        with engine.running(lambda: Live(target), on_exchange=recorder.append) as running:
            running.submit(case("quick", "/quick")).result(5)
            slow = running.submit(case("slow", "/slow"))
            running.cancel()
            assert slow.cancelled()
        recorder.close(complete=False, trouble="interrupted")
    got = recording.read(path)
    assert ([each.id for each, _ in got.pairs], got.complete, got.header.trouble) == (["quick"], False, "interrupted")
