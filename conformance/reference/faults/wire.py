"""
Faults of the wire: framing, order, headers, encodings, endings, errors; and parameters that are ignored.
"""

from __future__ import annotations

import copy
import gzip
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from conformance.reference.faults.edits import is_finish
from conformance.reference.faults.fault import Answer, Asked, Fault, Item, Object

C = "openai-chat."


def _wire(name: str, requirement: str, does: str, change: Callable[[bytes], bytes], verdict: Any = "MUST") -> Fault:
    return Fault(id=name, title=does, level=verdict, requirement=C + requirement, wire=lambda data, _: change(data))


def _header(name: str, value: str | None) -> Callable[[tuple[tuple[str, str], ...]], tuple[tuple[str, str], ...]]:
    def change(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        kept = tuple((n, v) for n, v in headers if n.lower() != name)
        return kept if value is None else (*kept, (name, value))

    return change


def _ok(change: Callable[[Answer], Answer]) -> Callable[[Answer, Asked], Answer]:
    return lambda answer, _: change(answer) if answer.status == 200 and _chat(answer) else answer


def _chat(answer: Answer) -> bool:
    return not isinstance(answer.body, dict) or answer.body.get("object") == "chat.completion"


def _bad(change: Callable[[Answer], Answer]) -> Callable[[Answer, Asked], Answer]:
    return lambda answer, _: change(answer) if answer.status >= 400 else answer


def _raw(answer: Answer) -> bytes:
    body = answer.body
    return body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()


def _error(answer: Answer) -> Object:
    return answer.body["error"] if isinstance(answer.body, dict) and isinstance(answer.body.get("error"), dict) else {}


def _error_field(key: str, value: Any) -> Callable[[Answer], Answer]:
    return lambda answer: replace(
        answer, body={"error": {**_error(answer), key: value(answer) if callable(value) else value}}
    )


def _answer(
    name: str, requirement: str, does: str, change: Callable[[Answer, Asked], Answer], verdict: Any = "MUST"
) -> Fault:
    return Fault(id=name, title=does, level=verdict, requirement=C + requirement, answer=change)


def _status(wanted: Callable[[Asked, Answer], bool], status: int) -> Callable[[Answer, Asked], Answer]:
    return lambda answer, asked: replace(answer, status=status) if wanted(asked, answer) else answer


def _invalid(asked: Asked, answer: Answer) -> bool:
    return answer.status == 400 and bool(asked.body)


def _malformed(asked: Asked, answer: Answer) -> bool:
    return answer.status == 400 and not asked.body and asked.path.endswith("/chat/completions")


def _in_stream(answer: Answer, asked: Asked) -> Answer:
    if answer.status != 400 or asked.body.get("stream") is not True:
        return answer
    event = b"data: " + json.dumps(answer.body).encode() + b"\n\n"
    return Answer(200, (("content-type", "text/event-stream"),), event)


def _ignored(*names: str) -> Callable[[Asked], Object]:
    return lambda asked: {key: value for key, value in asked.body.items() if key not in names}


def _clamped(asked: Asked) -> Object:
    body = dict(asked.body)
    body["n"] = 1
    return body


def _usage_first(chunks: Sequence[Object], _: Asked) -> Sequence[Item]:
    usages = [chunk for chunk in chunks if chunk.get("usage")]
    others = [chunk for chunk in chunks if not chunk.get("usage")]
    return [*others[:-1], *usages, *others[-1:]]


def _usage_on_finish(chunks: Sequence[Object], _: Asked) -> Sequence[Item]:
    usages = [chunk for chunk in chunks if chunk.get("usage")]
    if not usages:
        return chunks
    made = [copy.deepcopy(chunk) for chunk in chunks if not chunk.get("usage")]
    for chunk in made:
        if is_finish(chunk):
            chunk["usage"] = usages[0]["usage"]
    return made


def _usage_always(chunks: Sequence[Object], _: Asked) -> Sequence[Item]:
    usage = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}
    return [{**chunk, "usage": chunk.get("usage") or usage} for chunk in chunks]


