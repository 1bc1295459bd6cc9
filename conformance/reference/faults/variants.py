"""
Legal peculiarities: what a server may do, so that a suite must keep quiet about it.

Sources: the guards of the catalogue of deviations, WHATWG's section on server-sent events, RFC 9110 and RFC 9112,
and what OpenAI and other vendors were recorded doing.
"""

from __future__ import annotations

import copy
import gzip
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import brotli  # type: ignore[import-untyped]

from conformance.reference.faults.edits import (
    DONE,
    GONE,
    Change,
    both,
    chunks,
    chunks_of,
    delta,
    deltas,
    each_chunk,
    each_event,
    events,
    finishes,
    has_text,
    head,
    header,
    inserted,
    is_chat,
    is_stream,
    message,
    plain,
    put,
    refusing,
    tail,
    text,
)
from conformance.reference.faults.fault import Answer, Asked, Edit, Object, Variant, Wire, answer
from conformance.reference.faults.transport import flushed, offers

_SSE = "An event stream may be written so (WHATWG HTML, server-sent events)."
_EXTRA = "Objects of answers are open: new members may come at any time (OpenAI's API overview)."
_HTTP = "HTTP allows it (RFC 9110, RFC 9112)."
_OPTIONAL = "The member is optional, or null where the document or OpenAI itself has null."
_GRAIN = "Nothing is promised of how much a chunk holds."
_BUSY = "A server may be busy; a client waits and asks again."
_REFUSAL = "An optional feature may be refused with the documented error."


# Streams.


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


def _escaped(given: Answer, _: Asked) -> Answer:
    if is_stream(given):
        parts = tuple(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks_of(given))
        return replace(given, parts=(*parts, DONE))
    return given.saying(json.dumps(given.value, indent=2).encode()) if given.value is not None else given


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
    for each in made:
        for call in ((each.get("choices") or [{}])[0].get("delta") or {}).get("tool_calls") or []:
            bearing.append(each)
            kind = "custom" if "custom" in call else "function"
            field = "input" if kind == "custom" else "arguments"
            if call["index"] in whole:
                whole[call["index"]][kind][field] += call[kind].get(field, "")
            else:
                whole[call["index"]] = call
    if not bearing or len({choice["index"] for choice in deltas(made)}) > 1:
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


def _reads(size: int) -> Edit:
    """
    HTTP chunks of so many bytes, wherever they fall.
    """

    def edit(given: Answer, _: Asked) -> Answer:
        if not is_stream(given):
            return given
        body = given.body
        return replace(given, parts=tuple(body[place : place + size] for place in range(0, len(body), size)))

    return edit


def _drip(size: int) -> Callable[[Wire], Wire]:
    """
    Every piece in several writes, wherever they fall.
    """

    def change(wire: Wire) -> Wire:
        raw = wire.bytes
        pieces = [raw[place : place + size] for place in range(0, len(raw), size)][:400]
        rest = raw[400 * size :]
        pause = min(0.002, sum(each for each, _ in wire.pieces) / max(1, len(pieces)))
        return replace(wire, pieces=tuple((pause, each) for each in [*pieces, *([rest] if rest else [])]))

    return change


_AZURE = {
    "id": "",
    "object": "",
    "created": 0,
    "model": "",
    "choices": [],
    "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {"hate": {"filtered": False}}}],
}
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


# Messages.


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


# Servers.


def _once_busy(status: int, headers: tuple[tuple[str, str], ...] = ()) -> Callable[[Asked], Answer | None]:
    """
    Some kinds of request are answered once with a busy server's words.
    """

    def instead(asked: Asked) -> Answer | None:
        seen: set[bytes] = asked.memory.setdefault(f"busy {status}", set())
        if asked.raw in seen or sum(asked.raw) % 24:
            return None
        seen.add(asked.raw)
        said = "Rate limit reached." if status == 429 else "The server is overloaded."
        body = {"error": {"message": said, "type": "rate_limit_error", "param": None, "code": None}}
        made = answer(status, body)
        return replace(made, headers=(*made.headers, *headers))

    return instead


