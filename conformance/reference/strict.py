"""
The part of JSON Schema which `strict: true` accepts, for answers and for tool arguments.

Source: OpenAI's guide "Structured Outputs", section "Supported schemas". What a schema
means, and whether it is one at all, the `jsonschema` library says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError
from referencing.exceptions import Unresolvable

_UNSUPPORTED = ("allOf", "oneOf", "not", "dependentRequired", "dependentSchemas", "if", "then", "else")
_TYPES = ("string", "number", "boolean", "integer", "object", "array", "null")
_MOST_LEVELS = 10
_MOST_PROPERTIES = 5000
_MOST_ENUM = 1000
_MOST_NAME_CHARACTERS = 120_000


def malformed(schema: dict[str, Any]) -> str | None:
    """
    Says why an object is no JSON Schema (2020-12) at all, or None when it is one.
    """
    try:
        # Without formats: a `pattern` is ECMAScript's, and Python's compiler is no judge of those.
        Draft202012Validator.check_schema(schema, format_checker=FormatChecker(formats=()))
    except SchemaError as error:
        return f"In context={tuple(map(str, error.absolute_path))!r}, {error.message[:200]}"
    return None


def satisfied(schema: Mapping[str, Any], value: Any) -> bool:
    """
    Whether a value satisfies a schema; it does not when the schema cannot be followed.
    """
    try:
        return bool(Draft202012Validator(schema).is_valid(value))
    except (Unresolvable, re.error, RecursionError):
        return False


def complaint(schema: dict[str, Any]) -> str | None:
    """
    Says what `strict: true` does not accept in a schema, or None when all is well.
    """
    if "anyOf" in schema or schema.get("type") != "object":
        return "schema must be a JSON Schema of 'type: \"object\"' without 'anyOf' at its root"
    complaints = _complaints(schema, schema, (), 1)
    return next(complaints, None) or _too_large(schema)


def _complaints(root: dict[str, Any], node: Any, place: tuple[str, ...], level: int) -> Iterator[str]:
    where = f"In context={place!r}, "
    if not isinstance(node, dict):
        yield f"{where}schema must be an object."
        return
    for keyword in _UNSUPPORTED:
        if keyword in node:
            yield f"{where}'{keyword}' is not permitted."
    if level > _MOST_LEVELS:
        yield f"{where}more than {_MOST_LEVELS} levels of nesting."
        return
    if "$ref" in node and _resolved(root, node["$ref"]) is None:
        yield f"{where}reference can only point to definitions defined at the top level of the schema."
    if not any(key in node for key in ("type", "$ref", "anyOf", "enum", "const")):
        yield f"{where}schema must have a 'type' key."
    yield from _type_complaints(node, where)
    for key, child, deeper in _children(node):
        yield from _complaints(root, child, (*place, *key), level + deeper)


def _type_complaints(node: dict[str, Any], where: str) -> Iterator[str]:
    types = node["type"] if isinstance(node.get("type"), list) else [node.get("type")]
    for name in types:
        if name is not None and name not in _TYPES:
            yield f"{where}{str(name)[:40]!r} is not a valid type."
    if "object" in types:
        yield from _object_complaints(node, where)
    if "array" in types and "items" not in node:
        yield f"{where}array schema missing items."
    if "enum" in node and not (isinstance(node["enum"], list) and node["enum"]):
        yield f"{where}'enum' must be an array of at least one value."


def _object_complaints(node: dict[str, Any], where: str) -> Iterator[str]:
    if node.get("additionalProperties") is not False:
        yield f"{where}'additionalProperties' is required to be supplied and to be false."
    properties, required = node.get("properties", {}), node.get("required", [])
    if not isinstance(properties, dict) or not isinstance(required, list):
        yield f"{where}'properties' must be an object and 'required' an array."
    elif lacking := [name for name in properties if name not in required]:
        yield f"{where}'required' is required to be an array including every key in properties. Missing {lacking[0]!r}."
    elif extra := [name for name in required if name not in properties]:
        yield f"{where}'required' names {str(extra[0])[:80]!r}, which is no property."


def _children(node: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any, int]]:
    for keyword, deeper in (("properties", 1), ("$defs", 0), ("definitions", 0)):
        group = node.get(keyword)
        for name, child in group.items() if isinstance(group, dict) else ():
            yield (keyword, name), child, deeper
    if "items" in node:
        yield ("items",), node["items"], 1
    options = node.get("anyOf")
    for index, child in enumerate(options if isinstance(options, list) else ()):
        yield ("anyOf", str(index)), child, 0


def _resolved(root: dict[str, Any], ref: Any) -> Any:
    if not isinstance(ref, str) or not ref.startswith("#"):
        return None
    node: Any = root
    for step in ref[1:].split("/")[1:]:
        node = node.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(node, dict) else None
    return node


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for _, child, _ in _children(node):
            yield from _nodes(child)


def _too_large(schema: dict[str, Any]) -> str | None:
    names = [name for node in _nodes(schema) for key in ("properties", "$defs") for name in node.get(key, ())]
    values = [value for node in _nodes(schema) for value in node.get("enum", ())]
    properties = sum(len(node.get("properties", ())) for node in _nodes(schema))
    letters = sum(map(len, names)) + sum(len(value) for value in values if isinstance(value, str))
    if properties > _MOST_PROPERTIES:
        return f"Expected at most {_MOST_PROPERTIES} object properties, but got {properties}."
    if len(values) > _MOST_ENUM:
        return f"Expected at most {_MOST_ENUM} enum values in total within a schema, but got {len(values)}."
    if letters > _MOST_NAME_CHARACTERS:
        return f"Expected at most {_MOST_NAME_CHARACTERS} characters of names and values, but got {letters}."
    return None
