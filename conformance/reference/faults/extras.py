"""
Faults of what is asked for seldom, sound, deprecated functions and custom tools, and of what nobody asked for.
"""

from __future__ import annotations

import base64

from conformance.reference.faults.asks import is_chat, refusing, replaced
from conformance.reference.faults.edits import GONE, Change, choices, message, plain, put
from conformance.reference.faults.fault import PLAIN, STREAM, Answer, Ask, Asked, Fault, Object, answer
from conformance.reference.faults.rows import body, fault, pair, part, said
from conformance.reference.faults.streamedits import chunks, delta, each_chunk


def _call(made: Object) -> Object:
    name = "call_" + str(made["id"]).rpartition("-")[2]
    return {"id": name, "type": "function", "function": {"name": "search", "arguments": "{}"}}


def _two_choices(*, streamed: bool) -> Ask:
    def ask(asked: Asked) -> Object | None:
        alone = is_chat(asked) and asked.body.get("n") is None and asked.streams is streamed
        return {**asked.body, "n": 2} if alone else None

    return ask


def _offers_nothing(asked: Asked) -> bool:
    return is_chat(asked) and not asked.body.keys() & {"tools", "functions"}


def _calls_anyway(made: Object) -> None:
    choice = made["choices"][0]
    if choice["finish_reason"] == "stop" and choice["message"].get("content"):
        choice["message"]["tool_calls"] = [_call(made)]
        choice["finish_reason"] = "tool_calls"


def _calls_anyway_streamed(made: list[Object]) -> list[Object]:
    for each in made:
        for choice in each["choices"]:
            if choice.get("finish_reason") == "stop" and choice["index"] == 0:
                choice["delta"] = {**choice["delta"], "tool_calls": [{"index": 0, **_call(each)}]}
                choice["finish_reason"] = "tool_calls"
    return made


def _audio(change: Change) -> Change:
    return lambda place: change(place["audio"]) if place.get("audio") else None


def _legacy(change: Change) -> Change:
    return lambda place: change(place["function_call"]) if place.get("function_call") else None


def _custom(change: Change) -> Change:
    def each(place: Object) -> None:
        for call in place.get("tool_calls") or []:
            if "custom" in call:
                change(call)

    return each


def _hexadecimal(audio: Object) -> None:
    if audio.get("data"):
        audio["data"] = "0x" + base64.b64decode(audio["data"])[:64].hex() + " ..."


def _finish_stop(choice: Object) -> None:
    if choice.get("finish_reason") == "function_call":
        choice["finish_reason"] = "stop"


def _first_function(asked: Asked) -> Object | None:
    """
    ``function_call: none`` is taken for a call of the first function.
    """
    given = asked.body
    if given.get("function_call") != "none" or not given.get("functions"):
        return None
    return {**given, "function_call": {"name": given["functions"][0]["name"]}}


def _alive(asked: Asked) -> Answer | None:
    there = asked.method == "GET" and asked.path == "/v1/chat/completions"
    return answer(200, {"status": "ok"}) if there else None


def _is_allowed_tools(asked: Asked) -> bool:
    choice = asked.body.get("tool_choice")
    return isinstance(choice, dict) and choice.get("type") == "allowed_tools"


def _has_result(asked: Asked) -> bool:
    given = asked.body.get("messages")
    return isinstance(given, list) and any(isinstance(each, dict) and each.get("role") == "tool" for each in given)


def _surrogates_kept(given: Answer, asked: Asked) -> Answer:
    """
    Half a surrogate pair is answered by a body that holds it.
    """
    if not is_chat(asked) or b"\\ud83d" not in asked.raw or given.status != 400:
        return given
    return answer(400, {"error": {"message": "unknown character", "type": "x", "param": None, "code": None}}).saying(
        b'{"error":{"message":"Invalid text: \xed\xa0\xbd","type":"invalid_request_error","param":null,"code":null}}'
    )


def _object_of_tokens(choice: Object) -> None:
    if choice.get("logprobs"):
        choice["logprobs"]["content"] = {each["token"]: each["logprob"] for each in choice["logprobs"]["content"]}


