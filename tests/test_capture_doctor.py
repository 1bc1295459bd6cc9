"""
The doctor says what stands between us and a verdict, and what to do.
"""

from __future__ import annotations

import asyncio
import json
from email.utils import formatdate

import pytest

from conformance.capture import doctor
from conformance.capture.target import Secret, Target, Timeouts
from conformance.errors import NoVerdict
from tests.capture_servers import CHUNKED, Answer, chunk, closing, plain, serving

OK = b'{"choices":[]}'
UNKNOWN = b'{"error":{"message":"The model `m` does not exist","code":"model_not_found"}}'


def at(url: str, key: str | None = "sk-right-key") -> Target:
    return Target(
        name="t", base_url=url, model="m", key=Secret(key) if key else None, timeouts=Timeouts(first_byte=5, total=20)
    )


def provider(*, events: int = 9, pause: float = 0.01, models: bytes = b'{"data":[{"id":"m"}]}') -> Answer:
    """
    A small endpoint below /v1 that knows one key and one model; without a pause it buffers its streams.
    """

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        line = head.split(b"\r\n")[0]
        date = f"Date: {formatdate(usegmt=True)}"
        if b" /v1/models " in line:
            writer.write(plain(models, "200 OK"))
        elif b" /v1/chat/completions " not in line:
            writer.write(plain(b'{"detail":"Not Found"}', "404 Not Found"))
        elif b"Bearer sk-right-key" not in head:
            writer.write(plain(b'{"error":{}}', "401 Unauthorized"))
        elif json.loads(body)["model"] != "m":
            writer.write(plain(UNKNOWN, "404 Not Found"))
        elif b'"stream":true' in body:
            await asyncio.sleep(0 if pause else 0.4)
            event, end = chunk(b"data: {}\n\n"), b"0\r\n\r\n"
            if not pause:
                writer.write(CHUNKED + event * events + end)
                return
            writer.write(CHUNKED)
            for _ in range(events):
                writer.write(event)
                await writer.drain()
                await asyncio.sleep(pause)
            writer.write(end)
        else:
            writer.write(plain(OK, "200 OK", date, "x-ratelimit-limit-requests: 60"))

    return answer


def test_a_sound_target_passes_every_step() -> None:
    with serving(provider()) as url:
        steps = list(doctor.examine(at(url)))
    assert [(step.name, step.ok) for step in steps] == [
        (name, True)
        for name in ("dns", "tcp", "http", "base-url", "auth", "models", "chat", "streaming", "clock", "rate-limits")
    ]


def test_a_buffered_stream_is_noticed() -> None:
    with serving(provider(pause=0)) as url:
        steps = {step.name: step for step in doctor.examine(at(url))}
    assert (steps["streaming"].ok, "all at once" in steps["streaming"].says) == (None, True)


def test_a_target_that_is_right_is_left_alone() -> None:
    with serving(provider()) as url:
        assert doctor.ask_first(at(url)).status == 200


STOPS: dict[str, tuple[str, str | None, str, str, str]] = {
    "a doubled v1": ("/v1/v1", "sk-right-key", "m", "base-url", "/v1 (it answers 200)"),
    "a missing v1": ("", "sk-right-key", "m", "base-url", "/v1 (it answers 200)"),
    "the whole path": ("/v1/chat/completions", "sk-right-key", "m", "base-url", "/v1 (it answers 200)"),
    "a wrong key": ("/v1", "sk-wrong-key", "m", "auth", "Check the key"),
    "no key": ("/v1", None, "m", "auth", "OPENAI_API_KEY"),
    "an unknown model": ("/v1", "sk-right-key", "q", "model", "--model"),
}


@pytest.mark.parametrize("name", STOPS)
def test_a_run_that_cannot_be_is_stopped_with_a_remedy(name: str) -> None:
    path, key, model, cause, remedy = STOPS[name]
    with serving(provider()) as url:
        target = Target(
            name="t", base_url=url.removesuffix("/v1") + path, model=model, key=Secret(key) if key else None
        )
        with pytest.raises(NoVerdict) as error:
            doctor.ask_first(target)
    assert (error.value.cause, remedy in error.value.remedy) == (cause, True)
    assert "sk-" not in str(error.value)


@pytest.mark.parametrize("name", STOPS)
def test_the_doctor_finds_it_too(name: str) -> None:
    path, key, model, _, remedy = STOPS[name]
    with serving(provider()) as url:
        target = Target(
            name="t", base_url=url.removesuffix("/v1") + path, model=model, key=Secret(key) if key else None
        )
        wrong = [step for step in doctor.examine(target) if step.ok is False]
    assert len(wrong) == 1
    assert remedy in wrong[0].remedy


def test_a_web_page_is_no_api() -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"
    with serving(closing(page)) as url, pytest.raises(NoVerdict, match="web page") as error:
        doctor.ask_first(at(url))
    assert error.value.cause == "base-url"


def test_an_answer_that_is_lost_is_asked_for_again() -> None:
    asked: list[bytes] = []

    async def now_and_then(request: bytes, writer: asyncio.StreamWriter) -> None:
        asked.append(request)
        if len(asked) > 2:
            writer.write(plain(OK))
        else:
            writer.close()

    with serving(now_and_then) as url:
        assert doctor.ask_first(at(url)).status == 200
    assert len(asked) == 3


def test_nobody_there_is_unreachable() -> None:
    with serving(provider()) as url:
        pass
    with pytest.raises(NoVerdict, match="no connection") as error:
        doctor.ask_first(at(url))
    assert error.value.cause == "unreachable"
    assert [(step.name, step.ok) for step in doctor.examine(at(url))] == [("dns", True), ("tcp", False)]
