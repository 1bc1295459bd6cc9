"""
What replies show besides verdicts: documented and undocumented keys, pace, and what of the contract was exercised.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import facts
from conformance.contract import contracts
from conformance.model import Attempt, Evidence, Outcome, Result, RunInfo
from conformance.read import pace
from conformance.read.fields import Fields
from conformance.read.reply import Reply
from conformance.report.scorecard import score
from tests.specimens import (
    Specimen,
    ask,
    choice,
    chunk,
    completion,
    part,
    plain,
    refusal,
    sse,
    streamed,
    text_chunks,
)

CHAT = contracts.load("openai-chat")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
        "tags": {"type": "object", "additionalProperties": {"type": "string"}},
        "any": {},
        "known": {"$comment": "Extension: not in the published document."},
    },
    "$defs": {
        "item": {
            "properties": {"type": {}},
            "allOf": [{"if": {"properties": {"type": {"const": "a"}}}, "then": {"properties": {"a/b": {}}}}],
        }
    },
}


@pytest.mark.parametrize(
    ("value", "documented", "others"),
    [
        ({"id": "x"}, {"/id"}, set()),
        ({"id": 1, "new": None}, {"/id"}, {("/new", "null")}),
        ({"items": [{"type": "a"}, {"a/b": 1, "c": {"d": 1}}]}, {"/items", "/items/*/type", "/items/*/a~1b"}, {"c"}),
        ({"tags": {"k": "v"}, "any": {"k": [1]}}, {"/tags", "/any"}, set()),
        ({"known": "x"}, set(), {("/known", "string")}),
        ([1, {"id": 2}], set(), set()),
        ("text", set(), set()),
    ],
)
def test_keys_are_told_apart_by_the_schema(value: Any, documented: set[str], others: set[Any]) -> None:
    seen = Fields(SCHEMA).seen(value)
    expected = {("/items/*/c", "object")} if others == {"c"} else others
    assert (seen.documented, seen.others) == (documented, expected)


def test_every_documented_key_is_listed_and_recursion_ends() -> None:
    loop = {"properties": {"next": {"$ref": "#"}}}
    assert Fields(SCHEMA).documented() == ("/any", "/id", "/items", "/items/*/a~1b", "/items/*/type", "/tags")
    assert Fields(loop).documented()[-1] == "/next" * 8
    assert "/choices/*/message/content" in Fields(CHAT.schemas["response"]).documented()


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["id", "items", "tags", "x/y"]), inner),
    )
)
def test_any_value_can_be_looked_at_and_a_key_is_on_one_side(value: Any) -> None:
    seen = Fields(SCHEMA).seen(value)
    assert not seen.documented & {place for place, _ in seen.others}


def test_pace_counts_from_the_read_that_brought_the_first_token() -> None:
    first = chunk(part({"role": "assistant", "content": ""}))
    reads = [
        (0.1, sse([first], done=False)),
        (0.4, sse([chunk(part({"content": "a"}))], done=False)),
        (0.5, sse([chunk(part({"content": "b"})), chunk(part({"content": "c"}))], done=False)),
        (0.9, sse([chunk(part({"tool_calls": [{"index": 0}]}))])),
    ]
    made = pace.of(Reply(streamed(reads=reads).exchange))
    assert made == pace.Pace(first_token=0.4, gaps=(0.1, 0.4), rate=None)


def test_a_rate_needs_counted_tokens_and_time() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 21, "total_tokens": 22}
    tail = chunk(usage=usage)
    reads = [
        (1.0, sse([chunk(part({"content": "a"}))], done=False)),
        (3.0, sse([chunk(part({"content": "b"})), tail])),
    ]
    made = pace.of(Reply(streamed(reads=reads).exchange))
    assert made is not None and made.rate == 10.0
    once = pace.of(Reply(streamed(reads=[(1.0, sse([chunk(part({"content": "a"})), tail]))]).exchange))
    assert once == pace.Pace(first_token=1.0, gaps=(), rate=None)


@pytest.mark.parametrize(
    "specimen",
    [
        plain(),
        streamed(shows=Evidence.ALL & ~Evidence.TIMES),
        streamed([chunk(part({}))]),
        streamed(status=500),
        refusal(),
    ],
)
def test_what_has_no_tokens_or_no_times_has_no_pace(specimen: Specimen) -> None:
    assert pace.of(Reply(specimen.exchange)) is None


def _facts(*specimens: Specimen) -> Any:
    results = [
        Result(case=each.case, outcome=Outcome.PASS, attempts=(Attempt(exchange=each.exchange),)) for each in specimens
    ]
    return facts.of(score(results, [CHAT], RunInfo(target="acme", base_url="http://h/v1", model="m")))


def test_extensions_are_listed_once_with_their_types_and_counts() -> None:
    said = ": ping 17\n\n" + "event: ping\ndata: {}\n\n"
    made = _facts(
        plain(completion(choice(reasoning_content="hm"), x_vendor=1), case={"id": "a"}),
        plain(completion(x_vendor=None), case={"id": "b"}),
        streamed([said, *text_chunks("Hel", "lo")], case={"id": "c"}),
    )
    assert [(each.kind, each.place, each.types, each.exchanges, each.case) for each in made.extras] == [
        ("body field", "/choices/*/message/reasoning_content", ("string",), 1, "a"),
        ("body field", "/x_vendor", ("null", "number"), 2, "a"),
        ("comment", "ping *", (), 1, "c"),
        ("event name", "ping", (), 1, "c"),
    ]


def test_a_good_answer_has_no_extensions() -> None:
    assert _facts(plain(), streamed(), refusal()).extras == ()


def test_parameters_are_counted_by_what_became_of_them() -> None:
    refused = plain({"error": {"message": "no", "type": "x", "param": None, "code": None}}, ask(seed=1), status=400)
    made = _facts(plain(asked=ask(temperature=1)), refused, refusal())
    uses = {each.place: (each.accepted, each.refused, each.wrong) for each in made.parameters}
    assert (uses["/temperature"], uses["/seed"], uses["/model"], uses["/stop"]) == (
        (1, 0, 1),
        (0, 1, 0),
        (1, 1, 1),
        (0, 0, 0),
    )


def test_fields_are_counted_by_exchange_and_those_never_seen_are_listed_too() -> None:
    made = _facts(plain(), streamed())
    uses = {(each.schema, each.place): each.exchanges for each in made.fields}
    assert (uses["response", "/id"], uses["chunk", "/id"], uses["chunk", "/moderation"], uses["error", "/error"]) == (
        1,
        1,
        0,
        0,
    )


def test_facts_survive_hostile_keys() -> None:
    odd = {**completion(), "\ud800\u202e": {"x": 1}, "": []}
    made = _facts(plain(json.dumps(odd).encode()))
    assert {each.place for each in made.extras} == {"/\ufffd\u202e", "/"}
