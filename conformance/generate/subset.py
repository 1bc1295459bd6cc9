"""
Random JSON Schemas of objects, as tools and structured answers are described by.

Strict ones keep to the part of JSON Schema which the documentation lists for ``strict: true``: every property required,
objects closed, no allOf, not or if.

Source: OpenAI's guide "Structured Outputs", section "Supported schemas",
https://platform.openai.com/docs/guides/structured-outputs/supported-schemas
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.generate.choices import Choices, sample
from conformance.model import JSON

_PROPERTIES = ("city", "count", "kind", "größe", "unit_price", "a-b", "名前", "with space", "Id", "$id2")
_WORDS = ("red", "green", "Köln", "北京", "O'Neil", 'say "hi"', "a/b", "😀", "", "ﬁn", "e\u0301")
_SAID = ("What it is about", "Größe in cm", "都市の名前", 'With "quotes"')
_FORMATS = ("date", "date-time", "email", "uuid", "ipv4")
_PATTERNS = ("^[a-z]{2,5}$", "^[A-Z][0-9]+$", "^(on|off)$")


def schema(choices: Choices, *, strict: bool, depth: int = 2) -> dict[str, JSON]:
    """
    A schema of an object, nested at most ``depth`` deep; without ``strict`` properties may be optional.
    """
    made = _object(choices, strict=strict, depth=depth)
    if choices.chance(15):
        return _with_definition(made, choices, strict=strict)
    return made


def _object(choices: Choices, *, strict: bool, depth: int) -> dict[str, JSON]:
    names = sample(choices, _PROPERTIES, choices.integer(1, 5))
    made: dict[str, JSON] = {
        "type": "object",
        "properties": {name: _node(choices, strict=strict, depth=depth) for name in names},
        "required": [*names] if strict else [name for name in names if not choices.chance(30)],
    }
    if strict or choices.chance(50):
        made["additionalProperties"] = False
    return made


def _with_definition(made: dict[str, JSON], choices: Choices, *, strict: bool) -> dict[str, JSON]:
    properties, required = made["properties"], made["required"]
    if isinstance(properties, dict) and isinstance(required, list):
        properties["part"] = {"$ref": "#/$defs/part"}
        required.append("part")
    return {**made, "$defs": {"part": _object(choices, strict=strict, depth=0)}}


def _node(choices: Choices, *, strict: bool, depth: int) -> JSON:
    kinds = [_string, _choice, _integer, _number, _boolean, _nullable]
    if depth > 0:
        kinds += [_list, _alternative]
    kind = choices.integer(0, len(kinds) + (1 if depth > 0 else 0) - 1)
    made = (
        kinds[kind](choices, strict, depth) if kind < len(kinds) else _object(choices, strict=strict, depth=depth - 1)
    )
    if choices.chance(20):
        made["description"] = choices.pick(_SAID)
    return made


def _string(choices: Choices, _: bool, __: int) -> dict[str, JSON]:
    kind = choices.integer(0, 3)
    if kind == 2:
        return {"type": "string", "format": choices.pick(_FORMATS)}
    if kind == 3:
        return {"type": "string", "pattern": choices.pick(_PATTERNS)}
    return {"type": "string"}


def _choice(choices: Choices, _: bool, __: int) -> dict[str, JSON]:
    words = [*sample(choices, _WORDS, choices.integer(1, 4))]
    return {"type": "string", "const": words[0]} if choices.chance(40) else {"type": "string", "enum": [*words]}


def _integer(choices: Choices, _: bool, __: int) -> dict[str, JSON]:
    low = choices.pick((0, 1, -5, 10))
    return {
        "type": "integer",
        **({"minimum": low, "maximum": low + choices.integer(0, 9)} if choices.chance(60) else {}),
    }


def _number(choices: Choices, _: bool, __: int) -> dict[str, JSON]:
    if choices.chance(40):
        return {"type": "number", "exclusiveMinimum": 0, "maximum": 1}
    return {"type": "number", **({"multipleOf": 0.5} if choices.chance(30) else {})}


def _boolean(_: Choices, __: bool, ___: int) -> dict[str, JSON]:
    return {"type": "boolean"}


def _nullable(choices: Choices, _: bool, __: int) -> dict[str, JSON]:
    return {"type": [choices.pick(("string", "integer", "boolean")), "null"]}


def _list(choices: Choices, strict: bool, depth: int) -> dict[str, JSON]:
    made: dict[str, JSON] = {"type": "array", "items": _node(choices, strict=strict, depth=depth - 1)}
    if choices.chance(40):
        made |= {"minItems": choices.integer(0, 2), "maxItems": choices.integer(2, 4)}
    return made


def _alternative(choices: Choices, strict: bool, depth: int) -> dict[str, JSON]:
    return {"anyOf": [_node(choices, strict=strict, depth=depth - 1), {"type": "null"}]}


#: What ``strict`` does not support.
_UNSUPPORTED = frozenset({"allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas"})


def keeps(schema: dict[str, JSON]) -> bool:
    """
    A schema of an object keeps to what ``strict: true`` supports.
    """
    return schema.get("type") == "object" and "anyOf" not in schema and all(_supported(node) for node in _nodes(schema))


def _supported(node: dict[str, JSON]) -> bool:
    if node.keys() & _UNSUPPORTED or not node.keys() & {"type", "$ref", "anyOf", "enum", "const"}:
        return False
    types = node.get("type")
    if "object" not in (types if isinstance(types, list) else [types]):
        return True
    properties, required = node.get("properties", {}), node.get("required", [])
    named = isinstance(properties, dict) and isinstance(required, list) and set(properties) == set(map(str, required))
    return named and node.get("additionalProperties") is False


def _nodes(node: JSON) -> Iterator[dict[str, JSON]]:
    if not isinstance(node, dict):
        return
    yield node
    for keyword in ("properties", "$defs"):
        group = node.get(keyword)
        for child in group.values() if isinstance(group, dict) else ():
            yield from _nodes(child)
    yield from _nodes(node.get("items"))
    options = node.get("anyOf")
    for child in options if isinstance(options, list) else ():
        yield from _nodes(child)
