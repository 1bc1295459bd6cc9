"""
Faults that show in a corner only: in certain characters, with two parameters together, or beside what the answer says.
"""

from __future__ import annotations

import gzip
import html
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from conformance.reference.faults.asks import refusing, replaced, streams, without
from conformance.reference.faults.edits import (
    Change,
    calls,
    choices,
    error_of,
    header,
    message,
    plain,
    refusals,
)
from conformance.reference.faults.fault import STREAM, Answer, Asked, Edit, Fault, Object, Wire, compact
from conformance.reference.faults.rows import body, fault, pair, said, stream
from conformance.reference.faults.streamedits import delta, each_chunk, fragments

Text = Callable[[str], str]


def _content(change: Text) -> Change:
    return lambda place: place.update(content=change(place["content"])) if place.get("content") else None


def _arguments(change: Text) -> Change:
    return lambda call: call["function"].update(arguments=change(call["function"].get("arguments") or ""))


def _name(change: Text) -> tuple[Edit, Edit]:
    def each(call: Object) -> None:
        if call["function"].get("name"):
            call["function"]["name"] = change(call["function"]["name"])

    return calls(each), fragments(each)


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _single_blanks(text: str) -> str:
    return re.sub("  +", " ", text)


def _lowered(value: Any) -> Any:
    if isinstance(value, list):
        return [_lowered(each) for each in value]
    return value.lower() if isinstance(value, str) else value


def _beside(*keys: str) -> Callable[[Asked], bool]:
    return lambda asked: any(asked.body.get(key) for key in keys)


def _any_tool(value: Any) -> Any:
    return "required" if isinstance(value, dict) and value.get("type") == "function" else value


def _only_instructions(asked: Asked) -> bool:
    said = asked.body.get("messages")
    roles = {each.get("role") for each in said if isinstance(each, dict)} if isinstance(said, list) else set()
    return roles == {"system"}


def _window(value: Any) -> Any:
    return value[-4:] if isinstance(value, list) else value


def _of_every_message(change: Callable[[Object], Object]) -> Callable[[Any], Any]:
    def messages(value: Any) -> Any:
        return (
            [change(each) if isinstance(each, dict) else each for each in value] if isinstance(value, list) else value
        )

    return messages


def _first_text(said: Object) -> Object:
    content = said.get("content")
    parts = content if isinstance(content, list) else []
    texts = [part for part in parts if isinstance(part, dict) and part.get("type") == "text"]
    return {**said, "content": [part for part in parts if part not in texts[1:]]} if len(texts) > 1 else said


