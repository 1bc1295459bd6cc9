"""
Two validators, one understanding: what jsonschema-rs says of a document is what the reference validator says.

jsonschema-rs judges every answer, because it is a hundred times faster; here jsonschema judges it, over every schema
that we ship and over documents of every kind, sound and mutated.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from conformance.contract import cases, paths, strictyaml
from conformance.report import baseline_text, compare_data, results
from tests import compare_fixture, report_fixture, test_baseline, test_capture_targets
from tests import schema_documents as documents

SCHEMAS = {
    path.relative_to(paths.folder("schemas")).with_suffix("").as_posix(): json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(paths.folder("schemas").rglob("*.json"))
}
#: Mutations of each document, and seeds of them.
TIMES = 120
#: Where validators might differ (but for a last line feed, see below): numbers that are whole or not, characters that are one or two, truth that is a number.
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 1.0, 0.0, -0.0, 0.5, 2**31, 2**63, 2**64, -(2**64), 10**308, 1e308, 5e-324, 1e16,
    "", "a", "A", "1", "é", "e\u0301", "\U0001f600", "\U0001f600" * 40, "\x00", "\n", " ", "x" * 600, "١",
    [], [[]], [None], [1, 1.0], [1, True], [{}, {}], {}, {"": 0}, {"a": 1}, {"type": "x"}, {"type": "function"},
)  # fmt: skip


@cache
def sound(name: str) -> tuple[Any, ...]:
    """
    Documents that keep a schema: of each kind that there is, as different as our own files and values are.
    """
    if name == "case":
        files = sorted(paths.folder("cases").glob("*/*.yaml"))
        return tuple(strictyaml.read(path.read_text(encoding="utf-8"), path.name).value for path in files)
    if name == "targets":
        return (test_capture_targets.FILE,)
    if name == "baseline":
        return (strictyaml.read(baseline_text.with_entries(baseline_text.EMPTY, "b", [test_baseline.REAL]), "b").value,)
    if name == "report/results":
        return (json.loads(results.render(report_fixture.card("x"))),)
    if name == "report/comparison":
        return (json.loads(compare_data.render(compare_fixture.comparison("x"))),)
    if name not in documents.GOOD:
        return (full(SCHEMAS[name], SCHEMAS[name]),)
    contract, kind = name.split("/")
    valid = [case.request.body for case in cases.load_contract(contract) if not case.invalid and case.request.body]
    # What continues an answer is filled in when it is sent.
    bodies = [body for body in valid if "${after" not in json.dumps(body)]
    return (documents.GOOD[name], *(bodies if kind == "request" and contract == "openai-chat" else []))


#: Of the texts that our formats know, one of each form.
TEXTS = (
    "x",
    "openai-chat",
    "openai-chat/2026-10-01",
    "2026-10-01",
    "2026-10-01T00:00:00Z",
    "https://a.test/",
    "a" * 64,
)


def full(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    """
    A document that has every member which a simple schema (one without branches) describes.
    """
    if "$ref" in schema:
        return full(documents.at(root, schema["$ref"].removeprefix("#")), root)
    known = [*([schema["const"]] if "const" in schema else []), *schema.get("enum", [])]
    if known:
        return known[0]
    kinds = schema.get("type", "object")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "object":
        more = schema.get("additionalProperties")
        named = {name: full(below, root) for name, below in schema.get("properties", {}).items()}
        return {**named, **({"x": full(more, root)} if isinstance(more, dict) else {})}
    if kind == "array":
        return [full(schema.get("items", {}), root) for _ in range(max(1, schema.get("minItems", 1)))]
    if kind == "string":
        return next(text for text in TEXTS if jsonschema_rs.is_valid(schema, text))
    return {"boolean": True, "null": None}.get(kind, max(1, schema.get("minimum", 1)))


def mutants(document: Any, rng: random.Random) -> Iterator[Any]:
    """
    The document itself, then copies with one to three members left out, doubled, renamed or replaced.
    """
    yield document
    for _ in range(TIMES):
        made = copy.deepcopy(document)
        for _ in range(rng.choice((1, 1, 2, 3))):
            where = list(documents.places(made))
            if where:
                _change(made, rng.choice(where), rng)
        yield made


def _change(document: Any, path: tuple[Any, ...], rng: random.Random) -> None:
    *parents, last = path
    place = document
    for step in parents:
        place = place[step]
    change = rng.choice(("remove", "double", "rename", "put", "put", "put"))
    if change == "remove":
        del place[last]
    elif change == "double" and isinstance(place, list):
        place.append(copy.deepcopy(place[last]))
    elif change == "rename" and isinstance(place, dict):
        place[f"{last}x"] = place.pop(last)
    else:
        place[last] = copy.deepcopy(rng.choice(VALUES))


def complaints(errors: Any, path: str) -> set[tuple[tuple[str, ...], str]]:
    """
    Where each complaint is, and which keyword makes it.

    Empty names are left out of paths: jsonschema-rs loses one at the end of a path (0.61).
    """
    return {
        (tuple(str(step) for step in getattr(each, path) if step != ""), str(list(each.schema_path)[-1]))
        for each in errors
    }


@pytest.mark.parametrize("name", SCHEMAS)
def test_both_validators_complain_of_the_same_places_and_keywords(name: str) -> None:
    ours, oracle = jsonschema_rs.validator_for(SCHEMAS[name]), jsonschema.Draft202012Validator(SCHEMAS[name])
    rng = random.Random(name)
    verdicts = set()
    for document in sound(name)[:: max(1, len(sound(name)) // 12)]:
        for mutant in mutants(document, rng):
            said = complaints(ours.iter_errors(mutant), "instance_path")
            assert said == complaints(oracle.iter_errors(mutant), "absolute_path"), json.dumps(mutant)
            assert ours.is_valid(mutant) is (not said)
            verdicts.add(not said)
    assert verdicts == {True, False}


def test_a_pattern_ends_where_the_text_ends() -> None:
    """
    To Python's ``$`` a last line feed is no character, to ECMAScript's and so to JSON Schema's it is one.
    """
    schema = {"type": "string", "pattern": "^[a-z]+$"}
    assert jsonschema_rs.is_valid(schema, "a")
    assert not jsonschema_rs.is_valid(schema, "a\n")


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_documents_that_are_mutated_are_sound(name: str) -> None:
    for document in sound(name):
        assert complaints(jsonschema_rs.validator_for(SCHEMAS[name]).iter_errors(document), "instance_path") == set()
