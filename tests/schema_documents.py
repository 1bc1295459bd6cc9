"""
A good document for each schema of a contract, and how its members are reached and edited.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

_USAGE = {
    "prompt_tokens": 9,
    "completion_tokens": 3,
    "total_tokens": 12,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}
_TOKEN = {"token": "Hi", "logprob": -0.1, "bytes": [72, 105]}
_LOGPROBS = {"content": [{**_TOKEN, "top_logprobs": [_TOKEN]}], "refusal": None}
_FRAME = {"id": "chatcmpl-1", "created": 1760000000, "model": "m", "service_tier": "default", "system_fingerprint": "f"}
CALLS = [
    {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
    {"id": "call_2", "type": "custom", "custom": {"name": "c", "input": "x"}},
]
_CITATION = {"start_index": 0, "end_index": 1, "url": "https://a.test/", "title": "A"}
_TEXT_MESSAGE = {
    "role": "assistant",
    "content": "Hi",
    "refusal": None,
    "annotations": [{"type": "url_citation", "url_citation": _CITATION}],
    "audio": None,
}
_CALL_MESSAGE = {"role": "assistant", "content": None, "refusal": None, "tool_calls": CALLS}
_ERROR = {"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": "x"}}
_MODEL = {"id": "m", "object": "model", "created": 1760000000, "owned_by": "us", "shutdown_date": None}
_TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}, "strict": True}}
_CUSTOM = {
    "type": "custom",
    "custom": {"name": "c", "format": {"type": "grammar", "grammar": {"definition": "a", "syntax": "regex"}}},
}

GOOD: dict[str, dict[str, Any]] = {
    "openai-chat/response": {
        **_FRAME,
        "object": "chat.completion",
        "choices": [
            {"index": 0, "message": _TEXT_MESSAGE, "logprobs": _LOGPROBS, "finish_reason": "stop"},
            {"index": 1, "message": _CALL_MESSAGE, "logprobs": None, "finish_reason": "tool_calls"},
        ],
        "usage": _USAGE,
        "x_vendor": {"any": 1},
    },
    "openai-chat/chunk": {
        **_FRAME,
        "object": "chat.completion.chunk",
        "choices": [
            {"index": 0, "delta": {"role": "assistant", "content": "Hi"}, "logprobs": _LOGPROBS, "finish_reason": None},
            {
                "index": 1,
                "delta": {"tool_calls": [{"index": 0, "function": {"arguments": "{"}}]},
                "finish_reason": "tool_calls",
            },
        ],
        "usage": None,
        "obfuscation": "x",
    },
    "openai-chat/error": _ERROR,
    "openai-chat/request": {
        "model": "m",
        "messages": [
            {"role": "system", "content": "s"},
            {
                "role": "user",
                "content": [{"type": "text", "text": "t"}, {"type": "image_url", "image_url": {"url": "u"}}],
            },
            {"role": "assistant", "tool_calls": CALLS},
            {"role": "tool", "tool_call_id": "call_1", "content": "1"},
        ],
        "temperature": 1,
        "n": 1,
        "stop": ["a"],
        "tools": [_TOOL, _CUSTOM],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {}, "strict": True}},
    },
    "openai-models/list": {"object": "list", "data": [_MODEL]},
    "openai-models/model": _MODEL,
    "openai-models/error": _ERROR,
    "openai-embeddings/request": {"model": "m", "input": ["a", "b"], "encoding_format": "float", "dimensions": 2},
    "openai-embeddings/response": {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.1, -2]}],
        "model": "m",
        "usage": {"prompt_tokens": 1, "total_tokens": 1},
    },
    "openai-embeddings/error": _ERROR,
}


def steps(pointer: str) -> list[str]:
    """
    The unescaped steps of a JSON Pointer.
    """
    return [each.replace("~1", "/").replace("~0", "~") for each in pointer.split("/")[1:]]


def at(document: Any, pointer: str) -> Any:
    """
    The value that a JSON Pointer leads to; raises ``KeyError`` or ``IndexError`` when there is none.
    """
    for step in steps(pointer):
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


def edited(document: Any, *, put: dict[str, Any] | None = None, remove: list[str] | None = None) -> Any:
    """
    A copy with values put at JSON Pointers and others left out.
    """
    made = copy.deepcopy(document)
    for pointer, value in (put or {}).items():
        parent, _, name = pointer.rpartition("/")
        at(made, parent)[name] = value
    for pointer in remove or []:
        parent, _, name = pointer.rpartition("/")
        del at(made, parent)[name]
    return made


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """
    The path of every value below a JSON value.
    """
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield (*path, key)
        yield from places(each, (*path, key))
