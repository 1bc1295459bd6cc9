"""
The reference provider's tool calls: which tool is called, with what, and how it is written whole and streamed.
"""

import json
from typing import Any

import pytest

from conformance.reference import answer, ask, validate, wire

STAMP = wire.Stamp(id="chatcmpl-1", created=1_800_000_000, model="reference-1")
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the current weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "kelvin"]}},
            "required": ["city"],
        },
    },
}
CLOCK = {"type": "function", "function": {"name": "get_time"}}
CUSTOM = {"type": "custom", "custom": {"name": "run_code", "description": "Run some code"}}


def request(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "reference-1", "messages": [{"role": "user", "content": text}], **more}


def choice(body: dict[str, Any]) -> dict[str, Any]:
    validate.request(body)
    asked = ask.read(body)
    found: dict[str, Any] = wire.completion(asked, answer.compose(asked), STAMP)["choices"][0]
    return found


def called(body: dict[str, Any]) -> list[tuple[str, Any]]:
    calls = choice(body)["message"].get("tool_calls", [])
    return [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in calls]


@pytest.mark.parametrize(
    ("text", "more", "expected"),
    [
        ("What is the weather in Paris?", {}, [("get_weather", {"city": "Paris"})]),
        ("Weather in 東京 in kelvin?", {}, [("get_weather", {"city": "東京", "unit": "kelvin"})]),
        ('Call get_weather with "São Paulo"', {}, [("get_weather", {"city": "São Paulo"})]),
        ("What is the weather in Paris and in Tokyo?", {}, [("get_weather", {"city": c}) for c in ("Paris", "Tokyo")]),
        (
            "What is the weather in Paris and in Tokyo?",
            {"parallel_tool_calls": False},
            [("get_weather", {"city": "Paris"})],
        ),
        ("Use get_time now", {}, [("get_time", {})]),
        ("Hello", {}, []),
        ("Reply with exactly: weather", {}, []),
        ("What is the weather in Paris?", {"tool_choice": "none"}, []),
        ("Hello", {"tool_choice": "required"}, [("get_weather", {"city": "example"})]),
        ("Hello", {"tool_choice": {"type": "function", "function": {"name": "get_time"}}}, [("get_time", {})]),
        (
            "What is the weather in Paris?",
            {"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [CLOCK]}}},
            [("get_time", {})],
        ),
    ],
)
def test_the_right_tools_are_called(text: str, more: dict[str, Any], expected: list[tuple[str, Any]]) -> None:
    assert called(request(text, tools=[WEATHER, CLOCK], **more)) == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "tool_calls"),
        ({"tool_choice": "required"}, "tool_calls"),
        ({"tool_choice": {"type": "function", "function": {"name": "get_weather"}}}, "stop"),
        ({"max_tokens": 5}, "length"),
    ],
)
def test_the_reason_to_finish_tells_how_the_call_came_about(more: dict[str, Any], expected: str) -> None:
    made = choice(request("What is the weather in Paris?", tools=[WEATHER], **more))
    assert (made["finish_reason"], made["message"]["content"]) == (expected, None)


def test_arguments_follow_a_nested_schema() -> None:
    properties = {
        "name": {"type": "string"},
        "guests": {"type": "integer", "minimum": 1},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "venue": {"type": "object", "properties": {"indoor": {"type": "boolean"}}, "required": ["indoor"]},
    }
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    tool = {"type": "function", "function": {"name": "book", "parameters": schema}}
    body = request('Call book with name "Ada", guests 12', tools=[tool])
    assert called(body) == [("book", {"name": "Ada", "guests": 12, "tags": ["Ada"], "venue": {"indoor": True}})]


def test_after_the_results_the_answer_tells_them() -> None:
    first = choice(request("What is the weather in Paris?", tools=[WEATHER]))["message"]
    tool = {"role": "tool", "tool_call_id": first["tool_calls"][0]["id"], "content": "sunny, 21 °C"}
    body = request("What is the weather in Paris?", tools=[WEATHER])
    body["messages"] += [first, tool]
    assert choice(body)["message"]["content"] == "The result is: sunny, 21 °C"


def test_a_custom_tool_gets_plain_text() -> None:
    body = request("Use run_code with `print(1)`", tools=[CUSTOM])
    call = choice(body)["message"]["tool_calls"][0]
    assert (call["type"], call["custom"]) == ("custom", {"name": "run_code", "input": "print(1)"})


def test_a_legacy_function_is_called_the_legacy_way() -> None:
    body = request("What is the weather in Paris?", functions=[WEATHER["function"]])
    made = choice(body)
    assert made["finish_reason"] == "function_call"
    assert made["message"]["function_call"] == {"name": "get_weather", "arguments": '{"city":"Paris"}'}
    assert choice({**body, "function_call": {"name": "get_weather"}})["finish_reason"] == "stop"
    assert choice({**body, "function_call": "none"})["finish_reason"] == "stop"


def streamed(body: dict[str, Any]) -> list[dict[str, Any]]:
    asked = ask.read({**body, "stream": True})
    return [chunk["choices"][0] for chunk in wire.chunks(asked, answer.compose(asked), STAMP)]


def test_calls_are_streamed_in_fragments() -> None:
    pieces = streamed(request("What is the weather in Paris and in Tokyo?", tools=[WEATHER]))
    fragments = [each["delta"]["tool_calls"][0] for each in pieces if "tool_calls" in each["delta"]]
    heads = [each for each in fragments if "id" in each]
    assert [(each["index"], each["type"], each["function"]) for each in heads] == [
        (0, "function", {"name": "get_weather", "arguments": ""}),
        (1, "function", {"name": "get_weather", "arguments": ""}),
    ]
    assert len({each["id"] for each in heads}) == 2
    for index, city in enumerate(("Paris", "Tokyo")):
        written = [each["function"]["arguments"] for each in fragments if each["index"] == index]
        assert len(written) > 2
        assert json.loads("".join(written)) == {"city": city}
    assert (pieces[-1]["delta"], pieces[-1]["finish_reason"]) == ({}, "tool_calls")


def test_custom_and_legacy_calls_are_streamed_too() -> None:
    custom = streamed(request("Use run_code with `print(1)`", tools=[CUSTOM]))
    fragments = [each["delta"]["tool_calls"][0]["custom"] for each in custom if "tool_calls" in each["delta"]]
    assert (fragments[0], "".join(each["input"] for each in fragments)) == (
        {"name": "run_code", "input": ""},
        "print(1)",
    )
    legacy = streamed(request("Weather in Paris?", functions=[WEATHER["function"]]))
    written = [each["delta"]["function_call"] for each in legacy if "function_call" in each["delta"]]
    assert "".join(each["arguments"] for each in written) == '{"city":"Paris"}'
