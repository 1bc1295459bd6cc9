"""
Good exchanges of a chat completions endpoint, and edits that make one thing wrong.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.model import Case, Chunk, Ending, Evidence, Exchange, Expect, Request, Sent
from conformance.read.reply import Reply

_NUMBERS = itertools.count()
#: Leaves a key out when given to ``edit``.
GONE = object()

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "where": {"type": "object"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
STRICT_TOOL = copy.deepcopy(TOOL)
STRICT_TOOL["function"]["strict"] = True  # type: ignore[index]
SCHEMA = {
    "type": "object",
    "properties": {"reason": {"type": "string"}, "answer": {"type": "integer"}},
    "required": ["reason", "answer"],
    "additionalProperties": False,
}


@dataclass(frozen=True, kw_only=True)
class Specimen:
    """
    A case with what came back for it.
    """

    case: Case
    exchange: Exchange
    peers: Mapping[str, Reply] = field(default_factory=dict)


def ask(**more: Any) -> dict[str, Any]:
    """
    A request body.
    """
    return {"model": "m", "messages": [{"role": "user", "content": "Reply with exactly: Hello"}], **more}


def a_case(body: Any, **more: Any) -> Case:
    """
    A case of ours that sends a body.
    """
    fields = {"id": "openai-chat.specimen", "contract": "openai-chat", "feature": "specimen", "title": "A specimen"}
    request = more.pop("request", Request(path="/chat/completions", body=body))
    return Case(**{**fields, "file": "specimen.yaml", "request": request, **more})


def usage(prompt: int = 9, completion: int = 2) -> dict[str, Any]:
    """
    A usage object as OpenAI sends it.
    """
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def choice(index: int = 0, text: str | None = "Hello", finish: str = "stop", **message: Any) -> dict[str, Any]:
    """
    A choice of a plain answer.
    """
    return {
        "index": index,
        "message": {"role": "assistant", "content": text, "refusal": None, "annotations": [], **message},
        "logprobs": None,
        "finish_reason": finish,
    }


def completion(*choices: dict[str, Any], **more: Any) -> dict[str, Any]:
    """
    A plain answer.
    """
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1790000000,
        "model": "m-2026-01-01",
        "choices": list(choices) or [choice()],
        "usage": usage(),
        "service_tier": "default",
        "system_fingerprint": "fp_1",
        **more,
    }


def chunk(*choices: dict[str, Any], **more: Any) -> dict[str, Any]:
    """
    One chunk of a streamed answer.
    """
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1790000000,
        "model": "m-2026-01-01",
        "service_tier": "default",
        "system_fingerprint": "fp_1",
        "choices": list(choices),
        **more,
    }


def part(delta: dict[str, Any], finish: str | None = None, index: int = 0, **more: Any) -> dict[str, Any]:
    """
    One choice of a chunk.
    """
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish, **more}


def text_chunks(*texts: str, finish: str = "stop", index: int = 0) -> list[dict[str, Any]]:
    """
    A role chunk, a chunk a text, a finish chunk.
    """
    return [
        chunk(part({"role": "assistant", "content": "", "refusal": None}, index=index)),
        *(chunk(part({"content": text}, index=index)) for text in texts),
        chunk(part({}, finish, index=index)),
    ]


def with_usage(chunks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """
    The same stream as ``include_usage`` makes it.
    """
    return [*({**each, "usage": None} for each in chunks), chunk(usage=usage())]


def call(arguments: str = '{"city": "Paris"}', identity: str = "call_1", name: str = "get_weather") -> dict[str, Any]:
    """
    A tool call of a plain answer.
    """
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}


def call_chunks(*fragments: str, index: int = 0, identity: str = "call_1", finish: str = "tool_calls") -> list[Any]:
    """
    A streamed tool call.
    """
    first = {**call("", identity), "index": index}
    later = [{"index": index, "function": {"arguments": each}} for each in fragments]
    return [
        chunk(part({"role": "assistant", "content": None, "tool_calls": [first]})),
        *(chunk(part({"tool_calls": [each]})) for each in later),
        chunk(part({}, finish)),
    ]


def token(text: str, logprob: float = -0.2, top: int = 2) -> dict[str, Any]:
    """
    One entry of log probabilities.
    """
    tops = [
        {"token": f"{text}{n or ''}", "logprob": logprob - n * 3, "bytes": list(f"{text}{n or ''}".encode())}
        for n in range(top)
    ]
    return {"token": text, "logprob": logprob, "bytes": list(text.encode()), "top_logprobs": tops}


def edit(document: Any, pointer: str, value: Any) -> Any:
    """
    A copy with the value at a JSON Pointer replaced (or removed by ``GONE``).
    """
    copied = copy.deepcopy(document)
    steps = [int(step) if step.isdigit() else step for step in pointer.strip("/").split("/")]
    place = copied
    for step in steps[:-1]:
        place = place[step]
    if value is GONE:
        del place[steps[-1]]
    else:
        place[steps[-1]] = value
    return copied


def sse(chunks: Sequence[Any], *, done: bool = True, gap: str = "\n\n") -> bytes:
    """
    Chunks as server-sent events; a string is taken as it is.
    """
    lines = [each if isinstance(each, str) else f"data: {json.dumps(each)}{gap}" for each in chunks]
    return "".join([*lines, *(["data: [DONE]\n\n"] if done else [])]).encode()


def an_exchange(
    body: bytes,
    *,
    asked: Any = None,
    status: int = 200,
    media: str | None = "application/json",
    headers: Sequence[tuple[str, str]] = (),
    ending: Ending = Ending.COMPLETE,
    seconds: float = 0.5,
    reads: Sequence[tuple[float, bytes]] | None = None,
    sent_headers: Sequence[tuple[str, str]] = (("Accept-Encoding", "identity"),),
    shows: Evidence = Evidence.ALL,
    method: str = "POST",
) -> Exchange:
    """
    An exchange whose body arrived in one read, or in the given ones.
    """
    sent = asked if isinstance(asked, bytes) else json.dumps(asked).encode()
    typed = (("Content-Type", media),) if media else ()
    return Exchange(
        sent=Sent(method=method, url="http://host/v1/chat/completions", headers=tuple(sent_headers), body=sent),
        ending=ending,
        status=status,
        headers=(*typed, *headers, ("x-request-id", f"req_{next(_NUMBERS)}")),
        chunks=tuple(Chunk(at, data) for at, data in (reads if reads is not None else [(0.1, body)])),
        seconds=seconds,
        first_byte=0.05,
        started=1790000000.0,
        shows=shows,
    )


def plain(document: Any = None, asked: Any = None, *, case: Mapping[str, Any] | None = None, **more: Any) -> Specimen:
    """
    A plain exchange; ``document`` is a JSON value or the bytes of the body.
    """
    asked = ask() if asked is None else asked
    document = completion() if document is None else document
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    peers = more.pop("peers", {})
    return Specimen(case=a_case(asked, **(case or {})), exchange=an_exchange(body, asked=asked, **more), peers=peers)


def streamed(chunks: Any = None, asked: Any = None, *, case: Mapping[str, Any] | None = None, **more: Any) -> Specimen:
    """
    A streamed exchange; ``chunks`` are the events or the bytes of the body.
    """
    asked = ask(stream=True) if asked is None else asked
    chunks = text_chunks("Hel", "lo") if chunks is None else chunks
    body = chunks if isinstance(chunks, bytes) else sse(chunks)
    more.setdefault("media", "text/event-stream; charset=utf-8")
    peers = more.pop("peers", {})
    return Specimen(case=a_case(asked, **(case or {})), exchange=an_exchange(body, asked=asked, **more), peers=peers)


def refusal(status: int = 400, document: Any = None, asked: Any = None, **more: Any) -> Specimen:
    """
    A refused invalid request.
    """
    error = {"message": "temperature is above 2", "type": "invalid_request_error", "param": "temperature", "code": None}
    case = {"invalid": True, "expect": Expect(requirement="", refusal="invalid_request_error"), **more.pop("case", {})}
    return plain(
        {"error": error} if document is None else document,
        asked or ask(temperature=3),
        case=case,
        status=status,
        **more,
    )


def reply(specimen: Specimen) -> Reply:
    """
    The reply of a specimen, as a peer of another.
    """
    return Reply(specimen.exchange)
