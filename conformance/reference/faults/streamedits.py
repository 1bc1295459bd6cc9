"""
The small edits of streams that faults are made of: of chunks, of deltas, of fragments of calls, of events as bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from conformance.reference.faults.asks import When
from conformance.reference.faults.edits import Change, choices
from conformance.reference.faults.fault import Answer, Asked, Edit, Object, compact

DONE = b"data: [DONE]\n\n"


Chunks = Callable[[list[Object]], Sequence[Object | bytes]]


def chunks_of(given: Answer) -> list[Object]:
    """
    The chunks of a stream.
    """
    texts = (part.removeprefix(b"data: ") for part in given.parts)
    return [json.loads(text) for text in texts if text.startswith(b"{")]


def event(item: Object | bytes) -> bytes:
    """
    One event: a chunk framed as OpenAI does, bytes as they are.
    """
    return item if isinstance(item, bytes) else b"data: " + compact(item) + b"\n\n"


def chunks(change: Chunks, when: When | None = None) -> Edit:
    """
    Changes the list of the chunks of a stream, `[DONE]` not among them; bytes in the list are sent as they are.
    """

    def edit(given: Answer, asked: Asked) -> Answer:
        if not is_stream(given) or (when is not None and not when(asked)):
            return given
        parts = tuple(event(item) for item in change(chunks_of(given)))
        # [DONE], unless another fault took it away.
        last = () if given.parts[-1].startswith(b"data: {") else given.parts[-1:]
        return replace(given, parts=(*parts, *last))

    return edit


def each_chunk(change: Change, where: Callable[[int, Object], bool] | None = None) -> Edit:
    """
    Changes the chunks for which `where` holds, given their number; all of them without.
    """

    def every(made: list[Object]) -> list[Object]:
        for number, chunk in enumerate(made):
            if where is None or where(number, chunk):
                change(chunk)
        return made

    return chunks(every)


def delta(change: Change, where: Callable[[int, Object], bool] | None = None) -> Edit:
    """
    Changes the delta of every choice of chunks.
    """
    return each_chunk(choices(lambda choice: change(choice["delta"])), where)


def fragments(change: Change) -> Edit:
    """
    Changes every fragment of a function call.
    """

    def each(said: Object) -> None:
        for call in said.get("tool_calls") or []:
            if "function" in call:
                change(call)

    return delta(each)


def whole_calls(change: Callable[[list[Object]], object]) -> Edit:
    """
    Changes all the fragments of each streamed function call together.
    """

    def each(made: list[Object]) -> list[Object]:
        found: dict[tuple[int, int], list[Object]] = {}
        for choice in deltas(made):
            for call in choice["delta"].get("tool_calls") or []:
                if "function" in call:
                    found.setdefault((choice["index"], call["index"]), []).append(call)
        for together in found.values():
            change(together)
        return made

    return chunks(each)


def deltas(made: Sequence[Object]) -> Iterator[Object]:
    """
    Every choice of every chunk.
    """
    for chunk in made:
        yield from chunk.get("choices") or []


def has_text(_: int, chunk: Object) -> bool:
    """
    A chunk with text.
    """
    return any(choice["delta"].get("content") for choice in chunk.get("choices") or [])


def has_usage(_: int, chunk: Object) -> bool:
    """
    A chunk with token counts.
    """
    return bool(chunk.get("usage"))


def finishes(_: int, chunk: Object) -> bool:
    """
    A chunk that ends a choice.
    """
    return any(choice.get("finish_reason") for choice in chunk.get("choices") or [])


def later(number: int, _: Object) -> bool:
    """
    Every chunk but the first.
    """
    return number > 0


def events(change: Callable[[tuple[bytes, ...]], Sequence[bytes]]) -> Edit:
    """
    Changes the events of a stream as bytes, `[DONE]` among them.
    """

    def edit(given: Answer, _: Asked) -> Answer:
        return replace(given, parts=tuple(change(given.parts))) if is_stream(given) else given

    return edit


def each_event(change: Callable[[bytes], bytes]) -> Edit:
    """
    Changes the bytes of every event, `[DONE]` among them.
    """
    return events(lambda parts: [change(part) for part in parts])


def inserted(extra: bytes, at: int = 1) -> Edit:
    """
    Sends other bytes before the event with a number (from the end when negative).
    """
    return events(lambda parts: [*parts[:at], extra, *parts[at:]])


def is_stream(given: Answer) -> bool:
    """
    Whether an answer is a stream of chunks.
    """
    return given.status == 200 and given.streamed
