"""
Faults of the values: plain answers and chunks that break the schema or the sums.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

from conformance.reference.faults.edits import (
    GONE,
    Chunks,
    Plain,
    calls,
    choices,
    chunk_calls,
    chunk_choices,
    chunk_top,
    each_chunk,
    has_text,
    later,
    top,
)
from conformance.reference.faults.fault import Asked, Fault, Item, Object

C = "openai-chat."


def _set(key: str, value: Any) -> Any:
    def change(place: Object, _: Asked) -> None:
        if value is GONE:
            place.pop(key, None)
        else:
            place[key] = value

    return change


def _message(key: str, value: Any) -> Plain:
    change = _set(key, value)
    return choices(lambda choice, asked: change(choice["message"], asked))


def _delta(key: str, value: Any, when: Any = None) -> Chunks:
    change = _set(key, value)
    return chunk_choices(lambda choice, asked: change(choice["delta"], asked), when)


def _usage(key: str, value: Any) -> Plain:
    def edit(body: Object, _: Asked) -> Object:
        body = copy.deepcopy(body)
        usage = body["usage"]
        usage[key] = value(usage) if callable(value) else value
        return body

    return edit


def _usage_chunks(key: str, value: Any) -> Chunks:
    def change(chunk: Object, _: Asked) -> None:
        if chunk.get("usage"):
            chunk["usage"][key] = value(chunk["usage"]) if callable(value) else value

    return each_chunk(change)


def _both(
    name: str, requirement: tuple[str, str], does: str, plain: Any, chunks: Any, verdict: Any = "MUST"
) -> list[Fault]:
    """
    The fault in one code path alone, for servers have two.
    """
    return [
        Fault(id=f"{name}.plain", title=f"{does} (plain)", level=verdict, requirement=C + requirement[0], plain=plain),
        Fault(
            id=f"{name}.streamed",
            title=f"{does} (streamed)",
            level=verdict,
            requirement=C + requirement[1],
            chunks=chunks,
        ),
    ]


def _pair(name: str) -> tuple[str, str]:
    return f"response.{name}", f"chunk.{name}"


def _drop_index_when_zero(choice: Object, _: Asked) -> None:
    if choice["index"] == 0:
        del choice["index"]


def _cumulative(chunks: Sequence[Object], _: Asked) -> Sequence[Item]:
    sofar: dict[int, str] = {}
    made = copy.deepcopy(list(chunks))
    for chunk in made:
        for choice in chunk.get("choices", []):
            text = choice["delta"].get("content")
            if text:
                sofar[choice["index"]] = sofar.get(choice["index"], "") + text
                choice["delta"]["content"] = sofar[choice["index"]]
    return made


def _parts(choice: Object, _: Asked) -> None:
    text = choice["message"].get("content")
    if text:
        choice["message"]["content"] = [{"type": "text", "text": text}]


def _delta_parts(choice: Object, _: Asked) -> None:
    text = choice["delta"].get("content")
    if text:
        choice["delta"]["content"] = [{"type": "text", "text": text}]


def _message_beside_delta(choice: Object, _: Asked) -> None:
    choice["message"] = copy.deepcopy(choice["delta"])


def _stop_on_length(choice: Object, _: Asked) -> None:
    if choice.get("finish_reason") == "length":
        choice["finish_reason"] = "stop"


def _text_in_length(choice: Object, _: Asked) -> None:
    if choice["message"].get("content") and not choice["message"].get("tool_calls"):
        choice["message"].pop("content")


def _null_choices(chunk: Object, _: Asked) -> None:
    if chunk.get("choices") == []:
        chunk["choices"] = None


def _all_index_zero(choice: Object, _: Asked) -> None:
    choice["index"] = 0


FAULTS: list[Fault] = [
    *_both("id-missing", _pair("id"), "id is absent", top("id", GONE), chunk_top("id", GONE, later)),
    *_both(
        "object-wrong",
        _pair("object"),
        "object is another word",
        top("object", "text_completion"),
        chunk_top("object", "chat.completion"),
    ),
    *_both("model-null", _pair("model"), "model is null", top("model", None), chunk_top("model", None)),
    *_both("model-empty", _pair("model"), "model is empty", top("model", ""), chunk_top("model", "")),
    *_both(
        "created-float",
        _pair("created"),
        "created is a float",
        top("created", 1718813247.482),
        chunk_top("created", 1718813247.482),
    ),
    *_both(
        "created-string",
        _pair("created"),
        "created is a date",
        top("created", "2026-01-01T00:00:00Z"),
        chunk_top("created", "2026-01-01T00:00:00Z"),
    ),
    *_both(
        "created-milliseconds",
        _pair("created"),
        "created is in milliseconds",
        top("created", 1718813247123),
        chunk_top("created", 1718813247123),
    ),
    *_both(
        "choice-index-missing",
        _pair("choices.index"),
        "index 0 is left out",
        choices(_drop_index_when_zero),
        chunk_choices(_drop_index_when_zero),
    ),
    *_both(
        "content-array",
        ("response.message.content", "chunk.delta.content"),
        "content is an array of parts",
        choices(_parts),
        chunk_choices(_delta_parts),
    ),
    *_both(
        "usage-string",
        ("response.usage", "chunk.usage"),
        "counts are strings",
        _usage("prompt_tokens", lambda u: str(u["prompt_tokens"])),
        _usage_chunks("prompt_tokens", lambda u: str(u["prompt_tokens"])),
    ),
    *_both(
        "usage-float",
        ("response.usage", "chunk.usage"),
        "counts are floats",
        _usage("completion_tokens", lambda u: u["completion_tokens"] + 0.5),
        _usage_chunks("completion_tokens", lambda u: u["completion_tokens"] + 0.5),
    ),
    *_both(
        "usage-total-wrong",
        ("usage.total", "usage.total"),
        "total_tokens is not the sum",
        _usage("total_tokens", lambda u: u["total_tokens"] + 7),
        _usage_chunks("total_tokens", lambda u: u["total_tokens"] + 7),
        "SHOULD",
    ),
    *_both(
        "usage-reasoning-not-in-completion",
        ("usage.reasoning", "usage.reasoning"),
        "reasoning is counted apart",
        _usage("completion_tokens_details", {"reasoning_tokens": 6000}),
        _usage_chunks("completion_tokens_details", {"reasoning_tokens": 6000}),
    ),
    *_both(
        "usage-cached-exceeds-prompt",
        ("usage.cached", "usage.cached"),
        "cached tokens are counted apart",
        _usage("prompt_tokens_details", {"cached_tokens": 18000}),
        _usage_chunks("prompt_tokens_details", {"cached_tokens": 18000}),
    ),
    *_both(
        "finish-stop-on-length",
        ("param.max-tokens.finish", "param.max-tokens.finish"),
        "a cut answer says stop",
        choices(_stop_on_length),
        chunk_choices(_stop_on_length),
    ),
    Fault(
        id="usage-null",
        title="usage is null",
        level="SHOULD",
        requirement=C + "usage.present",
        plain=top("usage", None),
    ),
    Fault(
        id="usage-zero",
        title="all counts are 0",
        level="SHOULD",
        requirement=C + "usage.positive",
        plain=top("usage", {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}),
    ),
    Fault(
        id="message-role-wrong",
        title="message.role is model",
        level="MUST",
        requirement=C + "response.message.role",
        plain=_message("role", "model"),
    ),
    Fault(
        id="message-content-missing",
        title="message has no content",
        level="MUST",
        requirement=C + "message.content",
        plain=choices(_text_in_length),
    ),
    Fault(
        id="message-refusal-missing",
        title="message has no refusal",
        level="MAY",
        requirement=C + "response.message.refusal",
        plain=_message("refusal", GONE),
    ),
    Fault(
        id="message-tool-calls-null",
        title="tool_calls is null",
        level="MAY",
        requirement=C + "response.message.tool-calls",
        plain=choices(lambda c, _: c["message"].setdefault("tool_calls", None)),
    ),
    Fault(
        id="choices-empty",
        title="choices is empty",
        level="MUST",
        requirement=C + "response.choices",
        plain=top("choices", []),
    ),
    Fault(
        id="choices-index-all-zero",
        title="every choice has index 0",
        level="MUST",
        requirement=C + "choices.indexes",
        plain=choices(_all_index_zero),
    ),
    Fault(
        id="choices-index-all-zero.streamed",
        title="every streamed choice has index 0",
        level="MUST",
        requirement=C + "param.n",
        chunks=chunk_choices(_all_index_zero),
    ),
    Fault(
        id="finish-reason-unknown",
        title="finish_reason is eos",
        level="MUST",
        requirement=C + "response.choices.finish-reason",
        plain=choices(lambda c, _: c.update(finish_reason="eos") if c["finish_reason"] == "stop" else None),
    ),
    Fault(
        id="finish-reason-empty-string",
        title="finish_reason is empty before the end",
        level="MUST",
        requirement=C + "chunk.choices.finish-reason",
        chunks=chunk_choices(lambda c, _: c.update(finish_reason="") if c["finish_reason"] is None else None),
    ),
    Fault(
        id="finish-reason-key-absent",
        title="finish_reason is left out when null",
        level="SHOULD",
        requirement=C + "stream.finish-reason-key",
        chunks=chunk_choices(lambda c, _: c.pop("finish_reason") if c["finish_reason"] is None else None),
    ),
    Fault(
        id="chunk-message-instead-of-delta",
        title="chunks have message, not delta",
        level="MUST",
        requirement=C + "chunk.choices.delta",
        chunks=chunk_choices(lambda c, _: c.update(message=c.pop("delta"))),
    ),
    Fault(
        id="chunk-message-beside-delta",
        title="chunks have message beside delta",
        level="MUST",
        requirement=C + "stream.message-in-chunk",
        chunks=chunk_choices(_message_beside_delta),
    ),
    Fault(
        id="delta-content-cumulative",
        title="deltas hold all text so far",
        level="MUST",
        requirement=C + "stream.increments",
        chunks=_cumulative,
    ),
    Fault(
        id="role-missing-first-delta",
        title="no delta has a role",
        level="SHOULD",
        requirement=C + "stream.role-first",
        chunks=_delta("role", GONE),
    ),
    Fault(
        id="role-repeated",
        title="the role is in every delta",
        level="MAY",
        requirement=C + "stream.role-once",
        chunks=_delta("role", "assistant", has_text),
    ),
    Fault(
        id="id-changes",
        title="every chunk has an id of its own",
        level="MUST",
        requirement=C + "stream.same-id",
        chunks=lambda chunks, _: [{**chunk, "id": f"chatcmpl-{n}"} for n, chunk in enumerate(chunks)],
    ),
    Fault(
        id="created-changes",
        title="every chunk has a time of its own",
        level="SHOULD",
        requirement=C + "stream.same-created",
        chunks=lambda chunks, _: [{**chunk, "created": chunk["created"] + n // 2} for n, chunk in enumerate(chunks)],
    ),
    Fault(
        id="model-changes",
        title="the model changes within a stream",
        level="SHOULD",
        requirement=C + "stream.same-model",
        chunks=lambda chunks, _: [
            {**chunk, "model": chunk["model"] + ("-b" if n > 1 else "")} for n, chunk in enumerate(chunks)
        ],
    ),
    Fault(
        id="choices-null",
        title="choices is null in the usage chunk",
        level="MUST",
        requirement=C + "chunk.choices.array",
        chunks=each_chunk(_null_choices),
    ),
    Fault(
        id="vendor-chunk-without-envelope",
        title="a vendor's object among the chunks",
        level="MUST",
        requirement=C + "chunk.id",
        chunks=lambda chunks, _: [*chunks[:1], {"choices": [], "cost": "0.0012"}, *chunks[1:]],
    ),
    Fault(
        id="logprobs-missing-in-stream",
        title="streams have no logprobs",
        level="MUST",
        requirement=C + "logprobs.given",
        chunks=chunk_choices(_set("logprobs", None)),
    ),
    Fault(
        id="logprobs-ignored",
        title="plain answers have no logprobs",
        level="SHOULD",
        requirement=C + "logprobs.given",
        plain=choices(_set("logprobs", None)),
    ),
]


def _tops(change: Any) -> list[Plain | Chunks]:
    def each(choice: Object, _: Asked) -> None:
        for entry in (choice.get("logprobs") or {}).get("content") or []:
            change(entry)

    return [choices(each), chunk_choices(each)]


def _linear(entry: Object) -> None:
    import math

    entry["logprob"] = math.exp(entry["logprob"])
    for each in entry["top_logprobs"]:
        each["logprob"] = math.exp(each["logprob"])


def _reversed(entry: Object) -> None:
    entry["top_logprobs"].reverse()


def _one_more(entry: Object) -> None:
    if entry["top_logprobs"]:
        entry["top_logprobs"].append({"token": "zz", "logprob": -30.0, "bytes": [122, 122]})


def _no_bytes(entry: Object) -> None:
    entry["bytes"] = [63] if entry.get("bytes") and max(entry["bytes"]) > 127 else entry.get("bytes")


for _name, _verdict, _requirement, _change in (
    ("logprobs-linear", "MUST", "logprobs.values", _linear),
    ("logprobs-not-sorted", "MUST", "logprobs.values", _reversed),
    ("logprobs-one-more", "SHOULD", "logprobs.top-count", _one_more),
    ("logprobs-bytes-lossy", "MUST", "logprobs.bytes", _no_bytes),
):
    _plain, _chunks = _tops(_change)
    FAULTS += _both(_name, (_requirement, _requirement), _name.replace("-", " "), _plain, _chunks, _verdict)


def _nan(body: Object, _: Asked) -> bytes:
    text = json.dumps(body, ensure_ascii=False)
    first = text.find('"logprob": ')
    if first < 0:
        return text.encode()
    end = text.find(",", first)
    return (text[:first] + '"logprob": -Infinity' + text[end:]).encode()


FAULTS += [
    Fault(
        id="logprobs-nonfinite",
        title="-Infinity in the JSON",
        level="MUST",
        requirement=C + "json.numbers",
        plain=_nan,
    ),
]
_ = (calls, chunk_calls)
