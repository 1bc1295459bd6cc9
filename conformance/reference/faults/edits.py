"""
The small edits that faults are made of: of completions, of chunks, of events, of refusals, of requests, of bytes.

Each gives a function for a row of a fault table. What an edit does not concern it gives back as it was, the very
same value, so that it can be seen which requests a fault leaves alone.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.reference.faults.asks import When, is_chat
from conformance.reference.faults.fault import Answer, Asked, Edit, Object, Rewire, Wire

#: Given as a value, removes the key.
GONE = object()

Change = Callable[[Object], object]


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
