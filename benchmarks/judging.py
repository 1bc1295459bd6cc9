"""
CPU of judging one stream, for each chunk, and how it grows from 1,000 to 100,000 chunks.

Goal: linear, so that a chunk of a long stream costs what a chunk of a short one does.  ``python benchmarks/judging.py``
"""

from __future__ import annotations

import json
import time

from conformance.contract import contracts
from conformance.judge import judge
from conformance.model import JSON, Case, Chunk, Ending, Exchange, Request, Sent, State

SIZES = (1_000, 10_000, 100_000)
_ASKED: JSON = {
    "model": "m",
    "stream": True,
    "stream_options": {"include_usage": True},
    "messages": [{"role": "user", "content": "Count."}],
}


def stream(size: int) -> Exchange:
    """
    A faultless stream of ``size`` chunks, four events a read.
    """
    events = [_event({"role": "assistant", "content": ""})]
    events += [_event({"content": f"{number} "}) for number in range(size - 3)]
    events += [_event({}, finish="stop"), _usage(size)]
    events.append(b"data: [DONE]\n\n")
    reads = [b"".join(events[start : start + 4]) for start in range(0, len(events), 4)]
    headers = (("Content-Type", "text/event-stream; charset=utf-8"),)
    chunks = tuple(Chunk(0.01 * number, data) for number, data in enumerate(reads))
    body = json.dumps(_ASKED).encode()
    sent = Sent(method="POST", url="http://bench.test/v1/chat/completions", body=body)
    return Exchange(sent=sent, ending=Ending.COMPLETE, status=200, headers=headers, chunks=chunks)


def _event(delta: JSON, finish: str | None = None) -> bytes:
    choice: JSON = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
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


def main() -> None:
    """
    Print one row a size; the last column compares with the shortest stream.
    """
    contract = contracts.load("openai-chat")
    request = Request(path="/chat/completions", body=_ASKED)
    case = Case(id="bench.stream", contract="openai-chat", feature="bench", title="", request=request)
    judge(case, [stream(10)], contract)
    print("| chunks | CPU | CPU a chunk | growth |\n| --- | --- | --- | --- |")
    first = 0.0
    for size in SIZES:
        exchange = stream(size)
        began = time.process_time()
        result = judge(case, [exchange], contract)
        seconds = time.process_time() - began
        violated = {name for name, state in result.states.items() if state is State.VIOLATED}
        assert not violated, (violated, result.findings[:3])
        first = first or seconds / size
        print(
            f"| {size:,} | {seconds:.3f} s | {1e6 * seconds / size:.1f} µs | {seconds / size / first:.2f} |", flush=True
        )


if __name__ == "__main__":
    main()
