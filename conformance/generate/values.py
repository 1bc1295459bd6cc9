"""
Valid values for the parts of a request schema that need no understanding: bounds, names, choices, small objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conformance.generate import texts
from conformance.generate.choices import Choices
from conformance.generate.sites import holds, resolved
from conformance.model import JSON

#: So many members or items are made up at most, unless a schema demands more.
_MOST = 3
#: Whole numbers without bounds stay below this.
_LARGE = 4096


def value(schema: dict[str, JSON], node: JSON, choices: Choices) -> JSON:
    """
    A value that the part ``node`` of ``schema`` allows; the first options are the simplest.
    """
    found = resolved(schema, node)
    if "const" in found:
        return found["const"]
    options = found.get("enum")
    if isinstance(options, list):
        return choices.pick(options)
    return _typed(schema, found, _type(found, choices), choices)


def _type(node: Mapping[str, JSON], choices: Choices) -> str:
    named = node.get("type")
    types = [str(each) for each in named] if isinstance(named, list) else [str(named or "string")]
    if "null" in types and choices.chance(15):
        return "null"
    return choices.pick([each for each in types if each != "null"] or ["null"])


def _typed(schema: dict[str, JSON], node: dict[str, JSON], kind: str, choices: Choices) -> JSON:
    if kind == "object":
        return _object(schema, node, choices)
    if kind == "array":
        return _array(schema, node, choices)
    if kind in ("number", "integer"):
        return _number(node, choices, whole=kind == "integer")
    if kind == "boolean":
        return not choices.chance(50)
    if kind == "null":
        return None
    return _text(node, choices)


def _text(node: Mapping[str, JSON], choices: Choices) -> str:
    if "pattern" in node:
        return texts.name(choices)
    return texts.bounded(choices, limit(node, "maxLength"))


def limit(node: Mapping[str, JSON], keyword: str) -> int | None:
    """
    The whole number that a keyword holds, if it is there.
    """
    found = node.get(keyword)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _number(node: Mapping[str, JSON], choices: Choices, *, whole: bool) -> int | float:
    least, most = limit(node, "minimum"), limit(node, "maximum")
    low, high = 0 if least is None else least, _LARGE if most is None else most
    inner = [each for each in (1, 0, 2) if low <= each <= high]
    kind = choices.integer(0, 3)
    if kind == 0 and inner:
        return choices.pick(inner)
    if kind == 1:
        return choices.pick((high, low))
    if whole:
        return choices.pick([each for each in (low + 1, high - 1, (low + high) // 2) if low <= each <= high])
    return low + choices.integer(0, 100) * (high - low) / 100


def _array(schema: dict[str, JSON], node: Mapping[str, JSON], choices: Choices) -> list[JSON]:
    least, most = limit(node, "minItems") or 0, limit(node, "maxItems") or _MOST
    count = choices.integer(max(1, least), max(1, least, min(most, _MOST + 1)))
    return [value(schema, node.get("items", {}), choices) for _ in range(count)]


def _object(schema: dict[str, JSON], node: dict[str, JSON], choices: Choices) -> dict[str, JSON]:
    made = _members(schema, node, choices)
    parts = node.get("allOf")
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, dict) and isinstance(then := part.get("then"), dict) and holds(part.get("if", True), made):
            made.update(_members(schema, then, choices))
    extra = node.get("additionalProperties")
    if isinstance(extra, dict):
        made.update({key: value(schema, extra, choices) for key in _keys(node, choices)})
    return made


def _members(schema: dict[str, JSON], node: Mapping[str, JSON], choices: Choices) -> dict[str, JSON]:
    properties, required = node.get("properties"), node.get("required")
    names: Sequence[JSON] = required if isinstance(required, list) else ()
    made: dict[str, JSON] = {}
    for key, child in properties.items() if isinstance(properties, dict) else ():
        if key in names or choices.chance(40):
            made[key] = value(schema, child, choices)
    return made


def _keys(node: Mapping[str, JSON], choices: Choices) -> list[str]:
    most, names = limit(node, "maxProperties"), node.get("propertyNames")
    longest = limit(names, "maxLength") if isinstance(names, dict) else None
    count = most if most is not None and choices.chance(30) else choices.integer(0, _MOST)
    first = texts.bounded(choices, longest)
    return [first, *(f"key{number}" for number in range(1, count))][:count]
