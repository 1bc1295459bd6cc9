"""
Faults of refusals: their status, their body, the error object, what they give away, how long they take.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.reference.faults.asks import is_chat, refusing
from conformance.reference.faults.edits import GONE, error, error_of, header, refusals
from conformance.reference.faults.fault import PLAIN, STREAM, Answer, Asked, Edit, Fault, Level, Wire, answer, compact
from conformance.reference.faults.rows import fault

_PAGE = b"<html><head><title>Error</title></head><body><h1>Bad Request</h1></body></html>"
_DETAIL = [{"type": "missing", "loc": ["body", "messages"], "msg": "Field required"}]
_TRACE = 'Traceback (most recent call last):\n  File "/app/server.py", line 3, in chat\nKeyError: 0'
_PYDANTIC = "1 validation error for ChatRequest messages Field required [type=missing, input_value={}, input_type=dict]"
_CLOUD = {"result": None, "success": False, "errors": [{"code": 7009, "message": "Upstream"}], "messages": []}


def _bodies(change: Callable[[Answer], Any], media: str | None = None) -> Edit:
    def edit(given: Answer) -> Answer:
        made = given.saying(change(given))
        return made.labelled("content-type", media) if media else made

    return refusals(edit)


def _message(given: Answer) -> str:
    return str(error_of(given).get("message", ""))


def _status(status: int, when: Callable[[Answer, Asked], bool]) -> Edit:
    def change(given: Answer) -> Answer:
        made = replace(given, status=status)
        return made.saying({"error": {**error_of(given), "type": "server_error"}}) if status >= 500 else made

    return refusals(change, when)


def _of(status: int, code: str = "") -> Callable[[Answer, Asked], bool]:
    return lambda given, asked: is_chat(asked) and given.status == status and code in str(error_of(given).get("code"))


def _broken_rule(given: Answer, asked: Asked) -> bool:
    return is_chat(asked) and given.status == 400 and bool(asked.body)


def _broken_rule_plain(given: Answer, asked: Asked) -> bool:
    return _broken_rule(given, asked) and not asked.streams


def _malformed(given: Answer, asked: Asked) -> bool:
    return is_chat(asked) and given.status == 400 and not asked.body and b"\\ud83d" not in asked.raw


def _half_a_pair(given: Answer, asked: Asked) -> bool:
    return is_chat(asked) and given.status == 400 and b"\\ud83d" in asked.raw


def _about(*params: str) -> Callable[[Answer, Asked], bool]:
    return lambda given, asked: is_chat(asked) and str(error_of(given).get("param")).startswith(params)


def _within_stream(given: Answer, asked: Asked) -> Answer:
    if not 400 <= given.status < 500 or not asked.streams or given.status == 401:
        return given
    event = b"data: " + compact(given.value) + b"\n\n"
    return replace(
        given.labelled("content-type", "text/event-stream"),
        status=200,
        parts=(event, b"data: [DONE]\n\n"),
        streamed=True,
        framing="chunked",
    )


def _within_stream_text(given: Answer, asked: Asked) -> Answer:
    if not 400 <= given.status < 500 or not asked.streams or given.status == 401:
        return given
    event = b"data: " + _message(given).encode() + b"\n\n"
    made = given.labelled("content-type", "text/event-stream")
    return replace(made, status=200, parts=(event,), streamed=True, framing="chunked")


def _hangs(wire: Wire, asked: Asked) -> Wire:
    refused = b"200" in wire.head[:15] and b"chunked" in wire.head and wire.bytes.count(b"data:") == 1
    return replace(wire, pieces=wire.pieces[:-1], ending="hang") if refused and is_chat(asked) else wire


def _key_of(asked: Asked) -> str:
    return asked.headers.get("authorization", "").removeprefix("Bearer ")


def _echoes_key(given: Answer, asked: Asked) -> Answer:
    if given.status != 401 or not _key_of(asked):
        return given
    return given.saying({"error": {**error_of(given), "message": f"Incorrect API key provided: {_key_of(asked)}"}})


def _has_nul(asked: Asked) -> bool:
    return "\\u0000" in asked.raw.decode("utf-8", "replace")


def _many_tools(asked: Asked) -> bool:
    return len(asked.body.get("tools") or ()) > 100


def _large(asked: Asked) -> bool:
    return len(asked.raw) > 1_000_000


def _too_large(asked: Asked) -> Answer | None:
    return answer(413, _PAGE, "text/html") if is_chat(asked) and _large(asked) else None


def _edge(asked: Asked) -> Answer | None:
    seen: set[bytes] = asked.memory.setdefault("edge", set())
    if asked.raw in seen or sum(asked.raw) % 24 or asked.method != "POST":
        return None
    seen.add(asked.raw)
    return answer(502, b"<html><h1>502 Bad Gateway</h1></html>", "text/html")


def _field(name: str, level: Level, requirement: str, key: str, value: Any, said: str, **more: str) -> Fault:
    return fault(name, level, requirement, said, edit=error(key, value), **more)


# fmt: off
FAULTS: tuple[Fault, ...] = (
    fault("error-detail", "MUST", "error.envelope", 'errors are {"detail": text}', edit=_bodies(lambda _: {"detail": "Bad Request"}), entry="error-detail-fastapi"),
    fault("error-detail-list", "MUST", "error.envelope", 'errors are {"detail": [...]}', edit=_bodies(lambda _: {"detail": _DETAIL}), entry="error-detail-fastapi"),
    fault("error-html", "MUST", "error.envelope", "errors are HTML pages", edit=_bodies(lambda _: _PAGE, "text/html"), entry="error-html-page"),
    fault("error-html.paths", "MUST", "error.envelope", "HTML pages for unknown paths and methods", edit=refusals(lambda given: given.saying(_PAGE).labelled("content-type", "text/html"), lambda given, _: given.status in (404, 405) and error_of(given).get("code") is None), entry="error-html-page"),
    fault("error-text", "MUST", "error.envelope", "errors are plain text", edit=_bodies(lambda _: b"Bad Request", "text/plain")),
    fault("error-string", "MUST", "error.envelope", "error is a string", edit=_bodies(lambda given: {"error": _message(given)}), entry="error-string-body"),
    fault("error-string-beside", "MUST", "error.envelope", "error is a string beside message", edit=_bodies(lambda given: {"error": "invalid_request_error", "message": _message(given)}), entry="error-string-body"),
    fault("error-list", "MUST", "error.envelope", "error is an array", edit=_bodies(lambda given: {"error": [error_of(given)]})),
    fault("error-in-list", "MUST", "error.envelope", "the error object is in an array", edit=_bodies(lambda given: [{"error": error_of(given)}])),
    fault("error-unwrapped", "MUST", "error.envelope", "the error stands at the top", edit=_bodies(lambda given: {"object": "error", **error_of(given)})),
    fault("error-vendor-cloud", "MUST", "error.envelope", 'errors are {"success": false, "errors": [...]}', edit=_bodies(lambda _: _CLOUD), entry="error-envelope-vendor-wrapper"),
    fault("error-vendor-code", "MUST", "error.envelope", 'errors are {"code", "msg"}', edit=_bodies(lambda given: {"code": 40001, "msg": _message(given)}), entry="error-envelope-vendor-wrapper"),
    fault("error-html.edge", "SHOULD", "error.envelope-5xx", "an edge fails some requests with an HTML page, once each", instead=_edge, steady=False, entry="error-html-page"),
    fault("error-empty", "MUST", "error.envelope", "errors have no body", edit=_bodies(lambda _: b""), also="error.content-type", entry="error-empty-body"),
    fault("error-broken-json", "MUST", "error.envelope", "the body of an error is cut JSON", edit=_bodies(lambda given: given.body[:-9])),
    fault("error-bom", "MUST", "json.bom", "errors begin with a byte order mark", edit=_bodies(lambda given: b"\xef\xbb\xbf" + given.body), also="error.envelope"),
    fault("error-latin-1", "MUST", "json.utf8", "errors are Latin-1", edit=_bodies(lambda given: given.body.replace(b'"message":"', b'"message":"Pr\xe9cis\xe9ment: '))),
    fault("error-key-twice", "SHOULD", "json.duplicate-keys", "errors have message twice", edit=_bodies(lambda given: given.body.replace(b'{"message":', b'{"message":"Bad Request","message":'))),
    fault("error-label", "SHOULD", "error.content-type", "errors are labelled text/html", edit=refusals(lambda given: given.labelled("content-type", "text/html"))),
    _field("error-message-missing", "MUST", "error.message", "message", GONE, "errors have no message"),
    _field("error-message-object", "MUST", "error.message", "message", {"text": "Bad Request"}, "error.message is an object"),
    _field("error-type-missing", "SHOULD", "error.type", "type", GONE, "errors have no type"),
    _field("error-type-null", "SHOULD", "error.type", "type", None, "error.type is null"),
    _field("error-param-missing", "SHOULD", "error.param", "param", GONE, "errors have no param"),
    _field("error-param-object", "SHOULD", "error.param", "param", {"name": "temperature"}, "error.param is an object", entry="error-param-not-set"),
    _field("error-param-null", "MAY", "error.names-param", "param", None, "error.param is always null", entry="error-param-not-set"),
    _field("error-param-placeholder", "MAY", "error.names-param", "param", "<field>", "error.param is a placeholder", entry="error-param-not-set"),
    _field("error-code-missing", "SHOULD", "error.code", "code", GONE, "errors have no code"),
    _field("error-code-number", "SHOULD", "error.code", "code", lambda given: given.status, "error.code is the status", entry="error-code-integer"),
    _field("error-leaks-trace", "SHOULD", "error.leaks", "message", _TRACE, "a stack trace in the message", entry="error-leaks-internals"),
    _field("error-leaks-classes", "SHOULD", "error.leaks", "message", _PYDANTIC, "a validation library speaks in the message", entry="error-leaks-internals"),
    _field("error-leaks-path", "SHOULD", "error.leaks", "message", "failed in /usr/lib/python3/site-packages/server/chat.py", "a path in the message", entry="error-leaks-internals"),
    _field("error-upstream-json", "MAY", "error.nested", "message", lambda given: compact({"error": {"code": 400, "message": _message(given)}}).decode(), "the error of another server is the message", entry="error-upstream-nested-json"),
    fault("error-echoes-key", "SHOULD", "error.echoes-key", "a wrong key is repeated in full", edit=_echoes_key, entry="auth-key-in-query-or-leak"),
    fault("error-200", "MUST", "error.status", "errors come with 200", edit=refusals(lambda given: replace(given, status=200), _broken_rule_plain), also="request.messages.required request.messages.empty request.n.range"),
    fault("error-200-code", "MUST", "error.status", "errors come with 200 and a code of the vendor", edit=refusals(lambda given: replace(given.saying({"error": {**error_of(given), "code": 40001}}), status=200), _broken_rule_plain)),
    fault("error-in-stream", "MUST", "error.in-stream", "a bad request is refused within a 200 stream", edit=_within_stream, paths=(STREAM,), entry="error-200-in-stream-for-bad-request"),
    fault("error-in-stream-text", "MUST", "stream.data-json", "a bad request is refused with a text in a 200 stream", edit=_within_stream_text, paths=(STREAM,), also="stream.done", entry="sse-error-plain-text-data"),
    fault("error-in-stream-hangs", "MUST", "stream.closes", "a bad request is refused with a text in a stream that stays open", edit=_within_stream_text, wire=_hangs, paths=(STREAM,), also="stream.data-json error.in-stream", entry="sse-connection-not-closed"),
    fault("client-error-as-401", "SHOULD", "request.temperature.range", "broken constraints give 401", edit=_status(401, _broken_rule), also="request.* limits.*"),
    fault("client-error-as-500.plain", "MUST", "request.no-server-error", "broken constraints give 500 (plain)", edit=_status(500, _broken_rule_plain), paths=(PLAIN,), entry="client-error-as-500"),
    fault("client-error-as-500.stream", "MUST", "request.no-server-error", "broken constraints give 500 (streamed)", edit=_status(500, lambda given, asked: _broken_rule(given, asked) and asked.streams), paths=(STREAM,), entry="client-error-as-500"),
    fault("client-error-as-500.html", "MUST", "request.no-server-error", "broken constraints give 500 and an HTML page", edit=refusals(lambda given: replace(given.saying(_PAGE).labelled("content-type", "text/html"), status=500), _broken_rule), also="error.envelope-5xx", entry="client-error-as-500"),
    fault("malformed-json-as-500", "MUST", "request.no-server-error", "malformed JSON gives 500", edit=_status(500, _malformed), entry="invalid-json-body-500"),
    fault("lone-surrogate-as-500", "MUST", "request.no-server-error", "half a surrogate pair gives 500", edit=_status(500, _half_a_pair), entry="request-lone-surrogate-500"),
    fault("tool-orphan-as-500", "MUST", "request.no-server-error", "a tool message without a call gives 500", edit=_status(500, _about("messages[1].role", "messages[2].tool_call_id", "messages[2].role")), entry="tool-history-orphan"),
    fault("empty-tools-as-500", "MUST", "request.no-server-error", "tools: [] gives 500", edit=refusals(lambda given: replace(given, status=500), lambda _, asked: is_chat(asked) and asked.body.get("tools") == []), entry="tools-empty-array"),
    fault("stream-options-as-500", "MUST", "request.no-server-error", "stream_options without stream gives 500", edit=_status(500, _about("stream_options")), entry="stream-options-without-stream"),
    fault("top-logprobs-as-500", "MUST", "request.no-server-error", "top_logprobs above 20 gives 500", edit=_status(500, _about("top_logprobs")), entry="logprobs-without-flag-accepted"),
    fault("metadata-as-500", "MUST", "request.no-server-error", "too much metadata gives 500", edit=_status(500, _about("metadata")), entry="limits-metadata-and-user"),
    fault("content-type-as-500", "MUST", "request.no-server-error", "a body without a label gives 500", edit=_status(500, _of(415)), entry="content-type-required"),
    fault("unknown-model-as-500", "MUST", "request.no-server-error", "an unknown model gives 500", edit=_status(500, _of(404, "model_not_found")), entry="unknown-model-wrong-status"),
    fault("unknown-model-as-503", "SHOULD", "request.model.unknown", "an unknown model gives 503", edit=_status(503, _of(404, "model_not_found")), entry="unknown-model-wrong-status"),
    fault("unknown-model-as-400", "SHOULD", "request.model.unknown-code", "an unknown model gives 400", edit=_status(400, _of(404, "model_not_found")), entry="unknown-model-wrong-status"),
    fault("unknown-model-without-code", "SHOULD", "request.model.unknown-code", "an unknown model gives 404 without a code", edit=refusals(lambda given: given.saying({"error": {**error_of(given), "code": None}}), _of(404, "model_not_found"))),
    fault("validation-422", "MAY", "error.bad-request", "broken constraints give 422", edit=_status(422, _broken_rule), entry="validation-422"),
    fault("context-as-500", "MUST", "request.no-server-error", "a prompt that is too long gives 500", edit=_status(500, _of(400, "context_length")), entry="context-overflow-wrong-error"),
    fault("context-without-code", "SHOULD", "limits.context-code", "a prompt that is too long is refused without its code", edit=refusals(lambda given: given.saying({"error": {**error_of(given), "code": None}}), _of(400, "context_length")), entry="context-overflow-wrong-error"),
    fault("large-body-html", "MUST", "error.envelope", "a body of a megabyte gives 413 and an HTML page", instead=_too_large, entry="body-size-limit-silent"),
    fault("large-body-500", "MUST", "request.no-server-error", "a body of a megabyte gives 500", instead=refusing(_large, "Internal Server Error", 500), entry="body-size-limit-silent"),
    fault("large-body-reset", "SHOULD", "limits.large-body", "a body of a megabyte resets the connection", wire=lambda wire, asked: replace(wire, head=b"", pieces=(), ending="reset") if _large(asked) else wire, entry="body-size-limit-silent"),
    fault("many-tools-500", "MUST", "request.no-server-error", "128 tools give 500", instead=refusing(_many_tools, "Internal Server Error", 500), entry="limits-many-tools-or-messages"),
    fault("nul-as-500", "MUST", "request.no-server-error", "NUL in a text gives 500", instead=refusing(_has_nul, "Internal Server Error", 500), entry="request-nul-and-control-chars"),
    fault("method-200", "SHOULD", "http.method", "PUT and DELETE give 200 and a page", edit=refusals(lambda given: replace(given.saying(_PAGE).labelled("content-type", "text/html"), status=200), lambda given, _: given.status == 405), entry="method-not-allowed"),
    fault("method-500", "MUST", "request.no-server-error", "another method gives 500", edit=refusals(lambda given: replace(given, status=500), lambda given, _: given.status == 405), entry="method-not-allowed"),
    fault("method-without-allow", "SHOULD", "http.allow", "405 without Allow", edit=header("allow", None), entry="method-not-allowed"),
    fault("unknown-path-200", "SHOULD", "http.unknown-path", "unknown paths give 200 and a page", edit=refusals(lambda given: replace(given.saying(_PAGE).labelled("content-type", "text/html"), status=200), lambda given, _: given.status == 404 and error_of(given).get("code") is None)),
    fault("trailing-slash-redirect", "SHOULD", "http.trailing-slash", "a slash too many is redirected with 301", edit=lambda given, asked: replace(given.labelled("location", asked.path.rstrip("/")), status=301, parts=()) if asked.path.endswith("completions/") else given, entry="trailing-slash-redirect"),
    fault("retry-after-unreadable", "SHOULD", "http.retry-after", "Retry-After is a word", edit=refusals(lambda given: given.labelled("retry-after", "soon"))),
    fault("ratelimit-count-words", "MAY", "http.ratelimit-count", "x-ratelimit-remaining-* is a word", edit=header("x-ratelimit-remaining-requests", "unlimited")),
    fault("ratelimit-reset-epoch", "MAY", "http.ratelimit-reset", "x-ratelimit-reset-* is a time", edit=header("x-ratelimit-reset-requests", "1718813247123"), entry="ratelimit-headers-malformed"),
)
# fmt: on