def _any_model(asked: Asked) -> Object | None:
    return {**asked.body, "model": "reference-1"} if is_chat(asked) and asked.body.get("model") else None


def _edge(asked: Asked) -> Answer | None:
    seen: set[bytes] = asked.memory.setdefault("edge", set())
    if asked.raw in seen or sum(asked.raw) % 9 or asked.method != "POST":
        return None
    seen.add(asked.raw)
    error = {"message": "Bad gateway.", "type": "server_error", "param": None, "code": None}
    return answer(502, {"error": error})


def _refuses(*keys: str) -> Callable[[Asked], Answer | None]:
    return refusing(
        lambda asked: any(asked.body.get(key) not in (None, "none", False) for key in keys),
        f"Unsupported parameter: {keys[0]}",
    )


def _several(asked: Asked) -> bool:
    n = asked.body.get("n")
    return isinstance(n, int) and not isinstance(n, bool) and 1 < n <= 128


def _validation(status: int) -> Edit:
    def edit(given: Answer, asked: Asked) -> Answer:
        return replace(given, status=status) if is_chat(asked) and given.status == 400 else given

    return edit


def _slow(wire: Wire) -> Wire:
    first, *rest = wire.pieces or ((0.0, b""),)
    return replace(wire, pieces=((0.3, first[1]), *rest))


def _title(name: bytes) -> bytes:
    return b"-".join(word.capitalize() for word in name.split(b"-"))


