"""
The reference provider's answers: what is said, where it ends, what it costs, and that a stream says the same.
"""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.reference import answer, ask, validate, wire

STAMP = wire.Stamp(id="chatcmpl-1", created=1_800_000_000, model="reference-1")
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60)


def request(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "reference-1", "messages": [{"role": "user", "content": text}], **more}


def plain(body: dict[str, Any]) -> dict[str, Any]:
    validate.request(body)
    asked = ask.read(body)
    return wire.completion(asked, answer.compose(asked), STAMP)


def streamed(body: dict[str, Any]) -> list[dict[str, Any]]:
    body = {**body, "stream": True}
    validate.request(body)
    asked = ask.read(body)
    return wire.chunks(asked, answer.compose(asked), STAMP)


def deltas(chunks: list[dict[str, Any]], index: int = 0) -> list[dict[str, Any]]:
    return [each for chunk in chunks for each in chunk["choices"] if each["index"] == index]


def said(body: dict[str, Any]) -> str:
    content = plain(body)["choices"][0]["message"]["content"]
    assert isinstance(content, str)
    return content


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Reply with exactly: a: b\n ünï 😀 ", "a: b\n ünï 😀 "),
        ("Repeat exactly:  two spaces", " two spaces"),
        ("Repeat after me: once", "once"),
        ("Please reply with exactly the following text: x.y", "x.y"),
        ("Count from 1 to 5.", "1, 2, 3, 4, 5"),
        ("Say OK", "OK"),
        ("Say hi and nothing else.", "hi"),
        ("Reply with only the word 'pineapple'.", "pineapple"),
        ('Respond with "two words" only', "two words"),
        ("Write the numbers from 3 to 1, one a line", "3\n2\n1"),
        ("What is the capital of France? Answer in one word.", "You asked about “What is the capital of France?”."),
        ("Hello there", "You asked about “Hello there”."),
    ],
)
def test_the_model_obeys_simple_orders(text: str, expected: str) -> None:
    assert said(request(text)) == expected


@given(TEXTS)
@settings(deadline=None)
def test_an_echo_is_kept_letter_for_letter(text: str) -> None:
    assert said(request(f"Reply with exactly: {text}")) == text


@pytest.mark.parametrize("role", ["system", "developer"])
def test_an_instruction_wins_over_the_user(role: str) -> None:
    messages = [{"role": role, "content": "Answer only: SEVEN"}, {"role": "user", "content": "Reply with exactly: no"}]
    assert said({"model": "m", "messages": messages}) == "SEVEN"


@pytest.mark.parametrize(
    ("told", "question", "expected"),
    [
        ("My code word is ZEBRA.", "What is my code word?", "ZEBRA"),
        ("Remember the number 4711.", "Which number did I tell you to remember?", "4711"),
        ("Reply with the word one", "Say the word two", "two"),
        ("I like tea", "What did I say?", "It was: I like tea"),
    ],
)
def test_what_was_said_before_is_remembered(told: str, question: str, expected: str) -> None:
    turns = [("user", told), ("assistant", "I will keep the word in mind."), ("user", question)]
    assert said({"model": "m", "messages": [{"role": role, "content": text} for role, text in turns]}) == expected


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("limit", [1, 2, 7])
def test_a_limit_cuts_exactly(name: str, limit: int) -> None:
    made = plain(request("Count from 1 to 50", **{name: limit}))
    assert made["usage"]["completion_tokens"] == limit
    assert made["choices"][0]["finish_reason"] == "length"


def test_a_limit_which_is_not_reached_changes_nothing() -> None:
    made = plain(request("Reply with exactly: abc", max_tokens=1))
    assert (made["choices"][0]["finish_reason"], made["choices"][0]["message"]["content"]) == ("stop", "abc")


@given(TEXTS, st.lists(st.text(alphabet="ab ,1", min_size=1, max_size=3), min_size=1, max_size=4))
@settings(deadline=None)
def test_nothing_of_a_stop_sequence_is_said_whole_or_streamed(text: str, stops: list[str]) -> None:
    body = request(f"Reply with exactly: {text} a, b1 a", stop=stops)
    whole = said(body)
    assert not any(stop in whole for stop in stops)
    assert "".join(each["delta"].get("content", "") for each in deltas(streamed(body))) == whole


