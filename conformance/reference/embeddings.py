"""
`POST /embeddings`: vectors which depend on nothing but the text, of length one, as numbers or as base64.

Source: OpenAI's `CreateEmbeddingRequest`, with the limits of its prose. The vectors mean nothing.
"""

from __future__ import annotations

import base64
import hashlib
import math
import struct
from typing import Any

from conformance.reference import tokens
from conformance.reference.errors import invalid
from conformance.reference.shape import array, by_type, integer, nullable, one_of, record, string, text

_DIMENSIONS = 256
_MOST_DIMENSIONS = 3072
_MOST_ITEMS = 2048
_MOST_TOKENS = 8192

_TOKEN = integer(0)
_ITEM = by_type(
    "one of a string or array of integers", {str: string(least=1), list: array(_TOKEN, least=1), int: _TOKEN}
)
_INPUT = by_type("one of a string or array", {str: string(least=1), list: array(_ITEM, least=1, most=_MOST_ITEMS)})
_REQUEST = record(
    {"model": text, "input": _INPUT},
    {
        "encoding_format": nullable(one_of("float", "base64")),
        "dimensions": nullable(integer(1, _MOST_DIMENSIONS)),
        "user": text,
    },
    closed=True,
)


def validate(body: Any) -> None:
    """
    Refuses a request for embeddings which breaks a documented constraint.
    """
    if not isinstance(body, dict):
        raise invalid(None, "Invalid body: expected a JSON object.", "invalid_type")
    _REQUEST(body, "")
    given = body["input"]
    if isinstance(given, list) and len({type(each) for each in given}) > 1:
        raise invalid("input", "Invalid 'input': the items must all be of one type.", "invalid_type")
    if any(_size(item) > _MOST_TOKENS for item in _items(body)):
        message = f"Invalid 'input': maximum context length is {_MOST_TOKENS} tokens."
        raise invalid("input", message, "context_length_exceeded")


def respond(body: dict[str, Any], model: str) -> dict[str, Any]:
    """
    Gives the response body to a valid request.
    """
    dimensions = int(body.get("dimensions") or _DIMENSIONS)
    packed = body.get("encoding_format") == "base64"
    items = _items(body)
    data = [
        {"object": "embedding", "index": index, "embedding": _encoded(_vector(item, dimensions), packed)}
        for index, item in enumerate(items)
    ]
    spent = sum(map(_size, items))
    return {
        "object": "list",
        "data": data,
        "model": model,
        "usage": {"prompt_tokens": spent, "total_tokens": spent},
    }


def _items(body: dict[str, Any]) -> list[Any]:
    given = body["input"]
    return [given] if isinstance(given, str) or isinstance(given[0], int) else given


def _size(item: Any) -> int:
    return tokens.count(item) if isinstance(item, str) else len(item)


def _vector(item: Any, dimensions: int) -> bytes:
    raw = hashlib.shake_256(repr(item).encode()).digest(2 * dimensions)
    numbers = [(value - 32767.5) / 32767.5 for (value,) in struct.iter_unpack("<H", raw)]
    length = math.sqrt(sum(value * value for value in numbers))
    return struct.pack(f"<{dimensions}f", *(value / length for value in numbers))


def _encoded(vector: bytes, packed: bool) -> str | list[float]:
    if packed:
        return base64.b64encode(vector).decode()
    return [value for (value,) in struct.iter_unpack("<f", vector)]