def _recased(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def edit(written: bytes) -> bytes:
        first, *lines = written.split(b"\r\n")
        made = [change(name) + colon + value for name, colon, value in (line.partition(b":") for line in lines)]
        return b"\r\n".join([first, *made])

    return edit


def _closing(given: Answer, _: Asked) -> Answer:
    return replace(given, framing="close")


def _http_1_0(wire: Wire) -> Wire:
    if b"chunked" in wire.head:
        return wire
    written = wire.head.replace(b"HTTP/1.1", b"HTTP/1.0").replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    return replace(wire, head=written, ending="close")


def _trailer(wire: Wire) -> Wire:
    if b"chunked" not in wire.head:
        return wire
    return replace(wire, pieces=(*wire.pieces[:-1], (0.0, b"0\r\nx-trailer: 1\r\n\r\n")))


def _extended(wire: Wire) -> Wire:
    if b"chunked" not in wire.head:
        return wire
    found = tuple((pause, piece.replace(b"\r\n", b";x=1\r\n", 1)) for pause, piece in wire.pieces)
    return replace(wire, pieces=found)


def _coded(name: str, encode: Callable[[bytes], bytes]) -> Edit:
    def edit(given: Answer, asked: Asked) -> Answer:
        if given.streamed or not offers(name)(asked):
            return given
        return replace(given.labelled("content-encoding", name), parts=(encode(given.body),))

    return edit


def _coded_stream(given: Answer, asked: Asked) -> Answer:
    return flushed(given) if is_stream(given) and offers("gzip")(asked) else given


def _v(name: str, title: str, because: str, edit: Edit | None = None, **more: Any) -> Variant:
    return Variant(id=name, title=title, because=because, edit=edit, **more)


# fmt: off
VARIANTS: tuple[Variant, ...] = (
    _v("through-front", "nothing but another HTTP server", _HTTP),
    _v("sse-crlf", "lines of a stream end with CRLF", _SSE, _lines(b"\r\n")),
    _v("sse-cr", "lines of a stream end with CR", _SSE, _lines(b"\r")),
    _v("sse-mixed-ends", "line ends change within a stream", _SSE, events(lambda parts: [part.replace(b"\n", (b"\n", b"\r\n", b"\r")[place % 3]) for place, part in enumerate(parts)])),
    _v("sse-comments", "comments between events", _SSE, events(lambda parts: [piece for part in parts for piece in (b": keep-alive\n\n", part)])),
    _v("sse-comment-first", "comments before the first event", _SSE, inserted(b": PROCESSING\n\n:\n\n", 0)),
    _v("sse-comment-last", "a comment after [DONE]", _SSE, events(lambda parts: [*parts, b": bye\n\n"])),
    _v("sse-comment-within", "comments within events", _SSE, each_event(lambda part: b": 1\n" + part)),
    _v("sse-no-space", "no space after data:", _SSE, each_event(lambda part: part.replace(b"data: ", b"data:", 1))),
    _v("sse-two-spaces-in-json", "white space around the JSON of an event", _SSE, each_event(lambda part: part if b"[DONE]" in part else part.replace(b"data: ", b"data:  ", 1).replace(b"\n\n", b" \n\n"))),
    _v("sse-blank-lines", "several blank lines between events", _SSE, each_event(lambda part: b"\n" + part + b"\n\n")),
    _v("sse-leading-blank-lines", "blank lines before the first event", _SSE, inserted(b"\n\n\n", 0)),
    _v("sse-event-message", "events are named message", _SSE, each_event(lambda part: b"event: message\n" + part)),
    _v("sse-data-over-lines", "one payload over several data lines", _SSE, _spread),
    _v("sse-ids", "events carry ids", _SSE, each_event(lambda part: b"id: 1\n" + part)),
    _v("sse-unknown-charset-parameter", "the label says charset=UTF-8", _SSE, header("content-type", "text/event-stream; charset=UTF-8", is_stream)),
    _v("sse-bare-label", "the label has no charset", _SSE, header("content-type", "text/event-stream", is_stream)),
    _v("escaped-json", "characters outside ASCII are escaped, JSON is indented", "JSON allows it (RFC 8259).", _escaped),
    _v("json-white-space", "white space around a plain body", "JSON allows it; a slow server keeps the connection busy so.", text(lambda body: b"\n\n \n" + body + b"\n")),
    _v("key-order", "members come in another order", "The order of members means nothing.", _both(_reverse)),
    _v("reads-of-seven-bytes", "reads end within lines and characters", _HTTP, _reads(7)),
    _v("reads-of-one-kilobyte", "HTTP chunks have nothing to do with events", _HTTP, _reads(1000)),
    _v("writes-of-five-bytes", "the connection is written in pieces of five bytes", _HTTP, wire=tail(_drip(5))),
    _v("stream-in-one-chunk", "a short stream comes in one HTTP chunk", _HTTP, lambda given, _: replace(given, parts=(given.body,)) if is_stream(given) and len(given.parts) < 60 else given),
    _v("stream-until-close", "the end of a stream is the end of the connection", _HTTP, lambda given, asked: _closing(given, asked) if is_stream(given) else given),
    _v("plain-chunked", "plain answers come in chunks", _HTTP, lambda given, _: replace(given, framing="chunked", parts=(given.body[:50], given.body[50:])) if not given.streamed else given),
    _v("plain-until-close", "the end of an answer is the end of the connection", _HTTP, lambda given, asked: given if given.streamed else _closing(given, asked)),
    _v("connection-close", "every connection is announced to close", _HTTP, wire=tail(lambda wire: replace(wire, head=wire.head[:-2] + b"connection: close\r\n\r\n", ending="close"))),
    _v("http-1.0", "plain answers are HTTP/1.0", _HTTP, wire=tail(_http_1_0)),
    _v("chunk-extensions", "chunks have extensions", _HTTP, wire=tail(_extended)),
    _v("trailers", "a trailer follows the last chunk", _HTTP, wire=tail(_trailer)),
    _v("no-reason-phrase", "the status line has no reason phrase", _HTTP, wire=head(lambda written: re.sub(rb"^(HTTP/1.1 \d+) [^\r]*", rb"\1 ", written))),
    _v("headers-title-case", "Header-Names In Title Case", _HTTP, wire=head(_recased(_title))),
    _v("headers-upper-case", "HEADER-NAMES IN UPPER CASE", _HTTP, wire=head(_recased(bytes.upper))),
    _v("headers-few", "no header but the type", "The headers of OpenAI are no promise of others.", lambda given, _: replace(given, headers=tuple((n, v) for n, v in given.headers if n in ("content-type", "allow", "www-authenticate")))),
    _v("headers-padded", "white space around header values", _HTTP, wire=head(lambda written: re.sub(rb"\r\ncontent-type: ([^\r]*)", rb"\r\ncontent-type:   \1  ", written))),
    _v("ratelimit-other-units", "x-ratelimit-reset-* in other durations", "Durations such as 6m0s, 1h2m3s or 12ms.", header("x-ratelimit-reset-requests", "1h2m3.5s")),
    _v("gzip", "plain answers in gzip for clients that offer it", _HTTP, _coded("gzip", gzip.compress)),
    _v("br", "plain answers in Brotli for clients that offer it", _HTTP, _coded("br", brotli.compress)),
    _v("gzip-stream", "streams in gzip, flushed event by event", _HTTP, _coded_stream),
    _v("label-with-parameters", "the label says charset=utf-8", _HTTP, header("content-type", "application/json; charset=utf-8", lambda given: given.value is not None)),
    _v("label-problem", "errors are application/problem+json", _HTTP, header("content-type", "application/problem+json", lambda given: given.status >= 400)),
    _v("extra-members", "members of the vendor everywhere", _EXTRA, _both(_extra)),
    _v("extra-error-members", "errors have further members", _EXTRA, lambda given, _: given.saying({**given.value, "request_id": "r", "error": {**given.value["error"], "metadata": {}}}) if given.status >= 400 and isinstance(given.value, dict) else given),
    _v("no-optional-members", "optional members are absent", _OPTIONAL, both(_both(lambda made: [made.pop(key, None) for key in ("service_tier", "system_fingerprint", "obfuscation")]), message(lambda said: said.pop("annotations", None)), _of_usage(lambda usage: [usage.pop(key, None) for key in ("prompt_tokens_details", "completion_tokens_details")]))),
    _v("nulls", "optional members are null", _OPTIONAL, both(_both(lambda made: made.update(service_tier=None, system_fingerprint=None)), delta(_nulls))),
    _v("no-logprobs-key", "logprobs is absent when not asked for", "OpenAI's own reasoning models leave it out.", _both(_without_logprobs)),
    _v("other-tier", "service_tier is a value of the vendor", "An unknown tier is worth a note.", _both(put("service_tier", "on_demand"))),
    _v("other-ids", "ids of another make", "Ids are opaque.", both(plain(put("id", lambda made: "cmpl_" + made["id"][9:])), each_chunk(put("id", lambda made: made["id"].replace("chatcmpl-", "gen-"))))),
    _v("model-snapshot", "a dated version of the model answers", "OpenAI resolves names to snapshots.", _both(put("model", "reference-1-2026-01-01"))),
    _v("obfuscation-absent", "no obfuscation", "The padding is optional.", each_chunk(put("obfuscation", GONE))),
    _v("azure-prelude", "a chunk with filter results before the first", "Azure OpenAI sends it.", inserted(b"data: " + json.dumps(_AZURE).encode() + b"\n\n", 0)),
    _v("azure-filter-results", "filter results in every choice", _EXTRA, _both(lambda made: [choice.update(_FILTERED) for choice in made.get("choices") or []])),
    _v("one-chunk-text", "the whole text in one chunk", _GRAIN, chunks(lambda made: _one_chunk(made) if len(made) < 60 else made)),
    _v("letter-chunks", "one letter a chunk", _GRAIN, chunks(_letters)),
    _v("finish-on-last-text", "the finish reason comes with the last text", _GRAIN, chunks(_finish_with_last_text)),
    _v("calls-in-one-chunk", "all calls whole in one chunk", _GRAIN, chunks(_calls_together)),
    _v("call-with-role", "the first fragment comes with the role", "OpenAI sends it so.", chunks(_call_first)),
    _v("empty-content-beside-calls", "content is empty beside fragments of calls", "Null and empty are both valid.", chunks(_with_empty_content)),
    _v("empty-deltas", "chunks with an empty delta", _GRAIN, chunks(lambda made: [*made[:1], *([{**made[0], "choices": [{**made[0]["choices"][0], "delta": {}}]}] if made[0].get("choices") else []), *made[1:]])),
    _v("role-alone-empty", "content is null or absent in the first delta", "Null and empty are both valid.", delta(lambda said: said.update(content=None) if said.get("role") else None)),
    _v("legacy-text", "chunks have text beside delta", _EXTRA, each_chunk(lambda made: [choice.update(text=choice["delta"].get("content") or "") for choice in made.get("choices") or []])),
    _v("reasoning-content", "thoughts in reasoning_content", "A vendor's extension.", _reasoning("reasoning_content")),
    _v("reasoning", "thoughts in reasoning", "A vendor's extension.", _reasoning("reasoning")),
    _v("text-beside-calls", "a sentence beside tool calls", "The model may say something first.", _beside_calls("Let me look that up.")),
    _v("empty-beside-calls", "an empty content beside tool calls", "The model may say nothing.", _beside_calls("")),
    _v("cached-tokens", "half of the prompt was cached", "Caching is the server's choice.", _of_usage(_cached)),
    _v("moderation-chunk", "a chunk with the verdict of moderation", "OpenAI sends it after the finish.", chunks(lambda made: [*made, {**made[0], "choices": [], "moderation": {"input": {"flagged": False}}}] if not any(each.get("usage") for each in made) else made)),
    _v("busy-429", "some requests meet a rate limit once", _BUSY, instead=_once_busy(429, (("retry-after", "0"),)), steady=False),
    _v("busy-429-silent", "some requests meet a rate limit once, without Retry-After", "The header is optional.", instead=_once_busy(429), steady=False),
    _v("busy-503", "some requests meet 503 once", _BUSY, instead=_once_busy(503, (("retry-after", "0"),)), steady=False),
    _v("edge-502", "an edge before the server fails some requests once", "An edge before the API fails in its own way.", instead=_edge, steady=False),
    _v("slow-first-byte", "answers begin after 0.3 s", "Nothing is promised of time.", wire=tail(_slow)),
    _v("single-model", "any model name is served", "Single-model servers take any name; that nobody notices a typing mistake is worth a warning, no more.", ask=_any_model, warned=("openai-chat.request.model.*",)),
    _v("refuses-log-probabilities", "logprobs are refused", _REFUSAL, claims_less=True, instead=_refuses("logprobs", "top_logprobs")),
    _v("refuses-several-choices", "several choices are refused", _REFUSAL, claims_less=True, instead=refusing(_several, "n above 1 is not supported")),
    _v("refuses-tools", "tools are refused", _REFUSAL, claims_less=True, instead=_refuses("tools", "tool_choice", "parallel_tool_calls")),
    _v("refuses-formats", "response_format json_schema and json_object are refused", _REFUSAL, claims_less=True, instead=refusing(lambda asked: isinstance(asked.body.get("response_format"), dict) and asked.body["response_format"].get("type") != "text", "response_format is not supported")),
    _v("refuses-unknown-members", "unknown members are refused", "OpenAI refuses them, others ignore them.", claims_less=True, instead=refusing(lambda asked: "not_a_parameter" in asked.body, "Unrecognized request argument supplied: not_a_parameter")),
    _v("refusals-422", "broken constraints give 422", "Noted, but a refusal it is.", _validation(422)),
)
# fmt: on
