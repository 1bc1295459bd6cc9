"""
Reading and judging grow with what came, not faster: work is counted in steps of the interpreter, never timed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from conformance.contract import contracts
from conformance.judge import judge
from tests.specimens import (
    TOOL,
    Specimen,
    ask,
    call,
    call_chunks,
    choice,
    chunk,
    completion,
    part,
    plain,
    streamed,
    text_chunks,
    token,
    with_usage,
)

CONTRACT = contracts.load("openai-chat")
TOOLS = ask(tools=[TOOL], stream=True)


def steps(work: Callable[[], object]) -> int:
    """
    How many instructions of Python the work took; what C does within one is not counted.
    """
    counted = 0

    def count(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal counted
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        counted += event == "opcode"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        work()
    finally:
        sys.settrace(before)
    return counted


def _with_ids(size: int) -> list[Any]:
    fragments = call_chunks(*["1, "] * size)
    for each in fragments[1:-1]:
        each["choices"][0]["delta"]["tool_calls"][0] |= {"id": "call_1", "type": "function"}
    return fragments


def _calls(size: int) -> list[Any]:
    return [each for number in range(size) for each in call_chunks("{}", index=number, identity=f"call_{number}")[:2]]


def _audio(size: int) -> list[Any]:
    pieces = [chunk(part({"audio": {"id": "a", "data": "AAAA", "transcript": "a"}})) for _ in range(size)]
    return [*pieces, chunk(part({}, "stop"))]


def _logprobs(size: int) -> list[Any]:
    tokens = [chunk(part({"content": "a"}, logprobs={"content": [token("a")]})) for _ in range(size)]
    return [*tokens, chunk(part({}, "stop"))]


def _choices(size: int) -> list[Any]:
    return [each for number in range(size) for each in text_chunks("a", index=number)]


#: How a reply of a certain size is made.
SHAPES: dict[str, Callable[[int], Specimen]] = {
    "a stream of text": lambda n: streamed(text_chunks(*["word "] * n)),
    "a stream with usage": lambda n: streamed(
        with_usage(text_chunks(*["word "] * n)), ask(stream=True, stream_options={"include_usage": True})
    ),
    "a stream of one call": lambda n: streamed(call_chunks(*["1, "] * n), TOOLS),
    "a stream that repeats its call's id": lambda n: streamed(_with_ids(n), TOOLS),
    "a stream of many calls": lambda n: streamed(_calls(n), TOOLS),
    "a stream of audio": lambda n: streamed(_audio(n), ask(stream=True, modalities=["text", "audio"])),
    "a stream of log probabilities": lambda n: streamed(_logprobs(n), ask(stream=True, logprobs=True)),
    "a stream of many choices": lambda n: streamed(_choices(n), ask(stream=True, n=n)),
    "a stream of comments": lambda n: streamed([": ping\n\n"] * n),
    "a stream of unknown lines": lambda n: streamed(["INFO: x\n"] * n),
    "a stream of what is not JSON": lambda n: streamed(["data: {'a'}\n\n"] * n),
    "a stream of errors": lambda n: streamed([{"error": {"message": "m"}}] * n),
    "a stream of repeated ends": lambda n: streamed(["data: [DONE]\n\n"] * n),
    "a stream of one long event": lambda n: streamed(["data: {}\n"] * n),
    "a stream of usages": lambda n: streamed([chunk(usage={"prompt_tokens": 1})] * n),
    "a stream with ids": lambda n: streamed(["id: 5\nevent: x\nretry: 1\ndata: {}\n\n"] * n),
    "a stream read byte by byte": lambda n: streamed(
        b"", reads=[(0.1, bytes([each])) for each in b"data: {}\n\n" * (n // 4)]
    ),
    "an answer of many choices": lambda n: plain(completion(*(choice(each) for each in range(n))), ask(n=n)),
    "an answer of many calls": lambda n: plain(
        completion(choice(0, None, "tool_calls", tool_calls=[call(identity=f"c{each}") for each in range(n)])),
        ask(tools=[TOOL]),
    ),
    "an answer of log probabilities": lambda n: plain(
        completion({**choice(0, "a" * n), "logprobs": {"content": [token("a")] * n}}), ask(logprobs=True)
    ),
    "an answer of names twice": lambda n: plain(b"[" + b'{"a": 1, "a": 1}, ' * n + b"1]"),
    "an answer of what is not UTF-8": lambda n: plain(b'"' + b"\xff" * n + b'"'),
    "an answer in strict JSON": lambda n: plain(
        completion(choice(0, json.dumps({"a": ["b"] * n}))), ask(response_format={"type": "json_object"})
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_four_times_as_much_takes_four_times_the_work(shape: str) -> None:
    def work(size: int) -> int:
        specimen = SHAPES[shape](size)
        return steps(lambda: judge(specimen.case, [specimen.exchange], CONTRACT))

    work(4)  # what is read once and kept
    assert work(200) < 4.4 * work(50)
