"""
What the reference provider refuses: one row a broken constraint, with the parameter which the refusal must name.
"""

from typing import Any

import pytest

from conformance.reference import validate
from conformance.reference.errors import Refused

HI = [{"role": "user", "content": "hi"}]
PNG = "data:image/png;base64,iVBORw0KGgo="
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
CUSTOM = {"type": "custom", "custom": {"name": "c"}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLED = {"role": "assistant", "content": None, "tool_calls": [CALL]}


def formatted(schema: Any = SCHEMA, **more: Any) -> dict[str, Any]:
    return {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "x", "strict": True, "schema": schema, **more},
        }
    }


def one(message: Any) -> dict[str, Any]:
    return {"messages": [message]}


def part(value: Any, role: str = "user") -> dict[str, Any]:
    return one({"role": role, "content": [{"type": "text", "text": "look"}, value]})


def function(**more: Any) -> dict[str, Any]:
    return {"tools": [{"type": "function", "function": {"name": "f", **more}}]}


INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "model-null": ({"model": None}, "model"),
    "model-number": ({"model": 4}, "model"),
    "model-empty": ({"model": ""}, "model"),
    "messages-null": ({"messages": None}, "messages"),
    "messages-string": ({"messages": "hi"}, "messages"),
    "messages-empty": ({"messages": []}, "messages"),
    "message-string": ({"messages": ["hi"]}, "messages[0]"),
    "role-missing": (one({"content": "hi"}), "messages[0].role"),
    "role-unknown": (one({"role": "wizard", "content": "hi"}), "messages[0].role"),
    "role-number": (one({"role": 1, "content": "hi"}), "messages[0].role"),
    "content-missing": (one({"role": "user"}), "messages[0].content"),
    "content-null": (one({"role": "user", "content": None}), "messages[0].content"),
    "content-number": (one({"role": "user", "content": 7}), "messages[0].content"),
    "content-object": (one({"role": "system", "content": {}}), "messages[0].content"),
    "content-empty-array": (one({"role": "user", "content": []}), "messages[0].content"),
    "name-number": (one({"role": "user", "content": "hi", "name": 1}), "messages[0].name"),
    "second-message": ({"messages": [*HI, {"role": "user"}]}, "messages[1].content"),
    "part-string": (part("x"), "messages[0].content[1]"),
    "part-without-type": (part({"text": "x"}), "messages[0].content[1].type"),
    "part-unknown": (part({"type": "video"}), "messages[0].content[1].type"),
    "part-text-missing": (part({"type": "text"}), "messages[0].content[1].text"),
    "system-image": (
        part({"type": "image_url", "image_url": {"url": PNG}}, "system"),
        "messages[0].content[1].type",
    ),
    "image-string": (part({"type": "image_url", "image_url": PNG}), "messages[0].content[1].image_url"),
    "image-url-missing": (part({"type": "image_url", "image_url": {}}), "messages[0].content[1].image_url.url"),
    "image-url-scheme": (
        part({"type": "image_url", "image_url": {"url": "ftp://host/x"}}),
        "messages[0].content[1].image_url.url",
    ),
    "image-not-base64": (
        part({"type": "image_url", "image_url": {"url": "data:image/png;base64,???"}}),
        "messages[0].content[1].image_url.url",
    ),
    "image-no-image": (
        part({"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}}),
        "messages[0].content[1].image_url.url",
    ),
    "image-detail": (
        part({"type": "image_url", "image_url": {"url": PNG, "detail": "huge"}}),
        "messages[0].content[1].image_url.detail",
    ),
    "audio-format": (
        part({"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "ogg"}}),
        "messages[0].content[1].input_audio.format",
    ),
    "audio-not-base64": (
        part({"type": "input_audio", "input_audio": {"data": "***", "format": "wav"}}),
        "messages[0].content[1].input_audio.data",
    ),
    "file-missing": (part({"type": "file"}), "messages[0].content[1].file"),
    "file-not-base64": (
        part({"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,??"}}),
        "messages[0].content[1].file.file_data",
    ),
    "assistant-empty": (one({"role": "assistant"}), "messages[0].content"),
    "assistant-null": (one({"role": "assistant", "content": None}), "messages[0].content"),
    "assistant-refusal-and-text": (
        one({"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "refusal", "refusal": "b"}]}),
        "messages[0].content",
    ),
    "call-without-id": (
        one({"role": "assistant", "tool_calls": [{"type": "function", "function": CALL["function"]}]}),
        "messages[0].tool_calls[0].id",
    ),
    "call-arguments-object": (
        one({"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "f", "arguments": {}}}]}),
        "messages[0].tool_calls[0].function.arguments",
    ),
    "tool-orphan": ({"messages": [*HI, {"role": "tool", "tool_call_id": "x", "content": "1"}]}, "messages[1].role"),
    "tool-without-id": ({"messages": [*HI, CALLED, {"role": "tool", "content": "1"}]}, "messages[2].tool_call_id"),
    "tool-other-id": (
        {"messages": [*HI, CALLED, {"role": "tool", "tool_call_id": "call_2", "content": "1"}]},
        "messages[2].tool_call_id",
    ),
    "call-unanswered": ({"messages": [*HI, CALLED, *HI]}, "messages[2].role"),
    "call-unanswered-at-the-end": ({"messages": [*HI, CALLED]}, "messages"),
    "function-without-name": (one({"role": "function", "content": "1"}), "messages[0].name"),
    "metadata-array": ({"metadata": []}, "metadata"),
    "metadata-17": ({"metadata": {str(each): "x" for each in range(17)}}, "metadata"),
    "metadata-long-key": ({"metadata": {"k" * 65: "x"}}, "metadata"),
    "metadata-long-value": ({"metadata": {"k": "x" * 513}}, "metadata.k"),
    "metadata-number": ({"metadata": {"k": 1}}, "metadata.k"),
    "store-string": ({"store": "yes"}, "store"),
    "stream-string": ({"stream": "true"}, "stream"),
    "stream-options-alone": ({"stream_options": {"include_usage": True}}, "stream_options"),
    "stream-options-unstreamed": ({"stream": False, "stream_options": {}}, "stream_options"),
    "include-usage-number": (
        {"stream": True, "stream_options": {"include_usage": 1}},
        "stream_options.include_usage",
    ),
    "temperature-low": ({"temperature": -0.1}, "temperature"),
    "temperature-high": ({"temperature": 2.1}, "temperature"),
    "temperature-string": ({"temperature": "warm"}, "temperature"),
    "temperature-bool": ({"temperature": True}, "temperature"),
    "top-p-high": ({"top_p": 1.1}, "top_p"),
    "top-p-low": ({"top_p": -0.1}, "top_p"),
    "frequency-penalty": ({"frequency_penalty": 2.5}, "frequency_penalty"),
    "presence-penalty": ({"presence_penalty": -2.5}, "presence_penalty"),
    "logit-bias-array": ({"logit_bias": [1]}, "logit_bias"),
    "logit-bias-high": ({"logit_bias": {"1": 101}}, "logit_bias.1"),
    "logit-bias-key": ({"logit_bias": {"word": 1}}, "logit_bias"),
    "logprobs-number": ({"logprobs": 5}, "logprobs"),
    "top-logprobs-alone": ({"top_logprobs": 2}, "top_logprobs"),
    "top-logprobs-high": ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
    "top-logprobs-low": ({"logprobs": True, "top_logprobs": -1}, "top_logprobs"),
    "n-zero": ({"n": 0}, "n"),
    "n-high": ({"n": 129}, "n"),
    "n-fraction": ({"n": 1.5}, "n"),
    "n-bool": ({"n": True}, "n"),
    "seed-string": ({"seed": "1"}, "seed"),
    "seed-above-int64": ({"seed": 2**63}, "seed"),
    "stop-number": ({"stop": 1}, "stop"),
    "stop-five": ({"stop": list("abcde")}, "stop"),
    "stop-none": ({"stop": []}, "stop"),
    "stop-item": ({"stop": ["a", 1]}, "stop[1]"),
    "max-completion-tokens-zero": ({"max_completion_tokens": 0}, "max_completion_tokens"),
    "max-completion-tokens-string": ({"max_completion_tokens": "9"}, "max_completion_tokens"),
    "max-tokens-negative": ({"max_tokens": -1}, "max_tokens"),
    "reasoning-effort": ({"reasoning_effort": "extreme"}, "reasoning_effort"),
    "verbosity": ({"verbosity": "chatty"}, "verbosity"),
    "modalities-string": ({"modalities": "text"}, "modalities"),
    "modalities-unknown": ({"modalities": ["video"]}, "modalities[0]"),
    "modalities-audio-alone": ({"modalities": ["text", "audio"]}, "audio"),
    "audio-voice-missing": ({"audio": {"format": "wav"}}, "audio.voice"),
    "audio-format-unknown": ({"audio": {"voice": "alloy", "format": "ogg"}}, "audio.format"),
    "prediction-type": ({"prediction": {"type": "guess", "content": "x"}}, "prediction.type"),
    "prediction-content": ({"prediction": {"type": "content"}}, "prediction.content"),
    "format-null": ({"response_format": None}, "response_format"),
    "format-string": ({"response_format": "json"}, "response_format"),
    "format-unknown": ({"response_format": {"type": "xml"}}, "response_format.type"),
    "format-untyped": ({"response_format": {}}, "response_format.type"),
    "json-object-unasked": ({"response_format": {"type": "json_object"}}, "messages"),
    "json-schema-missing": ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
    "schema-name-missing": (
        {"response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}}},
        "response_format.json_schema.name",
    ),
    "schema-name-blank": (formatted(name="a b"), "response_format.json_schema.name"),
    "schema-name-long": (formatted(name="a" * 65), "response_format.json_schema.name"),
    "schema-absent": (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "strict": True}}},
        "response_format.json_schema.schema",
    ),
    "schema-no-schema": (formatted({"type": "objekt"}), "response_format.json_schema.schema"),
    "strict-open": (formatted({"type": "object", "properties": {}}), "response_format"),
    "strict-optional": (formatted({**SCHEMA, "required": []}), "response_format"),
    "strict-root-array": (formatted({"type": "array", "items": {"type": "string"}}), "response_format"),
    "strict-root-any-of": (formatted({"anyOf": [SCHEMA]}), "response_format"),
    "strict-all-of": (formatted({**SCHEMA, "properties": {"a": {"allOf": [{}]}}}), "response_format"),
    "strict-not": (formatted({**SCHEMA, "not": {}}), "response_format"),
    "strict-untyped": (formatted({**SCHEMA, "properties": {"a": {}}}), "response_format"),
    "tools-object": ({"tools": TOOL}, "tools"),
    "tools-empty": ({"tools": []}, "tools"),
    "tools-129": ({"tools": [TOOL] * 129}, "tools"),
    "tool-untyped": ({"tools": [{"function": {"name": "f"}}]}, "tools[0].type"),
    "tool-unknown": ({"tools": [{"type": "browser"}]}, "tools[0].type"),
    "tool-function-missing": ({"tools": [{"type": "function"}]}, "tools[0].function"),
    "tool-name-missing": ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
    "tool-name-blank": (function(name="get weather"), "tools[0].function.name"),
    "tool-name-long": (function(name="f" * 65), "tools[0].function.name"),
    "tool-name-empty": (function(name=""), "tools[0].function.name"),
    "tool-parameters-array": (function(parameters=[]), "tools[0].function.parameters"),
    "tool-parameters-string": (function(parameters={"type": "string"}), "tools[0].function.parameters"),
    "tool-strict-open": (
        function(strict=True, parameters={"type": "object", "properties": {}}),
        "tools[0].function.parameters",
    ),
    "custom-name": ({"tools": [{"type": "custom", "custom": {}}]}, "tools[0].custom.name"),
    "custom-syntax": (
        {
            "tools": [
                {
                    "type": "custom",
                    "custom": {
                        "name": "c",
                        "format": {"type": "grammar", "grammar": {"definition": "x", "syntax": "peg"}},
                    },
                }
            ]
        },
        "tools[0].custom.format.grammar.syntax",
    ),
    "custom-closed": (
        {"tools": [{"type": "custom", "custom": {"name": "c", "format": {"type": "text", "more": 1}}}]},
        "tools[0].custom.format.more",
    ),
    "choice-without-tools": ({"tool_choice": "auto"}, "tool_choice"),
    "choice-unknown": ({"tools": [TOOL], "tool_choice": "maybe"}, "tool_choice"),
    "choice-other-tool": (
        {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "g"}}},
        "tool_choice",
    ),
    "choice-other-kind": (
        {"tools": [TOOL, CUSTOM], "tool_choice": {"type": "custom", "custom": {"name": "f"}}},
        "tool_choice",
    ),
    "choice-unnamed": ({"tools": [TOOL], "tool_choice": {"type": "function"}}, "tool_choice.function"),
    "choice-allowed-mode": (
        {"tools": [TOOL], "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "x", "tools": [TOOL]}}},
        "tool_choice.allowed_tools.mode",
    ),
    "choice-allowed-unknown": (
        {
            "tools": [TOOL],
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "g"}}]},
            },
        },
        "tool_choice.allowed_tools.tools[0]",
    ),
    "parallel-null": ({"parallel_tool_calls": None}, "parallel_tool_calls"),
    "parallel-string": ({"parallel_tool_calls": "no"}, "parallel_tool_calls"),
    "functions-empty": ({"functions": []}, "functions"),
    "functions-name": ({"functions": [{"name": "a.b"}]}, "functions[0].name"),
    "function-call-alone": ({"function_call": "auto"}, "function_call"),
    "function-call-unknown": ({"functions": [{"name": "f"}], "function_call": {"name": "g"}}, "function_call"),
    "function-call-word": ({"functions": [{"name": "f"}], "function_call": "required"}, "function_call"),
    "service-tier": ({"service_tier": "gold"}, "service_tier"),
    "safety-identifier": ({"safety_identifier": "x" * 65}, "safety_identifier"),
    "prompt-cache-key": ({"prompt_cache_key": 1}, "prompt_cache_key"),
    "prompt-cache-retention": ({"prompt_cache_retention": "1h"}, "prompt_cache_retention"),
    "prompt-cache-ttl": ({"prompt_cache_options": {"ttl": "5m"}}, "prompt_cache_options.ttl"),
    "moderation-model": ({"moderation": {}}, "moderation.model"),
    "web-search-size": (
        {"web_search_options": {"search_context_size": "xl"}},
        "web_search_options.search_context_size",
    ),
    "web-search-place": (
        {"web_search_options": {"user_location": {"type": "exact", "approximate": {}}}},
        "web_search_options.user_location.type",
    ),
    "user-null": ({"user": None}, "user"),
}