def test_a_stop_sequence_may_span_tokens() -> None:
    made = plain(request("Reply with exactly: one twothree four", stop="wothr"))
    assert made["choices"][0]["message"]["content"] == "one t"
    assert made["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize("alternatives", [0, 1, 5, 20])
def test_logprobs_say_how_likely_every_token_was(alternatives: int) -> None:
    made = plain(request("Reply with exactly: the 😀 sea", logprobs=True, top_logprobs=alternatives))
    entries = made["choices"][0]["logprobs"]["content"]
    assert bytes(byte for entry in entries for byte in entry["bytes"]).decode() == "the 😀 sea"
    assert len(entries) == made["usage"]["completion_tokens"]
    for entry in entries:
        best = entry["top_logprobs"]
        scores = [each["logprob"] for each in best]
        assert len({each["token"] for each in best}) == alternatives
        assert scores == sorted(scores, reverse=True)
        assert sum(map(math.exp, scores)) <= 1
        assert entry["logprob"] <= 0


def test_logprobs_are_null_unless_asked_for() -> None:
    assert plain(request("Say OK"))["choices"][0]["logprobs"] is None


def test_the_prompt_counts_once_and_every_choice_is_summed() -> None:
    one, three = (plain(request("Reply with exactly: a b c", n=n)) for n in (1, 3))
    assert [choice["index"] for choice in three["choices"]] == [0, 1, 2]
    assert three["usage"]["prompt_tokens"] == one["usage"]["prompt_tokens"]
    assert three["usage"]["completion_tokens"] == 3 * one["usage"]["completion_tokens"]


def test_free_choices_differ_when_the_temperature_allows_it() -> None:
    warm, cold = (plain(request("Tell me of bees", n=6, temperature=heat)) for heat in (1, 0))
    assert len({choice["message"]["content"] for choice in warm["choices"]}) == 6
    assert len({choice["message"]["content"] for choice in cold["choices"]}) == 1


def test_reasoning_is_counted_and_bounded_by_the_limit() -> None:
    details = plain(request("Say OK", reasoning_effort="low"))["usage"]
    assert details["completion_tokens_details"]["reasoning_tokens"] == 8
    assert details["completion_tokens"] == 9
    cut = plain(request("Say OK", reasoning_effort="high", max_completion_tokens=5))
    assert (cut["choices"][0]["message"]["content"], cut["choices"][0]["finish_reason"]) == ("", "length")


STREAMS = {
    "echo": request("Reply with exactly: héllo 😀 wörld"),
    "story": request("Write a long story about the sea"),
    "limit": request("Count from 1 to 40", max_tokens=9),
    "several": request("Tell me of bees", n=3),
    "logprobs": request("Count from 1 to 9", logprobs=True, top_logprobs=3, n=2),
}


@pytest.mark.parametrize("body", STREAMS.values(), ids=STREAMS.keys())
def test_a_stream_says_what_the_plain_answer_says(body: dict[str, Any]) -> None:
    whole = plain(body)
    chunks = streamed({**body, "stream_options": {"include_usage": True}})
    for choice in whole["choices"]:
        pieces = deltas(chunks, choice["index"])
        assert "".join(each["delta"].get("content", "") for each in pieces) == choice["message"]["content"]
        assert [each["finish_reason"] for each in pieces[-1:]] == [choice["finish_reason"]]
        if choice["logprobs"]:
            entries = [entry for each in pieces if each["logprobs"] for entry in each["logprobs"]["content"]]
            assert entries == choice["logprobs"]["content"]
    assert chunks[-1]["usage"] == whole["usage"]


def test_a_stream_has_its_documented_order() -> None:
    chunks = streamed(request("Reply with exactly: a b", stream_options={"include_usage": True}))
    assert [choice["delta"] for choice in deltas(chunks)] == [
        {"role": "assistant", "content": "", "refusal": None},
        {"content": "a"},
        {"content": " b"},
        {},
    ]
    assert [choice["finish_reason"] for choice in deltas(chunks)] == [None, None, None, "stop"]
    assert [chunk["usage"] for chunk in chunks[:-1]] == [None] * 4
    assert chunks[-1]["choices"] == []
    assert {(chunk["id"], chunk["created"], chunk["model"]) for chunk in chunks} == {
        ("chatcmpl-1", 1_800_000_000, "reference-1")
    }


def test_usage_and_obfuscation_are_in_a_stream_as_asked() -> None:
    chunks = streamed(request("Say OK", stream_options={"include_obfuscation": False}))
    assert not any({"usage", "obfuscation"} & chunk.keys() for chunk in chunks)
    assert all(isinstance(chunk["obfuscation"], str) for chunk in streamed(request("Say OK")))


def test_choices_take_turns_in_a_stream() -> None:
    chunks = streamed(request("Reply with exactly: a b c", n=2))
    assert [chunk["choices"][0]["index"] for chunk in chunks] == [0, 1] * 5


def test_a_stream_is_written_as_events_with_done_last() -> None:
    written = wire.events([{"a": "é"}])
    assert written == ['data: {"a":"é"}\n\n'.encode(), b"data: [DONE]\n\n"]


def test_speech_carries_its_words_and_is_the_same_streamed() -> None:
    body = request("Reply with exactly: hello", modalities=["text", "audio"], audio={"voice": "alloy", "format": "wav"})
    message = plain(body)["choices"][0]["message"]
    assert (message["content"], message["audio"]["transcript"]) == (None, "hello")
    assert message["audio"]["data"].startswith("UklGR")
    pieces = [each["delta"].get("audio", {}) for each in deltas(streamed(body))]
    assert "".join(piece.get("data", "") for piece in pieces) == message["audio"]["data"]
    assert "".join(piece.get("transcript", "") for piece in pieces) == "hello"


def test_every_answer_is_json_of_utf_8() -> None:
    made = plain(request("Reply with exactly: \x00\x1f\u2028é"))
    assert json.loads(wire.body(made).decode()) == made