def _without_system(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    kept = [each for each in value if not (isinstance(each, dict) and each.get("role") == "system")]
    return kept or value


def _full_metadata(asked: Asked) -> bool:
    return isinstance(asked.body.get("metadata"), dict) and len(asked.body["metadata"]) == 16


def _status(status: int, of: Callable[[Answer], bool]) -> Edit:
    return lambda given, _: replace(given, status=status) if of(given) else given


def _later(seconds: int) -> Change:
    return lambda made: made.update(created=made["created"] + seconds)


def _audio(change: Change) -> Change:
    return lambda said: change(said["audio"]) if said.get("audio") else None


def _logprobs_without_bytes(choice: Object) -> None:
    for entry in _entries(choice):
        entry["bytes"] = []


def _entries(choice: Object) -> Iterator[Object]:
    for entry in (choice.get("logprobs") or {}).get("content") or []:
        yield from (entry, *entry["top_logprobs"])


def _deprecated(choice: Object) -> None:
    said = choice["message"]
    if said.get("tool_calls") and "function" in said["tool_calls"][0]:
        said["function_call"] = said.pop("tool_calls")[0]["function"]
        choice["finish_reason"] = "function_call"


def _deprecated_streamed(choice: Object) -> None:
    said = choice["delta"]
    for call in said.get("tool_calls") or []:
        if call["index"] == 0 and "function" in call:
            said["function_call"] = call["function"]
    if any("function" in call for call in said.get("tool_calls") or []):
        del said["tool_calls"]
    if choice.get("finish_reason") == "tool_calls":
        choice["finish_reason"] = "function_call"


def _each_custom(change: Change) -> Change:
    return lambda said: [change(call) for call in said.get("tool_calls") or [] if "custom" in call] and None


def _as_function(call: Object) -> None:
    custom = call.pop("custom")
    arguments = compact({"input": custom["input"]}).decode()
    call.update(type="function", function={"name": custom["name"], "arguments": arguments})


def _fraction(made: Object) -> None:
    made["created"] = float(made["created"])


def _held_after_role(wire: Wire, asked: Asked) -> Wire:
    if not asked.streams or b"chunked" not in wire.head or len(wire.pieces) < 3:
        return wire
    first, second, *rest = wire.pieces
    pause = 1.5 if len(rest) > 100 else 0.0
    return replace(wire, pieces=(first, (pause, second[1]), *((0.0, piece) for _, piece in rest)))


def _named_again(given: Answer, _: Asked) -> Answer:
    return given.labelled("x-request-id", "req_0")


def _no_json(given: Answer, asked: Asked) -> Answer:
    broken = given.status == 400 and not asked.body and "JSON" in str(error_of(given).get("message"))
    return replace(given, status=404) if broken else given


# fmt: off
FAULTS: tuple[Fault, ...] = (
    *pair("content-html-escaped", "MUST", "structured.schema", "signs of HTML are escaped in the text", (message(_content(_escaped)), delta(_content(_escaped))), also="stream.equals-plain"),
    said("content-composed", "MUST", "structured.schema", "letters with accents are composed in the text", _content(lambda text: unicodedata.normalize("NFC", text)), also="unicode.normalised stream.equals-plain"),
    said("content-single-blanks", "MUST", "structured.schema", "two blanks are one in the text", _content(_single_blanks), also="stream.equals-plain"),
    *pair("arguments-html-escaped", "MUST", "tools.arguments-strict", "signs of HTML are escaped in arguments", (calls(_arguments(_escaped)), fragments(_arguments(_escaped)))),
    stream("arguments-fragments-trimmed", "MUST", "tools.arguments-strict", "blanks around fragments of arguments are lost", fragments(_arguments(str.strip)), also="tools.arguments-json"),
    *pair("tool-name-hyphens-lost", "MUST", "tools.choice-named", "hyphens in names of tools become underscores", _name(lambda name: name.replace("-", "_")), also="tools.name-offered"),
    *pair("tool-name-cut", "MUST", "tools.choice-named", "names of tools are cut after 32 characters", _name(lambda name: name[:32]), also="tools.name-offered"),
    fault("named-tool-is-any", "MUST", "tools.choice-named", "a tool_choice that names a function is taken for required", ask=replaced("tool_choice", _any_tool), also="request.tool-choice.*"),
    fault("stop-in-small-letters", "MUST", "param.stop", "stop sequences are compared in small letters", ask=replaced("stop", _lowered)),
    fault("n-ignored-beside-tools", "MUST", "param.n", "n is ignored where tools are offered", ask=without("n", when=_beside("tools"))),
    fault("n-ignored-beside-formats", "MUST", "param.n", "n is ignored where a format is demanded", ask=without("n", when=_beside("response_format"))),
    fault("history-window", "MUST", "history.kept", "only the last four messages reach the model", ask=replaced("messages", _window), entry="history-dropped"),
    fault("first-text-part-only", "MUST", "request.messages.text-parts", "only the first text of a message is read", ask=replaced("messages", _of_every_message(_first_text)), also="request.messages.* request.tools.*"),
    fault("system-dropped.stream", "MUST", "history.instructions", "system messages are dropped (streamed)", ask=replaced("messages", _without_system, when=streams), paths=(STREAM,), also="usage.same-prompt request.messages.* stream.*", entry="system-prompt-ignored"),
    fault("refuses-full-metadata", "MUST", "request.metadata.accepted", "16 pairs of metadata are too many", instead=refusing(_full_metadata, "metadata has too many pairs")),
    *pair("created-local-time", "SHOULD", "created.time", "created is a local time taken for UTC", (plain(_later(28800)), each_chunk(_later(28800))), also="audio.expires"),
    said("audio-expires-milliseconds", "MUST", "audio.expires", "expires_at of spoken audio is in milliseconds", _audio(lambda audio: audio.update(expires_at=audio["expires_at"] * 1000))),
    said("audio-expired", "MUST", "audio.expires", "spoken audio expired long ago", _audio(lambda audio: audio.update(expires_at=0))),
    said("audio-without-data", "MUST", "param.audio", "spoken audio has no data", _audio(lambda audio: audio.update(data=""))),
    *pair("logprobs-bytes-empty", "MUST", "logprobs.bytes", "bytes of tokens are empty", (plain(choices(_logprobs_without_bytes)), each_chunk(choices(_logprobs_without_bytes)))),
    body("tools-in-deprecated-form.plain", "MUST", "tools.current-form", "tools are called in function_call (plain)", choices(_deprecated), also="tools.* request.* message.*"),
    stream("tools-in-deprecated-form.stream", "MUST", "tools.current-form", "tools are called in function_call (streamed)", each_chunk(choices(_deprecated_streamed)), also="tools.* request.*"),
    said("custom-called-as-function", "SHOULD", "tools.name-offered", "a custom tool is called as a function", _each_custom(_as_function)),
    said("custom-grammar-ignored", "SHOULD", "custom-tools.grammar", "the grammar of a custom tool is ignored", _each_custom(lambda call: call["custom"].update(input="about the first of January"))),
    *pair("created-with-fraction", "SHOULD", "json.integers", "created is written with a fraction", (plain(_fraction), each_chunk(_fraction))),
    body("counts-with-fraction", "SHOULD", "json.integers", "counts of tokens are written with a fraction", lambda made: made["usage"].update(total_tokens=float(made["usage"]["total_tokens"]))),
    body("audio-tokens-above", "SHOULD", "usage.parts", "more audio tokens than tokens are counted", lambda made: made["usage"]["prompt_tokens_details"].update(audio_tokens=made["usage"]["prompt_tokens"] + 1)),
    body("rejected-tokens-apart", "SHOULD", "usage.parts", "rejected predictions are not counted as tokens", lambda made: made["usage"]["completion_tokens_details"].update(rejected_prediction_tokens=made["usage"]["completion_tokens"] + 9)),
    fault("errors-in-gzip", "SHOULD", "http.content-encoding", "errors are in gzip whatever is offered", edit=refusals(lambda given: given.saying(gzip.compress(given.body)).labelled("content-encoding", "gzip")), also="openai-embeddings.http.content-encoding openai-models.http.content-encoding"),
    fault("stream-held-back-after-role", "SHOULD", "stream.incremental", "the role comes at once, and all the rest together", wire=_held_after_role, paths=(STREAM,), entry="sse-buffered"),
    fault("refuses-webp", "SHOULD", "request.messages.image-formats", "images are PNG or JPEG alone", instead=refusing(lambda asked: b"image/webp" in asked.raw, "only PNG and JPEG are supported"), entry="image-url-string-or-detail"),
    fault("refuses-instructions-alone", "SHOULD", "request.messages.order", "a conversation without a user is refused", instead=refusing(_only_instructions, "no user query found in messages"), also="request.messages.*", entry="message-order-strict-template"),
    fault("refuses-user.stream", "SHOULD", "request.combined", "user is refused in streams", instead=refusing(lambda asked: asked.streams and "user" in asked.body, "user is not supported"), paths=(STREAM,), entry="documented-params-rejected"),
    fault("request-id-missing", "MAY", "http.request-id", "no x-request-id comes", edit=header("x-request-id", None)),
    fault("request-id-constant", "MAY", "http.request-id", "every request has the same x-request-id", edit=_named_again),
    fault("ratelimit-remaining-above", "MAY", "http.ratelimit-count", "more requests remain than the limit allows", edit=header("x-ratelimit-remaining-requests", "10001"), entry="ratelimit-headers-malformed"),
    fault("no-json-404", "MAY", "error.bad-request", "a body that is no JSON gives 404", edit=_no_json),
)
# fmt: on
