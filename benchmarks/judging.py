"""
CPU of reading and judging one stream, for each chunk, and how it grows from 1,000 to 100,000 chunks.

Goal: at most 25 microseconds a chunk beyond reading the socket, and linear: a chunk of a long stream costs what a chunk
of a short one does.  ``python benchmarks/judging.py``
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator
from itertools import chain

from conformance.cli import collect_less
from conformance.contract import contracts
from conformance.judge import judge
from conformance.model import JSON, Case, Chunk, Ending, Exchange, Request, Sent, State

SIZES = (1_000, 10_000, 100_000)
#: A stream is judged so often, and the least counts: what else the machine does only adds.
TIMES = {1_000: 15, 10_000: 5, 100_000: 2}
_SAY: JSON = [{"role": "user", "content": "Count."}]
_TOOL: JSON = {"type": "function", "function": {"name": "count", "parameters": {"type": "object"}}}
_ASKED: dict[str, JSON] = {
    "model": "m",
    "stream": True,
    "stream_options": {"include_usage": True},
    "messages": _SAY,
}


def text(size: int) -> Iterator[bytes]:
    """
    A word a chunk.
    """
    return (_event({"content": f"{number} "}) for number in range(size))


def call(size: int) -> Iterator[bytes]:
    """
    One tool call whose arguments come a few characters a chunk.
    """
    function: JSON = {"name": "count", "arguments": ""}
    first = _event({"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]})
    pieces = ['{"to": [', *("0, " for _ in range(size - 3)), "0]}"]
    fragments = ([{"index": 0, "function": {"arguments": piece}}] for piece in pieces)
    return chain([first], (_event({"tool_calls": each}) for each in fragments))


def logprobs(size: int) -> Iterator[bytes]:
    """
    A word a chunk, with its log probability and that of another.
    """
    for number in range(size):
        word = f"{number} "
        entry = {"token": word, "logprob": -0.1, "bytes": list(word.encode())}
        other = {"token": "x", "logprob": -3.0, "bytes": [120]}
        yield _event(
            {"content": word}, logprobs={"content": [{**entry, "top_logprobs": [entry, other]}], "refusal": None}
        )


#: What is streamed: what else is asked, the chunks, how they end.
KINDS: dict[str, tuple[dict[str, JSON], Callable[[int], Iterator[bytes]], str]] = {
    "text": ({}, text, "stop"),
    "a tool call": ({"tools": [_TOOL]}, call, "tool_calls"),
    "text with log probabilities": ({"logprobs": True, "top_logprobs": 2}, logprobs, "stop"),
}


def stream(kind: str, size: int) -> tuple[Case, Exchange]:
    """
    A faultless stream of ``size`` chunks, four events a read.
    """
    more, chunks, finish = KINDS[kind]
    asked = {**_ASKED, **more}
    role: JSON = {"role": "assistant", "content": "" if finish == "stop" else None}
    events = [_event(role), *chunks(size - 3), _event({}, finish=finish), _usage(size), b"data: [DONE]\n\n"]
    reads = [b"".join(events[start : start + 4]) for start in range(0, len(events), 4)]
    headers = (("Content-Type", "text/event-stream; charset=utf-8"),)
    sent = Sent(method="POST", url="http://bench.test/v1/chat/completions", body=json.dumps(asked).encode())
    exchange = Exchange(
        sent=sent,
        ending=Ending.COMPLETE,
        status=200,
        headers=headers,
        chunks=tuple(Chunk(0.01 * number, data) for number, data in enumerate(reads)),
    )
    request = Request(path="/chat/completions", body=asked)
    return Case(id="bench.stream", contract="openai-chat", feature="bench", title="", request=request), exchange


def _event(delta: JSON, *, finish: str | None = None, logprobs: JSON = None) -> bytes:
    choice: JSON = {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
    return _data([choice], None)


def _usage(tokens: int) -> bytes:
    return _data([], {"prompt_tokens": 9, "completion_tokens": tokens, "total_tokens": tokens + 9})


def _data(choices: list[JSON], usage: JSON) -> bytes:
    value = {
        "id": "chatcmpl-bench",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "m",
        "choices": choices,
        "usage": usage,
    }
    return b"data: " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n"


def measure(kind: str, size: int) -> float:
    """
    The least CPU seconds of judging, of several times.
    """
    contract = contracts.load("openai-chat")
    case, exchange = stream(kind, size)
    least = float("inf")
    for _ in range(TIMES[size]):
        gc.collect()
        began = time.process_time()
        result = judge(case, [exchange], contract)
        least = min(least, time.process_time() - began)
        violated = {name for name, state in result.states.items() if state is State.VIOLATED}
        assert not violated, (violated, result.findings[:3])
    return least


def main() -> None:
    """
    Print one row a kind and size; the last column compares with the shortest stream of the kind.
    """
    collect_less()
    contract = contracts.load("openai-chat")
    for kind in KINDS:
        case, exchange = stream(kind, 10)
        judge(case, [exchange], contract)
    print("| a stream of | chunks | CPU | CPU a chunk | growth |\n| --- | --- | --- | --- | --- |")
    for kind in KINDS:
        first = 0.0
        for size in SIZES:
            each = measure(kind, size) / size
            first = first or each
            row = f"| {kind} | {size:,} | {each * size:.3f} s | {1e6 * each:.1f} µs | {each / first:.2f} |"
            print(row, flush=True)


if __name__ == "__main__":
    main()
