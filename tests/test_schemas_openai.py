"""
The schemas we ship: sound, owned place by place by a requirement.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from conformance.checks import places
from conformance.contract import contracts, strictyaml
from tests import schema_documents as documents

SHARED = Path(__file__).parents[2] / "shared" / "contracts" / "data"
SCHEMAS = {
    f"{name}/{kind}": schema for name in contracts.names() for kind, schema in contracts.load(name).schemas.items()
}
JUDGED = [
    (contract.id, kind)
    for contract in map(contracts.load, contracts.names())
    for kind in sorted({k for o in contract.operations for k in (o.response, o.chunk, o.error) if k})
]
#: Keywords that can fail by themselves.
ASSERTIONS = {
    "type", "enum", "const", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "not",
    "minProperties", "maxProperties", "uniqueItems", "contains", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
}  # fmt: skip
ERRATA = strictyaml.read(
    (Path(__file__).parents[1] / "schemas" / "openai-chat" / "errata.yaml").read_text(encoding="utf-8"), "errata.yaml"
).value


def published(name: str) -> Any:
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"the published document is not at hand: {name}")
    return json.loads(path.read_text(encoding="utf-8"))


def assertions(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[list[str | int], str | None]]:
    """
    Every keyword of a schema that can fail, with the property when it is a required one.
    """
    if not isinstance(node, dict):
        return
    for name in node.get("required", []):
        yield [*path, "required"], name
    for keyword in node:
        if keyword in ASSERTIONS:
            yield [*path, keyword], None
    for keyword in ("properties", "$defs", "patternProperties"):
        for name, below in node.get(keyword, {}).items():
            yield from assertions(below, (*path, keyword, name))
    for keyword in ("items", "then", "else", "additionalProperties"):
        yield from assertions(node.get(keyword), (*path, keyword))
    for number, below in enumerate(node.get("allOf", [])):
        yield from assertions(below, (*path, "allOf", number))


def keywords(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, below in node.items():
            yield key
            if key in ("properties", "$defs"):
                yield from (each for name in below for each in keywords(below[name]))
            elif key not in ("const", "enum"):
                yield from keywords(below)
    elif isinstance(node, list):
        for below in node:
            yield from keywords(below)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_keeps_the_metaschema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_has_a_good_document(name: str) -> None:
    assert [
        error.message for error in jsonschema_rs.validator_for(SCHEMAS[name]).iter_errors(documents.GOOD[name])
    ] == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_no_schema_leans_on_formats_or_on_an_unknown_nullable(name: str) -> None:
    assert {"format", "nullable"} & set(keywords(SCHEMAS[name])) == set()


@pytest.mark.parametrize(("contract", "kind"), JUDGED)
def test_what_a_server_sends_may_hold_more_than_is_documented(contract: str, kind: str) -> None:
    closing = {"additionalProperties", "unevaluatedProperties", "maxProperties", "propertyNames"}
    assert closing & set(keywords(SCHEMAS[f"{contract}/{kind}"])) == set()


@pytest.mark.parametrize(("contract", "kind"), JUDGED)
def test_every_place_that_a_row_names_exists(contract: str, kind: str) -> None:
    schema = SCHEMAS[f"{contract}/{kind}"]
    for row in contracts.load(contract).requirements.values():
        for place in row.schema:
            name, _, pointer = place.partition("#")
            assert f"{contract}/{name}" in SCHEMAS, place
            parent, _, last = pointer.rpartition("/")
            if name == kind and parent.endswith("/required"):
                assert last in documents.at(schema, parent), place
            elif name == kind:
                assert documents.at(schema, pointer) is not None, place


def test_no_two_rows_own_the_same_place() -> None:
    for name in contracts.names():
        owned = Counter(place for row in contracts.load(name).requirements.values() for place in row.schema)
        assert [place for place, times in owned.items() if times > 1] == []


@pytest.mark.parametrize(("contract", "kind"), JUDGED)
def test_every_keyword_that_can_fail_belongs_to_a_row_of_its_own(contract: str, kind: str) -> None:
    """
    Nothing but the type of the whole may fall back on the row of the root.
    """
    listed = places.of(contracts.load(contract), kind).requirements
    own = places.Places({place: row for place, row in listed.items() if place})
    lost = [
        (path, missing)
        for path, missing in assertions(SCHEMAS[f"{contract}/{kind}"])
        if own.owner(path, missing) is None and path != ["type"]
    ]
    assert lost == []


@pytest.mark.parametrize(("contract", "kind"), JUDGED)
def test_a_good_document_puts_every_row_of_its_required_fields_at_stake(contract: str, kind: str) -> None:
    schema = SCHEMAS[f"{contract}/{kind}"]
    listed = places.of(contracts.load(contract), kind)
    stake = listed.at_stake(documents.GOOD[f"{contract}/{kind}"])
    assert {listed.owner(["required"], name) for name in schema["required"]} <= stake


SIMPLE: dict[str, Any] = {
    "request": {"model": "m", "messages": [{"role": "user", "content": "Hi"}]},
    "response": documents.GOOD["openai-chat/response"],
    "chunk": documents.GOOD["openai-chat/chunk"],
}


def test_every_documented_null_is_allowed() -> None:
    for row in ERRATA["nullable"]:
        schema, _, pointer = row["ours"].partition("#")
        node = documents.at(SCHEMAS[f"openai-chat/{schema}"], pointer)
        assert "null" in node.get("type", []) or None in node.get("enum", []), row["ours"]


def test_every_place_that_is_published_as_nullable_is_listed() -> None:
    document = published("openai-chat-completions.openapi.json")

    def nullable(node: Any, path: tuple[str, ...]) -> Iterator[str]:
        if isinstance(node, dict):
            if node.get("nullable") is True:
                yield "/".join(path)
            for key, below in node.items():
                structural = key in ("properties", "items", "allOf", "oneOf", "anyOf")
                yield from nullable(below, path if structural else (*path, key))
        elif isinstance(node, list):
            for below in node:
                yield from nullable(below, path)

    found = {place for name, each in document["components"]["schemas"].items() for place in nullable(each, (name,))}
    assert found == {row["published"] for row in ERRATA["nullable"]}


@pytest.mark.parametrize("row", ERRATA["change"], ids=lambda row: row["id"])
def test_ours_differs_from_the_published_schema_as_the_errata_say(row: dict[str, Any]) -> None:
    start = SIMPLE[row["schema"]]
    document = documents.edited(start, put=row.get("set"), remove=row.get("remove"))
    ours = jsonschema_rs.validator_for(SCHEMAS[f"openai-chat/{row['schema']}"])
    assert ours.is_valid(start)
    assert ours.is_valid(document) is (row["ours"] == "accepts")
    name = {"response": "chat-completion", "chunk": "chat-completion-chunk", "request": "chat-completion-request"}
    theirs = jsonschema.Draft202012Validator(published(f"derived/{name[row['schema']]}.published.schema.json"))
    assert theirs.is_valid(start)
    assert theirs.is_valid(document) is (row["published"] == "accepts")


@pytest.mark.parametrize("name", ["chat-openai-text.json", "chat-openai-text.jsonl", "chat-openai-error-400.json"])
def test_what_openai_was_recorded_to_answer_is_valid(name: str) -> None:
    path = SHARED / "recorded" / name
    if not path.is_file():
        pytest.skip(f"the recording is not at hand: {name}")
    kind = "error" if "error" in name else "chunk" if name.endswith("l") else "response"
    text = path.read_text(encoding="utf-8")
    validator = jsonschema_rs.validator_for(SCHEMAS[f"openai-chat/{kind}"])
    for each in text.splitlines() if name.endswith("l") else [text]:
        assert [error.message for error in validator.iter_errors(json.loads(each))] == []


LEGAL = {
    "a custom call": ("response", {"/choices/1/message/tool_calls": documents.CALLS[1:]}),
    "a spoken answer": (
        "response",
        {"/choices/0/message/audio": {"id": "a", "expires_at": 1760003600, "data": "", "transcript": "Hi"}},
    ),
    "a legacy call": ("response", {"/choices/0/message/function_call": {"name": "f", "arguments": "{}"}}),
    "reasoning text": ("response", {"/choices/0/message/reasoning_content": "hm"}),
    "a usage chunk": ("chunk", {"/choices": [], "/usage": documents.GOOD["openai-chat/response"]["usage"]}),
    "a moderation chunk": ("chunk", {"/choices": [], "/moderation": {"input": {}, "output": {}}}),
    "an audio delta": ("chunk", {"/choices/0/delta": {"audio": {"id": "a", "data": "", "transcript": "H"}}}),
    "an empty delta": ("chunk", {"/choices/0/delta": {}}),
    "unknown members": ("chunk", {"/choices/0/content_filter_results": {}, "/choices/0/delta/x": 1, "/x_groq": {}}),
}


@pytest.mark.parametrize("name", LEGAL)
def test_legal_variety_is_silence(name: str) -> None:
    kind, changes = LEGAL[name]
    document = documents.edited(documents.GOOD[f"openai-chat/{kind}"], put=changes)
    validator = jsonschema_rs.validator_for(SCHEMAS[f"openai-chat/{kind}"])
    assert [error.message for error in validator.iter_errors(document)] == []
