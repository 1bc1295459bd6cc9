"""
Faults of the message: its role, its text, its optional members, plain and in deltas; text that is garbled on its way.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from typing import Any

from conformance.reference.faults.edits import GONE, Change, message, put
from conformance.reference.faults.fault import Edit, Fault, Object
from conformance.reference.faults.rows import pair, part, said, stream
from conformance.reference.faults.streamedits import chunks, delta, deltas, finishes, has_text


def _no_content_of_text(made: Object) -> None:
    if made.get("content") and not made.get("tool_calls"):
        del made["content"]


def _no_content_beside_calls(made: Object) -> None:
    if made.get("tool_calls"):
        made.pop("content", None)


def _content(value: Callable[[str], Any]) -> Change:
    def change(made: Object) -> None:
        if made.get("content"):
            made["content"] = value(made["content"])

    return change


def _both(value: Callable[[str], Any]) -> tuple[Edit, Edit]:
    return message(_content(value)), delta(_content(value))


def _parts(words: str) -> list[Object]:
    return [{"type": "text", "text": words}]


def _thoughts(words: str) -> list[Object]:
    return [{"type": "thinking", "thinking": _parts(words)}, *_parts(words)]


def _where(key: str, value: Any) -> Change:
    return lambda made: put(key, value)(made) if key in made else None


# Text that is lost or doubled: streams differ from plain answers.


def _cumulative(made: list[Object]) -> Sequence[Object]:
    sofar: dict[int, str] = {}
    for choice in deltas(made):
        words = choice["delta"].get("content")
        if words:
            sofar[choice["index"]] = choice["delta"]["content"] = sofar.get(choice["index"], "") + words
    return made


def _whole_again(made: list[Object]) -> Sequence[Object]:
    whole = "".join(choice["delta"].get("content") or "" for choice in deltas(made) if choice["index"] == 0)
    if len(whole) < 2:
        return made
    again = copy.deepcopy(made[1])
    again["choices"][0]["delta"]["content"] = whole
    end = next(number for number, each in enumerate(made) if finishes(number, each))
    return [*made[:end], again, *made[end:]]


def _one(change: Callable[[list[Object], int], list[Object]]) -> Edit:
    """
    Changes the stream at the second of its text chunks, if it has three.
    """

    def each(made: list[Object]) -> list[Object]:
        places = [number for number, chunk in enumerate(made) if has_text(number, chunk)]
        return change(made, places[1]) if len(places) > 2 else made

    return chunks(each)


def _swapped(made: list[Object], at: int) -> list[Object]:
    return [*made[:at], made[at + 1], made[at], *made[at + 2 :]]


def _mojibake(words: str) -> str:
    return words.encode().decode("latin-1")


def _replaced(words: str) -> str:
    return re.sub(r"[^\x00-\x7f]", "\ufffd", words)


def _astral_lost(words: str) -> str:
    return re.sub(r"[\U00010000-\U0010ffff]", "\ufffd\ufffd", words)


_CONTENT = "response.message.content|chunk.delta.content"

# fmt: off
FAULTS: tuple[Fault, ...] = (
    said("role-missing.plain", "MUST", "response.message.role", "message has no role", put("role", GONE), entry="message-role-wrong"),
    said("role-null.plain", "MUST", "response.message.role", "message.role is null", put("role", None), entry="message-role-wrong"),
    said("role-bot.plain", "MUST", "response.message.role", "message.role is bot", put("role", "bot"), entry="message-role-wrong"),
    said("role-model.plain", "MUST", "response.message.role", "message.role is model", put("role", "model"), entry="message-role-wrong"),
    said("role-ai.plain", "MUST", "response.message.role", "message.role is ai", put("role", "ai"), entry="message-role-wrong"),
    part("role-bot.stream", "SHOULD", "chunk.delta.role", "delta.role is bot", _where("role", "bot")),
    said("content-missing.text", "MUST", "message.content", "a text's message has no content", _no_content_of_text, entry="message-content-missing"),
    said("content-missing.calls", "SHOULD", "message.content-beside-calls", "no content beside tool calls", _no_content_beside_calls, entry="message-content-missing"),
    said("content-null", "SHOULD", "message.content-null", "content is null instead of a text", _content(lambda _: None)),
    *pair("content-parts", "MUST", _CONTENT, "content is an array of parts", _both(_parts), entry="delta-content-array"),
    *pair("content-thoughts", "MUST", _CONTENT, "content is an array with thoughts", _both(_thoughts), entry="delta-content-array"),
    *pair("content-number", "MUST", _CONTENT, "content is a number", _both(len)),
    *pair("content-object", "MUST", _CONTENT, "content is an object", _both(lambda words: {"text": words})),
    said("refusal-missing", "SHOULD", "response.message.refusal", "message has no refusal", put("refusal", GONE), entry="message-refusal-missing"),
    said("refusal-boolean.plain", "SHOULD", "response.message.refusal", "message.refusal is false", put("refusal", False)),
    part("refusal-boolean.stream", "MUST", "chunk.delta.refusal", "delta.refusal is false", _where("refusal", False)),
    said("tool-calls-null.plain", "SHOULD", "response.message.tool-calls", "tool_calls is null when nothing was called", lambda made: made.setdefault("tool_calls", None), entry="message-tool-calls-null-or-empty"),
    said("tool-calls-empty.plain", "SHOULD", "response.message.tool-calls", "tool_calls is [] when nothing was called", lambda made: made.setdefault("tool_calls", []), entry="message-tool-calls-null-or-empty"),
    part("tool-calls-null.stream", "SHOULD", "chunk.delta.tool-calls", "delta.tool_calls is null when nothing is called", lambda made: made.setdefault("tool_calls", None), entry="message-tool-calls-null-or-empty"),
    said("annotations-incomplete", "MAY", "response.message.annotations", "annotations have no url_citation", put("annotations", [{"type": "url_citation"}])),
    stream("text-cumulative", "MUST", "stream.increments", "deltas hold all text so far", chunks(_cumulative), entry="delta-content-cumulative"),
    stream("text-repeated-at-the-end", "MUST", "stream.increments", "the whole text comes once more before the finish", chunks(_whole_again), entry="delta-content-cumulative"),
    stream("text-chunk-lost", "SHOULD", "stream.equals-plain", "a chunk of text is lost", _one(lambda made, at: [*made[:at], *made[at + 1 :]]), entry="stream-nonstream-content-differ"),
    stream("text-chunk-doubled", "SHOULD", "stream.equals-plain", "a chunk of text is sent twice", _one(lambda made, at: [*made[: at + 1], *made[at:]]), entry="stream-nonstream-content-differ"),
    stream("text-chunks-swapped", "SHOULD", "stream.equals-plain", "two chunks of text change places", _one(_swapped), entry="stream-order-done-before-finish"),
    part("text-spaces-stripped", "SHOULD", "stream.equals-plain", "every delta loses its leading space", _content(str.lstrip), entry="stream-nonstream-content-differ"),
    *pair("text-mojibake", "MUST", "unicode.mojibake", "text is decoded as Latin-1", _both(_mojibake), also="|stream.equals-plain", entry="json-non-utf8-or-charset"),
    *pair("text-question-marks", "SHOULD", "unicode.echo", "characters outside ASCII become U+FFFD", _both(_replaced), also="|stream.equals-plain"),
    *pair("text-astral-lost", "SHOULD", "unicode.echo", "emoji become two U+FFFD", _both(_astral_lost), also="|stream.equals-plain"),
)
# fmt: on
