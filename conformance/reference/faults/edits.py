"""
The small edits that faults are made of: of completions, of chunks, of events, of refusals, of requests, of bytes.

Each gives a function for a row of a fault table. What an edit does not concern it gives back as it was, the very
same value, so that it can be seen which requests a fault leaves alone.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from conformance.reference.faults.fault import Answer, Ask, Asked, Edit, Instead, Object, Rewire, Wire, answer, compact

#: Given as a value, removes the key.
GONE = object()
DONE = b"data: [DONE]\n\n"

Change = Callable[[Object], object]
Chunks = Callable[[list[Object]], Sequence[Object | bytes]]
When = Callable[[Asked], bool]


def put(key: str, value: Any) -> Change:
    """
    Sets a key of an object, or removes it; a function is given the object.
    """

    def change(place: Object) -> None:
        given = value(place) if callable(value) else value
        if given is GONE:
            place.pop(key, None)
        else:
            place[key] = given

    return change


def is_completion(given: Answer) -> bool:
    """
    Whether an answer is a plain chat completion.
    """
    whole = given.status == 200 and not given.streamed and isinstance(given.value, dict)
    return whole and "choices" in given.value


def is_stream(given: Answer) -> bool:
    """
    Whether an answer is a stream of chunks.
    """
    return given.status == 200 and given.streamed


# Plain completions.


def plain(change: Change, when: When | None = None) -> Edit:
    """
    Changes the object of a plain completion.
    """

    def edit(given: Answer, asked: Asked) -> Answer:
        if not is_completion(given) or (when is not None and not when(asked)):
            return given
        body = copy.deepcopy(given.value)
        change(body)
        return given if body == given.value and _order(body) == _order(given.value) else given.saying(body)

    return edit


def _order(value: Any) -> str:
    return json.dumps(value)


def choices(change: Change) -> Change:
    """
    Changes every choice of a completion or of a chunk.
    """

    def each(body: Object) -> None:
        for choice in body.get("choices") or []:
            change(choice)

    return each


def message(change: Change) -> Edit:
    """
    Changes every message of a plain completion.
    """
    return plain(choices(lambda choice: change(choice["message"])))


def calls(change: Change) -> Edit:
    """
    Changes every function call of a plain completion.
    """

    def each(said: Object) -> None:
        for call in said.get("tool_calls") or []:
            if "function" in call:
                change(call)

    return message(each)


# Streams.


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
        return replace(given, parts=(*parts, given.parts[-1]))

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


# Any answer.


def text(change: Callable[[bytes], bytes]) -> Edit:
    """
    Changes the bytes of a plain completion.
    """
    return lambda given, _: given.saying(change(given.body)) if is_completion(given) else given


def header(name: str, value: str | None, of: Callable[[Answer], bool] | None = None) -> Edit:
    """
    Sets a header, or removes it, where `of` holds for the answer.
    """
    return lambda given, _: given.labelled(name, value) if of is None or of(given) else given


def refusals(change: Callable[[Answer], Answer], when: Callable[[Answer, Asked], bool] | None = None) -> Edit:
    """
    Changes the answers that refuse a request (4xx).
    """

    def edit(given: Answer, asked: Asked) -> Answer:
        refused = 400 <= given.status < 500
        return change(given) if refused and (when is None or when(given, asked)) else given

    return edit


def error_of(given: Answer) -> Object:
    """
    The error object of a refusal.
    """
    value = given.value
    return value["error"] if isinstance(value, dict) and isinstance(value.get("error"), dict) else {}


def error(key: str, value: Any) -> Edit:
    """
    Sets a key of the error object, or removes it; a function is given the answer.
    """

    def change(given: Answer) -> Answer:
        found = dict(error_of(given))
        put(key, value(given) if callable(value) else value)(found)
        return given.saying({"error": found})

    return refusals(change)


def both(*edits: Edit) -> Edit:
    """
    One edit after another.
    """

    def edit(given: Answer, asked: Asked) -> Answer:
        for each in edits:
            given = each(given, asked)
        return given

    return edit


# Requests.


def without(*keys: str, when: When | None = None) -> Ask:
    """
    Keeps parameters from the provider: how a server ignores them.
    """

    def ask(asked: Asked) -> Object | None:
        if not asked.body.keys() & set(keys) or (when is not None and not when(asked)):
            return None
        return {key: value for key, value in asked.body.items() if key not in keys}

    return ask


def replaced(key: str, change: Callable[[Any], Any], when: When | None = None) -> Ask:
    """
    Gives the provider another value of a parameter.
    """

    def ask(asked: Asked) -> Object | None:
        if key not in asked.body or (when is not None and not when(asked)):
            return None
        return {**asked.body, key: change(asked.body[key])}

    return ask


def streams(asked: Asked) -> bool:
    """
    The request asks for a stream.
    """
    return asked.streams


def not_streams(asked: Asked) -> bool:
    """
    The request asks for no stream.
    """
    return not asked.streams


def is_chat(asked: Asked) -> bool:
    """
    The request is for a chat completion.
    """
    return asked.method == "POST" and asked.path == "/v1/chat/completions"


def refusing(when: When, said: str, status: int = 400) -> Instead:
    """
    Refuses what ought to be answered.
    """
    kind = "server_error" if status >= 500 else "invalid_request_error"
    body = {"error": {"message": said, "type": kind, "param": None, "code": None}}
    return lambda asked: answer(status, body) if is_chat(asked) and when(asked) else None


# The wire.


def head(change: Callable[[bytes], bytes], of: Callable[[Asked], bool] = is_chat) -> Rewire:
    """
    Changes the head of an answer: the status line and the headers, up to the blank line.
    """
    return lambda wire, asked: replace(wire, head=change(wire.head)) if of(asked) else wire


def tail(change: Callable[[Wire], Wire], of: Callable[[Asked], bool] = is_chat) -> Rewire:
    """
    Changes what follows the head, and how the connection ends.
    """
    return lambda wire, asked: change(wire) if of(asked) else wire