@pytest.mark.parametrize(("change", "param"), INVALID.values(), ids=INVALID.keys())
def test_a_broken_constraint_is_refused_by_the_name_of_its_parameter(change: dict[str, Any], param: str) -> None:
    with pytest.raises(Refused) as caught:
        validate.request({"model": "m", "messages": HI, **change})
    refused = caught.value
    assert (refused.status, refused.type, refused.param) == (400, "invalid_request_error", param)


@pytest.mark.parametrize("body", [None, [], "text", 3, {}], ids=["null", "array", "string", "number", "empty"])
def test_a_body_which_is_no_object_with_a_model_is_refused(body: Any) -> None:
    with pytest.raises(Refused):
        validate.request(body)


NULLABLE = """
    metadata store stream stream_options temperature top_p frequency_penalty presence_penalty logit_bias logprobs
    top_logprobs n seed stop max_completion_tokens max_tokens reasoning_effort verbosity modalities audio
    prediction service_tier safety_identifier prompt_cache_key prompt_cache_retention moderation
"""

VALID: dict[str, dict[str, Any]] = {
    "least": {},
    "unknown": {"whatever": [1]},
    "nulls": dict.fromkeys(NULLABLE.split()),
    "bounds-low": {"temperature": 0, "top_p": 0, "frequency_penalty": -2, "presence_penalty": -2, "seed": -(2**63)},
    "bounds-high": {"temperature": 2, "top_p": 1.0, "n": 128, "logprobs": True, "top_logprobs": 20, "seed": 2**63 - 1},
    "whole-decimal": {"n": 1.0},
    "tool-conversation": {"messages": [*HI, CALLED, {"role": "tool", "tool_call_id": "call_1", "content": "1"}, *HI]},
    "assistant-last": {"messages": [*HI, {"role": "assistant", "content": "so"}]},
    "choice-none-alone": {"tool_choice": "none"},
    "choice-named": {"tools": [TOOL, CUSTOM], "tool_choice": {"type": "custom", "custom": {"name": "c"}}},
    "no-parameters": function(),
    "image": part({"type": "image_url", "image_url": {"url": PNG, "detail": "low"}}),
    "image-remote": part({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}),
    "strict-schema": formatted(),
    "control-characters": one({"role": "user", "content": "a\0b\x07"}),
    "metadata-limits": {"metadata": {f"{each:064}": "x" * 512 for each in range(16)}},
    "four-stops": {"stop": list("abcd")},
}


@pytest.mark.parametrize("change", VALID.values(), ids=VALID.keys())
def test_what_the_document_allows_is_accepted(change: dict[str, Any]) -> None:
    validate.request({"model": "m", "messages": HI, **change})
