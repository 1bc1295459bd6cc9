"""
Exchanges that keep the contract, legal oddities included: judging them finds nothing.
"""

from __future__ import annotations

import gzip
import json
from typing import Any

from conformance.model import Ending, Evidence
from tests.specimens import (
    GONE,
    SCHEMA,
    TOOL,
    Specimen,
    a_case,
    an_exchange,
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

PLAIN = completion()
STREAM = text_chunks("Hel", "lo")
USAGE_ASKED = ask(stream=True, stream_options={"include_usage": True})
TOOLS = ask(tools=[TOOL])
TOOLS_STREAM = ask(tools=[TOOL], stream=True)
CALLED = completion(choice(0, None, "tool_calls", tool_calls=[call()]))
CALL_STREAM = call_chunks('{"ci', 'ty": "Pa', 'ris"}')
TWO_CALLS = [
    *call_chunks('{"city": "Paris"}')[:-1],
    *(
        edit(c, "/choices/0/delta/role", GONE) if "role" in c["choices"][0]["delta"] else c
        for c in call_chunks('{"city": "Rome"}', index=1, identity="call_2")
    ),
]
LOGPROBS = ask(logprobs=True, top_logprobs=2)


def _with_tokens(*tokens: str, text: str = "Hello") -> dict[str, Any]:
    entries = [token(each) for each in tokens]
    return completion({**choice(0, text), "logprobs": {"content": entries, "refusal": None}})


WITH_LOGPROBS = completion({**choice(), "logprobs": {"content": [token("Hel"), token("lo")], "refusal": None}})
STREAM_LOGPROBS = [
    STREAM[0],
    chunk(part({"content": "Hel"}) | {"logprobs": {"content": [token("Hel")], "refusal": None}}),
    chunk(part({"content": "lo"}) | {"logprobs": {"content": [token("lo")], "refusal": None}}),
    STREAM[3],
]
FORMAT = {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": SCHEMA}}
STRUCTURED = ask(response_format=FORMAT)
ANSWER = completion(choice(0, '{"reason": "r", "answer": 4}'))
AZURE = {
    "id": "",
    "object": "",
    "created": 0,
    "model": "",
    "choices": [],
    "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}],
}
TWO = [
    *(chunk(part({"role": "assistant", "content": ""}, index=i)) for i in (0, 1)),
    *(chunk(part({"content": t}, index=i)) for t in ("Hel", "lo") for i in (1, 0)),
    *(chunk(part({}, "stop", index=i)) for i in (0, 1)),
]


def _zipped(body: bytes) -> Specimen:
    exchange = an_exchange(
        gzip.compress(body),
        asked=ask(),
        headers=[("Content-Encoding", "gzip")],
        sent_headers=[("Accept-Encoding", "gzip, br")],
    )
    return Specimen(case=a_case(ask()), exchange=exchange)


def _split(body: bytes, size: int) -> list[tuple[float, bytes]]:
    return [(0.01 * n, body[at : at + size]) for n, at in enumerate(range(0, len(body), size))]


def _in_bytes(chunks: list[Any]) -> Specimen:
    return streamed(chunks, reads=_split(sse(chunks), 7))


_EMOJI = text_chunks("\U0001f469‍\U0001f52c", " ", "\u2028é")
_RAW = sse(STREAM).decode()

GOOD: dict[str, Specimen] = {
    "plain": plain(),
    "plain with white space before": plain(b"\n\n  " + json.dumps(PLAIN).encode()),
    "plain with charset": plain(media="application/json; charset=utf-8"),
    "plain with vendor fields": plain(
        edit(edit(PLAIN, "/x_vendor", {"a": 1}), "/choices/0/message/reasoning_content", "hm")
    ),
    "plain without optional fields": plain(
        edit(edit(edit(PLAIN, "/service_tier", GONE), "/system_fingerprint", None), "/choices/0/logprobs", GONE)
    ),
    "plain, cut by the limit": plain(completion(choice(0, "1, 2", "length")), ask(max_tokens=2)),
    "plain, cut within a character that is held back": plain(
        {**completion(choice(0, "ø", "length")), "usage": usage(9, 1)}, ask(max_tokens=2)
    ),
    "plain, gzip as accepted": _zipped(json.dumps(PLAIN).encode()),
    "plain, two choices": plain(completion(choice(0), choice(1)), ask(n=2)),
    "plain, choices in another order": plain(completion(choice(1), choice(0)), ask(n=2)),
    "a spoken answer": plain(
        completion(
            choice(
                0, None, audio={"id": "audio_1", "expires_at": 1790003600, "data": "UklGRg==", "transcript": "Hello"}
            )
        ),
        ask(modalities=["text", "audio"], audio={"voice": "alloy", "format": "wav"}),
    ),
    "a deprecated call": plain(
        completion(choice(0, None, "function_call", function_call={"name": "f", "arguments": "{}"})),
        ask(functions=[{"name": "f"}]),
    ),
    "limits that are counted": plain(
        headers=[("x-ratelimit-limit-requests", "500"), ("x-ratelimit-remaining-requests", "499")]
    ),
    "a call": plain(CALLED, TOOLS),
    "a call beside text": plain(edit(CALLED, "/choices/0/message/content", "Let me check Paris for you."), TOOLS),
    "a named call finishes with stop": plain(
        edit(CALLED, "/choices/0/finish_reason", "stop"),
        ask(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "get_weather"}}),
    ),
    "a call cut by the limit": plain(
        completion(choice(0, None, "length", tool_calls=[call('{"ci')])), ask(tools=[TOOL], max_tokens=2)
    ),
    "no call under auto": plain(completion(), TOOLS),
    "markup of a call under none": plain(
        completion(choice(0, "<tool_call>\n{}\n</tool_call>")), ask(tools=[TOOL], tool_choice="none")
    ),
    "a custom call": plain(
        completion(
            choice(
                0,
                None,
                "tool_calls",
                tool_calls=[{"id": "c", "type": "custom", "custom": {"name": "py", "input": "1"}}],
            )
        ),
        ask(tools=[{"type": "custom", "custom": {"name": "py"}}]),
    ),
    "a required call finishes with stop": plain(
        edit(CALLED, "/choices/0/finish_reason", "stop"), ask(tools=[TOOL], tool_choice="required")
    ),
    "all tokens went into reasoning": plain(
        edit(completion(choice(0, "", "length")), "/usage/completion_tokens_details/reasoning_tokens", 2),
        ask(max_completion_tokens=2),
    ),
    "an end that falls on the limit": plain(completion(choice(0, "Hello", "stop")), ask(max_tokens=2)),
    "filtered": plain(completion(choice(0, None, "content_filter"))),
    "log probabilities": plain(WITH_LOGPROBS, LOGPROBS),
    "log probabilities of part of a character": plain(
        edit(WITH_LOGPROBS, "/choices/0/logprobs/content/0/bytes", None), LOGPROBS
    ),
    "log probabilities of a text whose white space was trimmed": plain(_with_tokens(" Hel", "lo\n"), LOGPROBS),
    "log probabilities of the reasoning as well": plain(
        edit(_with_tokens("<think>", "hm", "</think>", "\n\n", "Hello"), "/choices/0/message/reasoning_content", "hm"),
        LOGPROBS,
    ),
    "log probabilities of bytes that are no character": plain(
        edit(_with_tokens("Hel", "\ufffd", "lo", text="Hel\ufffdlo"), "/choices/0/logprobs/content/1/bytes", [191]),
        LOGPROBS,
    ),
    "alternatives that are parts of characters": plain(
        edit(
            WITH_LOGPROBS,
            "/choices/0/logprobs/content/0/top_logprobs",
            [{"token": "\ufffd", "logprob": each, "bytes": [239, 191, 189]} for each in (-0.5, -3.2)],
        ),
        LOGPROBS,
    ),
    "markup of a call that was cut": plain(
        completion(choice(0, '<tool_call>{"name": "get_wea', "length")), ask(tools=[TOOL], max_tokens=2)
    ),
    "markup of a call that a model wrote wrongly": plain(
        completion(choice(0, '<tool_call>{"name": get_weather}</tool_call>')), ask(tools=[TOOL])
    ),
    "a very unlikely token": plain(
        edit(WITH_LOGPROBS, "/choices/0/logprobs/content/0/top_logprobs/1/logprob", -9999.0), LOGPROBS
    ),
    "structured": plain(ANSWER, STRUCTURED),
    "structured, refused": plain(completion(choice(0, None, refusal="No.")), STRUCTURED),
    "structured, cut": plain(completion(choice(0, '{"reason"', "length")), {**STRUCTURED, "max_tokens": 2}),
    "a stop sequence that was asked to be shown": plain(
        completion(choice(0, "1, 2, 3")), ask(stop=["3"], include_stop_str_in_output=True)
    ),
    "stopped": plain(completion(choice(0, "1, 2, ")), ask(stop=["3"])),
    "a key that is refused": plain(
        {"error": {"message": "No.", "type": "invalid_request_error", "param": None, "code": "invalid_api_key"}},
        status=401,
    ),
    "a short answer as long as its limit": plain(
        {**completion(choice(0, "Hi")), "usage": usage(9, 1)},
        ask(max_tokens=1, messages=[{"role": "user", "content": "Count from 1 to 1000"}]),
    ),
    "a stream": streamed(),
    "a stream in which the model says it otherwise": streamed(
        text_chunks("Sure! ", "Hello."), peers={"twin": reply(plain(edit(PLAIN, "/id", "c2")))}
    ),
    "a stream of a model that does not obey": streamed(
        text_chunks("ha", "ha"),
        ask(stream=True, stop=["x"]),
        peers={"twin": reply(plain(completion(choice(0, "hahaha"), id="c2"), ask(stop=["x"])))},
    ),
    "a stream in CRLF": streamed(_RAW.replace("\n", "\r\n").encode()),
    "a stream in CR": streamed(_RAW.replace("\n", "\r").encode()),
    "a stream with comments": streamed((": hello\n\n" + _RAW.replace("\n\n", "\n\n: ping\n\n")).encode()),
    "a stream without spaces": streamed(_RAW.replace("data: ", "data:").encode()),
    "a stream with blank lines first": streamed(("\n\n" + _RAW).encode()),
    "a stream in one read": streamed(STREAM, reads=[(0.2, sse(STREAM))]),
    "a stream in reads of 7 bytes": _in_bytes(_EMOJI),
    "a stream with usage": streamed(with_usage(STREAM), USAGE_ASKED),
    "a stream of one chunk and a finish": streamed([chunk(part({"role": "assistant", "content": "Hello"}, "stop"))]),
    "a stream with Azure's prelude": streamed([AZURE, *STREAM]),
    "a stream with obfuscation": streamed([{**each, "obfuscation": "x" * n} for n, each in enumerate(STREAM)]),
    "a stream with null deltas": streamed(
        [
            edit(STREAM[0], "/choices/0/delta/refusal", None),
            chunk(part({"content": "Hello", "tool_calls": GONE} | {"tool_calls": None})) if False else STREAM[1],
            *STREAM[2:],
        ]
    ),
    "a stream with nothing but a finish": streamed(text_chunks(finish="length"), ask(stream=True, max_tokens=1)),
    "a stream of repeated words in growing pieces": streamed(
        text_chunks("cobalt " * 3, "cobalt " * 4, "cobalt " * 5, "cobalt " * 6)
    ),
    "a stream of one sentence twice": streamed(text_chunks("The sky is blue. ", "The sky is blue. ")),
    "a stream with running counts, as vLLM was asked for": streamed(
        [{**each, "usage": usage()} for each in with_usage(STREAM)],
        ask(stream=True, stream_options={"include_usage": True, "continuous_usage_stats": True}),
    ),
    "a stream of repeated words": streamed(text_chunks("ha", "ha", "ha", "ha", "ha")),
    "a stream of two choices": streamed(TWO, ask(stream=True, n=2)),
    "a streamed refusal": streamed(
        [STREAM[0], chunk(part({"refusal": "I cannot "})), chunk(part({"refusal": "help."})), STREAM[3]]
    ),
    "a stream that went into reasoning": streamed(
        [STREAM[0], chunk(part({"reasoning_content": "Hm"})), chunk(part({}, "length"))],
        ask(stream=True, max_completion_tokens=2),
    ),
    "a streamed call": streamed(CALL_STREAM, TOOLS_STREAM),
    "a streamed call in one fragment": streamed(call_chunks('{"city": "Paris"}'), TOOLS_STREAM),
    "two streamed calls": streamed(TWO_CALLS, TOOLS_STREAM),
    "streamed log probabilities": streamed(STREAM_LOGPROBS, {**LOGPROBS, "stream": True}),
    "a stream that we left": streamed(sse(STREAM[:2], done=False), ending=Ending.ABORTED),
    "a stream that the recorder cut": streamed(
        sse(STREAM[:2], done=False), ending=Ending.CUT, shows=Evidence.VALUES | Evidence.FRAMING | Evidence.REQUEST
    ),
    "a default that is written out": plain(asked=ask(n=1), peers={"twin": reply(plain(edit(PLAIN, "/id", "c2")))}),
    "a refusal beside the refusal of its twin": refusal(
        peers={"twin": reply(refusal(asked=ask(temperature=3, stream=True)))}
    ),
    "a longer answer under a larger limit": plain(
        asked=ask(max_tokens=64),
        peers={"twin": reply(plain(edit(completion(choice(0, "H", "length")), "/id", "c2"), ask(max_tokens=1)))},
    ),
    "a stream equal to its plain twin": streamed(peers={"twin": reply(plain(edit(PLAIN, "/id", "chatcmpl-2")))}),
}
GOOD.pop("a stream with null deltas")
_ = usage
