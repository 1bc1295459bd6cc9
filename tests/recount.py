"""
A second count of what recorded traffic violates, in a few lines that share no code with the suite.

It reads the JSON lines itself and knows nothing of evidence, levels or requirements; where both counts agree for every
vendor, the checks count what their sentences say.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Object = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """
    One 200 answer: a body, or the chunks of a stream before ``[DONE]``.
    """

    vendor: str
    #: The request, or None when it was not kept.
    asked: Object | None
    body: Object | None = None
    chunks: tuple[Object, ...] = ()
    done: bool = False
    #: The stream reported an error, or the recorder cut it.
    broken: bool = False
    #: The framing of the stream was the server's.
    framed: bool = True

    @property
    def messages(self) -> list[Object]:
        choices = (self.body or {}).get("choices") or []
        return [choice["message"] for choice in choices if choice.get("message") is not None]

    @property
    def parts(self) -> list[Object]:
        return [choice for chunk in self.chunks for choice in chunk.get("choices") or []]

    @property
    def usages(self) -> list[Object]:
        every = [self.body] if self.body is not None else self.chunks
        return [value for value in every if isinstance(value.get("usage"), dict)]

    @property
    def first_fragments(self) -> list[Object]:
        first: dict[Any, Object] = {}
        for choice in self.parts:
            for call in choice["delta"].get("tool_calls") or []:
                index = call.get("index")
                first.setdefault((choice.get("index"), index, None if index is not None else call.get("id")), call)
        return list(first.values())

    @property
    def spoken(self) -> bool:
        if self.asked is None:
            return any(part["delta"].get("audio") for part in self.parts)
        return "audio" in (self.asked.get("modalities") or [])

    @property
    def counted(self) -> bool | None:
        """
        Whether usage was asked for in a whole stream; None where that is unknown.
        """
        if self.body is not None or self.broken or self.asked is None:
            return None
        return (self.asked.get("stream_options") or {}).get("include_usage") is True


def _finishes_once(answer: Answer) -> bool:
    reasons = Counter(choice.get("index") for choice in answer.parts if isinstance(choice.get("finish_reason"), str))
    return all(reasons[choice.get("index")] == 1 for choice in answer.parts)


def _numbers(answer: Answer) -> tuple[int, int, int, int, int] | None:
    usage = answer.usages[-1]["usage"] if answer.usages else {}
    prompt, written, total = (usage.get(f"{name}_tokens") for name in ("prompt", "completion", "total"))
    if not (isinstance(prompt, int) and isinstance(written, int) and isinstance(total, int)):
        return None
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    thought = (usage.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0
    return prompt, written, total, cached, thought


_REASONS = {"stop", "length", "tool_calls", "content_filter", "function_call"}

#: What violates a requirement of openai-chat.
PLAIN: dict[str, Callable[[Answer], bool]] = {
    "response.object": lambda a: a.body.get("object") != "chat.completion",
    "response.message.refusal": lambda a: any("refusal" not in m for m in a.messages),
    "response.message.tool-calls": lambda a: any("tool_calls" in m and not m["tool_calls"] for m in a.messages),
    "message.content-beside-calls": lambda a: any("content" not in m and m.get("tool_calls") for m in a.messages),
    "message.content": lambda a: any("content" not in m and not m.get("tool_calls") for m in a.messages),
    "response.tool-calls.type": lambda a: any(
        call.get("type") not in ("function", "custom") for m in a.messages for call in m.get("tool_calls") or []
    ),
    "response.choices.finish-reason": lambda a: any(
        choice.get("finish_reason") not in _REASONS for choice in a.body.get("choices") or []
    ),
}
STREAMED: dict[str, Callable[[Answer], bool]] = {
    "chunk.object": lambda a: any(chunk.get("object") != "chat.completion.chunk" for chunk in a.chunks),
    "chunk.id": lambda a: any(not chunk.get("id") for chunk in a.chunks),
    "stream.done": lambda a: a.framed and not a.broken and not a.done,
    "stream.finish-reason-key": lambda a: not a.spoken and any("finish_reason" not in part for part in a.parts),
    "stream.finish-reason": lambda a: not a.broken and not a.spoken and not _finishes_once(a),
    "chunk.tool-calls.index": lambda a: any(not isinstance(call.get("index"), int) for call in a.first_fragments),
    "tools.first-fragment": lambda a: any(
        not call.get("type") or not (call.get("function") or call.get("custom") or {}).get("name")
        for call in a.first_fragments
    ),
    "usage.null-elsewhere": lambda a: a.counted is True and any("usage" not in chunk for chunk in a.chunks),
    "usage.streamed": lambda a: a.counted is True and not a.usages,
    "usage.once": lambda a: a.counted is True and len(a.usages) > 1,
    "usage.empty-choices": lambda a: a.counted is True and len(a.usages) == 1 and bool(a.usages[0].get("choices")),
    "usage.unasked": lambda a: a.counted is False and bool(a.usages),
}
BOTH: dict[str, Callable[[Answer], bool]] = {
    "usage.total": lambda a: (n := _numbers(a)) is not None and n[0] + n[1] != n[2],
    "usage.cached": lambda a: (n := _numbers(a)) is not None and n[3] > n[0],
    "usage.reasoning": lambda a: (n := _numbers(a)) is not None and n[4] > n[1],
}


def count(path: Path) -> dict[str, dict[str, int]]:
    """
    How many answers of each vendor violate each of the requirements above.
    """
    found: dict[str, Counter[str]] = {name: Counter() for name in (*PLAIN, *STREAMED, *BOTH)}
    for answer in _answers(path):
        rules = {**(STREAMED if answer.body is None else PLAIN), **BOTH}
        for name, violates in rules.items():
            found[name][answer.vendor] += violates(answer)
    return {f"openai-chat.{name}": {v: n for v, n in sorted(by.items()) if n} for name, by in found.items()}


def _answers(path: Path) -> Iterator[Answer]:
    with gzip.open(path) as lines:
        for line in lines:
            row = json.loads(line)
            if row["response"]["status"] == 200:
                answer = _stream(row) if row.get("stream") else _plain(row)
                if answer is not None:
                    yield answer


def _asked(row: Object) -> Object | None:
    body = row["request"].get("body")
    if row.get("request_elided") or row["request"].get("request_elided") or body is None:
        return None
    try:
        return json.loads(body) if isinstance(body, str) else body
    except ValueError:
        return {}


def _plain(row: Object) -> Answer | None:
    try:
        body = json.loads(row["response"]["body_text"])
    except ValueError:
        return None
    usable = isinstance(body, dict) and not body.get("error")
    return Answer(row["vendor"], _asked(row), body=body) if usable else None


def _stream(row: Object) -> Answer:
    text = row["response"]["body_text"].replace("\r\n", "\n").replace("\r", "\n")
    payloads = [line[5:].strip() for line in text.split("\n") if line.startswith("data:")]
    done = "[DONE]" in payloads
    values = [json.loads(each) for each in payloads[: payloads.index("[DONE]") if done else None] if each]
    filtered = [v for v in values if not (v.get("choices") == [] and "prompt_filter_results" in v)]
    cut = bool(row.get("truncated") or row["response"].get("truncated"))
    return Answer(
        row["vendor"],
        _asked(row),
        chunks=tuple(value for value in filtered if not value.get("error")),
        done=done,
        broken=cut or any(value.get("error") for value in values),
        framed=row["fidelity"] != "rebuilt",
    )
