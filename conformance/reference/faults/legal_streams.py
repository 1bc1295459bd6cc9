"""
Legal peculiarities of streams: how events may be written, and how an answer may be cut into chunks.

Sources: WHATWG HTML, server-sent events; the guards of the catalogue of deviations; recorded streams of OpenAI, Azure
and others.
"""

from __future__ import annotations

import copy
import json
from dataclasses import replace

from conformance.reference.faults.edits import GONE, header, put
from conformance.reference.faults.fault import Answer, Asked, Edit, Object, Variant
from conformance.reference.faults.rows import variant
from conformance.reference.faults.streamedits import (
    DONE,
    chunks,
    chunks_of,
    delta,
    deltas,
    each_chunk,
    each_event,
    events,
    finishes,
    has_text,
    inserted,
    is_stream,
)

_SSE = "An event stream may be written so (WHATWG HTML, server-sent events)."
_GRAIN = "Nothing is promised of how much a chunk holds."


def _lines(end: bytes) -> Edit:
    return each_event(lambda part: part.replace(b"\n", end))


def _spread(given: Answer, _: Asked) -> Answer:
    """
    The data of an event over several data lines, at a line end of indented JSON.
    """
    if not is_stream(given):
        return given
    parts = [
        b"".join(b"data: %b\n" % line for line in json.dumps(chunk, indent=1, ensure_ascii=False).encode().split(b"\n"))
        for chunk in chunks_of(given)
    ]
    return replace(given, parts=(*(part + b"\n" for part in parts), DONE))


def _one_chunk(made: list[Object]) -> list[Object]:
    """
    The whole text, or all fragments of a call, in one chunk a choice.
    """
    kept: list[Object] = []
    found: dict[int, Object] = {}
    for each in made:
        choice = (each.get("choices") or [None])[0]
        words = choice and choice["delta"].get("content")
        if not words:
            kept.append(each)
        elif choice["index"] in found:
            first = found[choice["index"]]["choices"][0]
            first["delta"]["content"] += words
            if first.get("logprobs") and choice.get("logprobs"):
                first["logprobs"]["content"] += choice["logprobs"]["content"]
        else:
            found[choice["index"]] = each
            kept.append(each)
    return kept


def _finish_with_last_text(made: list[Object]) -> list[Object]:
    """
    The finish reason on the last chunk of text.
    """
    for number, each in enumerate(made):
        choice = (each.get("choices") or [None])[0]
        if not finishes(number, each) or choice is None:
            continue
        mine = [c for c in made[:number] if c.get("choices") and c["choices"][0]["index"] == choice["index"]]
        if mine and mine[-1]["choices"][0]["delta"].get("content"):
            mine[-1]["choices"][0]["finish_reason"] = choice["finish_reason"]
            each["choices"] = None
    return [each for each in made if each["choices"] is not None]


def _letters(made: list[Object]) -> list[Object]:
    parted: list[Object] = []
    for number, each in enumerate(made):
        if not has_text(number, each) or each["choices"][0].get("logprobs") or len(made) > 200:
            parted.append(each)
            continue
        for letter in each["choices"][0]["delta"]["content"]:
            one = copy.deepcopy(each)
            one["choices"][0]["delta"]["content"] = letter
            parted.append(one)
    return parted


def _calls_together(made: list[Object]) -> list[Object]:
    """
    All fragments of all calls in one chunk, each call whole.
    """
    whole: dict[int, Object] = {}
    bearing: list[Object] = []
    if len({choice["index"] for choice in deltas(made)}) > 1:
        return made
    for each in made:
        for call in ((each.get("choices") or [{}])[0].get("delta") or {}).get("tool_calls") or []:
            bearing.append(each)
            kind = "custom" if "custom" in call else "function"
            field = "input" if kind == "custom" else "arguments"
            if call["index"] in whole:
                whole[call["index"]][kind][field] += call[kind].get(field, "")
            else:
                whole[call["index"]] = call
    if not bearing:
        return made
    bearing[0]["choices"][0]["delta"]["tool_calls"] = list(whole.values())
    return [each for each in made if not any(each is other for other in bearing[1:])]


def _call_first(made: list[Object]) -> list[Object]:
    """
    The first fragment of a call in the chunk that has the role.
    """
    if len(made) < 3 or not made[1].get("choices") or not made[1]["choices"][0]["delta"].get("tool_calls"):
        return made
    made[0]["choices"][0]["delta"]["tool_calls"] = made[1]["choices"][0]["delta"]["tool_calls"]
    return [made[0], *made[2:]]


