"""
Faults of the envelope: identity, time, model, choices and finish reasons, plain and in chunks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.reference.faults.edits import GONE, Change, choices, plain, put
from conformance.reference.faults.fault import Fault, Object
from conformance.reference.faults.rows import body, chunk, pair, stream
from conformance.reference.faults.streamedits import each_chunk, finishes, has_usage, later

#: Field, word in the fault's id, its value, the catalogue's entry.
_HEADS: tuple[tuple[str, str, Any, str], ...] = (
    ("id", "missing", GONE, "id-missing"),
    ("id", "null", None, "id-missing"),
    ("id", "empty", "", ""),
    ("id", "number", 4711, ""),
    ("object", "missing", GONE, "object-missing-or-wrong"),
    ("object", "null", None, "object-missing-or-wrong"),
    ("object", "empty", "", "object-missing-or-wrong"),
    ("object", "text_completion", "text_completion", "object-missing-or-wrong"),
    ("created", "missing", GONE, ""),
    ("created", "null", None, ""),
    ("created", "float", 1718813247.482, "created-float-or-string"),
    ("created", "string", "1718813247", "created-float-or-string"),
    ("created", "date", "2026-01-01T00:00:00Z", "created-float-or-string"),
    ("created", "milliseconds", 1718813247123, "created-milliseconds"),
    ("model", "missing", GONE, "chunk-model-null-or-empty"),
    ("model", "null", None, "chunk-model-null-or-empty"),
    ("model", "empty", "", "chunk-model-null-or-empty"),
    ("model", "object", {"id": "reference-1"}, ""),
)


def _heads() -> Iterator[Fault]:
    for field, word, value, entry in _HEADS:
        change = put(field, value)
        title = f"{field} is {word}" if value is not GONE else f"{field} is absent"
        requirement = f"response.{field}|chunk.{field}"
        yield from pair(f"{field}-{word}", "MUST", requirement, title, (plain(change), each_chunk(change)), entry=entry)


def _a_year_ahead(made: Object) -> int:
    return int(made["created"]) + 365 * 86400


def _index_zero_left_out(choice: Object) -> None:
    if choice["index"] == 0:
        del choice["index"]


def _finishing(value: Any) -> Change:
    return lambda choice: put("finish_reason", value)(choice) if choice.get("finish_reason") else None


def _counting(value: Any) -> Change:
    return lambda made: put("choices", value)(made) if made.get("usage") else None


def _empty_before_the_end(choice: Object) -> None:
    if choice["finish_reason"] is None:
        choice["finish_reason"] = ""


_INDEX = "response.choices.index|chunk.choices.index"
_FINISH = "response.choices.finish-reason|chunk.choices.finish-reason"
_EMPTY = "stream.empty-choices usage.empty-choices"


def _both(change: Change) -> tuple[Any, Any]:
    return plain(choices(change)), each_chunk(choices(change))


# fmt: off
FAULTS: tuple[Fault, ...] = (
    *_heads(),
    *pair("created-zero", "SHOULD", "created.time", "created is 0", (plain(put("created", 0)), each_chunk(put("created", 0)))),
    *pair("created-next-year", "SHOULD", "created.time", "created lies a year ahead", (plain(put("created", _a_year_ahead)), each_chunk(put("created", _a_year_ahead)))),
    stream("id-missing.usage-chunk", "MUST", "chunk.id", "id is absent from the usage chunk alone", each_chunk(put("id", GONE), has_usage), entry="id-missing"),
    stream("object-chat.completion", "MUST", "chunk.object", "object is chat.completion in chunks", each_chunk(put("object", "chat.completion")), entry="object-missing-or-wrong"),
    stream("model-missing.later-chunks", "MUST", "chunk.model", "model is in the first chunk alone", each_chunk(put("model", GONE), later), entry="chunk-model-null-or-empty"),
    body("model-other", "MAY", "response.model-name", "another model answers", put("model", "base-7b"), entry="model-echo-mismatch"),
    *pair("fingerprint-number", "SHOULD", "response.system-fingerprint|chunk.system-fingerprint", "system_fingerprint is a number", (plain(put("system_fingerprint", 7)), each_chunk(put("system_fingerprint", 7))), entry="system-fingerprint-type"),
    *pair("service-tier-number", "MAY", "response.service-tier|chunk.service-tier", "service_tier is a number", (plain(put("service_tier", 1)), each_chunk(put("service_tier", 1))), entry="system-fingerprint-type"),
    body("choices-missing.plain", "MUST", "response.choices", "choices is absent (plain)", put("choices", GONE)),
    body("choices-null.plain", "MUST", "response.choices", "choices is null (plain)", put("choices", None), entry="choices-empty-200"),
    body("choices-empty.plain", "MUST", "response.choices", "choices is empty (plain)", put("choices", []), entry="choices-empty-200"),
    body("choices-object.plain", "MUST", "response.choices", "choices is an object (plain)", put("choices", lambda made: {"0": made["choices"][0]})),
    chunk("choices-missing.stream", "MUST", "chunk.choices", "the usage chunk has no choices", _counting(GONE)),
    chunk("choices-null.stream", "MUST", "chunk.choices.array", "choices is null in the usage chunk", _counting(None)),
    chunk("choices-empty.stream", "MUST", "stream.finish-reason", "every chunk has choices: []", put("choices", []), entry="choices-empty-200", also=_EMPTY),
    chunk("choices-object.stream", "MUST", "chunk.choices.array", "choices is an object in every chunk", put("choices", lambda made: {"0": made["choices"]}), also="stream.finish-reason"),
    *pair("choice-index-missing", "MUST", _INDEX, "index 0 of a choice is left out", _both(_index_zero_left_out), entry="choice-index-missing"),
    *pair("choice-index-null", "MUST", _INDEX, "index of a choice is null", _both(put("index", None))),
    *pair("choice-index-string", "MUST", _INDEX, "index of a choice is a string", _both(put("index", lambda choice: str(choice["index"])))),
    *pair("finish-reason-unknown", "MUST", _FINISH, "finish_reason is eos", _both(_finishing("eos"))),
    *pair("finish-reason-upper-case", "MUST", _FINISH, "finish_reason is STOP", _both(_finishing("STOP"))),
    *pair("finish-reason-foreign", "MUST", _FINISH, "finish_reason is end_turn", _both(_finishing("end_turn"))),
    *pair("finish-reason-object", "MUST", _FINISH, "finish_reason is an object", _both(_finishing({"type": "stop"})), also="|stream.finish-reason"),
    body("finish-reason-missing", "MUST", "response.choices.finish-reason", "finish_reason is absent (plain)", choices(put("finish_reason", GONE))),
    body("finish-reason-null", "MUST", "response.choices.finish-reason", "finish_reason is null (plain)", choices(put("finish_reason", None))),
    body("finish-reason-empty.plain", "MUST", "response.choices.finish-reason", "finish_reason is empty (plain)", choices(put("finish_reason", "")), entry="finish-reason-empty-string"),
    chunk("finish-reason-empty.stream", "MUST", "chunk.choices.finish-reason", "finish_reason is empty before the end", choices(_empty_before_the_end), entry="finish-reason-empty-string", also="stream.finish-reason stream.after-finish"),
    stream("finish-reason-empty.last", "MUST", "chunk.choices.finish-reason", "finish_reason is empty at the end of a stream", each_chunk(choices(put("finish_reason", "")), finishes), entry="finish-reason-empty-string"),
    body("message-missing", "MUST", "response.choices.message", "a choice has no message", choices(put("message", GONE))),
    body("message-null", "MUST", "response.choices.message", "message is null", choices(put("message", None))),
    body("message-is-delta", "MUST", "response.choices.message", "a plain choice has delta, not message", choices(lambda choice: choice.update(delta=choice.pop("message")))),
    body("logprobs-list", "SHOULD", "response.choices.logprobs", "logprobs is [] when not asked for", choices(put("logprobs", lambda choice: choice["logprobs"] or [])), entry="logprobs-refusal-or-extra-shape"),
    body("logprobs-unasked", "MAY", "logprobs.unasked", "logprobs has an empty list when not asked for", choices(put("logprobs", lambda choice: choice["logprobs"] or {"content": [], "refusal": None})), entry="logprobs-refusal-or-extra-shape"),
)
# fmt: on