# fmt: off
FAULTS: tuple[Fault, ...] = (
    fault("two-choices-by-default.plain", "MUST", "choices.default", "two choices come without n (plain)", ask=_two_choices(streamed=False), paths=(PLAIN,)),
    fault("two-choices-by-default.stream", "MUST", "choices.default", "two choices come without n (streamed)", ask=_two_choices(streamed=True), paths=(STREAM,)),
    *pair("calls-without-tools", "MUST", "tools.unoffered", "a tool is called though none was offered", (plain(_calls_anyway, _offers_nothing), chunks(_calls_anyway_streamed, _offers_nothing))),
    said("audio-id-missing", "MUST", "response.message.audio", "spoken audio has no id", _audio(put("id", GONE))),
    said("audio-expires-string", "MUST", "response.message.audio", "expires_at of spoken audio is a date", _audio(put("expires_at", "2026-12-01T00:00:00Z"))),
    said("audio-transcript-missing", "MUST", "response.message.audio", "spoken audio has no transcript", _audio(put("transcript", GONE))),
    *pair("audio-hexadecimal", "MUST", "audio.base64", "spoken audio is hexadecimal", (message(_audio(_hexadecimal)), delta(_audio(_hexadecimal)))),
    fault("audio-format-ignored", "SHOULD", "param.audio-format", "audio.format is ignored", ask=replaced("audio", lambda value: {**value, "format": "pcm16"} if isinstance(value, dict) else value), paths=(PLAIN,), also="request.audio.values"),
    part("audio-delta-string", "MAY", "chunk.delta.audio", "delta.audio is its data alone", lambda place: put("audio", place["audio"].get("data", ""))(place) if place.get("audio") else None, also="param.audio"),
    said("function-call-object", "MUST", "response.message.function-call", "arguments of a deprecated function are an object", _legacy(put("arguments", {"city": "Paris"}))),
    said("function-call-name-missing", "MUST", "response.message.function-call", "a deprecated function has no name", _legacy(put("name", GONE)), also="param.functions"),
    part("function-call-object.stream", "MUST", "chunk.delta.function-call", "streamed arguments of a deprecated function are an object", _legacy(put("arguments", {}))),
    *pair("function-call-ends-stop", "SHOULD", "functions.finish-reason", "a deprecated function that was chosen ends with stop", (plain(choices(_finish_stop)), each_chunk(choices(_finish_stop)))),
    fault("function-call-none-ignored", "MUST", "functions.none", "function_call none is taken for a call", ask=_first_function),
    said("custom-input-missing", "MUST", "response.tool-calls.custom", "a custom call has no input", _custom(lambda call: call["custom"].pop("input"))),
    said("custom-input-object", "MUST", "response.tool-calls.custom", "the input of a custom call is an object", _custom(lambda call: call["custom"].update(input={"text": call["custom"]["input"]}))),
    said("custom-as-function", "MUST", "response.tool-calls.function", "a custom call has the type function", _custom(put("type", "function")), also="response.tool-calls.arguments tools.choice-named tools.choice-allowed tools.name-offered tools.arguments-empty"),
    body("logprobs-content-object", "MUST", "response.logprobs.content", "logprobs.content maps tokens to numbers", choices(_object_of_tokens), also="logprobs.given"),
    fault("get-answers-200", "SHOULD", "http.method-get", "GET is answered as a check of health", instead=_alive),
    fault("refuses-allowed-tools", "SHOULD", "request.tool-choice.allowed-tools", "tool_choice allowed_tools is refused", instead=refusing(_is_allowed_tools, "tool_choice must be a string or a function"), also="tools.choice-allowed"),
    fault("refuses-tool-results", "MUST", "tools.round-trip", "messages of role tool are refused", instead=refusing(_has_result, "role must be system, user or assistant"), also="request.* history.* tools.* limits.*"),
    fault("surrogates-kept", "MUST", "json.utf8", "a refusal repeats half a surrogate pair", edit=_surrogates_kept),
)
# fmt: on
