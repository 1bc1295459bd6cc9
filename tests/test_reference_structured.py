"""
The reference provider's structured outputs: whatever schema it is bound to, what it says satisfies it.
"""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conformance.reference import answer, ask, validate, wire

STAMP = wire.Stamp(id="chatcmpl-1", created=1_800_000_000, model="reference-1")


def closed(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


LINKED = {
    **closed(value={"type": "number"}, next={"anyOf": [{"$ref": "#"}, {"type": "null"}]}),
}
TREE = {
    **closed(root={"$ref": "#/$defs/node"}),
    "$defs": {"node": closed(label={"type": "string"}, children={"type": "array", "items": {"$ref": "#/$defs/node"}})},
}
SCHEMAS: dict[str, dict[str, Any]] = {
    "flat": closed(name={"type": "string"}, age={"type": "integer"}, tall={"type": "boolean"}, none={"type": "null"}),
    "nested": closed(a=closed(b=closed(c={"type": "string"}))),
    "enum": closed(unit={"type": "string", "enum": ["c", "f"]}, level={"enum": [3, None]}, kind={"const": "x"}),
    "nullable": closed(note={"type": ["string", "null"]}),
    "array": closed(items={"type": "array", "items": closed(id={"type": "integer"}), "minItems": 3, "maxItems": 4}),
    "any-of": closed(value={"anyOf": [{"type": "null"}, closed(x={"type": "number"})]}),
    "bounds": closed(
        a={"type": "integer", "minimum": 5, "maximum": 6},
        b={"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5},
        c={"type": "integer", "multipleOf": 7, "minimum": 8},
        d={"type": "integer", "exclusiveMaximum": -3},
        e={"type": "number", "minimum": 0.1, "maximum": 0.2},
    ),
    "strings": closed(
        a={"type": "string", "pattern": "^[A-Z]{2}-[0-9]{4}$"},
        b={"type": "string", "pattern": r"^(foo|bar)\d+@\w{3,}\.[a-z]+$"},
        c={"type": "string", "minLength": 12},
        d={"type": "string", "maxLength": 3},
        e={"type": "string", "format": "date-time"},
        f={"type": "string", "format": "uuid"},
        g={"type": "string", "pattern": "^[^a-z]+$"},
    ),
    "linked-list": LINKED,
    "tree": TREE,
    "non-ascii": closed(größe={"type": "string"}, 名前={"type": "string"}),
}


def said(text: str, form: dict[str, Any], **more: Any) -> Any:
    body = {"model": "m", "messages": [{"role": "user", "content": text}], "response_format": form, **more}
    validate.request(body)
    asked = ask.read(body)
    return json.loads(wire.completion(asked, answer.compose(asked), STAMP)["choices"][0]["message"]["content"])


def bound(schema: dict[str, Any], *, strict: bool = True) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "x", "strict": strict, "schema": schema}}


@pytest.mark.parametrize("text", ["Fill it in.", 'Describe "Ada" of Zürich, aged 36, in c and 7 others.'])
@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS.keys())
def test_what_is_said_satisfies_the_schema(schema: dict[str, Any], text: str) -> None:
    assert list(Draft202012Validator(schema).iter_errors(said(text, bound(schema)))) == []


def test_keys_come_in_the_order_of_the_schema() -> None:
    schema = closed(zebra={"type": "string"}, apple={"type": "string"}, mango={"type": "string"})
    assert list(said("Go", bound(schema))) == ["zebra", "apple", "mango"]


def test_values_are_taken_from_the_prompt_by_name() -> None:
    schema = closed(name={"type": "string"}, age={"type": "integer"}, active={"type": "boolean"})
    text = 'A person whose name is "Ada Lovelace", age 36, active: false.'
    assert said(text, bound(schema)) == {"name": "Ada Lovelace", "age": 36, "active": False}


def test_an_unstrict_schema_may_use_more_of_json_schema() -> None:
    schema = {
        "type": "object",
        "allOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}],
        "properties": {"b": {"type": "string"}},
        "required": ["b"],
    }
    made = said("Go", bound(schema, strict=False))
    assert list(Draft202012Validator(schema).iter_errors(made)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('Reply with exactly: {"a": [1]} as JSON', {"a": [1]}),
        ('Give me a JSON object with the key "city" set to "Rome".', {"city": "Rome"}),
        ("Say OK in json", {"answer": "OK"}),
        ('Answer with the JSON object {"ok": true} please', {"ok": True}),
        ("A json object, please", {"answer": "You asked about “A json object, please”."}),
    ],
)
def test_json_mode_gives_an_object(text: str, expected: Any) -> None:
    assert said(text, {"type": "json_object"}) == expected


@pytest.mark.parametrize(
    "form", [{"type": "json_object"}, bound(closed(a={"type": "integer"}))], ids=["mode", "schema"]
)
def test_an_object_that_may_be_said_is_repeated_letter_for_letter(form: dict[str, Any]) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": 'Reply with exactly this json: { "a":  1 }'}]}
    asked = ask.read({**body, "response_format": form})
    assert answer.compose(asked).choices[0].text == '{ "a":  1 }'


ODD: dict[str, dict[str, Any]] = {
    "empty": {},
    "true-property": {"type": "object", "properties": {"a": True}, "required": ["a"]},
    "self": {"$ref": "#"},
    "self-in-all-of": {"type": "object", "allOf": [{"$ref": "#"}]},
    "nowhere": {"type": "object", "properties": {"a": {"$ref": "#/nope"}}, "required": ["a"]},
    "impossible": {"type": "object", "properties": {"a": {"type": "integer", "minimum": 2, "maximum": 1}}},
    "endless": {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
    "no-pattern": {"type": "object", "properties": {"a": {"type": "string", "pattern": "("}}, "required": ["a"]},
    "huge": {"type": "object", "properties": {"a": {"type": "string", "minLength": 10**9}}, "required": ["a"]},
}


@pytest.mark.parametrize("schema", ODD.values(), ids=ODD.keys())
def test_an_odd_schema_is_answered_with_an_object_all_the_same(schema: dict[str, Any]) -> None:
    assert isinstance(said("Go", bound(schema, strict=False)), dict | str)
