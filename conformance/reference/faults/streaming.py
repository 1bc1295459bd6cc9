"""
Faults over the chunks of a stream: identity that changes, roles, order, ends, and what is no chunk at all.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from conformance.reference.faults.edits import GONE, choices, put
from conformance.reference.faults.fault import Fault, Object
from conformance.reference.faults.rows import chunk, part, stream
from conformance.reference.faults.streamedits import (
    DONE,
    chunks,
    delta,
    deltas,
    each_chunk,
    events,
    finishes,
    has_text,
    inserted,
)


def _numbered(key: str, value: Callable[[Object, int], Any]) -> Callable[[list[Object]], list[Object]]:
    return lambda made: [{**each, key: value(each, number)} for number, each in enumerate(made)]


def _role_later(made: list[Object]) -> list[Object]:
    for choice in deltas(made):
        choice["delta"].pop("role", None)
    last = next((each for each in reversed(made) if has_text(0, each)), None)
    if last is not None:
        last["choices"][0]["delta"]["role"] = "assistant"
    return made


def _jumping(made: list[Object]) -> list[Object]:
    texts = [each for number, each in enumerate(made) if has_text(number, each)]
    if len(texts) > 2 and {choice["index"] for choice in deltas(made)} == {0}:
        texts[1]["choices"][0]["index"] = 1
    return made


_one_choice_jumps = chunks(_jumping)


def _role_of_second_missing(choice: Object) -> None:
    if choice["index"] == 1:
        choice["delta"].pop("role", None)


def _finish_of_second_missing(choice: Object) -> None:
    if choice["index"] == 1:
        choice["finish_reason"] = None


def _key_left_out(choice: Object) -> None:
    if choice["finish_reason"] is None:
        del choice["finish_reason"]


def _after_each_finish(late: Callable[[Object], Object]) -> Callable[[list[Object]], Sequence[Object]]:
    def every(made: list[Object]) -> Iterator[Object]:
        for each in made:
            yield each
            if finishes(0, each):
                yield late(copy.deepcopy(each))

    return lambda made: list(every(made))


def _more_text(made: Object) -> Object:
    made["choices"] = [{**made["choices"][0], "delta": {"content": " more"}, "finish_reason": None}]
    return made


def _more_of_a_call(made: Object) -> Object:
    call = {"index": 0, "function": {"arguments": " "}}
    made["choices"] = [{**made["choices"][0], "delta": {"tool_calls": [call]}, "finish_reason": None}]
    return made


def _finished_with(reason: str) -> Callable[[Object], Object]:
    def again(made: Object) -> Object:
        made["choices"][0]["finish_reason"] = reason
        return made

    return again


def _finish_first(made: list[Object]) -> list[Object]:
    ends = [each for number, each in enumerate(made) if finishes(number, each)]
    texts = [each for each in made if not any(each is end for end in ends)]
    return [*texts[:2], *ends, *texts[2:]] if len(texts) > 3 else made


def _done_before_finish(parts: tuple[bytes, ...]) -> Sequence[bytes]:
    at = next((place for place, each in enumerate(parts) if b'"finish_reason":"' in each), len(parts) - 1)
    return [*parts[:at], DONE, *parts[at:-1]]


def _one_after_another(made: list[Object]) -> Sequence[Object | bytes]:
    indexes = sorted({choice["index"] for choice in deltas(made)})
    if len(indexes) < 2:
        return made
    parted: list[Object | bytes] = []
    for index in indexes:
        parted += [each for each in made if [c["index"] for c in each["choices"]] == [index]]
        parted += [DONE] if index != indexes[-1] else []
    return [*parted, *(each for each in made if not each["choices"])]


def _message_beside_delta(choice: Object) -> None:
    choice["message"] = copy.deepcopy(choice["delta"])


def _message_for_delta(choice: Object) -> None:
    choice["message"] = choice.pop("delta")


_COST = b'data: {"choices":[],"cost":"0.0012"}\n\n'
_PING = b'data: {"type":"ping"}\n\n'
_NO_CHUNK = "chunk.object chunk.created chunk.model chunk.choices"


def _role_of_the_user(choice: Object) -> None:
    if choice["delta"].get("role"):
        choice["delta"]["role"] = "user"


def _halved(made: Object) -> None:
    for choice in made["choices"][:1]:
        text = choice["delta"].get("content") or ""
        if len(text) > 1 and not choice["logprobs"]:
            made["choices"] = [
                {**choice, "delta": {**choice["delta"], "content": half}}
                for half in (text[: len(text) // 2], text[len(text) // 2 :])
            ]


# fmt: off
FAULTS: tuple[Fault, ...] = (
    stream("id-changes", "MUST", "stream.same-id", "every chunk has an id of its own", chunks(_numbered("id", lambda _, n: f"chatcmpl-{n}")), entry="concurrency-stream-frames-interleaved"),
    stream("created-changes", "SHOULD", "stream.same-created", "chunks are stamped one by one", chunks(_numbered("created", lambda each, n: each["created"] + n // 2))),
    stream("model-changes", "SHOULD", "stream.same-model", "the model changes within a stream", chunks(_numbered("model", lambda each, n: each["model"] + ("-b" if n > 1 else ""))), entry="model-echo-mismatch"),
    stream("fingerprint-changes", "SHOULD", "stream.same-fingerprint", "the fingerprint changes within a stream", chunks(_numbered("system_fingerprint", lambda _, n: f"fp_{n}"))),
    stream("choice-index-jumps", "MUST", "choices.default", "a chunk of text has the index of a choice that was not asked for", _one_choice_jumps, also="choices.stream-indexes stream.finish-reason stream.role-first stream.equals-plain"),
    chunk("choice-twice-in-chunk", "MUST", "choices.default", "a chunk holds the two halves of its text as two choices", _halved, also="param.n"),
    part("role-missing.stream", "SHOULD", "stream.role-first", "no delta has a role", put("role", GONE), entry="role-missing-first-delta"),
    part("role-null.stream", "SHOULD", "stream.role-first", "role is null in every delta", put("role", None), also="chunk.delta.role", entry="role-missing-first-delta"),
    chunk("role-user", "SHOULD", "stream.role-first", "the role is user", choices(_role_of_the_user), also="tools.round-trip"),
    stream("role-late", "SHOULD", "stream.role-first", "the role comes with the last text", chunks(_role_later), entry="role-missing-first-delta"),
    chunk("role-missing.second-choice", "SHOULD", "stream.role-first", "the second choice has no role", choices(_role_of_second_missing), entry="role-missing-first-delta"),
    stream("role-repeated", "MAY", "stream.role-once", "the role is in every delta", delta(put("role", "assistant"), has_text), entry="role-repeated-every-delta"),
    chunk("finish-missing", "MUST", "stream.finish-reason", "no chunk has a finish_reason", choices(put("finish_reason", None))),
    stream("finish-chunk-lost", "MUST", "stream.finish-reason", "the last chunk of a choice is not sent", chunks(lambda made: [each for each in made if not finishes(0, each)])),
    chunk("finish-missing.second-choice", "MUST", "stream.finish-reason", "the second choice never finishes", choices(_finish_of_second_missing)),
    stream("finish-twice", "MUST", "stream.finish-reason", "the finish chunk is sent twice", chunks(_after_each_finish(lambda made: made)), entry="tool-finish-reason-twice"),
    stream("finish-twice.stop", "MUST", "stream.finish-reason", "after the finish comes another, with stop", chunks(_after_each_finish(_finished_with("stop"))), entry="tool-finish-reason-twice", also="tools.finish-reason"),
    stream("finish-twice.length", "MUST", "stream.finish-reason", "after the finish comes another, with length", chunks(_after_each_finish(_finished_with("length"))), entry="tool-finish-reason-twice", also="choices.finish-natural"),
    chunk("finish-key-left-out", "SHOULD", "stream.finish-reason-key", "finish_reason is left out when null", choices(_key_left_out), entry="finish-reason-field-absent-when-null"),
    stream("finish-early", "MUST", "stream.after-finish", "the finish comes before the rest of the text", chunks(_finish_first), entry="content-after-finish"),
    stream("text-after-finish", "MUST", "stream.after-finish", "text follows the finish", chunks(_after_each_finish(_more_text)), also="stream.equals-plain", entry="content-after-finish"),
    stream("call-after-finish", "MUST", "stream.after-finish", "a fragment of a call follows the finish", chunks(lambda made: _after_each_finish(_more_of_a_call)(made) if any(c["delta"].get("tool_calls") for c in deltas(made)) else made), entry="content-after-finish"),
    stream("done-before-finish", "MUST", "stream.after-done", "[DONE] comes before the finish", events(_done_before_finish), also="stream.finish-reason usage.streamed", entry="stream-order-done-before-finish"),
    stream("choices-one-after-another", "MUST", "stream.after-done", "n choices are streamed one after another, with a [DONE] each", chunks(_one_after_another), also="stream.done-once param.n usage.streamed", entry="stream-chunk-mixed-choices-n"),
    chunk("message-beside-delta", "SHOULD", "stream.message-in-chunk", "chunks have message beside delta", choices(_message_beside_delta), entry="chunk-message-instead-of-delta"),
    chunk("message-for-delta", "MUST", "chunk.choices.delta", "chunks have message, not delta", choices(_message_for_delta), also="stream.message-in-chunk", entry="chunk-message-instead-of-delta"),
    chunk("delta-missing", "MUST", "chunk.choices.delta", "the last chunk of a choice has no delta", choices(lambda choice: choice.pop("delta") if choice.get("finish_reason") else None)),
    chunk("delta-null", "MUST", "chunk.choices.delta", "delta is null in the last chunk of a choice", choices(lambda choice: put("delta", None)(choice) if choice.get("finish_reason") else None)),
    stream("vendor-chunk-cost", "MUST", "chunk.id", "a vendor's cost object among the chunks", inserted(_COST), also=_NO_CHUNK, entry="vendor-chunk-without-envelope"),
    stream("vendor-chunk-ping", "MUST", "chunk.id", "ping objects among the chunks", inserted(_PING), also=_NO_CHUNK, entry="vendor-chunk-without-envelope"),
    stream("vendor-chunk-last", "MUST", "chunk.id", "a vendor's object before [DONE]", inserted(_COST, -1), also=_NO_CHUNK, entry="vendor-chunk-without-envelope"),
    stream("chunk-null", "MUST", "stream.data-json", "null among the chunks", inserted(b"data: null\n\n")),
    stream("chunk-list", "MUST", "stream.data-json", "an array among the chunks", inserted(b"data: []\n\n")),
    stream("chunk-string", "MUST", "stream.data-json", "a string among the chunks", inserted(b'data: "still alive"\n\n')),
    stream("chunk-empty-object", "MUST", "chunk.id", "an empty object among the chunks", inserted(b"data: {}\n\n"), also=_NO_CHUNK),
    stream("chunk-without-choices", "MAY", "stream.empty-choices", "an empty choices for no reason", chunks(lambda made: [made[0], {**made[0], "choices": []}, *made[1:]])),
    stream("obfuscation-always", "MUST", "stream.obfuscation", "include_obfuscation false is ignored", each_chunk(lambda made: made.setdefault("obfuscation", "aZ09"))),
    stream("whole-object-last", "MUST", "chunk.object", "the whole completion is sent before [DONE]", chunks(lambda made: [*made, {**made[0], "object": "chat.completion", "choices": [{"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}]}]), also="stream.finish-reason chunk.choices.delta stream.message-in-chunk"),
    stream("first-chunk-lost", "SHOULD", "stream.role-first", "the first chunk is not sent", chunks(lambda made: made[1:])),
)
# fmt: on
