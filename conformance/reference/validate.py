"""
The constraints of a chat completion's request: one table, a rule for each parameter, and the rules between parameters.

Source: OpenAI's `CreateChatCompletionRequest` (openapi.json of 2026-08) and the prose beside it. Parameters which
are not in the table are ignored, as the document does not close the object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.reference import strict, validate_tools
from conformance.reference.errors import invalid, missing
from conformance.reference.shape import (
    Rule,
    any_object,
    anything,
    array,
    boolean,
    by_type,
    integer,
    mapping,
    nullable,
    number,
    one_of,
    record,
    string,
    tagged,
    text,
)
from conformance.reference.validate_messages import messages

_INT64 = 2**63

_POLICY = nullable(record({"mode": one_of("score", "block")}))
_BREAKPOINT = {"prompt_cache_breakpoint": record({"mode": one_of("explicit")})}
_TEXT_PART = tagged("type", {"text": record({"type": text, "text": text}, _BREAKPOINT)})
_PREDICTED = by_type("one of a string or array", {str: anything, list: array(_TEXT_PART, least=1)})
_VOICE = by_type("one of a string or object", {str: string(least=1), dict: record({"id": text}, closed=True)})
_PLACE = record({}, {"country": text, "region": text, "city": text, "timezone": text})


def _schema(value: Any, path: str) -> None:
    any_object(value, path)
    if reason := strict.malformed(value):
        raise invalid(path, f"Invalid schema for '{path}': {reason}", None)


_JSON_SCHEMA = record(
    {"name": string(least=1, most=64, pattern=r"[a-zA-Z0-9_-]+")},
    {"description": text, "schema": _schema, "strict": nullable(boolean)},
)
_RESPONSE_FORMAT = tagged(
    "type", {"text": any_object, "json_object": any_object, "json_schema": record({"json_schema": _JSON_SCHEMA})}
)
_STOP = by_type("one of a string or array of strings", {str: anything, list: array(text, least=1, most=4)})

#: What each parameter allows. The ones in `nullable` are those which the document allows to be null.
PARAMETERS: Mapping[str, Rule] = {
    "model": string(least=1),
    "messages": messages,
    "metadata": nullable(mapping(string(most=512), key=r".{0,64}", most=16)),
    "store": nullable(boolean),
    "stream": nullable(boolean),
    "stream_options": nullable(record({}, {"include_usage": boolean, "include_obfuscation": boolean})),
    "temperature": nullable(number(0, 2)),
    "top_p": nullable(number(0, 1)),
    "frequency_penalty": nullable(number(-2, 2)),
    "presence_penalty": nullable(number(-2, 2)),
    "logit_bias": nullable(mapping(integer(-100, 100), key=r"\d+")),
    "logprobs": nullable(boolean),
    "top_logprobs": nullable(integer(0, 20)),
    "n": nullable(integer(1, 128)),
    "seed": nullable(integer(-_INT64, _INT64 - 1)),
    "stop": nullable(_STOP),
    "max_completion_tokens": nullable(integer(1)),
    "max_tokens": nullable(integer(1)),
    "reasoning_effort": nullable(one_of("none", "minimal", "low", "medium", "high", "xhigh", "max")),
    "verbosity": nullable(one_of("low", "medium", "high")),
    "modalities": nullable(array(one_of("text", "audio"))),
    "audio": nullable(record({"voice": _VOICE, "format": one_of("wav", "aac", "mp3", "flac", "opus", "pcm16")})),
    "prediction": nullable(record({"type": one_of("content"), "content": _PREDICTED})),
    "response_format": _RESPONSE_FORMAT,
    "tools": validate_tools.tools,
    "tool_choice": validate_tools.tool_choice,
    "parallel_tool_calls": boolean,
    "functions": validate_tools.functions,
    "function_call": validate_tools.function_call,
    "service_tier": nullable(one_of("auto", "default", "flex", "scale", "priority", "fast")),
    "safety_identifier": nullable(string(most=64)),
    "prompt_cache_key": nullable(text),
    "prompt_cache_retention": nullable(one_of("in_memory", "24h")),
    "prompt_cache_options": record({}, {"mode": one_of("implicit", "explicit"), "ttl": one_of("30m")}),
    "moderation": nullable(
        record({"model": text}, {"policy": nullable(record({}, {"input": _POLICY, "output": _POLICY}))})
    ),
    "web_search_options": record(
        {},
        {
            "user_location": nullable(record({"type": one_of("approximate"), "approximate": _PLACE})),
            "search_context_size": one_of("low", "medium", "high"),
        },
    ),
    "user": text,
}


def request(body: Any) -> None:
    """
    Refuses a request body which breaks a documented constraint, naming the parameter.
    """
    if not isinstance(body, dict):
        raise invalid(None, "Invalid body: expected a JSON object.", "invalid_type")
    for name in ("model", "messages"):
        if name not in body:
            raise missing(name)
    for name, rule in PARAMETERS.items():
        if name in body:
            rule(body[name], name)
    _together(body)


def _together(body: dict[str, Any]) -> None:
    if body.get("stream_options") is not None and not body.get("stream"):
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise invalid("stream_options", message, None)
    if body.get("top_logprobs") is not None and not body.get("logprobs"):
        message = "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled."
        raise invalid("top_logprobs", message, None)
    if "audio" in (body.get("modalities") or ()) and body.get("audio") is None:
        raise missing("audio")
    validate_tools.choice_fits(body)
    _format_fits(body)


def _format_fits(body: dict[str, Any]) -> None:
    form = body.get("response_format", {"type": "text"})
    if form["type"] == "json_object" and "json" not in _all_text(body["messages"]).lower():
        message = (
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
        )
        raise invalid("messages", message, None)
    if form["type"] != "json_schema" or not form["json_schema"].get("strict"):
        return
    schema = form["json_schema"].get("schema")
    if schema is None:
        raise missing("response_format.json_schema.schema")
    if reason := strict.complaint(schema):
        name = form["json_schema"]["name"]
        raise invalid("response_format", f"Invalid schema for response_format '{name}': {reason}", None)


def _all_text(conversation: list[dict[str, Any]]) -> str:
    return "\n".join(content_text(message.get("content")) for message in conversation)


def content_text(content: Any) -> str:
    """
    Gives the text of a valid message's content, whose parts stand each on a line of its own.
    """
    if isinstance(content, list):
        return "\n".join(part.get("text", part.get("refusal", "")) for part in content if {"text", "refusal"} & {*part})
    return content or ""
