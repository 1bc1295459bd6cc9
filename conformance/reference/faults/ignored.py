"""
Faults of parameters that are ignored or honoured wrongly, and of messages that do not reach the model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from conformance.reference.faults.asks import not_streams, replaced, streams, without
from conformance.reference.faults.edits import Change, choices, plain, put
from conformance.reference.faults.fault import PLAIN, STREAM, Answer, Asked, Edit, Fault, Object, compact
from conformance.reference.faults.rows import body, fault, pair, stream
from conformance.reference.faults.streamedits import chunks, delta, deltas, each_chunk


def _as_json(*names: str) -> Callable[[Asked], Object | None]:
    """
    A stream is not streamed, when one of the parameters is set (any, without names).
    """
    drop = without("stream", "stream_options", when=streams)
    return lambda asked: drop(asked) if not names or asked.body.keys() & set(names) else None


def _plus_one(key: str) -> Callable[[Asked], Object | None]:
    return replaced(key, lambda value: value + 1 if isinstance(value, int) and value > 0 else value)


def _messages(change: Callable[[list[Object]], list[Object]]) -> Callable[[Asked], Object | None]:
    def ask(asked: Asked) -> Object | None:
        given = asked.body.get("messages")
        if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
            return None
        kept = change(given) if all(map(_sound, given)) else given
        return {**asked.body, "messages": kept} if kept and kept != given else None

    return ask


def _sound(message: Object) -> bool:
    """
    A message that the provider takes, so that dropping it hides no mistake of the request.
    """
    known = message.get("role") in ("system", "developer", "user", "assistant", "tool")
    return known and (isinstance(message.get("content"), str) or bool(message.get("tool_calls")))


def _role(*roles: str) -> Callable[[list[Object]], list[Object]]:
    return lambda given: [each for each in given if each.get("role") not in roles]


def _last(given: list[Object]) -> list[Object]:
    return given[-1:] if given and given[-1].get("role") == "user" else given


def _truncated(given: list[Object]) -> list[Object]:
    return [
        {**each, "content": each["content"][-4000:]} if isinstance(each.get("content"), str) else each for each in given
    ]


def _cut_at_nul(given: list[Object]) -> list[Object]:
    return [
        {**each, "content": each["content"].split("\x00")[0]} if isinstance(each.get("content"), str) else each
        for each in given
    ]


def _stops(asked: Asked) -> list[str]:
    stop = asked.body.get("stop")
    given = stop if isinstance(stop, list) else [stop]
    return [each for each in given if isinstance(each, str)]


def _includes_stop(given: Answer, asked: Asked) -> Answer:
    stops = _stops(asked)

    def say(choice: Object) -> None:
        if choice["message"].get("content") and choice["finish_reason"] == "stop":
            choice["message"]["content"] += stops[0]

    return plain(choices(say))(given, asked) if stops else given


def _leaks_stop(given: Answer, asked: Asked) -> Answer:
    """
    The first character of a stop sequence is streamed before the rest is known.
    """
    prompt = asked.raw.decode("utf-8", "replace")
    met = [stop for stop in _stops(asked) if len(stop) > 1 and stop in prompt]
    if not met:
        return given

    def leak(made: list[Object]) -> list[Object]:
        texts = [choice["delta"] for choice in deltas(made) if choice["delta"].get("content")]
        if texts:
            texts[-1]["content"] += min(met, key=prompt.index)[:-1]
        return made

    return chunks(leak)(given, asked)


def _fenced(text: str) -> str:
    return f"```json\n{text}\n```"


def _json_wanted(asked: Asked) -> bool:
    form = asked.body.get("response_format")
    return isinstance(form, dict) and form.get("type") in ("json_object", "json_schema")


def _written(change: Callable[[str], str]) -> tuple[Edit, Edit]:
    """
    Changes the text of answers that ought to be JSON, in either path.
    """

    def whole(made: Object) -> None:
        for choice in made["choices"]:
            if choice["finish_reason"] == "stop" and choice["message"].get("content"):
                choice["message"]["content"] = change(choice["message"]["content"])

    def pieces(made: list[Object]) -> list[Object]:
        ended = any(choice.get("finish_reason") == "stop" for choice in deltas(made))
        found = [choice["delta"] for choice in deltas(made) if choice["delta"].get("content")]
        if found and ended:
            text = change("".join(each["content"] for each in found))
            for each in found:
                each["content"] = ""
            found[0]["content"] = text
        return made

    return plain(whole, _json_wanted), chunks(pieces, _json_wanted)


def _without_first_key(text: str) -> str:
    return re.sub(r'^\{"[^"]+":("[^"]*"|true|false|[\d.]+),?', "{", text)


def _with_extra_key(text: str) -> str:
    return text[:-1] + (',"note":"hm"}' if len(text) > 2 else '"note":"hm"}') if text.endswith("}") else text


def _numbers_as_text(text: str) -> str:
    return re.sub(r":(-?\d+(?:\.\d+)?|true|false)(?=[,}])", r':"\1"', text)


def _reordered(made: Object) -> None:
    for choice in made["choices"]:
        text = choice["message"].get("content")
        if text and text.startswith("{") and text.endswith("}"):
            choice["message"]["content"] = compact(dict(reversed(json.loads(text).items()))).decode()


def _natural(value: Any) -> Change:
    return lambda choice: put("finish_reason", value)(choice) if choice.get("finish_reason") == "stop" else None


def _cut_as_stop(choice: Object) -> None:
    if choice.get("finish_reason") == "length" and not (choice.get("message") or {}).get("tool_calls"):
        choice["finish_reason"] = "stop"


def _cut_as_stop_streamed(made: list[Object]) -> list[Object]:
    if not any(choice["delta"].get("tool_calls") for choice in deltas(made)):
        for choice in deltas(made):
            _cut_as_stop(choice)
    return made


def _events_unasked(given: Answer, asked: Asked) -> Answer:
    whole = given.status == 200 and not given.streamed and asked.path.endswith("/chat/completions")
    if not whole:
        return given
    event = b"data: " + given.body + b"\n\n"
    return given.labelled("content-type", "text/event-stream").saying(event + b"data: [DONE]\n\n")


def _labelled_as_events(given: Answer, asked: Asked) -> Answer:
    whole = given.status == 200 and asked.streams and asked.path.endswith("/chat/completions")
    return given.labelled("content-type", "text/event-stream") if whole else given


def _separators_lost(made: Object) -> None:
    if made.get("content"):
        made["content"] = re.sub("[\u2028\u2029\u0085]", "", made["content"])


_FORMAT = "structured.json"

# fmt: off
FAULTS: tuple[Fault, ...] = (
    fault("stream-as-json", "MUST", "stream.sse", "a stream is answered with JSON", ask=_as_json(), paths=(STREAM,), entry="stream-true-answered-json"),
    fault("stream-as-json.tools", "MUST", "stream.sse", "a stream with tools is answered with JSON", ask=_as_json("tools"), paths=(STREAM,), entry="stream-true-answered-json"),
    fault("stream-as-json.format", "MUST", "stream.sse", "a stream with response_format is answered with JSON", ask=_as_json("response_format"), paths=(STREAM,), entry="stream-true-answered-json"),
    fault("stream-as-json.n", "MUST", "stream.sse", "a stream with n is answered with JSON", ask=_as_json("n"), paths=(STREAM,), entry="stream-true-answered-json"),
    fault("stream-as-json.labelled", "MUST", "stream.sse", "a stream is one JSON body, labelled as events", ask=_as_json(), edit=_labelled_as_events, paths=(STREAM,), also="stream.content-type", entry="stream-true-answered-json"),
    fault("plain-as-stream", "MUST", "http.content-type-json", "a plain request is answered with events", edit=_events_unasked, paths=(PLAIN,)),
    fault("n-ignored.plain", "MUST", "param.n", "n is ignored (plain)", ask=without("n", when=not_streams), paths=(PLAIN,), entry="n-ignored"),
    fault("n-ignored.stream", "MUST", "param.n", "n is ignored (streamed)", ask=without("n", when=streams), paths=(STREAM,), entry="n-ignored"),
    body("n-index-zero.plain", "MUST", "choices.indexes", "every choice has index 0 (plain)", choices(put("index", 0)), entry="choices-index-wrong-nonstream"),
    body("n-index-one-based.plain", "MUST", "choices.indexes", "indexes of choices begin at 1 (plain)", choices(put("index", lambda choice: choice["index"] + 1))),
    body("n-one-choice-lost.plain", "MUST", "param.n", "the last choice is lost (plain)", lambda made: made["choices"].pop() if len(made["choices"]) > 1 else None),
    stream("n-index-zero.stream", "MUST", "param.n", "every choice has index 0 (streamed)", each_chunk(choices(put("index", 0))), also="stream.finish-reason stream.role-once stream.after-finish stream.equals-plain", entry="choices-index-wrong-nonstream"),
    stream("n-index-one-based.stream", "MUST", "choices.stream-indexes", "indexes of choices begin at 1 (streamed)", each_chunk(choices(put("index", lambda choice: choice["index"] + 1)))),
    stream("n-choice-lost.stream", "MUST", "param.n", "the second choice is never streamed", chunks(lambda made: [each for each in made if not any(choice["index"] == 1 for choice in each["choices"])])),
    fault("max-tokens-ignored.plain", "MUST", "param.max-tokens", "max_tokens is ignored (plain)", ask=without("max_tokens", when=not_streams), paths=(PLAIN,), entry="max-tokens-ignored"),
    fault("max-tokens-ignored.stream", "MUST", "param.max-tokens", "max_tokens is ignored (streamed)", ask=without("max_tokens", when=streams), paths=(STREAM,), entry="max-tokens-ignored"),
    fault("max-tokens-one-more", "MUST", "param.max-tokens", "max_tokens allows one token more", ask=_plus_one("max_tokens"), entry="max-tokens-ignored"),
    fault("max-completion-tokens-ignored.plain", "MUST", "param.max-tokens", "max_completion_tokens is ignored (plain)", ask=without("max_completion_tokens", when=not_streams), paths=(PLAIN,), entry="max-tokens-ignored"),
    fault("max-completion-tokens-ignored.stream", "MUST", "param.max-tokens", "max_completion_tokens is ignored (streamed)", ask=without("max_completion_tokens", when=streams), paths=(STREAM,), entry="max-tokens-ignored"),
    fault("max-completion-tokens-one-more", "MUST", "param.max-tokens", "max_completion_tokens allows one token more", ask=_plus_one("max_completion_tokens"), entry="max-tokens-ignored"),
    body("length-as-stop.plain", "MUST", "choices.finish-length", "an answer that was cut ends with stop (plain)", choices(_cut_as_stop), entry="finish-reason-stop-on-length"),
    stream("length-as-stop.stream", "MUST", "choices.finish-length", "an answer that was cut ends with stop (streamed)", chunks(_cut_as_stop_streamed), entry="finish-reason-stop-on-length"),
    *pair("stop-as-length", "MUST", "choices.finish-natural", "a complete answer ends with length", (plain(choices(_natural("length"))), each_chunk(choices(_natural("length"))))),
    *pair("stop-as-tool-calls", "MUST", "tools.finish-without-calls", "a complete answer ends with tool_calls", (plain(choices(_natural("tool_calls"))), each_chunk(choices(_natural("tool_calls"))))),
    fault("stop-ignored.plain", "MUST", "param.stop", "stop is ignored (plain)", ask=without("stop", when=not_streams), paths=(PLAIN,), also="stream.equals-plain", entry="stop-ignored"),
    fault("stop-ignored.stream", "MUST", "param.stop", "stop is ignored (streamed)", ask=without("stop", when=streams), paths=(STREAM,), also="stream.equals-plain", entry="stop-ignored"),
    fault("stop-list-ignored", "MUST", "param.stop", "a list of stop sequences is ignored", ask=without("stop", when=lambda asked: isinstance(asked.body.get("stop"), list)), entry="stop-ignored"),
    fault("stop-first-only", "MUST", "param.stop", "only the first stop sequence is heeded", ask=replaced("stop", lambda value: value[:1] if isinstance(value, list) else value), entry="stop-ignored"),
    fault("stop-included", "MUST", "param.stop", "the text ends with the stop sequence", edit=_includes_stop, paths=(PLAIN,), also="stream.equals-plain"),
    fault("stop-leaks", "MUST", "param.stop-streamed", "a stream hands out the beginning of a stop sequence", edit=_leaks_stop, paths=(STREAM,), also="param.stop", entry="stop-sequence-prefix-leaks-in-stream"),
    fault("format-ignored.plain", "MUST", _FORMAT, "response_format is ignored (plain)", ask=without("response_format", when=lambda asked: _json_wanted(asked) and not asked.streams), paths=(PLAIN,), entry="json-object-not-json"),
    fault("format-ignored.stream", "MUST", _FORMAT, "response_format is ignored (streamed)", ask=without("response_format", when=lambda asked: _json_wanted(asked) and asked.streams), paths=(STREAM,), entry="json-object-not-json"),
    *pair("format-fenced", "MUST", "structured.fence", "JSON stands in a Markdown fence", _written(_fenced), entry="json-schema-markdown-fence"),
    *pair("format-prose-before", "MUST", _FORMAT, "a sentence stands before the JSON", _written(lambda text: "Sure! " + text), entry="json-object-not-json"),
    *pair("format-text-behind", "MUST", _FORMAT, "text stands behind the JSON", _written(lambda text: text + "\n\nHope this helps."), entry="json-object-not-json"),
    *pair("format-cut", "MUST", _FORMAT, "the last brace of the JSON is lost", _written(lambda text: text[:-1]), entry="json-object-not-json"),
    *pair("format-python", "MUST", _FORMAT, "JSON is written with single quotes", _written(lambda text: text.replace('"', "'")), entry="json-object-not-json"),
    *pair("format-twice", "MUST", _FORMAT, "the JSON comes twice", _written(lambda text: text + text), entry="json-object-not-json"),
    *pair("format-key-missing", "MUST", "structured.schema", "a required key is missing", _written(_without_first_key), also="structured.schema-loose"),
    *pair("format-key-extra", "MUST", "structured.schema", "a key that the schema does not allow", _written(_with_extra_key)),
    *pair("format-types", "MUST", "structured.schema", "numbers and booleans are texts", _written(_numbers_as_text)),
    *pair("format-list", "MUST", "structured.schema", "the object is in an array", _written(lambda text: f"[{text}]"), also="structured.json structured.schema-loose"),
    body("format-key-order", "MAY", "structured.key-order", "keys come in another order than the schema's", _reordered, entry="json-schema-key-order"),
    fault("include-usage-ignored", "MUST", "usage.streamed", "stream_options is ignored", ask=without("stream_options", when=streams), paths=(STREAM,), also="stream.obfuscation", entry="usage-chunk-missing"),
    fault("audio-ignored", "MUST", "param.audio", "modalities with audio is ignored", ask=without("modalities", "audio")),
    fault("functions-ignored", "MAY", "param.functions", "the deprecated functions are ignored", ask=without("functions", "function_call"), entry="legacy-functions-dropped"),
    fault("history-dropped", "MUST", "history.kept", "only the last message is read", ask=_messages(_last), also="history.instructions request.role.developer usage.whole-prompt", entry="history-dropped"),
    fault("system-dropped", "MUST", "history.instructions", "system messages are dropped", ask=_messages(_role("system")), entry="system-prompt-ignored"),
    fault("developer-dropped", "MUST", "request.role.developer", "developer messages are dropped", ask=_messages(_role("developer")), entry="developer-role-rejected"),
    fault("assistant-dropped", "MUST", "history.kept", "assistant messages are dropped", ask=_messages(lambda given: [each for each in given if each.get("role") != "assistant" or each.get("tool_calls")]), entry="history-dropped"),
    fault("context-cut", "MUST", "limits.context", "a prompt that is too long is cut in silence", ask=_messages(_truncated), also="usage.whole-prompt limits.context-code", entry="context-overflow-silent-truncation"),
    fault("prompt-cut-at-nul", "SHOULD", "unicode.control", "the prompt ends at NUL", ask=_messages(_cut_at_nul), entry="request-nul-and-control-chars"),
    fault("default-limit-tiny", "MAY", "limits.default", "answers are cut at 128 tokens by default", ask=lambda asked: None if asked.body.keys() & {"max_tokens", "max_completion_tokens"} or asked.path != "/v1/chat/completions" else {**asked.body, "max_completion_tokens": 128}, entry="max-tokens-default-tiny"),
    stream("separators-lost", "SHOULD", "stream.equals-plain", "U+2028 and its like are dropped from streams", delta(_separators_lost), entry="unicode-sse-line-separators"),
)
# fmt: on