def _with_empty_content(made: list[Object]) -> list[Object]:
    for choice in deltas(made):
        if choice["delta"].get("tool_calls"):
            choice["delta"]["content"] = ""
    return made


_AZURE = {
    "id": "",
    "object": "",
    "created": 0,
    "model": "",
    "choices": [],
    "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {"hate": {"filtered": False}}}],
}


def _null_types(made: list[Object]) -> list[Object]:
    for choice in deltas(made):
        for call in choice["delta"].get("tool_calls") or []:
            call.setdefault("type", None)
    return made


# fmt: off
VARIANTS: tuple[Variant, ...] = (
    variant("sse-crlf", "lines of a stream end with CRLF", _SSE, _lines(b"\r\n")),
    variant("sse-cr", "lines of a stream end with CR", _SSE, _lines(b"\r")),
    variant("sse-mixed-ends", "line ends change within a stream", _SSE, events(lambda parts: [part.replace(b"\n", (b"\n", b"\r\n", b"\r")[place % 3]) for place, part in enumerate(parts)])),
    variant("sse-comments", "comments between events", _SSE, events(lambda parts: [piece for part in parts for piece in (b": keep-alive\n\n", part)])),
    variant("sse-comment-first", "comments before the first event", _SSE, inserted(b": PROCESSING\n\n:\n\n", 0)),
    variant("sse-comment-last", "a comment after [DONE]", _SSE, events(lambda parts: [*parts, b": bye\n\n"])),
    variant("sse-comment-within", "comments within events", _SSE, each_event(lambda part: b": 1\n" + part)),
    variant("sse-no-space", "no space after data:", _SSE, each_event(lambda part: part.replace(b"data: ", b"data:", 1))),
    variant("sse-two-spaces-in-json", "white space around the JSON of an event", _SSE, each_event(lambda part: part if b"[DONE]" in part else part.replace(b"data: ", b"data:  ", 1).replace(b"\n\n", b" \n\n"))),
    variant("sse-blank-lines", "several blank lines between events", _SSE, each_event(lambda part: b"\n" + part + b"\n\n")),
    variant("sse-leading-blank-lines", "blank lines before the first event", _SSE, inserted(b"\n\n\n", 0)),
    variant("sse-event-message", "events are named message", _SSE, each_event(lambda part: b"event: message\n" + part)),
    variant("sse-data-over-lines", "one payload over several data lines", _SSE, _spread),
    variant("sse-ids", "events carry ids", _SSE, each_event(lambda part: b"id: 1\n" + part)),
    variant("sse-unknown-charset-parameter", "the label says charset=UTF-8", _SSE, header("content-type", "text/event-stream; charset=UTF-8", is_stream)),
    variant("sse-bare-label", "the label has no charset", _SSE, header("content-type", "text/event-stream", is_stream)),
    variant("azure-prelude", "a chunk with filter results before the first", "Azure OpenAI sends it.", inserted(b"data: " + json.dumps(_AZURE).encode() + b"\n\n", 0)),
    variant("one-chunk-text", "the whole text in one chunk", _GRAIN, chunks(lambda made: _one_chunk(made) if len(made) < 60 else made)),
    variant("letter-chunks", "one letter a chunk", _GRAIN, chunks(_letters)),
    variant("finish-on-last-text", "the finish reason comes with the last text", _GRAIN, chunks(_finish_with_last_text)),
    variant("calls-in-one-chunk", "all calls whole in one chunk", _GRAIN, chunks(_calls_together)),
    variant("call-with-role", "the first fragment comes with the role", "OpenAI sends it so.", chunks(_call_first)),
    variant("empty-content-beside-calls", "content is empty beside fragments of calls", "Null and empty are both valid.", chunks(_with_empty_content)),
    variant("empty-deltas", "chunks with an empty delta", _GRAIN, chunks(lambda made: [*made[:1], *([{**made[0], "choices": [{**made[0]["choices"][0], "delta": {}}]}] if made[0].get("choices") else []), *made[1:]])),
    variant("role-alone-empty", "content is null or absent in the first delta", "Null and empty are both valid.", delta(lambda said: said.update(content=None) if said.get("role") else None)),
    variant("null-type-in-later-fragments", "later fragments of a call have type null", "Relays send it; nobody reads it.", chunks(_null_types)),
    variant("moderation-chunk", "a chunk with the verdict of moderation", "OpenAI sends it after the finish.", chunks(lambda made: [*made, {**made[0], "choices": [], "moderation": {"input": {"flagged": False}}}] if not any(each.get("usage") for each in made) else made)),
    variant("obfuscation-absent", "no obfuscation", "The padding is optional.", each_chunk(put("obfuscation", GONE))),
)
# fmt: on
