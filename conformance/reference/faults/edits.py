"""
Small edits of completions and chunks that faults are made of.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from conformance.reference.faults.fault import Asked, Item, Object

#: Given as a value, removes the key.
GONE = object()

Plain = Callable[[Object, Asked], Object]
Chunks = Callable[[Sequence[Object], Asked], Sequence[Item]]


def _put(place: Object, key: str, value: Any) -> None:
    if value is GONE:
        place.pop(key, None)
    else:
        place[key] = value


def top(key: str, value: Any) -> Plain:
    """
    Set a key of the answer (or remove it).
    """

    def edit(body: Object, _: Asked) -> Object:
        body = copy.deepcopy(body)
        _put(body, key, value)
        return body

    return edit


def choices(change: Callable[[Object, Asked], None]) -> Plain:
    """
    Change every choice of the answer.
    """

    def edit(body: Object, asked: Asked) -> Object:
        body = copy.deepcopy(body)
        for choice in body.get("choices", []):
            change(choice, asked)
        return body

    return edit


def calls(change: Callable[[Object, Asked], None]) -> Plain:
    """
    Change every function call of the answer.
    """

    def each(choice: Object, asked: Asked) -> None:
        for call in choice["message"].get("tool_calls") or []:
            if call.get("type") == "function":
                change(call, asked)

    return choices(each)


def each_chunk(change: Callable[[Object, Asked], None], when: Callable[[int, Object], bool] | None = None) -> Chunks:
    """
    Change the chunks for which ``when`` holds (all of them without).
    """

    def edit(chunks: Sequence[Object], asked: Asked) -> Sequence[Item]:
        copied = copy.deepcopy(list(chunks))
        for number, chunk in enumerate(copied):
            if when is None or when(number, chunk):
                change(chunk, asked)
        return copied

    return edit


def chunk_top(key: str, value: Any, when: Callable[[int, Object], bool] | None = None) -> Chunks:
    """
    Set a key of chunks (or remove it).
    """
    return each_chunk(lambda chunk, _: _put(chunk, key, value), when)


def chunk_choices(change: Callable[[Object, Asked], None], when: Callable[[int, Object], bool] | None = None) -> Chunks:
    """
    Change every choice of chunks.
    """

    def each(chunk: Object, asked: Asked) -> None:
        for choice in chunk.get("choices", []):
            change(choice, asked)

    return each_chunk(each, when)


def chunk_calls(change: Callable[[Object, Asked], None]) -> Chunks:
    """
    Change every fragment of a function call.
    """

    def each(choice: Object, asked: Asked) -> None:
        for call in choice["delta"].get("tool_calls") or []:
            if "custom" not in call:
                change(call, asked)

    return chunk_choices(each)


def later(number: int, _: Object) -> bool:
    """
    Every chunk but the first.
    """
    return number > 0


def has_text(_: int, chunk: Object) -> bool:
    """
    A chunk with text.
    """
    return any(choice["delta"].get("content") for choice in chunk.get("choices", []))


def is_finish(chunk: Object) -> bool:
    """
    A chunk that finishes a choice.
    """
    return any(choice.get("finish_reason") for choice in chunk.get("choices", []))


def deltas(chunks: Sequence[Object]) -> Iterator[tuple[Object, Object]]:
    """
    Every chunk with each of its choices.
    """
    for chunk in chunks:
        for choice in chunk.get("choices", []):
            yield chunk, choice
