"""
Legal peculiarities of answers: members that come, go or are null, values that are the server's own.

Sources: the published schema and what it leaves open; what OpenAI and other vendors were recorded sending.
"""

from __future__ import annotations

import copy
import json
from dataclasses import replace

from conformance.reference.faults.edits import Change, both, message, plain, put, text
from conformance.reference.faults.fault import Answer, Asked, Edit, Object, Variant
from conformance.reference.faults.rows import variant
from conformance.reference.faults.streamedits import DONE, chunks, chunks_of, delta, deltas, each_chunk, is_stream

_EXTRA = "Objects of answers are open: new members may come at any time (OpenAI's API overview)."
_OPTIONAL = "The member is optional, or null where the document or OpenAI itself has null."


def _escaped(given: Answer, _: Asked) -> Answer:
    if is_stream(given):
        parts = tuple(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks_of(given))
        return replace(given, parts=(*parts, DONE))
    return given.saying(json.dumps(given.value, indent=2).encode()) if given.value is not None else given


_FILTERED = {"content_filter_results": {"hate": {"filtered": False, "severity": "safe"}}}


def _extra(made: Object) -> None:
    made.update(x_vendor={"time": 0.1, "cached": None}, provider="vendor", citations=[], response_time_ms=12)
    for choice in made.get("choices") or []:
        choice.update(_FILTERED, native_finish_reason="STOP", matched_stop=None, token_ids=None)
        for key in ("message", "delta"):
            if key in choice:
                choice[key].update(x_note="n", provider_specific_fields=None)
    if made.get("usage"):
        made["usage"].update(cost=0.0012, queue_time=0.1, input_tokens=1, output_tokens=1)


def _reasoning(key: str) -> Edit:
    def think(said: Object) -> None:
        said[key] = "The user wants an answer."

    def think_aloud(made: list[Object]) -> list[Object]:
        if len(made) < 2 or not made[0].get("choices"):
            return made
        thought = copy.deepcopy(made[0])
        thought["choices"][0]["delta"] = {key: "The user wants an answer.", "content": None}
        return [made[0], thought, *made[1:]]

    return both(message(think), chunks(think_aloud))


def _nulls(said: Object) -> None:
    for key in ("content", "function_call", "refusal"):
        said.setdefault(key, None)


def _without_logprobs(made: Object) -> None:
    for choice in made.get("choices") or []:
        if choice.get("logprobs") is None:
            choice.pop("logprobs", None)


def _of_usage(change: Change) -> Edit:
    def each(made: Object) -> None:
        if made.get("usage"):
            change(made["usage"])

    return both(plain(each), each_chunk(each))


def _both(change: Change) -> Edit:
    return both(plain(change), each_chunk(change))


def _cached(usage: Object) -> None:
    usage["prompt_tokens_details"]["cached_tokens"] = usage["prompt_tokens"] // 2


def _beside_calls(text: str) -> Edit:
    def say(said: Object) -> None:
        if said.get("tool_calls"):
            said["content"] = text

    return message(say)


def _reverse(made: Object) -> None:
    for key in reversed(list(made)):
        made[key] = made.pop(key)


def _ending(old: str, new: str) -> Edit:
    """
    Another finish reason of answers that hold calls.
    """

    def whole(made: Object) -> None:
        for choice in made["choices"]:
            if choice["message"].get("tool_calls") and choice["finish_reason"] == old:
                choice["finish_reason"] = new

    def pieces(made: list[Object]) -> list[Object]:
        called = any(choice["delta"].get("tool_calls") for choice in deltas(made))
        for choice in deltas(made) if called else ():
            if choice["finish_reason"] == old:
                choice["finish_reason"] = new
        return made

    return both(plain(whole), chunks(pieces))


def _demanded_ending(given: Answer, asked: Asked) -> Answer:
    return _ending("tool_calls", "stop")(given, asked) if asked.body.get("tool_choice") == "required" else given


# fmt: off
VARIANTS: tuple[Variant, ...] = (
    variant("escaped-json", "characters outside ASCII are escaped, JSON is indented", "JSON allows it (RFC 8259).", _escaped),
    variant("json-white-space", "white space around a plain body", "JSON allows it; a slow server keeps the connection busy so.", text(lambda body: b"\n\n \n" + body + b"\n")),
    variant("created-when-asked", "created is when the request came, minutes before the answer", "A slow answer takes that long.", _both(put("created", lambda made: made["created"] - 600))),
    variant("key-order", "members come in another order", "The order of members means nothing.", _both(_reverse)),
    variant("extra-members", "members of the vendor everywhere", _EXTRA, _both(_extra)),
    variant("extra-error-members", "errors have further members", _EXTRA, lambda given, _: given.saying({**given.value, "request_id": "r", "error": {**given.value["error"], "metadata": {}}}) if given.status >= 400 and isinstance(given.value, dict) else given),
    variant("no-optional-members", "optional members are absent", _OPTIONAL, both(_both(lambda made: [made.pop(key, None) for key in ("service_tier", "system_fingerprint", "obfuscation")]), message(lambda said: said.pop("annotations", None)), _of_usage(lambda usage: [usage.pop(key, None) for key in ("prompt_tokens_details", "completion_tokens_details")]))),
    variant("nulls", "optional members are null", _OPTIONAL, both(_both(lambda made: made.update(service_tier=None, system_fingerprint=None)), delta(_nulls))),
    variant("no-logprobs-key", "logprobs is absent when not asked for", "OpenAI's own reasoning models leave it out.", _both(_without_logprobs)),
    variant("other-tier", "service_tier is a value of the vendor", "An unknown tier is worth a note.", _both(put("service_tier", "on_demand"))),
    variant("other-ids", "ids of another make", "Ids are opaque.", both(plain(put("id", lambda made: "cmpl_" + made["id"][9:])), each_chunk(put("id", lambda made: made["id"].replace("chatcmpl-", "gen-"))))),
    variant("model-snapshot", "a dated version of the model answers", "OpenAI resolves names to snapshots.", _both(put("model", "reference-1-2026-01-01"))),
    variant("azure-filter-results", "filter results in every choice", _EXTRA, _both(lambda made: [choice.update(_FILTERED) for choice in made.get("choices") or []])),
    variant("legacy-text", "chunks have text beside delta", _EXTRA, each_chunk(lambda made: [choice.update(text=choice["delta"].get("content") or "") for choice in made.get("choices") or []])),
    variant("reasoning-content", "thoughts in reasoning_content", "A vendor's extension.", _reasoning("reasoning_content")),
    variant("reasoning", "thoughts in reasoning", "A vendor's extension.", _reasoning("reasoning")),
    variant("text-beside-calls", "a sentence beside tool calls", "The model may say something first.", _beside_calls("Let me look that up.")),
    variant("empty-beside-calls", "an empty content beside tool calls", "The model may say nothing.", _beside_calls("")),
    variant("cached-tokens", "half of the prompt was cached", "Caching is the server's choice.", _of_usage(_cached)),
    variant("named-call-ends-with-tool-calls", "a call by name ends with tool_calls", "OpenAI's newer models end so.", _ending("stop", "tool_calls")),
    variant("demanded-call-ends-with-stop", "a demanded call ends with stop", "OpenAI's older models ended so.", _demanded_ending),
    variant("empty-param", "error.param is an empty text", "A text it is.", lambda given, _: given.saying({"error": {**given.value["error"], "param": given.value["error"].get("param") or ""}}) if given.status >= 400 and isinstance(given.value, dict) else given),
)
# fmt: on
