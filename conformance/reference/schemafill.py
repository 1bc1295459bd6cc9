"""
Values that satisfy a JSON Schema: what the toy model says when it is bound to one, and what it calls tools with.

The same schema and the same clues always give the same value. It covers what the documentation lists as supported
and does its best beyond; it is no validator of the caller's schema (`strict` is).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from conformance.reference import regex
from conformance.reference.clues import Clues

_FORMATS = {
    "date-time": "2026-01-01T12:00:00Z",
    "date": "2026-01-01",
    "time": "12:00:00Z",
    "duration": "P1D",
    "email": "ada@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
    "uri": "https://example.com/",
}
#: How deep a recursive schema is followed before the shallowest alternative is taken.
_DEEP = 4
#: The most items or characters made up, whatever a schema demands.
_MOST = 10_000

Node = Mapping[str, Any]


class Unfillable(Exception):
    """
    No value was found within the depth allowed; another alternative may do.
    """


@dataclass(frozen=True, slots=True)
class _Filling:
    root: Node
    clues: Clues
    #: The properties that hold free text, in the schema's order: the first gets the prompt's first value.
    texts: tuple[str, ...]
    #: The place in an array, when a text is an item.
    item: int = 0


def fill(schema: Node, clues: Clues) -> Any:
    """
    Gives a value for the schema, made of the clues where they fit.
    """
    filling = _Filling(root=schema, clues=clues, texts=tuple(dict.fromkeys(_texts(schema, ""))))
    for depth in (_DEEP, _DEEP * 2, _DEEP * 4):
        try:
            return _value(filling, schema, "", depth)
        except Unfillable:
            continue
    return {}


def _texts(node: Any, name: str) -> Iterator[str]:
    if not isinstance(node, Mapping) or "enum" in node or "const" in node or node.get("format") in _FORMATS:
        return
    for key, child in node.get("properties", {}).items():
        yield from _texts(child, key)
    if isinstance(items := node.get("items"), Mapping) and _kind(items) != "string":
        yield from _texts(items, name)
    if _kind(node) == "string":
        yield name


def _value(filling: _Filling, node: Any, name: str, depth: int) -> Any:
    if not isinstance(node, Mapping):
        return {}
    if depth < 0:
        raise Unfillable
    if "$ref" in node:
        return _value(filling, _resolved(filling.root, str(node["$ref"])), name, depth - 1)
    if "const" in node:
        return node["const"]
    if node.get("enum"):
        return filling.clues.among(node["enum"], name)
    for keyword in ("anyOf", "oneOf"):
        if node.get(keyword):
            return _alternative(filling, node[keyword], name, depth)
    if node.get("allOf"):
        return _value(filling, _merged(filling.root, node), name, depth - 1)
    return _typed(filling, node, name, depth)


def _typed(filling: _Filling, node: Node, name: str, depth: int) -> Any:
    kind = _kind(node)
    if kind == "object":
        return _object(filling, node, depth)
    if kind == "array":
        return _array(filling, node, name, depth)
    if kind in ("integer", "number"):
        return _number(filling, node, name, whole=kind == "integer")
    if kind == "boolean":
        return filling.clues.truth(name)
    return None if kind == "null" else _string(filling, node, name)


def _kind(node: Node) -> str:
    types = node.get("type")
    if isinstance(types, list):
        return next((str(each) for each in types if each != "null"), "null")
    if types is not None:
        return str(types)
    for keyword, implied in (("properties", "object"), ("items", "array"), ("minimum", "number")):
        if keyword in node:
            return implied
    return "string"


def _resolved(root: Node, ref: str) -> Any:
    node: Any = root
    for step in ref.removeprefix("#").split("/")[1:]:
        node = node.get(step.replace("~1", "/").replace("~0", "~"), {}) if isinstance(node, Mapping) else {}
    return node


def _merged(root: Node, node: Node) -> Node:
    merged: dict[str, Any] = {key: value for key, value in node.items() if key != "allOf"}
    for part in (each for each in node["allOf"] if isinstance(each, Mapping)):
        whole = _resolved(root, part["$ref"]) if "$ref" in part else part
        for key, value in whole.items():
            if key == "properties":
                merged[key] = {**merged.get(key, {}), **value}
            elif key == "required":
                merged[key] = [*merged.get(key, []), *value]
            else:
                merged[key] = value
    return merged


def _alternative(filling: _Filling, options: list[Any], name: str, depth: int) -> Any:
    for option in sorted(options, key=lambda each: isinstance(each, Mapping) and each.get("type") == "null"):
        try:
            return _value(filling, option, name, depth - 1)
        except Unfillable:
            continue
    raise Unfillable


def _object(filling: _Filling, node: Node, depth: int) -> dict[str, Any]:
    properties, required = node.get("properties", {}), node.get("required", ())
    filled: dict[str, Any] = {}
    for key, child in properties.items():
        if key not in required and not _asked_for(filling.clues, key, child):
            continue
        filled[key] = _value(filling, child, key, depth - 1)
    for key in required:
        if key not in filled:
            filled[key] = "example"
    return filled


def _asked_for(clues: Clues, key: str, child: Any) -> bool:
    options = child.get("enum", ()) if isinstance(child, Mapping) else ()
    return clues.about(key) or any(isinstance(each, str) and clues.about(each) for each in options)


def _array(filling: _Filling, node: Node, name: str, depth: int) -> list[Any]:
    least, most = min(int(node.get("minItems", 0)), _MOST), node.get("maxItems", math.inf)
    if depth <= 0 and not least:
        return []
    wanted = min(max(least, len(filling.clues.values) or 1), most)
    items: list[Any] = []
    for place in range(int(wanted)):
        try:
            items.append(_value(replace(filling, item=place), node.get("items", {}), name, depth - 1))
        except Unfillable:
            if len(items) < least:
                raise
            break
    return items


def _number(filling: _Filling, node: Node, name: str, *, whole: bool) -> float | int:
    least = node.get("minimum", -math.inf)
    most = node.get("maximum", math.inf)
    step = node.get("multipleOf", 1 if whole else 0)
    low = node.get("exclusiveMinimum", -math.inf)
    high = node.get("exclusiveMaximum", math.inf)

    def fits(value: float) -> bool:
        ratio = value / step if step else 0
        return least <= value <= most and low < value < high and math.isclose(ratio, round(ratio), abs_tol=1e-9)

    bottom = next((bound for bound in (least, low, most, high) if math.isfinite(bound)), 0)
    grid = [math.floor(bottom / step) * step + place * step for place in range(-2, 3)] if step else []
    between = (max(least, low, -1e15) + min(most, high, 1e15)) / 2
    tries = [filling.clues.number(name, whole=whole), 1, 0, *grid, bottom, bottom + 0.5, bottom - 0.5, between]
    value = next((each for each in tries if each is not None and fits(each)), bottom)
    return int(value) if whole or (isinstance(value, float) and value.is_integer()) else value


def _string(filling: _Filling, node: Node, name: str) -> str:
    if node.get("format") in _FORMATS:
        return _FORMATS[node["format"]]
    if "pattern" in node:
        return regex.sample(str(node["pattern"]), least=int(node.get("minLength", 0)))
    rank = filling.texts.index(name) if name in filling.texts else 0
    value = filling.clues.text(name, rank + filling.item)
    least, most = min(int(node.get("minLength", 0)), _MOST), node.get("maxLength")
    value = value + "x" * (least - len(value))
    return value if most is None else value[: int(most)]
