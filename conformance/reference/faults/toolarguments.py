"""
Faults of the arguments of tool calls, and of how an answer with calls ends.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from typing import Any

from conformance.reference.faults.edits import Change, calls, choices, plain, put
from conformance.reference.faults.fault import Edit, Fault, Object
from conformance.reference.faults.rows import body, pair, stream
from conformance.reference.faults.streamedits import chunks, deltas, each_chunk, fragments, whole_calls


def _arguments(change: Callable[[str], Any]) -> Change:
    """
    Changes the whole arguments of a plain call.
    """

    def edit(call: Object) -> None:
        call["function"]["arguments"] = change(call["function"]["arguments"])

    return edit


def _joined(change: Callable[[str], str]) -> Edit:
    """
    Changes the arguments of a streamed call as a whole: they come with the last fragment.
    """

    def edit(together: list[Object]) -> None:
        before = "".join(each["function"].get("arguments", "") for each in together)
        after = change(before)
        if after == before:
            return
        for each in together:
            each["function"]["arguments"] = ""
        together[-1]["function"]["arguments"] = after

    return whole_calls(edit)


def _both(change: Callable[[str], str]) -> tuple[Edit, Edit]:
    return calls(_arguments(change)), _joined(change)


def _snapshots(together: list[Object]) -> None:
    sofar = ""
    for each in together:
        sofar += each["function"].get("arguments", "")
        each["function"]["arguments"] = sofar


def _once_more(made: list[Object]) -> list[Object]:
    """
    Before the finish of a call its whole arguments come in one more fragment.
    """
    pieces = [call for choice in deltas(made) for call in choice["delta"].get("tool_calls") or [] if "function" in call]
    if not pieces or {call["index"] for call in pieces} != {0}:
        return made
    last = max(number for number, each in enumerate(made) if any(c["delta"].get("tool_calls") for c in each["choices"]))
    again = copy.deepcopy(made[last])
    whole = "".join(call["function"].get("arguments", "") for call in pieces)
    again["choices"][0]["delta"]["tool_calls"] = [{"index": 0, "function": {"arguments": whole}}]
    return [*made[: last + 1], again, *made[last + 1 :]]


def _lost_fragment(together: list[Object]) -> None:
    if len(together) > 3:
        together[2]["function"]["arguments"] = ""


def _without_last_brace(arguments: str) -> str:
    return arguments[:-1]


def _nested(arguments: str) -> str:
    value = json.loads(arguments) if arguments.endswith("}") else {}
    if not any(isinstance(each, dict | list) for each in value.values()):
        return arguments
    coded = {key: json.dumps(each) if isinstance(each, dict | list) else each for key, each in value.items()}
    return json.dumps(coded, ensure_ascii=False)


def _python(arguments: str) -> str:
    return repr(json.loads(arguments)) if arguments.endswith("}") and arguments != "{}" else arguments


def _if_empty(value: Any) -> Callable[[str], Any]:
    return lambda arguments: value if arguments == "{}" else arguments


def _escaped_twice(arguments: str) -> str:
    return arguments if arguments.isascii() else json.dumps(arguments)[1:-1].replace('\\"', '"').replace("\\u", "\\\\u")


def _missing_field(arguments: str) -> str:
    value = json.loads(arguments) if arguments.endswith("}") else {}
    return json.dumps(dict(list(value.items())[1:]), ensure_ascii=False) if value else arguments


def _extra_field(arguments: str) -> str:
    return arguments[:-1] + (", " if len(arguments) > 2 else "") + '"reason": "because"}'


def _finish(value: str, wanted: str = "tool_calls") -> Change:
    return lambda choice: put("finish_reason", value)(choice) if choice.get("finish_reason") == wanted else None


def _finish_both(value: str, wanted: str = "tool_calls") -> tuple[Edit, Edit]:
    return plain(choices(_finish(value, wanted))), each_chunk(choices(_finish(value, wanted)))


def _values(arguments: str) -> str:
    value = json.loads(arguments) if arguments.endswith("}") else {}
    return " ".join(str(each) for each in value.values())


def _values_as_text(choice: Object) -> None:
    given = [call for call in choice["message"].get("tool_calls") or [] if "function" in call]
    if given and _values(given[0]["function"]["arguments"]):
        choice["message"]["content"] = _values(given[0]["function"]["arguments"])


def _values_as_text_streamed(made: list[Object]) -> list[Object]:
    texts = [
        call["function"].get("arguments", "")
        for choice in deltas(made)
        for call in choice["delta"].get("tool_calls") or []
        if "function" in call
    ]
    words = _values("".join(texts)) if texts and "".join(texts).count("{") == 1 else ""
    if not words:
        return made
    extra = copy.deepcopy(made[1])
    extra["choices"][0]["delta"] = {"content": words}
    return [*made[:2], extra, *made[2:]]


def _calls_lost(choice: Object) -> None:
    if choice["finish_reason"] == "tool_calls":
        choice["message"].pop("tool_calls", None)
        choice["message"]["content"] = "I shall call a tool."


def _calls_emptied(choice: Object) -> None:
    if choice["finish_reason"] == "tool_calls":
        choice["message"]["tool_calls"] = []


def _calls_lost_streamed(made: list[Object]) -> list[Object]:
    for choice in deltas(made):
        if choice["delta"].pop("tool_calls", None) is not None:
            choice["delta"]["content"] = ""
    return made


def _markup(call: Object) -> str:
    function = call["function"]
    return f'<tool_call>\n{{"name": "{function["name"]}", "arguments": {function["arguments"]}}}\n</tool_call>'


def _as_text(choice: Object) -> None:
    given = [call for call in choice["message"].get("tool_calls") or [] if "function" in call]
    if given:
        choice["message"]["content"] = "".join(map(_markup, given))
        choice["message"].pop("tool_calls")
        choice["finish_reason"] = "stop"


def _as_text_streamed(made: list[Object]) -> Sequence[Object]:
    found = [call for choice in deltas(made) for call in choice["delta"].get("tool_calls") or [] if "function" in call]
    if not found:
        return made
    arguments = "".join(call["function"].get("arguments", "") for call in found)
    written = _markup({"function": {"name": found[0]["function"]["name"], "arguments": arguments}})
    first, last = copy.deepcopy(made[1]), copy.deepcopy(made[-2] if made[-1].get("usage") else made[-1])
    first["choices"][0]["delta"] = {"content": written}
    last["choices"][0]["finish_reason"] = "stop"
    return [made[0], first, last, *(each for each in made if each.get("usage"))]


def _length_masked(choice: Object) -> None:
    if choice["message"].get("tool_calls"):
        _finish("tool_calls", "length")(choice)


def _length_masked_streamed(made: list[Object]) -> list[Object]:
    if any(choice["delta"].get("tool_calls") for choice in deltas(made)):
        for choice in deltas(made):
            _finish("tool_calls", "length")(choice)
    return made


def _arguments_parsed(choice: Object) -> None:
    for call in choice["message"].get("tool_calls") or []:
        if "function" in call and call["function"]["arguments"].endswith("}"):
            call["function"]["arguments"] = json.loads(call["function"]["arguments"])


def _arguments_as_objects(together: list[Object]) -> None:
    for each in together[1:]:
        each["function"]["arguments"] = {"city": "Paris"}


def _arguments_gone(choice: Object) -> None:
    for call in choice["message"].get("tool_calls") or []:
        if "function" in call:
            del call["function"]["arguments"]


def _arguments_null(choice: Object) -> None:
    for call in choice["message"].get("tool_calls") or []:
        if "function" in call and call["function"]["arguments"] == "{}":
            call["function"]["arguments"] = None


def _null_arguments(together: list[Object]) -> None:
    if "".join(each["function"].get("arguments", "") for each in together) == "{}":
        for each in together:
            each["function"]["arguments"] = None


# fmt: off
FAULTS: tuple[Fault, ...] = (
    body("tool-arguments-missing.plain", "MUST", "response.tool-calls.arguments", "calls have no arguments (plain)", choices(_arguments_gone), also="tools.arguments-empty"),
    stream("tool-arguments-missing.stream", "SHOULD", "tools.arguments-empty", "calls have no arguments (streamed)", fragments(lambda call: call["function"].pop("arguments", None)), also="tools.arguments-strict"),
    stream("tool-arguments-cumulative", "MUST", "tools.arguments-increments", "fragments hold all arguments so far", whole_calls(_snapshots), entry="tool-call-arguments-cumulative"),
    stream("tool-arguments-once-more", "MUST", "tools.arguments-increments", "the whole arguments come once more at the end", chunks(_once_more), entry="tool-call-arguments-cumulative"),
    *pair("tool-arguments-doubled", "SHOULD", "tools.arguments-json", "the arguments stand twice", _both(lambda given: given + given), also="tools.arguments-strict tools.arguments-increments", entry="tool-call-arguments-invalid-json"),
    stream("tool-arguments-fragment-lost", "SHOULD", "tools.arguments-json", "a fragment of the arguments is lost", whole_calls(_lost_fragment), also="tools.arguments-strict", entry="tool-call-arguments-invalid-json"),
    *pair("tool-arguments-no-first-brace", "SHOULD", "tools.arguments-json", "the first brace of the arguments is lost", _both(lambda given: given[1:]), also="tools.arguments-empty tools.arguments-strict", entry="tool-call-arguments-invalid-json"),
    *pair("tool-arguments-no-last-brace", "SHOULD", "tools.arguments-json", "the last brace of the arguments is lost", _both(_without_last_brace), also="tools.arguments-strict", entry="tool-call-arguments-invalid-json"),
    *pair("tool-arguments-two-braces", "SHOULD", "tools.arguments-json", "a brace too many", _both(lambda given: given + "}"), also="tools.arguments-strict", entry="tool-call-arguments-invalid-json"),
    *pair("tool-arguments-delimiter", "SHOULD", "tools.arguments-json", "a delimiter of the model leaks into the arguments", _both(lambda given: given + "<|end|>"), also="tools.arguments-strict", entry="tool-call-arguments-invalid-json"),
    *pair("tool-arguments-python", "SHOULD", "tools.arguments-json", "the arguments are written as Python does", _both(_python), also="tools.arguments-strict"),
    *pair("tool-arguments-coded-twice", "MUST", "tools.arguments-object", "the arguments are encoded twice", _both(json.dumps), also="tools.arguments-json", entry="tool-call-arguments-double-encoded"),
    *pair("tool-arguments-nested-coded", "SHOULD", "tools.nested-objects", "objects within the arguments are strings", _both(_nested), also="tools.arguments-schema tools.arguments-strict", entry="tool-call-arguments-double-encoded"),
    *pair("tool-arguments-list", "SHOULD", "tools.arguments-json", "the arguments are an array", _both(lambda given: f"[{given}]"), also="tools.arguments-strict"),
    body("tool-arguments-object.plain", "MUST", "response.tool-calls.arguments", "the arguments are an object (plain)", choices(_arguments_parsed)),
    stream("tool-arguments-object.stream", "MUST", "chunk.tool-calls.entry", "the arguments are an object (streamed)", whole_calls(_arguments_as_objects), also="tools.arguments-empty tools.arguments-json"),
    body("tool-arguments-null.plain", "MUST", "response.tool-calls.arguments", "no arguments are null (plain)", choices(_arguments_null), also="tools.arguments-empty", entry="tool-call-arguments-empty-string"),
    stream("tool-arguments-null.stream", "SHOULD", "tools.arguments-empty", "no arguments are null (streamed)", whole_calls(_null_arguments), entry="tool-call-arguments-empty-string"),
    *pair("tool-arguments-empty", "SHOULD", "tools.arguments-empty", "no arguments are an empty text", _both(_if_empty("")), entry="tool-call-arguments-empty-string"),
    *pair("tool-arguments-word-null", "SHOULD", "tools.arguments-empty", "no arguments are the text null", _both(_if_empty("null")), entry="tool-call-arguments-empty-string"),
    *pair("tool-arguments-mojibake", "MUST", "unicode.mojibake", "arguments outside ASCII are mojibake", _both(lambda given: given.encode().decode("latin-1")), entry="unicode-tool-arguments-mojibake"),
    *pair("tool-arguments-escaped-twice", "SHOULD", "tools.arguments-unicode", "arguments outside ASCII are escaped twice", _both(_escaped_twice), entry="unicode-tool-arguments-mojibake"),
    *pair("tool-arguments-field-missing", "MUST", "tools.arguments-strict", "the first argument is left out", _both(_missing_field), also="tools.arguments-schema"),
    *pair("tool-arguments-field-extra", "MUST", "tools.arguments-strict", "an argument that was not asked for", _both(_extra_field), also="tools.arguments-schema"),
    *pair("tool-finish-stop", "MUST", "tools.finish-reason", "calls under auto end with stop", _finish_both("stop"), entry="tool-finish-reason-stop-auto"),
    *pair("tool-finish-function-call", "MUST", "tools.finish-reason", "calls under auto end with function_call", _finish_both("function_call")),
    *pair("tool-finish-singular", "MUST", "response.choices.finish-reason|chunk.choices.finish-reason", "finish_reason is tool_call", _finish_both("tool_call"), entry="tool-finish-reason-singular"),
    *pair("tool-finish-tool-use", "MUST", "response.choices.finish-reason|chunk.choices.finish-reason", "finish_reason is tool_use", _finish_both("tool_use"), entry="tool-finish-reason-singular"),
    *pair("tool-finish-masks-length", "MUST", "tools.finish-length", "a call that was cut ends with tool_calls", (plain(choices(_length_masked)), chunks(_length_masked_streamed)), also="tools.arguments-json", entry="finish-reason-length-masked-by-tool"),
    body("tool-finish-without-calls.plain", "MUST", "tools.finish-without-calls", "finish_reason tool_calls without a call (plain)", choices(_calls_lost), entry="tool-finish-reason-tool-calls-without-calls"),
    body("tool-finish-empty-calls.plain", "MUST", "tools.finish-without-calls", "finish_reason tool_calls with an empty list (plain)", choices(_calls_emptied), also="response.message.tool-calls message.content-null", entry="tool-finish-reason-tool-calls-without-calls"),
    stream("tool-finish-without-calls.stream", "MUST", "tools.finish-without-calls", "finish_reason tool_calls without a call (streamed)", chunks(_calls_lost_streamed), also="tools.choice-named tools.choice-required", entry="tool-finish-reason-tool-calls-without-calls"),
    body("tool-arguments-as-text.plain", "MUST", "tools.content-apart", "argument values are text as well (plain)", choices(_values_as_text), entry="tool-arguments-duplicated-into-content"),
    stream("tool-arguments-as-text.stream", "MUST", "tools.content-apart", "argument values are text as well (streamed)", chunks(_values_as_text_streamed), entry="tool-arguments-duplicated-into-content"),
    body("tool-call-as-markup.plain", "MUST", "tools.markup", "calls are markup in the text (plain)", choices(_as_text), also="tools.choice-named tools.choice-required tools.choice-allowed", entry="tool-call-emitted-as-text"),
    stream("tool-call-as-markup.stream", "MUST", "tools.markup", "calls are markup in the text (streamed)", chunks(_as_text_streamed), also="tools.choice-named tools.choice-required tools.choice-allowed", entry="tool-call-emitted-as-text"),
)
# fmt: on
