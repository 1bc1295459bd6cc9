"""
Faults of requests that keep the contract and are refused, or break the server.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from conformance.reference.faults.asks import When, refusing
from conformance.reference.faults.fault import Asked, Fault, Level
from conformance.reference.faults.rows import fault

#: Parameter, level, the requirement that it is accepted, the catalogue's entry.
_PARAMETERS: tuple[tuple[str, Level, str, str], ...] = (
    ("store", "MUST", "request.store.accepted", "documented-params-rejected"),
    ("metadata", "MUST", "request.metadata.accepted", "documented-params-rejected"),
    ("user", "MUST", "request.user.accepted", "documented-params-rejected"),
    ("safety_identifier", "MUST", "request.safety-identifier.accepted", "documented-params-rejected"),
    ("prompt_cache_key", "MUST", "request.prompt-cache-key.accepted", "documented-params-rejected"),
    ("service_tier", "MUST", "request.service-tier.accepted", "documented-params-rejected"),
    ("stream_options", "SHOULD", "request.stream-options", "documented-params-rejected"),
    ("seed", "SHOULD", "request.seed.accepted", "documented-params-rejected"),
    ("logit_bias", "SHOULD", "request.logit-bias.accepted", "documented-params-rejected"),
    ("verbosity", "MAY", "request.verbosity.accepted", "documented-params-rejected"),
    ("modalities", "SHOULD", "request.modalities.text", ""),
    ("prediction", "MAY", "request.prediction.accepted", ""),
    ("top_p", "SHOULD", "request.top-p.accepted", ""),
    ("frequency_penalty", "SHOULD", "request.frequency-penalty.accepted", ""),
    ("presence_penalty", "SHOULD", "request.presence-penalty.accepted", ""),
    ("max_tokens", "SHOULD", "request.max-tokens", ""),
    ("max_completion_tokens", "MUST", "request.max-completion-tokens", "max-completion-tokens-rejected"),
    ("stop", "SHOULD", "request.stop", ""),
    ("n", "SHOULD", "request.n.one", ""),
)


def _given(key: str) -> When:
    return lambda asked: asked.body.get(key) is not None


def _is(key: str, value: Any) -> When:
    return lambda asked: key in asked.body and asked.body[key] == value and type(asked.body[key]) is type(value)


def _parameters() -> Iterator[Fault]:
    for key, level, requirement, entry in _PARAMETERS:
        yield fault(
            f"refuses-{key.replace('_', '-')}",
            level,
            requirement,
            f"{key} is refused as an extra input",
            instead=refusing(_given(key), f"Extra inputs are not permitted: {key}"),
            also="request.answered limits.context request.temperature.accepted request.nullable request.nullable-common"
            " request.frequency-penalty.accepted request.presence-penalty.accepted request.logit-bias.accepted",
            entry=entry,
        )


def _roles(asked: Asked) -> list[Any]:
    messages = asked.body.get("messages")
    return [each.get("role") for each in messages if isinstance(each, dict)] if isinstance(messages, list) else []


def _messages(asked: Asked) -> list[dict[str, Any]]:
    messages = asked.body.get("messages")
    return [each for each in messages if isinstance(each, dict)] if isinstance(messages, list) else []


def _alternates_not(asked: Asked) -> bool:
    roles = [role for role in _roles(asked) if role in ("user", "assistant")]
    return any(one == other for one, other in pairwise(roles)) or roles[:1] == ["assistant"]


def _system_late(asked: Asked) -> bool:
    return "system" in _roles(asked)[1:]


def _assistant_last(asked: Asked) -> bool:
    return _roles(asked)[-1:] == ["assistant"]


def _parts_of(*roles: str) -> When:
    return lambda asked: any(
        each.get("role") in roles
        and isinstance(each.get("content"), list)
        and all(isinstance(part, dict) and part.get("type") == "text" for part in each["content"])
        for each in _messages(asked)
    )


def _called_with(content: Any) -> When:
    return lambda asked: any(
        each.get("tool_calls") and "content" in each and each["content"] == content for each in _messages(asked)
    )


def _null(*keys: str) -> When:
    return lambda asked: any(key in asked.body and asked.body[key] is None for key in keys)


def _compact(asked: Asked, text: bytes) -> bool:
    return text in asked.raw.replace(b": ", b":")


def _tool_without_tools(asked: Asked) -> bool:
    return "tools" not in asked.body and asked.body.get("tool_choice") == "none"


def _schema_in_tools(asked: Asked) -> bool:
    return b"$defs" in asked.raw and "tools" in asked.body


def _content_type(asked: Asked) -> bool:
    return asked.headers.get("content-type", "").lower() == "application/json; charset=utf-8"


def _image(asked: Asked) -> bool:
    return b'"image_url"' in asked.raw


def _bad_image(asked: Asked) -> bool:
    return _image(asked) and b"iVBORw0" not in asked.raw and b"example.com" not in asked.raw


def _type(*types: str) -> When:
    return lambda asked: (
        isinstance(asked.body.get("response_format"), dict) and (asked.body["response_format"].get("type") in types)
    )


# fmt: off
FAULTS: tuple[Fault, ...] = (
    *_parameters(),
    fault("refuses-developer", "MUST", "request.role.developer", "role developer is refused", instead=refusing(lambda asked: "developer" in _roles(asked), "Unexpected message role."), also="history.instructions", entry="developer-role-rejected"),
    fault("refuses-parallel-tool-calls", "MUST", "request.answered", "parallel_tool_calls is refused", instead=refusing(_given("parallel_tool_calls"), "Extra inputs are not permitted: parallel_tool_calls"), entry="documented-params-rejected"),
    fault("refuses-reasoning-effort", "MUST", "request.answered", "reasoning_effort is refused", instead=refusing(_given("reasoning_effort"), "Extra inputs are not permitted: reasoning_effort"), entry="documented-params-rejected"),
    fault("refuses-temperature-zero", "SHOULD", "request.temperature.zero", "temperature 0 is refused", instead=refusing(_is("temperature", 0), "temperature must be above 0"), also="request.stop request.answered", entry="temperature-zero-rejected"),
    fault("refuses-top-p-one", "SHOULD", "request.top-p.accepted", "top_p 1 is refused", instead=refusing(_is("top_p", 1), "top_p must be below 1"), entry="temperature-zero-rejected"),
    fault("refuses-null.max-tokens", "MUST", "request.no-server-error", "max_tokens null gives 500", instead=refusing(_null("max_tokens"), "Internal Server Error", 500), entry="max-tokens-null-500"),
    fault("refuses-null.stream", "SHOULD", "request.nullable-common", "stream null is refused", instead=refusing(_null("stream"), "stream: none is not an allowed value"), also="request.nullable", entry="stream-null-rejected"),
    fault("refuses-null.all", "SHOULD", "request.nullable", "null is refused everywhere", instead=refusing(lambda asked: any(value is None for key, value in asked.body.items() if key not in ("messages", "response_format")), "none is not an allowed value"), also="request.nullable-common request.stream-options request.answered", entry="stream-null-rejected"),
    fault("refuses-stop-list", "SHOULD", "request.stop", "a list of stop sequences is refused", instead=refusing(lambda asked: isinstance(asked.body.get("stop"), list) and len(asked.body["stop"]) in range(1, 5), "stop: str type expected")),
    fault("refuses-two-users", "SHOULD", "request.messages.order", "roles must alternate", instead=refusing(_alternates_not, "Conversation roles must alternate user/assistant/user/assistant"), also="request.messages.name", entry="message-order-strict-template"),
    fault("refuses-late-system", "SHOULD", "request.messages.order", "system must come first", instead=refusing(_system_late, "System message must be at the beginning."), entry="message-order-strict-template"),
    fault("refuses-assistant-last", "SHOULD", "request.messages.order", "the last message must be the user's", instead=refusing(_assistant_last, "The last message must be from user or tool."), entry="message-order-strict-template"),
    fault("refuses-text-parts", "MUST", "request.messages.text-parts", "an array of text parts is refused", instead=refusing(_parts_of("user", "system"), "content: str type expected")),
    fault("refuses-assistant-parts", "SHOULD", "request.messages.assistant-parts", "parts in an assistant message are refused", instead=refusing(_parts_of("assistant"), "content: str type expected"), also="request.messages.tool-history"),
    fault("refuses-names", "SHOULD", "request.messages.name", "name is refused", instead=refusing(lambda asked: any(isinstance(each.get("name"), str) for each in _messages(asked)), "Extra inputs are not permitted: name")),
    fault("refuses-empty-text", "SHOULD", "request.messages.empty-text", "an empty text is refused", instead=refusing(lambda asked: any(each.get("content") == "" and not each.get("tool_calls") for each in _messages(asked)), "content must not be empty")),
    fault("refuses-answers-replayed", "SHOULD", "request.messages.answer-replayed", "null members of an assistant message are refused", instead=refusing(lambda asked: any("refusal" in each and each["refusal"] is None for each in _messages(asked)), "refusal: none is not an allowed value"), also="tools.round-trip"),
    fault("refuses-refusal-parts", "SHOULD", "request.messages.refusal", "refusal parts are refused", instead=refusing(lambda asked: _compact(asked, b'"type":"refusal"'), "Unknown part type: refusal")),
    fault("refuses-null-content-of-calls", "MUST", "request.messages.tool-history", "content null beside tool calls is refused", instead=refusing(_called_with(None), "content: none is not an allowed value"), also="tools.round-trip request.answered"),
    fault("refuses-empty-content-of-calls", "MUST", "request.messages.tool-history", "an empty content beside tool calls is refused", instead=refusing(_called_with(""), "content must not be empty")),
    fault("refuses-calls-without-content", "MUST", "request.messages.tool-history", "tool calls without content are refused", instead=refusing(lambda asked: any(each.get("tool_calls") and "content" not in each for each in _messages(asked)), "content: field required")),
    fault("breaks-on-tool-messages", "MUST", "request.no-server-error", "a tool message gives 500", instead=refusing(lambda asked: "tool" in _roles(asked), "TemplateError", 500), also="error.leaks"),
    fault("refuses-tool-choice-none", "SHOULD", "request.tool-choice.none-without-tools", "tool_choice none without tools is refused", instead=refusing(_tool_without_tools, "When using `tool_choice`, `tools` must be set."), entry="tool-choice-none-without-tools-rejected"),
    fault("refuses-strict-null", "SHOULD", "request.tools.strict-null", "strict null is refused", instead=refusing(lambda asked: _compact(asked, b'"strict":null'), "strict: none is not an allowed value")),
    fault("refuses-tool-schemas", "SHOULD", "request.tools.schema-accepted", "definitions in parameters are refused", instead=refusing(_schema_in_tools, "Unsupported keyword: $defs")),
    fault("refuses-long-tool-names", "MUST", "request.tools.name-accepted", "tool names of 64 characters are refused", instead=refusing(lambda asked: b"a-name_of-64" in asked.raw, "name is too long")),
    fault("refuses-format-text", "SHOULD", "request.response-format.text", "response_format text is refused", instead=refusing(_type("text"), "Only json_object is supported."), entry="response-format-text-rejected"),
    fault("breaks-on-schemas", "MUST", "request.no-server-error", "json_schema gives 500", instead=refusing(_type("json_schema"), "JSON schema conversion failed", 500), entry="json-schema-rejected-500"),
    fault("refuses-charset", "SHOULD", "request.content-type-charset", "a Content-Type with charset gives 415", instead=refusing(_content_type, "Unsupported Media Type", 415), entry="content-type-required"),
    fault("refuses-obfuscation-option", "SHOULD", "request.include-obfuscation", "include_obfuscation is refused", instead=refusing(lambda asked: isinstance(asked.body.get("stream_options"), dict) and asked.body["stream_options"].get("include_obfuscation") is False, "Extra inputs are not permitted")),
    fault("refuses-images", "MUST", "request.answered", "images in data URIs are refused", instead=refusing(lambda asked: _image(asked) and b"iVBORw0" in asked.raw, "Incorrect padding"), entry="image-url-string-or-detail"),
    fault("refuses-image-detail", "MUST", "request.answered", "detail of an image is refused", instead=refusing(lambda asked: _compact(asked, b'"detail":"low"'), "Extra inputs are not permitted: detail"), entry="image-url-string-or-detail"),
    fault("breaks-on-bad-images", "MUST", "request.no-server-error", "data that is no image gives 500", instead=refusing(_bad_image, "cannot identify image file", 500), entry="image-invalid-500"),
    fault("refuses-lower-case-bearer", "SHOULD", "auth.scheme-case", "the scheme bearer in lower case is refused", instead=refusing(lambda asked: asked.headers.get("authorization", "").startswith("bearer "), "Unauthorized", 401), steady=False, entry="auth-scheme-case"),
)
# fmt: on
