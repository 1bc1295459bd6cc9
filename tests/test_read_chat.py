"""
Chat completions put together: whatever comes is read, and a stream means what the plain answer means.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.read import chat
from conformance.read.chat import Choice, Completion
from conformance.read.chat_calls import ToolCall
from tests import strategies
from tests.specimens import call, call_chunks, choice, chunk, completion, part, text_chunks, token, usage

OBJECTS = strategies.values().filter(lambda value: isinstance(value, dict))
CALLS = st.builds(call, arguments=st.text(max_size=12), identity=st.sampled_from(["call_1", "call_2", "call_3"]))
TEXTS = st.none() | st.text(max_size=12)


def streamed(*chunks: dict[str, Any]) -> Completion:
    return chat.from_chunks(enumerate(chunks))


@given(strategies.values() | strategies.mutated(completion(choice(0, None, "tool_calls", tool_calls=[call()]))))
def test_any_value_can_be_read_as_an_answer(value: Any) -> None:
    made = chat.from_body(value)
    assert not made.streamed
    assert set(made.as_json()) >= {"choices"}


@given(st.lists(OBJECTS | strategies.mutated(call_chunks("{", "}")[1]), max_size=5))
def test_any_objects_can_be_read_as_a_stream(chunks: list[dict[str, Any]]) -> None:
    made = streamed(*chunks)
    assert made.streamed
    for each in made.choices:
        assert made.choice(each.index) is each
        assert all(called.arguments_value.ok is not None for called in each.tool_calls)


@st.composite
def answers(draw: st.DrawFn) -> dict[str, Any]:
    """
    A plain answer of one to three choices, each with text, a refusal or calls.
    """
    choices = []
    for index in range(draw(st.integers(1, 3))):
        calls = draw(st.lists(CALLS, max_size=3, unique_by=lambda each: str(each["id"])))
        said = {"refusal": draw(TEXTS), **({"tool_calls": calls} if calls else {})}
        made = choice(index, draw(TEXTS), draw(st.sampled_from(["stop", "length", "tool_calls"])), **said)
        if draw(st.booleans()):
            made["logprobs"] = {"content": [token(each) for each in draw(st.lists(st.text(max_size=3), max_size=3))]}
        choices.append(made)
    return completion(*choices)


@st.composite
def pieces(draw: st.DrawFn, text: str) -> list[str]:
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=4)))
    return [text[first:after] for first, after in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@st.composite
def told_in_chunks(draw: st.DrawFn, answer: dict[str, Any]) -> list[dict[str, Any]]:
    """
    The chunks that a server might stream instead of a plain answer, those of its choices in any order.
    """
    lines = []
    for each in answer["choices"]:
        said, index = each["message"], each["index"]
        deltas = [part({"role": "assistant"}, index=index)]
        for name in ("content", "refusal"):
            deltas += [part({name: text}, index=index) for text in draw(pieces(said[name] or ""))]
        for number, called in enumerate(said.get("tool_calls", [])):
            first = {**called, "index": number, "function": {**called["function"], "arguments": ""}}
            later = draw(pieces(called["function"]["arguments"]))
            fragments = [first, *({"index": number, "function": {"arguments": text}} for text in later)]
            deltas += [part({"tool_calls": [fragment]}, index=index) for fragment in fragments]
        for entry in (each["logprobs"] or {}).get("content", []):
            deltas.append({**part({}, index=index), "logprobs": {"content": [entry]}})
        lines.append([*deltas, part({}, each["finish_reason"], index=index)])
    order = draw(st.permutations([n for n, line in enumerate(lines) for _ in line]))
    made = [chunk(lines[number].pop(0)) for number in order]
    return [*made, chunk(usage=answer["usage"])]


def meaning(made: Completion) -> list[Any]:
    """
    What a client gets of an answer, whichever way it came.
    """
    return [made.id, made.created, made.model, made.usage, *(_meaning(each) for each in made.choices)]


def _meaning(each: Choice) -> list[Any]:
    calls = [(made.id, made.type, made.name, made.arguments) for made in each.tool_calls]
    return [
        each.index, each.role, each.content or None, each.refusal, each.finish_reason, each.logprobs or None, calls,
    ]  # fmt: skip


@given(st.data())
def test_a_stream_means_what_the_plain_answer_means(data: st.DataObject) -> None:
    answer = data.draw(answers())
    chunks = data.draw(told_in_chunks(answer))
    assert meaning(streamed(*chunks)) == meaning(chat.from_body(answer))


def fragment(text: str, **more: Any) -> dict[str, Any]:
    return {"function": {"arguments": text}, **more}


@pytest.mark.parametrize(
    ("fragments", "calls"),
    [
        pytest.param(
            [fragment("{", index=0, id="a"), fragment("}", index=0)], [(0, "a", "{}")], id="one, as documented"
        ),
        pytest.param(
            [fragment("1", index=0, id="a"), fragment("2", index=1, id="b"), fragment("3", index=0)],
            [(0, "a", "13"), (1, "b", "2")],
            id="two in turns",
        ),
        pytest.param(
            [fragment("1", index=0, id="a"), fragment("2", index=0, id="a")], [(0, "a", "12")], id="the id repeated"
        ),
        pytest.param(
            [fragment("1", index=0, id="a"), fragment("2", index=0, id="b"), fragment("3", index=0)],
            [(0, "a", "1"), (0, "b", "23")],
            id="another id under the same index",
        ),
        pytest.param(
            [fragment("1", index=0), fragment("2", index=0, id="a")], [(0, "a", "12")], id="an id that comes late"
        ),
        pytest.param(
            [fragment("1", id="a"), fragment("2"), fragment("3", id="b")],
            [(None, "a", "12"), (None, "b", "3")],
            id="no index",
        ),
        pytest.param([fragment("1"), fragment("2")], [(None, "", "12")], id="neither index nor id"),
        pytest.param([fragment("1", index=0, id="")], [(0, "", "1")], id="an empty id"),
        pytest.param([fragment("1", index="0", id="a")], [(None, "a", "1")], id="an index that is no number"),
        pytest.param([fragment("1", index=True, id="a")], [(None, "a", "1")], id="an index that is a truth"),
        pytest.param([{"index": 0, "function": None}], [(0, "", "")], id="no function"),
    ],
)
def test_fragments_belong_to_calls_by_index_and_by_id(fragments: list[Any], calls: list[Any]) -> None:
    made = streamed(*(chunk(part({"tool_calls": [each]})) for each in fragments))
    assert [(each.index, each.id, each.arguments) for each in made.choices[0].tool_calls] == calls


def test_a_fragment_is_kept_as_it_was_sent() -> None:
    (made,) = streamed(*call_chunks("{}", finish="stop")).choices[0].tool_calls
    assert [(each.event, each.id, each.arguments) for each in made.fragments] == [
        (0, "call_1", ""), (1, chat.MISSING, "{}"),
    ]  # fmt: skip
    assert made.arguments_value.value == {}


def test_a_custom_call_has_an_input() -> None:
    called = {"id": "c", "type": "custom", "custom": {"name": "py", "input": "1+1"}}
    plain = chat.from_body(completion(choice(0, None, tool_calls=[called]))).choices[0].tool_calls
    assert plain == (ToolCall(None, "c", "custom", "py", "", "1+1"),)
    first = {**called, "index": 0, "custom": {"name": "py", "input": ""}}
    later = {"index": 0, "custom": {"input": "1+1"}}
    message = streamed(*(chunk(part({"tool_calls": [each]})) for each in (first, later))).choices[0].message
    assert message["tool_calls"] == [called]


@pytest.mark.parametrize(
    ("deltas", "name", "value"),
    [
        ([{"audio": {"id": "a", "data": "AA"}}, {"audio": {"data": "BB", "transcript": "x"}}, {"audio": {"expires_at": 1}}],
         "audio", {"id": "a", "data": "AABB", "transcript": "x", "expires_at": 1}),
        ([{"function_call": {"name": "f", "arguments": "{"}}, {"function_call": {"arguments": "}"}}],
         "function_call", {"name": "f", "arguments": "{}"}),
        ([{"reasoning_content": "h"}, {"reasoning_content": "m"}], "reasoning", "hm"),
        ([{"reasoning": "hm"}], "reasoning", "hm"),
        ([{"content": [{"type": "text", "text": "a"}]}, {"content": "b"}], "content", "ab"),
        ([{"content": None}, {}], "content", None),
        ([{"content": ""}], "content", ""),
        ([{"role": ""}, {"role": "assistant"}], "role", "assistant"),
    ],
)  # fmt: skip
def test_deltas_add_up(deltas: list[Any], name: str, value: Any) -> None:
    made = streamed(*(chunk(part(each)) for each in deltas))
    assert getattr(made.choices[0], name) == value


def test_choices_are_kept_apart_and_in_order() -> None:
    made = streamed(*text_chunks("b", index=1), *text_chunks("a", index=0))
    assert [(each.index, each.content, each.finish_reasons) for each in made.choices] == [
        (0, "a", ((5, "stop"),)), (1, "b", ((2, "stop"),)),
    ]  # fmt: skip


def test_the_head_is_the_first_that_has_an_id() -> None:
    made = streamed(chunk(id="", model=""), chunk(id="x", model="m"), chunk(id="y", model="n"))
    assert (made.id, made.model) == ("x", "m")
    assert streamed().id is chat.MISSING


def test_every_count_is_kept_and_the_last_one_holds() -> None:
    made = streamed(chunk(usage=usage(1)), chunk(usage=None), chunk(usage=usage(2)))
    assert (made.usage, made.usages) == (usage(2), ((0, usage(1)), (2, usage(2))))


@pytest.mark.parametrize("index", [None, True, "0", 1.0])
def test_a_choice_without_a_whole_index_has_that_of_its_place(index: Any) -> None:
    assert [each.index for each in chat.from_body({"choices": [{}, {"index": index}]}).choices] == [0, 1]
    assert [each.index for each in streamed({"choices": [{}, {"index": index}]}).choices] == [0, 1]
