"""
One defect for every check: judging it finds exactly the requirement it is listed under.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from conformance.model import Ending, Expect
from tests.good import (
    ANSWER,
    CALL_STREAM,
    CALLED,
    FORMAT,
    LOGPROBS,
    PLAIN,
    STREAM,
    STREAM_LOGPROBS,
    STRUCTURED,
    TOOLS,
    TOOLS_STREAM,
    TWO,
    TWO_CALLS,
    USAGE_ASKED,
    WITH_LOGPROBS,
)
from tests.specimens import (
    GONE,
    STRICT_TOOL,
    TOOL,
    Specimen,
    ask,
    call,
    call_chunks,
    choice,
    chunk,
    completion,
    edit,
    part,
    plain,
    refusal,
    reply,
    sse,
    streamed,
    text_chunks,
    token,
    usage,
    with_usage,
)

_LONG = text_chunks(*(f"word{n} " for n in range(100)))
_TEXT = "The quick brown fox jumps over the lazy dog"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_NAMED = {"type": "function", "function": {"name": "get_weather"}}
_ALLOWED = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [_NAMED]}}
_SPOKEN = {"id": "audio_1", "expires_at": 1790003600, "data": "UklGRg==", "transcript": "Hello"}
_AUDIO = ask(modalities=["text", "audio"], audio={"voice": "alloy", "format": "wav"})
_STOP = {**ask(stop=["fox"], stream=True), "messages": [{"role": "user", "content": f"Repeat exactly: {_TEXT}"}]}


def _event(*chunks: Any, **more: Any) -> Specimen:
    return streamed(sse(chunks, done=False), **more)


def _group(text: str, word: str, other: str) -> Specimen:
    def asked(each: str) -> dict[str, Any]:
        return {"model": "m", "messages": [{"role": "user", "content": f"Reply with exactly: {each}"}]}

    peer = reply(plain(edit(completion(choice(0, other)), "/id", "chatcmpl-2"), asked(other)))
    return plain(completion(choice(0, text)), asked(word), case={"group": "g"}, peers={"other": peer})


def _other(document: Any, asked: Any) -> dict[str, Any]:
    return {"other": reply(plain(edit(document, "/id", "chatcmpl-2"), asked))}


_SAID = {"model": "m", "messages": [{"role": "user", "content": "Reply with exactly: Grüße"}]}
_ERROR = {"message": "n is not supported", "type": "invalid_request_error", "param": "n", "code": None}
_REFUSED = Expect(requirement="", status=(400,))


def _connection(raw: bytes, *, closed: bool = False) -> Specimen:
    made = plain()
    return replace(made, exchange=replace(made.exchange, raw=raw, closed=closed))


_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_COUNTING = {"model": "m", "messages": [{"role": "user", "content": "Count from 1 to 1000"}]}
_ACCENTS = {"model": "m", "messages": [{"role": "user", "content": "Reply with exactly: Grüße"}]}
_NESTED = {"message": '{"error": {"code": 429, "message": "slow down"}}', "type": "t", "param": None, "code": None}


def _spoken_in(*pieces: str) -> list[Any]:
    """
    A spoken answer in chunks, its data in pieces.
    """
    deltas = [{"audio": {"id": "audio_1", "transcript": "Hello"}}, *({"audio": {"data": each}} for each in pieces)]
    return [text_chunks()[0], *(chunk(part(each)) for each in deltas), text_chunks()[-1]]


def _named(identity: str, answer: str = "chatcmpl-1") -> Specimen:
    """
    A plain exchange whose request has a name.
    """
    made = plain(edit(PLAIN, "/id", answer), case={"group": "g"})
    kept = tuple(each for each in made.exchange.headers if each[0] != "x-request-id")
    return replace(made, exchange=replace(made.exchange, headers=(*kept, ("x-request-id", identity))))


_PICK = {
    "type": "custom",
    "custom": {"name": "pick", "format": {"type": "grammar", "grammar": {"syntax": "regex", "definition": _DAY}}},
}


def _picked(given: str) -> dict[str, Any]:
    return {"id": "call_1", "type": "custom", "custom": {"name": "pick", "input": given}}


def _without_bytes() -> Any:
    first = edit(WITH_LOGPROBS, "/choices/0/logprobs/content/0/bytes", [])
    return edit(first, "/choices/0/logprobs/content/1/bytes", [])


DEFECTS: dict[str, list[Specimen]] = {
    "http.content-type-json": [plain(media="text/plain"), plain(media=None), plain(media="text/event-stream")],
    "http.content-type-once": [plain(headers=[("Content-Type", "application/json; charset=utf-8")])],
    "http.charset": [plain(media="application/json; charset=ISO-8859-1")],
    "http.complete": [
        plain(json.dumps(PLAIN).encode()[:40], ending=Ending.TRUNCATED),
        _event(*STREAM[:2], ending=Ending.TRUNCATED),
        plain(headers=[("Content-Length", "9999")], ending=Ending.IDLE_TIMEOUT),
    ],
    "http.framing": [
        _connection(_HEAD + b"Content-Length: 2\r\n\r\n{}0\r\n\r\n"),
        _connection(_HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        _connection(_HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
        _connection(_HEAD + b"Content-Length: two\r\n\r\n{}"),
        _connection(_HEAD.replace(b"\r\n", b"\n") + b"Content-Length: 2\n\n{}"),
        _connection(_HEAD.replace(b"Type:", b"Type :") + b"Content-Length: 2\r\n\r\n{}"),
        _connection(_HEAD + b"X-Long: a\r\n b\r\nContent-Length: 2\r\n\r\n{}"),
        _connection(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n"),
        _connection(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}}\r\n0\r\n\r\n"),
        _connection(b"ICY 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
    ],
    "http.persistence": [
        _connection(_HEAD + b"Content-Length: 2\r\n\r\n{}", closed=True),
        _connection(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", closed=True),
    ],
    "limits.large-body": [
        plain(b"", {**ask(), "user": "x" * 1_000_000}, ending=Ending.RESET, status=None, case={"invalid": True})
    ],
    "http.content-encoding": [
        refusal(
            document=__import__("gzip").compress(json.dumps({"error": _ERROR}).encode()),
            headers=[("Content-Encoding", "gzip")],
        ),
        plain(headers=[("Content-Encoding", "gzip")], document=__import__("gzip").compress(json.dumps(PLAIN).encode())),
    ],
    "http.content-decoding": [
        refusal(headers=[("Content-Encoding", "gzip")], sent_headers=[("Accept-Encoding", "gzip")])
    ],
    "http.retry-after": [refusal(headers=[("Retry-After", "soon")])],
    "http.ratelimit-reset": [plain(headers=[("x-ratelimit-reset-requests", "1718813247123")])],
    "http.request-id": [
        _named(" "),
        replace(_named("req_1"), peers={"other": reply(_named("req_1", "chatcmpl-2"))}),
    ],
    "http.status": [plain(status=201), streamed(status=202)],
    "http.ratelimit-count": [
        plain(headers=[("x-ratelimit-limit-tokens", "100"), ("x-ratelimit-remaining-tokens", "101")]),
        plain(headers=[("x-ratelimit-remaining-requests", "many")]),
        plain(headers=[("x-ratelimit-limit-tokens", "1e5")]),
    ],
    "http.allow": [refusal(405, case={"expect": Expect(requirement="", status=(405,))})],
    "http.stream-content-length": [streamed(headers=[("Content-Length", str(len(sse(STREAM))))])],
    "json.integers": [
        plain({**PLAIN, "created": 1790000000.0}),
        plain(json.dumps(PLAIN).replace("1790000000", "1.79e9").encode()),
        streamed([*with_usage(STREAM)[:-1], chunk(usage={**usage(), "total_tokens": 11.0})], USAGE_ASKED),
        streamed([edit(each, "/choices/0/index", 0.0) for each in STREAM]),
    ],
    "json.syntax": [
        plain(json.dumps(PLAIN).encode() + b'\n{"status": "ok"}'),
        plain(b"[1]"),
        plain(b"<html>"),
        plain(sse(STREAM)),
    ],
    "json.duplicate-keys": [
        plain(json.dumps(PLAIN).replace('"created"', '"id": "chatcmpl-1", "created"').encode()),
        streamed(sse(STREAM).replace(b'"created"', b'"id": "chatcmpl-1", "created"', 1)),
    ],
    "json.numbers": [
        plain(json.dumps(edit(PLAIN, "/x", 1)).replace('"x": 1', '"x": NaN').encode()),
        streamed(sse([{**STREAM[0], "x": 1}, *STREAM[1:]]).replace(b'"x": 1', b'"x": -Infinity')),
    ],
    "json.utf8": [
        plain(json.dumps(edit(PLAIN, "/x", "AA")).encode().replace(b"AA", b"\xe9")),
        streamed(sse([{**STREAM[0], "x": "AA"}, *STREAM[1:]]).replace(b"AA", b"\xe2\x82")),
    ],
    "json.surrogates": [
        plain(json.dumps(edit(PLAIN, "/x", "AA")).encode().replace(b"AA", b"\\ud83d")),
        streamed(sse([{**STREAM[0], "x": "AA"}, *STREAM[1:]]).replace(b"AA", b"\\ude00")),
    ],
    "json.bom": [plain(b"\xef\xbb\xbf" + json.dumps(PLAIN).encode())],
    "error.envelope": [
        refusal(document={"detail": "x"}),
        refusal(document={"error": "x"}),
        refusal(document=b""),
        refusal(document=b"<html>"),
        refusal(document={"code": 1, "msg": "x"}),
    ],
    "error.envelope-5xx": [refusal(502, b"<html>")],
    "error.content-type": [refusal(media="text/plain")],
    "error.leaks": [
        refusal(
            document={
                "error": {
                    "message": 'Traceback (most recent call last): File "/app/x.py", line 3',
                    "type": "invalid_request_error",
                    "param": None,
                    "code": None,
                }
            }
        )
    ],
    "error.echoes-key": [
        refusal(
            401,
            {
                "error": {
                    "message": "Incorrect API key provided: [redacted]",
                    "type": "invalid_request_error",
                    "param": None,
                    "code": "invalid_api_key",
                }
            },
            case={"expect": Expect(requirement="", status=(401,))},
        )
    ],
    "error.in-stream": [
        _event(
            {"error": {"message": "bad", "type": "invalid_request_error", "param": None, "code": None}},
            asked=ask(stream=True, temperature=3),
            case={"invalid": True, "expect": Expect(requirement="", refusal="x")},
        ),
        streamed(b"data: n must be above 0\n\n", ask(stream=True, n=0), case={"invalid": True, "expect": _REFUSED}),
    ],
    "error.nested": [refusal(document={"error": _NESTED})],
    "error.status": [plain({"error": {"message": "m", "type": "t", "param": None, "code": None}})],
    "error.names-param": [refusal(case={"expect": Expect(requirement="", refusal="x", param="top_p")})],
    "error.bad-request": [refusal(422), refusal(404)],
    "request.answered": [
        plain({"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": None}}, status=400)
    ],
    "request.no-server-error": [
        plain({"error": {"message": "no", "type": "server_error", "param": None, "code": None}}, status=500),
        refusal(500),
    ],
    "stream.sse": [streamed(json.dumps(PLAIN).encode(), media="application/json")],
    "stream.content-type": [streamed(media="text/plain"), streamed(media=None), streamed(media="application/json")],
    "stream.blank-line": [streamed(sse(STREAM, gap="\n"))],
    "stream.data-json": [
        streamed([STREAM[0], "data: Number of choices\n\n", *STREAM[1:]]),
        streamed([STREAM[0], "data: []\n\n", *STREAM[1:]]),
    ],
    "stream.empty-data": [
        streamed([STREAM[0], "event: ping\n\n", *STREAM[1:]]),
        streamed([STREAM[0], "data:\n\n", *STREAM[1:]]),
    ],
    "stream.event-name": [streamed(sse(STREAM).replace(b"data: {", b"event: chunk\ndata: {"))],
    "stream.id-field": [streamed(sse(STREAM).replace(b"data: {", b"id: 5\ndata: {"))],
    "stream.retry-field": [streamed(["retry: 3000\n\n", *STREAM])],
    "stream.lines": [streamed([STREAM[0], "INFO: hello\n\n", *STREAM[1:]])],
    "stream.bom": [streamed(b"\xef\xbb\xbf" + sse(STREAM))],
    "stream.done": [_event(*STREAM), _event(*STREAM, ending=Ending.IDLE_TIMEOUT)],
    "stream.done-exact": [_event(*STREAM, "data:  [DONE] \n\n")],
    "stream.chunks": [streamed([])],
    "stream.done-once": [streamed([*STREAM, "data: [DONE]\n\n"])],
    "stream.after-done": [
        _event(*STREAM, "data: [DONE]\n\n", chunk(x=1)),
        _event(*STREAM, "data: [DONE]\n\n", '{"status": "ok"}\n\n'),
    ],
    "stream.last-blank-line": [streamed(sse(STREAM)[:-2])],
    "stream.closes": [
        streamed(ending=Ending.IDLE_TIMEOUT, seconds=30),
        streamed(
            b"data: n must be above 0\n\n",
            ask(stream=True, n=0),
            ending=Ending.IDLE_TIMEOUT,
            case={"invalid": True, "expect": _REFUSED},
        ),
    ],
    "stream.error-envelope": [_event(STREAM[0], {"error": "boom"}), _event(STREAM[0], {"error": {"text": "boom"}})],
    "stream.incremental": [
        streamed(_LONG, reads=[(2.0, sse(_LONG))], seconds=2.0),
        streamed(_LONG, reads=[(0.6, sse(_LONG))], seconds=0.7),
        streamed(_LONG, reads=[(0.1, sse(_LONG[:1], done=False)), (2.0, sse(_LONG[1:]))], seconds=2.0),
    ],
    "stream.same-id": [streamed([*STREAM[:2], {**STREAM[2], "id": "chatcmpl-2"}, STREAM[3]])],
    "stream.same-created": [streamed([*STREAM[:2], {**STREAM[2], "created": 1790000001}, STREAM[3]])],
    "stream.same-model": [streamed([*STREAM[:2], {**STREAM[2], "model": "m-2"}, STREAM[3]])],
    "stream.same-fingerprint": [streamed([*STREAM[:2], {**STREAM[2], "system_fingerprint": "fp_2"}, STREAM[3]])],
    "chunk.choices": [streamed([*STREAM, edit(chunk(cost=1), "/choices", GONE)])],
    "stream.empty-choices": [streamed([*STREAM, chunk()])],
    "stream.message-in-chunk": [
        streamed([STREAM[0], edit(STREAM[1], "/choices/0/message", {"role": "assistant"}), *STREAM[2:]])
    ],
    "created.time": [
        plain(edit(PLAIN, "/created", 0), headers=[("Date", "Tue, 10 Feb 2026 10:00:00 GMT")]),
        plain(headers=[("Date", "Tue, 10 Feb 2026 10:00:00 GMT")]),
        streamed([{**each, "created": 1} for each in STREAM], headers=[("Date", "Tue, 10 Feb 2026 10:00:00 GMT")]),
        plain(headers=[("Date", "Mon, 21 Sep 2026 12:13:20 GMT")]),
        streamed(headers=[("Date", "Mon, 21 Sep 2026 12:13:20 GMT")]),
    ],
    "stream.role-first": [
        streamed([edit(STREAM[0], "/choices/0/delta/role", "user"), *STREAM[1:]]),
        streamed(STREAM[1:]),
        streamed([edit(STREAM[0], "/choices/0/delta/role", GONE), *STREAM[1:]]),
    ],
    "stream.role-once": [streamed([STREAM[0], edit(STREAM[1], "/choices/0/delta/role", "assistant"), *STREAM[2:]])],
    "stream.finish-reason": [
        streamed(STREAM[:-1]),
        streamed([*STREAM, STREAM[-1]]),
        streamed([*STREAM, edit(STREAM[-1], "/choices/0/finish_reason", "length")]),
    ],
    "stream.finish-reason-key": [streamed([STREAM[0], edit(STREAM[1], "/choices/0/finish_reason", GONE), *STREAM[2:]])],
    "stream.after-finish": [streamed([*STREAM, STREAM[1]])],
    "stream.increments": [
        streamed(text_chunks("The", "The quick", "The quick brown", "The quick brown fox")),
        streamed(text_chunks("The quick ", "brown fox jumps", "The quick brown fox jumps")),
        streamed(text_chunks("The quick brown f", "The quick brown fox", "The quick brown fox jumps")),
        streamed(text_chunks(*["The quick brown fox jumps over the lazy dog, and the dog is not amused."] * 2)),
    ],
    "stream.obfuscation": [
        streamed(
            [{**STREAM[0], "obfuscation": "xx"}, *STREAM[1:]],
            ask(stream=True, stream_options={"include_obfuscation": False}),
        )
    ],
    "stream.equals-plain": [
        streamed(text_chunks(*texts), peers={"twin": reply(plain(edit(PLAIN, "/id", "c2")))})
        for texts in (("Hel", "l"), ("Hel", "Hel", "lo"), ("lo", "Hel"), ("",))
    ],
    "usage.present": [plain(edit(PLAIN, "/usage", GONE))],
    "usage.streamed": [streamed([{**each, "usage": None} for each in STREAM], USAGE_ASKED)],
    "usage.unasked": [streamed(with_usage(STREAM))],
    "usage.once": [streamed([*with_usage(STREAM)[:-1], chunk(usage=usage()), chunk(usage=usage())], USAGE_ASKED)],
    "usage.last": [streamed([*with_usage(STREAM)[:2], with_usage(STREAM)[-1], *with_usage(STREAM)[2:-1]], USAGE_ASKED)],
    "usage.empty-choices": [streamed([*with_usage(STREAM)[:3], {**STREAM[3], "usage": usage()}], USAGE_ASKED)],
    "usage.null-elsewhere": [streamed([*STREAM, chunk(usage=usage())], USAGE_ASKED)],
    "usage.total": [
        plain(edit(PLAIN, "/usage/total_tokens", 99)),
        streamed([*with_usage(STREAM)[:-1], chunk(usage={**usage(), "total_tokens": 99})], USAGE_ASKED),
    ],
    "usage.positive": [plain(edit(PLAIN, "/usage", usage(0, 2))), plain(edit(PLAIN, "/usage", usage(9, 0)))],
    "usage.reasoning": [plain(edit(PLAIN, "/usage/completion_tokens_details/reasoning_tokens", 60))],
    "usage.parts": [
        plain(edit(PLAIN, "/usage/prompt_tokens_details/audio_tokens", 10)),
        plain(edit(PLAIN, "/usage/completion_tokens_details/rejected_prediction_tokens", 3)),
    ],
    "usage.cached": [plain(edit(PLAIN, "/usage/prompt_tokens_details/cached_tokens", 1800))],
    "usage.counts-tokens": [
        plain({**completion(choice(0, "1, 2, 3", "length")), "usage": usage(9, 1)}, ask(max_tokens=8))
    ],
    "usage.same-prompt": [
        plain(edit(PLAIN, "/usage", usage(18, 2)), peers={"other": reply(plain(edit(PLAIN, "/id", "c2")))})
    ],
    "param.max-tokens": [plain(edit(PLAIN, "/usage", usage(9, 6)), ask(max_tokens=5))],
    "choices.default": [
        plain(completion(choice(0), choice(1))),
        streamed(TWO),
        streamed([STREAM[0], chunk(part({"content": "Hel"}), part({"content": "lo"})), *STREAM[3:]]),
    ],
    "param.n": [
        plain(completion(), ask(n=2)),
        streamed(STREAM, ask(n=2, stream=True)),
        streamed(
            [STREAM[0], chunk(part({"content": "Hel"}), part({"content": "lo"})), *STREAM[3:]], ask(n=1, stream=True)
        ),
    ],
    "param.stop": [
        plain(completion(choice(0, "1, 2, 3, 4")), ask(stop=["3"])),
        streamed(text_chunks("1, 2, ", "3"), ask(stop="3", stream=True)),
    ],
    "param.stop-streamed": [
        streamed(
            text_chunks("The quick brown ", "f"),
            _STOP,
            peers={
                "twin": reply(
                    plain(edit(completion(choice(0, "The quick brown ")), "/id", "c2"), {**_STOP, "stream": False})
                )
            },
        )
    ],
    "param.audio": [
        plain(completion(), _AUDIO),
        plain(completion(choice(0, None, audio={**_SPOKEN, "data": ""})), _AUDIO),
    ],
    "audio.expires": [
        plain(completion(choice(0, None, audio={**_SPOKEN, "expires_at": given})), _AUDIO)
        for given in (1790003600000, 1789999999, 0)
    ],
    "audio.base64": [
        plain(completion(choice(0, None, audio={**_SPOKEN, "data": "UklGRg=="[:-1]})), _AUDIO),
        streamed(_spoken_in("UklG", "R-g="), {**_AUDIO, "stream": True}),
    ],
    "param.audio-format": [plain(completion(choice(0, None, audio={**_SPOKEN, "data": "SUQzBAAA"})), _AUDIO)],
    "functions.finish-reason": [
        plain(
            completion(choice(0, None, function_call={"name": "f", "arguments": "{}"})), ask(functions=[{"name": "f"}])
        )
    ],
    "param.functions": [plain(completion(), ask(functions=[{"name": "f"}], function_call={"name": "f"}))],
    "choices.finish-length": [
        plain({**completion(choice(0, "1, 2, 3", "stop")), "usage": usage(9, 8)}, {**_COUNTING, "max_tokens": 8}),
        plain(
            {**completion(choice(0, '{"reason": "be', "stop")), "usage": usage(9, 4)},
            {**STRUCTURED, "max_completion_tokens": 4},
        ),
    ],
    "choices.finish-natural": [
        plain(completion(choice(0, "Hello", "length"))),
        streamed(text_chunks("Hel", "lo", finish="length")),
        plain(completion(choice(0, "Hello", "function_call"))),
    ],
    "unicode.mojibake": [
        plain(completion(choice(0, "GrÃ¼Ã\x9fe")), _ACCENTS),
        streamed(text_chunks("GrÃ", "¼ÃŸe"), {**_ACCENTS, "stream": True}),
    ],
    "choices.indexes": [
        plain(completion(choice(0), choice(0)), ask(n=2)),
        plain(completion(choice(1), choice(2)), ask(n=2)),
    ],
    "choices.stream-indexes": [streamed(text_chunks("Hel", "lo", index=5))],
    "message.content": [plain(edit(PLAIN, "/choices/0/message/content", GONE))],
    "message.content-beside-calls": [plain(edit(CALLED, "/choices/0/message/content", GONE), TOOLS)],
    "message.content-null": [plain(edit(PLAIN, "/choices/0/message/content", None))],
    "response.model-name": [plain(edit(PLAIN, "/model", "qwen2"))],
    "isolation.answers": [_group("banana", "cherry", "banana")],
    "isolation.ids": [plain(peers={"other": reply(plain(completion()))})],
    "tools.id": [
        plain(edit(CALLED, "/choices/0/message/tool_calls/0/id", ""), TOOLS),
        streamed([edit(CALL_STREAM[0], "/choices/0/delta/tool_calls/0/id", GONE), *CALL_STREAM[1:]], TOOLS_STREAM),
    ],
    "tools.first-fragment": [
        streamed([edit(CALL_STREAM[0], "/choices/0/delta/tool_calls/0/type", GONE), *CALL_STREAM[1:]], TOOLS_STREAM),
    ],
    "tools.id-unique": [
        plain(completion(choice(0, None, "tool_calls", tool_calls=[call(), call('{"city": "Rome"}')])), TOOLS),
        plain(CALLED, TOOLS, peers={"other": reply(plain(edit(CALLED, "/id", "c2"), {**TOOLS, "messages": []}))}),
    ],
    "tools.index": [streamed(call_chunks('{"city": "Paris"}', index=1), TOOLS_STREAM)],
    "tools.index-own": [
        streamed(
            [
                edit(each, "/choices/0/delta/tool_calls/0/index", 0)
                if each["choices"][0]["delta"].get("tool_calls")
                else each
                for each in TWO_CALLS
            ],
            TOOLS_STREAM,
        ),
    ],
    "tools.id-once": [
        streamed(
            [*CALL_STREAM[:2], edit(CALL_STREAM[2], "/choices/0/delta/tool_calls/0/id", "call_1"), *CALL_STREAM[3:]],
            TOOLS_STREAM,
        )
    ],
    "tools.name-once": [
        streamed(
            [
                *CALL_STREAM[:2],
                edit(CALL_STREAM[2], "/choices/0/delta/tool_calls/0/function/name", "get_weather"),
                *CALL_STREAM[3:],
            ],
            TOOLS_STREAM,
        )
    ],
    "tools.arguments-increments": [streamed(call_chunks('{"ci', '{"city": "Pa', '{"city": "Paris"}'), TOOLS_STREAM)],
    "tools.arguments-json": [
        plain(completion(choice(0, None, "tool_calls", tool_calls=[call('"city": "Paris"}')])), TOOLS),
        streamed(call_chunks('{"city": ', '"Paris"'), TOOLS_STREAM),
        plain(completion(choice(0, None, "tool_calls", tool_calls=[call("[1]")])), TOOLS),
    ],
    "tools.arguments-empty": [plain(completion(choice(0, None, "tool_calls", tool_calls=[call("")])), TOOLS)],
    "tools.arguments-object": [
        plain(completion(choice(0, None, "tool_calls", tool_calls=[call('"{\\"city\\": \\"Paris\\"}"')])), TOOLS)
    ],
    "tools.arguments-strict": [
        plain(
            completion(choice(0, None, "tool_calls", tool_calls=[call('{"town": "Paris"}')])), ask(tools=[STRICT_TOOL])
        ),
        streamed(call_chunks('{"city": ', '"Paris"'), ask(tools=[STRICT_TOOL], stream=True)),
        plain(completion(choice(0, None, "tool_calls", tool_calls=[call("[1]")])), ask(tools=[STRICT_TOOL])),
    ],
    "tools.arguments-schema": [
        plain(completion(choice(0, None, "tool_calls", tool_calls=[call('{"town": "Paris"}')])), TOOLS)
    ],
    "tools.nested-objects": [
        plain(
            completion(choice(0, None, "tool_calls", tool_calls=[call(json.dumps({"where": '{"lat": 1}'}))])),
            ask(
                tools=[
                    edit(TOOL, "/function/parameters", {"type": "object", "properties": {"where": {"type": "object"}}})
                ]
            ),
        )
    ],
    "tools.name-offered": [
        plain(completion(choice(0, None, "tool_calls", tool_calls=[call(name="get_time")])), TOOLS),
        plain(completion(choice(0, None, "tool_calls", tool_calls=[call(name="pick")])), ask(tools=[_PICK])),
    ],
    "tools.current-form": [
        plain(completion(choice(0, None, "function_call", function_call=call()["function"])), TOOLS),
        streamed(
            [
                STREAM[0],
                chunk(part({"function_call": call()["function"]})),
                chunk(part({}, "function_call")),
            ],
            TOOLS_STREAM,
        ),
    ],
    "custom-tools.grammar": [
        plain(completion(choice(0, None, "tool_calls", tool_calls=[_picked(given)])), ask(tools=[_PICK]))
        for given in ("day 2026-01-01", "2026-01-01\n", "")
    ],
    "tools.finish-reason": [
        plain(edit(CALLED, "/choices/0/finish_reason", "stop"), TOOLS),
        streamed(call_chunks('{"city": "Paris"}', finish="stop"), TOOLS_STREAM),
    ],
    "tools.finish-without-calls": [plain(completion(choice(0, "Hi", "tool_calls")), TOOLS)],
    "tools.finish-length": [
        plain(completion(choice(0, None, "tool_calls", tool_calls=[call('{"ci')])), ask(tools=[TOOL], max_tokens=2))
    ],
    "tools.unoffered": [plain(CALLED), streamed(CALL_STREAM)],
    "tools.choice-none": [plain(CALLED, ask(tools=[TOOL], tool_choice="none"))],
    "tools.choice-required": [plain(completion(), ask(tools=[TOOL], tool_choice="required"))],
    "tools.choice-named": [plain(completion(), ask(tools=[TOOL], tool_choice=_NAMED))],
    "tools.choice-allowed": [
        plain(
            completion(choice(0, None, "tool_calls", tool_calls=[call("{}", name="get_time")])),
            ask(tools=[TOOL, {"type": "function", "function": {"name": "get_time"}}], tool_choice=_ALLOWED),
        )
    ],
    "tools.parallel-off": [
        plain(
            completion(choice(0, None, "tool_calls", tool_calls=[call(), call(identity="call_2")])),
            ask(tools=[TOOL], parallel_tool_calls=False),
        )
    ],
    "tools.markup": [plain(completion(choice(0, '<tool_call>{"name": "get_weather"}</tool_call>')), TOOLS)],
    "tools.content-apart": [plain(edit(CALLED, "/choices/0/message/content", "Paris"), TOOLS)],
    "structured.fence": [plain(completion(choice(0, '```json\n{"reason": "r", "answer": 4}\n```')), STRUCTURED)],
    "structured.json": [
        plain(completion(choice(0, 'Sure! {"a": 1}')), STRUCTURED),
        plain(completion(choice(0, "[1]")), ask(response_format={"type": "json_object"})),
    ],
    "structured.schema": [plain(completion(choice(0, '{"reason": "r"}')), STRUCTURED)],
    "structured.schema-loose": [
        plain(completion(choice(0, '{"reason": "r"}')), ask(response_format=edit(FORMAT, "/json_schema/strict", False)))
    ],
    "structured.key-order": [plain(completion(choice(0, '{"answer": 4, "reason": "r"}')), STRUCTURED)],
    "logprobs.given": [plain(PLAIN, LOGPROBS), streamed(STREAM, {**LOGPROBS, "stream": True})],
    "logprobs.unasked": [plain(WITH_LOGPROBS)],
    "logprobs.values": [
        plain(
            completion({**choice(0, "a"), "logprobs": {"content": [token("a", 0.93, 1)], "refusal": None}}), LOGPROBS
        ),
    ],
    "logprobs.order": [
        plain(
            completion(
                {
                    **choice(0, "a"),
                    "logprobs": {
                        "content": [edit(token("a", top=3), "/top_logprobs", token("a", top=3)["top_logprobs"][::-1])],
                        "refusal": None,
                    },
                }
            ),
            {**LOGPROBS, "top_logprobs": 3},
        ),
    ],
    "logprobs.bytes": [
        plain(_without_bytes(), LOGPROBS),
        plain(edit(WITH_LOGPROBS, "/choices/0/logprobs/content/0/bytes", [72, 101]), LOGPROBS),
        plain(
            edit(
                edit(WITH_LOGPROBS, "/choices/0/logprobs/content/0/bytes", None),
                "/choices/0/logprobs/content/0/token",
                "\ufffd",
            ),
            LOGPROBS,
        ),
    ],
    "logprobs.token": [
        plain(edit(WITH_LOGPROBS, "/choices/0/logprobs/content/0/token", "token_id:15"), LOGPROBS),
        plain(edit(WITH_LOGPROBS, "/choices/0/logprobs/content/1/top_logprobs/1/token", ""), LOGPROBS),
    ],
    "logprobs.top-count": [
        plain(completion({**choice(0, "a"), "logprobs": {"content": [token("a", -0.2, 3)], "refusal": None}}), LOGPROBS)
    ],
    "request.same-answer": [
        plain({"error": _ERROR}, ask(n=1), status=400, case={"expect": _REFUSED}, peers=_other(completion(), ask())),
        plain(completion(choice(0, "Gr\\u00fc\\u00dfe")), _SAID, peers=_other(completion(choice(0, "Grüße")), _SAID)),
    ],
    "request.same-shape": [plain(peers=_other(edit(PLAIN, "/choices/0/message/refusal", GONE), ask(n=1)))],
    "request.same-verdict": [
        refusal(400, peers={"other": reply(streamed(asked=ask(temperature=3, stream=True)))}),
    ],
    "param.max-tokens-longer": [
        plain(
            completion(choice(0, "Hel", "length"), usage=usage(9, 64)),
            ask(max_tokens=64),
            peers=_other(completion(choice(0, "Hello", "length")), ask(max_tokens=2)),
        )
    ],
    "stream.error-event": [_event(STREAM[0], 'event: error\ndata: {"error": {"message": "m"}}\n\n')],
    "stream.id-with-comment": [streamed(sse(STREAM).replace(b"data: {", b": ping\n\nid: 5\ndata: {"))],
}
_ = (ANSWER, STREAM_LOGPROBS, TWO, part)
#: Requirements that a defect cannot help breaking as well.
ALONGSIDE: dict[str, set[str]] = {
    "stream.id-with-comment": {"stream.id-field"},
    # What was said instead of an answer is no chunk, and what follows the end no event.
    "error.in-stream": {"stream.data-json", "stream.done"},
    "stream.after-done": {"stream.lines"},
    "stream.closes": {"stream.data-json"},
    # A value of the wrong type breaks the tool's schema too.
    "tools.nested-objects": {"tools.arguments-schema"},
}
