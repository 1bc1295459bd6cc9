"""
Faults of requests that break the contract and are answered all the same: one for each documented constraint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.reference.faults.asks import is_chat
from conformance.reference.faults.edits import error_of
from conformance.reference.faults.fault import Answer, Asked, Fault, Forgive, Level
from conformance.reference.faults.rows import fault

_RANGE = "(decimal|integer)_(above_max|below_min)_value"
_TYPE = "invalid_type"
_LACKS = "missing_required_parameter"
_NONE = "None"

#: Requirement, level, the place that the provider would name, its code, the catalogue's entry.
# fmt: off
_CONSTRAINTS: tuple[tuple[str, Level, str, str, str], ...] = (
    ("request.temperature.range", "SHOULD", "temperature", _RANGE, ""),
    ("request.temperature.type", "SHOULD", "temperature", _TYPE, ""),
    ("request.top-p.range", "SHOULD", "top_p", _RANGE, ""),
    ("request.top-p.type", "SHOULD", "top_p", _TYPE, ""),
    ("request.frequency-penalty.range", "SHOULD", "frequency_penalty", _RANGE, ""),
    ("request.frequency-penalty.type", "SHOULD", "frequency_penalty", _TYPE, ""),
    ("request.presence-penalty.range", "SHOULD", "presence_penalty", _RANGE, ""),
    ("request.presence-penalty.type", "SHOULD", "presence_penalty", _TYPE, ""),
    ("request.seed.type", "SHOULD", "seed", f"{_TYPE}|{_RANGE}", ""),
    ("request.logit-bias.range", "SHOULD", r"logit_bias\.\d+", _RANGE, ""),
    ("request.logit-bias.type", "SHOULD", r"logit_bias(\.\d+)?", _TYPE, ""),
    ("request.n.range", "SHOULD", "n", _RANGE, "n-invalid-accepted"),
    ("request.n.type", "SHOULD", "n", _TYPE, "n-invalid-accepted"),
    ("request.stop.count", "SHOULD", "stop", "array_above_max_length", ""),
    ("request.stop.empty", "MAY", "stop", "empty_array", ""),
    ("request.stop.type", "SHOULD", r"stop(\[0\])?", _TYPE, ""),
    ("request.max-tokens.range", "SHOULD", "max_tokens", _RANGE, "max-tokens-zero-negative"),
    ("request.max-tokens.type", "SHOULD", "max_tokens", _TYPE, ""),
    ("request.max-completion-tokens.range", "SHOULD", "max_completion_tokens", _RANGE, "max-tokens-zero-negative"),
    ("request.max-completion-tokens.type", "SHOULD", "max_completion_tokens", _TYPE, ""),
    ("request.logprobs.type", "SHOULD", "logprobs", _TYPE, ""),
    ("request.top-logprobs.range", "MAY", "top_logprobs", _RANGE, "logprobs-without-flag-accepted"),
    ("request.top-logprobs.type", "SHOULD", "top_logprobs", _TYPE, ""),
    ("request.top-logprobs.needs-logprobs", "MAY", "top_logprobs", _NONE, "logprobs-without-flag-accepted"),
    ("request.stream.type", "SHOULD", "stream", _TYPE, ""),
    ("request.stream-options.needs-stream", "MAY", "stream_options", _NONE, "stream-options-without-stream"),
    ("request.stream-options.type", "SHOULD", r"stream_options.*", _TYPE, ""),
    ("request.metadata.limits", "MAY", "metadata.*", "object_above.*|invalid_property_name|string_above.*", "limits-metadata-and-user"),
    ("request.metadata.type", "MAY", "metadata.*", _TYPE, ""),
    ("request.safety-identifier.limits", "MAY", "safety_identifier", ".*", ""),
    ("request.store.type", "MAY", "store", _TYPE, ""),
    ("request.user.type", "MAY", "user", _TYPE, ""),
    ("request.prompt-cache.values", "MAY", "prompt_cache.*", ".*", ""),
    ("request.service-tier.values", "MAY", "service_tier", ".*", ""),
    ("request.reasoning-effort.values", "MAY", "reasoning_effort", ".*", ""),
    ("request.verbosity.values", "MAY", "verbosity", ".*", ""),
    ("request.moderation.values", "MAY", "moderation.*", ".*", ""),
    ("request.web-search-options.values", "MAY", "web_search_options.*", ".*", ""),
    ("request.prediction.values", "MAY", "prediction.*", ".*", ""),
    ("request.modalities.values", "SHOULD", "modalities.*", ".*", ""),
    ("request.audio.required", "SHOULD", "audio", _LACKS, ""),
    ("request.audio.values", "SHOULD", r"audio\..*", ".*", ""),
    ("request.parallel-tool-calls.type", "SHOULD", "parallel_tool_calls", _TYPE, ""),
    ("request.model.required", "SHOULD", "model", _LACKS, ""),
    ("request.model.type", "SHOULD", "model", "empty_string|invalid_type", ""),
    ("request.model.unknown", "SHOULD", "model", "model_not_found", "unknown-model-200"),
    ("request.messages.required", "MUST", "messages", _LACKS, ""),
    ("request.messages.empty", "SHOULD", "messages", "empty_array", ""),
    ("request.messages.type", "SHOULD", "messages", _TYPE, ""),
    ("request.messages.item", "SHOULD", r"messages\[\d\]", _TYPE, ""),
    ("request.messages.role", "SHOULD", r"messages\[0\]\.role", "invalid_value|invalid_type|missing.*", ""),
    ("request.messages.content-required", "SHOULD", r"messages\[0\]\.content", _LACKS, ""),
    ("request.messages.content-type", "SHOULD", r"messages\[0\]\.content", _TYPE, ""),
    ("request.messages.content-empty", "SHOULD", r"messages\[0\]\.content", "empty_array", ""),
    ("request.messages.assistant-content", "SHOULD", r"messages\[1\]\.content", ".*", ""),
    ("request.messages.assistant-members", "SHOULD", r"messages\[1\]\.(refusal|audio|function_call|name).*", ".*", ""),
    ("request.messages.part", "SHOULD", r"messages\[0\]\.content\[0\](\.type|\.text|\.refusal)?", ".*", ""),
    ("request.messages.part-image", "SHOULD", r"messages\[0\]\.content\[1\]\.image_url.*", "missing.*|invalid_type|invalid_value", ""),
    ("request.messages.part-audio", "SHOULD", r"messages\[0\]\.content\[1\]\.input_audio.*", "missing.*|invalid_value", ""),
    ("request.messages.part-file", "SHOULD", r"messages\[0\]\.content\[1\]\.file.*", "missing.*|invalid_type", ""),
    ("request.messages.cache-breakpoint", "MAY", r".*prompt_cache_breakpoint.*", ".*", ""),
    ("request.messages.name-type", "SHOULD", r"messages\[0\]\.name", _TYPE, ""),
    ("request.messages.tool-call-id", "SHOULD", r"messages\[2\]\.tool_call_id", "missing.*|invalid_type", ""),
    ("request.messages.tool-content", "SHOULD", r"messages\[2\]\.content", ".*", ""),
    ("request.messages.tool-call", "SHOULD", r"messages\[1\]\.tool_calls.*", ".*", ""),
    ("request.messages.tool-orphan", "MAY", r"messages\[(1\]\.role|2\]\.tool_call_id)", _NONE, "tool-history-orphan"),
    ("request.messages.tool-unanswered", "MAY", r"messages\[2\]\.role", _NONE, ""),
    ("request.messages.image-broken", "SHOULD", r".*image_url\.url", "invalid_(image.*|base64)", "image-invalid-500"),
    ("request.messages.audio-broken", "SHOULD", r".*input_audio\.data", "invalid_base64", ""),
    ("request.messages.file-unknown", "SHOULD", r".*file\.file_id", "file_not_found", ""),
    ("limits.context", "MUST", "messages", "context_length_exceeded", ""),
    ("request.tools.type", "SHOULD", "tools", _TYPE, ""),
    ("request.tools.empty", "MAY", "tools", "empty_array", "tools-empty-array"),
    ("request.tools.item", "SHOULD", r"tools\[0\](\.type|\.function(\.name|\.description|\.strict)?)?", "missing.*|invalid_type|invalid_value", ""),
    ("request.tools.name-pattern", "SHOULD", r"tools\[0\]\.function\.name", "invalid_value|empty_string|string_above.*", ""),
    ("request.tools.parameters", "SHOULD", r"tools\[0\]\.function\.parameters", ".*", ""),
    ("request.tools.custom", "SHOULD", r"tools\[0\]\.custom.*", ".*", ""),
    ("request.tool-choice.values", "SHOULD", r"tool_choice(\.type|\.function.*)?", ".*", ""),
    ("request.tool-choice.allowed-values", "SHOULD", r"tool_choice\.allowed_tools.*", ".*", ""),
    ("request.functions.values", "MAY", "functions.*", ".*", ""),
    ("request.functions.call-values", "MAY", "function_call.*", ".*", ""),
    ("request.response-format.type", "SHOULD", r"response_format(\.type)?", "invalid_type|missing.*", ""),
    ("request.response-format.unknown", "MAY", r"response_format\.type", "invalid_value", "response-format-unknown-accepted"),
    ("request.response-format.json-schema", "SHOULD", r"response_format\.json_schema(\.name)?", "missing.*|invalid_type", "response-format-unknown-accepted"),
    ("request.response-format.name", "SHOULD", r"response_format\.json_schema\.name", "invalid_value|empty.*|string_above.*", ""),
    ("request.response-format.schema", "SHOULD", r"response_format\.json_schema\.schema", ".*", ""),
    ("request.response-format.strict-type", "SHOULD", r"response_format\.json_schema\.strict", ".*", ""),
    ("request.response-format.strict-subset", "MAY", "response_format", _NONE, ""),
    ("request.response-format.json-word", "MAY", "messages", _NONE, ""),
)
# fmt: on

#: Requirements of which the same refusal of the provider is the only sign.
_ALSO = {
    "request.model.unknown": "request.model.unknown-code",
    "limits.context": "limits.context-code",
    "request.tools.parameters": "request.tools.strict-subset",
    "request.tool-choice.values": "request.tool-choice.unknown-tool request.tool-choice.needs-tools",
}


def refusal(place: str, code: str) -> Forgive:
    """
    The refusals that name a place and have a code (`None` for those without one).
    """

    def forgive(given: Answer, asked: Asked) -> bool:
        found = error_of(given)
        named = re.fullmatch(place, str(found.get("param"))) and re.fullmatch(code, str(found.get("code")))
        return is_chat(asked) and bool(named)

    return forgive


def _constraints() -> Iterator[Fault]:
    for requirement, level, place, code, entry in _CONSTRAINTS:
        name = requirement.removeprefix("request.").replace(".", "-")
        title = f"breaking {requirement.removeprefix('request.')} is accepted"
        also = _ALSO.get(requirement, "")
        yield fault(f"accepts-{name}", level, requirement, title, forgive=refusal(place, code), also=also, entry=entry)


def _of_body(given: Answer, asked: Asked) -> bool:
    return is_chat(asked) and given.status == 400 and error_of(given).get("param") is None


def _no_json(given: Answer, asked: Asked) -> bool:
    return _of_body(given, asked) and error_of(given).get("code") is None and b"\\ud83d" not in asked.raw


def _parses(raw: bytes) -> bool:
    return raw.rstrip().endswith((b"}", b"]")) and raw.startswith((b"{", b"["))


def _lenient(given: Answer, asked: Asked) -> bool:
    return _no_json(given, asked) and _parses(asked.raw) and b"\xe9" not in asked.raw and b"'model'" not in asked.raw


def _latin(given: Answer, asked: Asked) -> bool:
    return _no_json(given, asked) and b"\xe9" in asked.raw


def _no_object(given: Answer, asked: Asked) -> bool:
    return _of_body(given, asked) and error_of(given).get("code") == "invalid_type"


def _content_type(given: Answer, asked: Asked) -> bool:
    return is_chat(asked) and given.status == 415


def _streamed(given: Answer, asked: Asked) -> bool:
    return is_chat(asked) and asked.streams and given.status == 400


# fmt: off
FAULTS: tuple[Fault, ...] = (
    *_constraints(),
    fault("accepts-anything-streamed", "MUST", "request.messages.required", "streamed requests are not validated", forgive=_streamed, also="request.* limits.*"),
    fault("accepts-malformed-json", "MUST", "request.body.json", "malformed JSON is answered", forgive=_no_json, also="request.body.json-strict request.body.utf8"),
    fault("accepts-lenient-json", "SHOULD", "request.body.json-strict", "comments, NaN and commas too many are accepted", forgive=_lenient),
    fault("accepts-latin-1", "SHOULD", "request.body.utf8", "a Latin-1 body is accepted", forgive=_latin),
    fault("accepts-no-object", "SHOULD", "request.body.object", "a body that is no object is answered", forgive=_no_object),
    fault("accepts-other-content-types", "MAY", "request.content-type", "a body with another label is answered", forgive=_content_type),
)
# fmt: on