def _no_usage(chunks: Sequence[Object], _: Asked) -> Sequence[Item]:
    return [chunk for chunk in chunks if not chunk.get("usage")]


def _after_finish(chunks: Sequence[Object], _: Asked) -> Sequence[Item]:
    made: list[Item] = []
    for chunk in chunks:
        made.append(chunk)
        if is_finish(chunk):
            late = copy.deepcopy(chunk)
            late["choices"] = [{**late["choices"][0], "delta": {"content": " more"}, "finish_reason": None}]
            made.append(late)
    return made


def _no_finish(chunks: Sequence[Object], _: Asked) -> Sequence[Item]:
    return [chunk for chunk in chunks if not is_finish(chunk)]


def _split_emoji(data: bytes) -> bytes:
    return re.sub(rb"[\xf0-\xf4][\x80-\xbf]{3}", lambda m: m[0][:2], data)


def _surrogates(data: bytes) -> bytes:
    return re.sub(rb"[\xf0-\xf4][\x80-\xbf]{3}", b"\\\\ud83d", data)


def _plain_json(asked: Asked) -> Object:
    return {k: v for k, v in asked.body.items() if k not in ("stream", "stream_options")}


def _late_stop(body: Object, _: Asked) -> Object:
    return body


FAULTS: list[Fault] = [
    _wire(
        "sse-single-newline",
        "stream.blank-line",
        "events are parted by one newline",
        lambda d: d.replace(b"\n\n", b"\n"),
    ),
    _wire("sse-done-missing", "stream.done", "[DONE] is missing", lambda d: d.replace(b"data: [DONE]\n\n", b"")),
    _wire("sse-done-duplicated", "stream.done-once", "[DONE] comes twice", lambda d: d + b"data: [DONE]\n\n", "SHOULD"),
    _wire(
        "sse-data-after-done", "stream.after-done", "an event follows [DONE]", lambda d: d + b'data: {"usage": {}}\n\n'
    ),
    _wire(
        "sse-no-trailing-blank-line", "stream.last-blank-line", "no blank line at the end", lambda d: d[:-2], "SHOULD"
    ),
    _wire(
        "sse-text-data",
        "stream.data-json",
        "a log line as data",
        lambda d: d.replace(b"\n\n", b"\n\ndata: still alive\n\n", 1),
    ),
    _wire(
        "sse-named-events",
        "stream.event-name",
        "events have names",
        lambda d: d.replace(b"data: {", b"event: chunk\ndata: {"),
        "SHOULD",
    ),
    _wire(
        "sse-ping-event",
        "stream.empty-data",
        "event: ping without data",
        lambda d: d.replace(b"\n\n", b"\n\nevent: ping\n\n", 1),
    ),
    _wire(
        "sse-id-and-comment",
        "stream.id-with-comment",
        "ids and keep-alive comments",
        lambda d: d.replace(b"data: {", b": ping\n\nid: 5\ndata: {"),
        "SHOULD",
    ),
    _wire("sse-bom", "stream.bom", "a byte order mark", lambda d: b"\xef\xbb\xbf" + d, "SHOULD"),
    _wire(
        "sse-bare-line",
        "stream.lines",
        "a log line between events",
        lambda d: d.replace(b"\n\n", b"\n\nINFO still alive\n\n", 1),
        "SHOULD",
    ),
    _wire("utf8-split-over-events", "json.utf8", "half a character", _split_emoji),
    _wire("lone-surrogate", "json.surrogates", "half a surrogate pair", _surrogates),
    _wire(
        "duplicate-key",
        "json.duplicate-keys",
        "a key twice",
        lambda d: d.replace(b'"object":', b'"object":"chat.completion.chunk","object":'),
        "SHOULD",
    ),
    Fault(
        id="sse-content-type-wrong",
        title="a stream is labelled text/plain",
        level="MUST",
        requirement=C + "stream.content-type",
        stream_headers=_header("content-type", "text/plain; charset=utf-8"),
    ),
    Fault(
        id="sse-content-type-missing",
        title="a stream has no label",
        level="MUST",
        requirement=C + "stream.content-type",
        stream_headers=_header("content-type", None),
    ),
    Fault(
        id="sse-truncated",
        title="the connection breaks within a stream",
        level="MUST",
        requirement=C + "http.complete",
        ending="cut",
    ),
    Fault(
        id="sse-not-closed",
        title="the response stays open after [DONE]",
        level="MUST",
        requirement=C + "stream.closes",
        ending="hang",
    ),
    Fault(
        id="sse-buffered",
        title="the whole stream comes at once",
        level="SHOULD",
        requirement=C + "stream.incremental",
        ending="buffer",
    ),
    Fault(
        id="usage-chunk-missing",
        title="include_usage is ignored",
        level="MUST",
        requirement=C + "usage.streamed",
        chunks=_no_usage,
    ),
    Fault(
        id="usage-on-finish-chunk",
        title="usage rides on the finish chunk",
        level="SHOULD",
        requirement=C + "usage.empty-choices",
        chunks=_usage_on_finish,
    ),
    Fault(
        id="usage-on-every-chunk",
        title="usage is on every chunk",
        level="SHOULD",
        requirement=C + "usage.once",
        chunks=_usage_always,
    ),
    Fault(
        id="usage-before-finish",
        title="usage precedes the finish",
        level="SHOULD",
        requirement=C + "usage.last",
        chunks=_usage_first,
    ),
    Fault(
        id="content-after-finish",
        title="text follows the finish",
        level="MUST",
        requirement=C + "stream.after-finish",
        chunks=_after_finish,
    ),
    Fault(
        id="finish-missing",
        title="a stream has no finish_reason",
        level="MUST",
        requirement=C + "stream.finish-reason",
        chunks=_no_finish,
    ),
    _answer(
        "json-trailing-garbage",
        "json.syntax",
        "a second JSON text follows",
        _ok(lambda a: replace(a, body=_raw(a) + b'\n{"status":"ok"}')),
    ),
    _answer(
        "json-bom",
        "json.bom",
        "a byte order mark before the JSON",
        _ok(lambda a: replace(a, body=b"\xef\xbb\xbf" + _raw(a))),
    ),
    _answer(
        "json-latin1",
        "json.utf8",
        "the body is Latin-1",
        _ok(lambda a: replace(a, body=_raw(a).decode().encode("latin-1", "replace"))),
    ),
    _answer(
        "json-charset",
        "http.charset",
        "the label says ISO-8859-1",
        _ok(lambda a: replace(a, headers=_header("content-type", "application/json; charset=ISO-8859-1")(a.headers))),
    ),
    _answer(
        "response-content-type",
        "http.content-type-json",
        "JSON is labelled text/html",
        _ok(lambda a: replace(a, headers=_header("content-type", "text/html")(a.headers))),
    ),
    _answer(
        "gzip-unasked",
        "http.content-encoding",
        "gzip is used unasked",
        _ok(lambda a: replace(a, body=gzip.compress(_raw(a)), headers=_header("content-encoding", "gzip")(a.headers))),
        "SHOULD",
    ),
    _answer(
        "error-detail",
        "error.envelope",
        "errors are {detail}",
        _bad(lambda a: replace(a, body={"detail": "Bad Request"})),
    ),
    _answer(
        "error-html",
        "error.envelope",
        "errors are HTML",
        _bad(
            lambda a: replace(
                a, body=b"<html><h1>Error</h1></html>", headers=_header("content-type", "text/html")(a.headers)
            )
        ),
    ),
    _answer(
        "error-string",
        "error.envelope",
        "error is a string",
        _bad(lambda a: replace(a, body={"error": "Unauthorized"})),
    ),
    _answer("error-empty", "error.envelope", "errors have no body", _bad(lambda a: replace(a, body=b""))),
    _answer(
        "error-code-integer",
        "error.code",
        "error.code is a number",
        _bad(_error_field("code", lambda a: a.status)),
        "SHOULD",
    ),
    _answer(
        "error-leaks",
        "error.leaks",
        "a stack trace in the message",
        _bad(_error_field("message", 'Traceback (most recent call last): File "/app/server.py", line 3')),
        "SHOULD",
    ),
    _answer("client-error-as-500", "request.no-server-error", "invalid values give 500", _status(_invalid, 500)),
    _answer("invalid-json-as-500", "request.no-server-error", "malformed JSON gives 500", _status(_malformed, 500)),
    _answer("validation-422", "error.bad-request", "invalid values give 422", _status(_invalid, 422), "MAY"),
    _answer("error-in-stream", "error.in-stream", "a bad request is refused within a 200 stream", _in_stream),
    _answer(
        "error-200",
        "error.status",
        "errors come with 200",
        _status(lambda q, a: a.status == 400 and q.body.get("stream") is not True, 200),
    ),
    _answer(
        "unknown-model-500",
        "request.no-server-error",
        "an unknown model gives 500",
        _status(lambda _, a: a.status == 404 and _error(a).get("code") == "model_not_found", 500),
    ),
    Fault(
        id="stream-as-json",
        title="stream: true is answered with JSON",
        level="MUST",
        requirement=C + "stream.sse",
        request=_plain_json,
    ),
    Fault(
        id="stream-as-json.tools",
        title="streams with tools are answered with JSON",
        level="MUST",
        requirement=C + "stream.sse",
        request=lambda a: _plain_json(a) if a.body.get("tools") else a.body,
    ),
    Fault(id="n-ignored", title="n is ignored", level="MUST", requirement=C + "param.n", request=_clamped),
    Fault(
        id="max-tokens-ignored",
        title="max_tokens is ignored",
        level="MUST",
        requirement=C + "param.max-tokens",
        request=_ignored("max_tokens"),
    ),
    Fault(
        id="max-completion-tokens-ignored",
        title="max_completion_tokens is ignored",
        level="MUST",
        requirement=C + "param.max-tokens",
        request=_ignored("max_completion_tokens"),
    ),
    Fault(
        id="stop-ignored",
        title="stop is ignored",
        level="MUST",
        requirement=C + "param.stop",
        request=_ignored("stop"),
    ),
    Fault(
        id="tool-choice-none-ignored",
        title="tool_choice none is ignored",
        level="MUST",
        requirement=C + "tools.choice-none",
        request=lambda a: (
            {**a.body, "tool_choice": "required"}
            if a.body.get("tool_choice") == "none" and a.body.get("tools")
            else a.body
        ),
    ),
    Fault(
        id="parallel-false-ignored",
        title="parallel_tool_calls false is ignored",
        level="MUST",
        requirement=C + "tools.parallel-off",
        request=_ignored("parallel_tool_calls"),
    ),
    Fault(
        id="response-format-ignored",
        title="json_schema is ignored",
        level="MUST",
        requirement=C + "structured.json",
        request=lambda a: {k: v for k, v in a.body.items() if k != "response_format"},
    ),
    Fault(
        id="developer-role-rejected",
        title="role developer is refused",
        level="MUST",
        requirement=C + "request.role.developer",
        instead=lambda a: (
            _refuse("Unexpected message role.") if '"developer"' in json.dumps(a.body.get("messages")) else None
        ),
    ),
    Fault(
        id="max-completion-tokens-rejected",
        title="max_completion_tokens is refused",
        level="MUST",
        requirement=C + "request.max-completion-tokens",
        instead=lambda a: _refuse("Extra inputs are not permitted") if a.body.get("max_completion_tokens") else None,
    ),
]


def _refuse(message: str) -> Answer:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return Answer(400, (("content-type", "application/json"),), {"error": error})
