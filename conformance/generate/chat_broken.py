"""
Whether a request breaks a rule that its schema cannot say: the other half of ``chat_rules``, which break them on purpose.

A rule looks only at requests whose parts have the types that the schema gives them; the schema speaks for the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import jsonschema_rs

from conformance.generate import subset
from conformance.model import JSON

Body = dict[str, JSON]
Broken = Callable[[Body], bool]


def _dicts(value: JSON) -> list[Body]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _dict(value: JSON, name: str) -> Body:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def empty_model(body: Body) -> bool:
    """
    The model has no name.
    """
    return body.get("model") == ""


def below_one(name: str) -> Broken:
    """
    A limit is less than one token.
    """

    def broken(body: Body) -> bool:
        limit = body.get(name)
        return isinstance(limit, int | float) and not isinstance(limit, bool) and limit < 1

    return broken


def no_tools(body: Body) -> bool:
    """
    The list of tools is there and empty.
    """
    return body.get("tools") == []


def choice_without(choice: str, offered: str) -> Broken:
    """
    Something is chosen, and nothing offered.
    """
    return lambda body: body.get(choice) not in (None, "none") and offered not in body


def _offered(body: Body) -> set[tuple[str, str]]:
    return {_identity(tool) for tool in _dicts(body.get("tools"))}


def _identity(tool: JSON) -> tuple[str, str]:
    kind = str(tool.get("type")) if isinstance(tool, dict) else ""
    return kind, str(_dict(tool, kind).get("name"))


def unknown_choice(body: Body) -> bool:
    """
    The choice names a tool that is not offered.
    """
    choice = body.get("tool_choice")
    named = isinstance(choice, dict) and choice.get("type") in ("function", "custom")
    return named and bool(body.get("tools")) and _identity(choice) not in _offered(body)


def unknown_allowed(body: Body) -> bool:
    """
    A tool is allowed that is not offered.
    """
    allowed = _dicts(_dict(body.get("tool_choice"), "allowed_tools").get("tools"))
    return bool(body.get("tools")) and any(_identity(tool) not in _offered(body) for tool in allowed)


def unknown_function(body: Body) -> bool:
    """
    The deprecated choice names a function that is not offered.
    """
    choice = body.get("function_call")
    names = [each.get("name") for each in _dicts(body.get("functions"))]
    return isinstance(choice, dict) and "functions" in body and choice.get("name") not in names


def _parameters(body: Body, *, strict: bool) -> Iterator[Body]:
    for tool in _dicts(body.get("tools")):
        function = _dict(tool, "function")
        if isinstance(function.get("parameters"), dict) and (not strict or function.get("strict") is True):
            yield _dict(function, "parameters")


def _meaningless(schema: Body) -> bool:
    return not jsonschema_rs.meta.is_valid({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def _meaningless_below(schema: Body) -> bool:
    """
    What is wrong stands in the properties of a schema.
    """
    return isinstance(schema.get("properties"), dict) and not _meaningless({**schema, "properties": {}})


def meaningless_parameters(*, below: bool) -> Broken:
    """
    Parameters are no JSON Schema: themselves, or what describes one of their properties.
    """
    return lambda body: any(
        _meaningless(schema) and _meaningless_below(schema) is below for schema in _parameters(body, strict=False)
    )


def no_object(body: Body) -> bool:
    """
    Parameters describe something else than an object.
    """
    schemas = [schema for schema in _parameters(body, strict=False) if not _meaningless(schema)]
    return any(schema.get("type", "object") != "object" for schema in schemas)


def loose_parameters(body: Body) -> bool:
    """
    Strict parameters leave the subset.
    """
    schemas = [schema for schema in _parameters(body, strict=True) if not _meaningless(schema)]
    return any(schema.get("type", "object") == "object" and not subset.keeps(schema) for schema in schemas)


def meaningless_form(*, below: bool) -> Broken:
    """
    The schema of the answer is no JSON Schema: itself, or what describes one of its properties.
    """

    def broken(body: Body) -> bool:
        schema = _dict(_dict(body.get("response_format"), "json_schema"), "schema")
        return _meaningless(schema) and _meaningless_below(schema) is below

    return broken


def loose_form(body: Body) -> bool:
    """
    A strict schema of the answer leaves the subset.
    """
    described = _dict(body.get("response_format"), "json_schema")
    schema = _dict(described, "schema")
    return described.get("strict") is True and not _meaningless(schema) and not subset.keeps(schema)


def nobody_says_json(body: Body) -> bool:
    """
    The answer must be JSON, and no message says so.
    """
    asked = _dict(body, "response_format").get("type") == "json_object"
    texts = [json.dumps(each.get("content"), ensure_ascii=False) for each in _dicts(body.get("messages"))]
    return asked and "json" not in "".join(texts).lower()


def _results(body: Body) -> tuple[bool, bool]:
    """
    Whether a result answers no call, and whether a call has no result.
    """
    waiting: set[str] = set()
    orphan = unanswered = False
    for message in _dicts(body.get("messages")):
        if message.get("role") == "tool":
            orphan |= str(message.get("tool_call_id")) not in waiting
            waiting.discard(str(message.get("tool_call_id")))
            continue
        unanswered |= bool(waiting)
        waiting = {str(call.get("id")) for call in _dicts(message.get("tool_calls"))}
    return orphan, unanswered or (bool(waiting) and not orphan)


def orphan_result(body: Body) -> bool:
    """
    A tool message answers no call.
    """
    return _results(body)[0]


def unanswered_call(body: Body) -> bool:
    """
    A call of the history has no result.
    """
    return _results(body)[1] and not _results(body)[0]
