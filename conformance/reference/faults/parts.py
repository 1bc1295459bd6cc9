"""
What is in a chat request, read without trust, and changes of it: what faults that show in few requests look at.

A part that is absent, or not what it should be, is read as an empty one.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from conformance.reference.faults.asks import When
from conformance.reference.faults.fault import Ask, Asked, Object


def within(value: Any, *names: str) -> Object:
    """
    The object at a path of members.
    """
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[Object]:
    """
    The objects of an array.
    """
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def messages(asked: Asked) -> list[Object]:
    """
    The messages.
    """
    return objects(asked.body.get("messages"))


def tools(asked: Asked) -> list[Object]:
    """
    The tools that are offered.
    """
    return objects(asked.body.get("tools"))


def functions(body: Object) -> Iterator[Object]:
    """
    The functions among the tools.
    """
    yield from (each["function"] for each in objects(body.get("tools")) if within(each, "function"))


def form(body: Object) -> Object:
    """
    How a structured answer is described: its name, its schema.
    """
    return within(body, "response_format", "json_schema")


def number(value: Any) -> float:
    """
    A number.
    """
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0


def text(value: Any) -> str:
    """
    A text.
    """
    return value if isinstance(value, str) else ""


def several(asked: Asked) -> bool:
    """
    More than one choice is asked for.
    """
    return number(asked.body.get("n")) > 1


def null(asked: Asked) -> bool:
    """
    A parameter is null, other than the options that go with a stream.
    """
    return any(each is None for name, each in asked.body.items() if name != "stream_options")


def both(*conditions: When) -> When:
    """
    All conditions hold.
    """
    return lambda asked: all(each(asked) for each in conditions)


def given(*names: str) -> When:
    """
    Parameters are set, to anything but null, false or nothing.
    """
    return lambda asked: all(asked.body.get(name) for name in names)


def nodes(schema: Any) -> Iterator[Object]:
    """
    Every object of a schema, itself the first.
    """
    if isinstance(schema, dict):
        yield schema
    for each in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from nodes(each)


def without(schema: Any, *keywords: str) -> Any:
    """
    A schema without keywords, at any depth; a property of such a name goes as well.
    """
    if isinstance(schema, dict):
        return {name: without(each, *keywords) for name, each in schema.items() if name not in keywords}
    return [without(each, *keywords) for each in schema] if isinstance(schema, list) else schema


def of_functions(change: Callable[[Any], Any]) -> Ask:
    """
    Changes the parameters of the functions that are offered.
    """

    def ask(asked: Asked) -> Object | None:
        body = copy.deepcopy(asked.body)
        for function in functions(body):
            if "parameters" in function:
                function["parameters"] = change(function["parameters"])
        return None if body == asked.body else body

    return ask


def of_form(change: Callable[[Any], Any]) -> Ask:
    """
    Changes the schema of a structured answer.
    """

    def ask(asked: Asked) -> Object | None:
        body = copy.deepcopy(asked.body)
        described = form(body)
        if "schema" in described:
            described["schema"] = change(described["schema"])
        return None if body == asked.body else body

    return ask
