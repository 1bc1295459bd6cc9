"""
Faults of tool calls, plain and streamed.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from typing import Any

from conformance.reference.faults.edits import GONE, Chunks, calls, choices, chunk_calls, chunk_choices, is_finish
from conformance.reference.faults.fault import Asked, Fault, Item, Object

C = "openai-chat."


def _drop(key: str) -> Callable[[Object, Asked], None]:
    return lambda call, _: call.pop(key, None)


def _rearranged(change: Callable[[list[Object]], None]) -> Chunks:
    """
    A change of the whole list of argument fragments of each call.
    """

    def edit(chunks: Sequence[Object], _: Asked) -> Sequence[Item]:
        made = copy.deepcopy(list(chunks))
        fragments: dict[tuple[int, int], list[Object]] = {}
        for chunk in made:
            for choice in chunk.get("choices", []):
                for call in choice["delta"].get("tool_calls") or []:
                    if "function" in call:
                        fragments.setdefault((choice["index"], call["index"]), []).append(call["function"])
        for functions in fragments.values():
            change(functions)
        return made

    return edit


def _snapshots(functions: list[Object]) -> None:
    sofar = ""
    for function in functions:
        sofar += function.get("arguments", "")
        function["arguments"] = sofar


def _repeated_at_the_end(functions: list[Object]) -> None:
    functions[-1]["arguments"] += "".join(function.get("arguments", "") for function in functions)


def _without_first_brace(functions: list[Object]) -> None:
    for function in functions:
        if function.get("arguments"):
            function["arguments"] = function["arguments"][1:]
            return


def _twice_encoded(functions: list[Object]) -> None:
    whole = "".join(function.get("arguments", "") for function in functions)
    for function in functions:
        function["arguments"] = ""
    functions[-1]["arguments"] = json.dumps(whole)


def _mojibake(functions: list[Object]) -> None:
    for function in functions:
        function["arguments"] = function.get("arguments", "").encode().decode("latin-1")


def _empty(functions: list[Object]) -> None:
    if "".join(function.get("arguments", "") for function in functions) == "{}":
        for function in functions:
            function["arguments"] = ""


def _twice_encoded_plain(call: Object, _: Asked) -> None:
    call["function"]["arguments"] = json.dumps(call["function"]["arguments"])


def _nested_plain(call: Object, _: Asked) -> None:
    value = json.loads(call["function"]["arguments"])
    value = {key: json.dumps(each) if isinstance(each, dict | list) else each for key, each in value.items()}
    call["function"]["arguments"] = json.dumps(value, ensure_ascii=False)


def _as_object(call: Object, _: Asked) -> None:
    call["function"]["arguments"] = json.loads(call["function"]["arguments"])


def _shifted(call: Object, _: Asked) -> None:
    call["index"] += 1


def _all_zero(call: Object, _: Asked) -> None:
    call["index"] = 0


def _same_id(call: Object, _: Asked) -> None:
    if call.get("id"):
        call["id"] = "call_0"


def _named_again(chunks: Sequence[Object], _: Asked) -> Sequence[Item]:
    made = copy.deepcopy(list(chunks))
    names: dict[tuple[int, int], Any] = {}
    for chunk in made:
        for choice in chunk.get("choices", []):
            for call in choice["delta"].get("tool_calls") or []:
                if "function" in call:
                    key = (choice["index"], call["index"])
                    names.setdefault(key, call["function"].get("name"))
                    call["function"]["name"] = names[key]
    return made


def _finish(value: str, wanted: str = "tool_calls") -> Callable[[Object, Asked], None]:
    def change(choice: Object, _: Asked) -> None:
        if choice.get("finish_reason") == wanted:
            choice["finish_reason"] = value

    return change


def _twice(chunks: Sequence[Object], _: Asked) -> Sequence[Item]:
    made: list[Item] = []
    for chunk in chunks:
        made.append(chunk)
        if is_finish(chunk) and chunk["choices"][0]["finish_reason"] == "tool_calls":
            again = copy.deepcopy(chunk)
            again["choices"][0]["finish_reason"] = "stop"
            made.append(again)
    return made


def _values_as_text(choice: Object, _: Asked) -> None:
    given = choice["message"].get("tool_calls") or []
    if given and given[0].get("function"):
        value = json.loads(given[0]["function"]["arguments"])
        choice["message"]["content"] = " ".join(str(v) for v in value.values()) or None


def _lost(choice: Object, _: Asked) -> None:
    if choice["finish_reason"] == "tool_calls":
        choice["message"].pop("tool_calls", None)
        choice["message"]["content"] = "I shall call a tool."


def _no_content(choice: Object, _: Asked) -> None:
    if choice["message"].get("tool_calls"):
        choice["message"].pop("content", None)


FAULTS: list[Fault] = [
    Fault(
        id="tool-id-missing",
        title="calls have no id",
        level="MUST",
        requirement=C + "response.tool-calls.id",
        plain=calls(_drop("id")),
    ),
    Fault(
        id="tool-id-missing.streamed",
        title="streamed calls have no id",
        level="MUST",
        requirement=C + "tools.id",
        chunks=chunk_calls(_drop("id")),
    ),
    Fault(
        id="tool-id-empty",
        title="ids are empty",
        level="MUST",
        requirement=C + "tools.id",
        plain=calls(lambda c, _: c.update(id="")),
    ),
    Fault(
        id="tool-type-missing",
        title="calls have no type",
        level="MUST",
        requirement=C + "response.tool-calls.type",
        plain=calls(_drop("type")),
    ),
    Fault(
        id="tool-type-missing.streamed",
        title="streamed calls have no type",
        level="MUST",
        requirement=C + "tools.first-fragment",
        chunks=chunk_calls(_drop("type")),
    ),
    Fault(
        id="tool-index-missing",
        title="fragments have no index",
        level="MUST",
        requirement=C + "chunk.tool-calls.index",
        chunks=chunk_calls(_drop("index")),
    ),
    Fault(
        id="tool-index-one-based",
        title="indexes begin at 1",
        level="MUST",
        requirement=C + "tools.index",
        chunks=chunk_calls(_shifted),
    ),
    Fault(
        id="tool-index-shared",
        title="all calls have index 0",
        level="MUST",
        requirement=C + "tools.index-own",
        chunks=chunk_calls(_all_zero),
    ),
    Fault(
        id="tool-id-not-unique",
        title="every call is call_0",
        level="MUST",
        requirement=C + "tools.id-unique",
        plain=calls(_same_id),
        chunks=chunk_calls(_same_id),
    ),
    Fault(
        id="tool-name-repeated",
        title="the name is in every fragment",
        level="SHOULD",
        requirement=C + "tools.name-once",
        chunks=_named_again,
    ),
    Fault(
        id="tool-arguments-cumulative",
        title="fragments hold all so far",
        level="MUST",
        requirement=C + "tools.arguments-increments",
        chunks=_rearranged(_snapshots),
    ),
    Fault(
        id="tool-arguments-repeated",
        title="all arguments come once more",
        level="MUST",
        requirement=C + "tools.arguments-increments",
        chunks=_rearranged(_repeated_at_the_end),
    ),
    Fault(
        id="tool-arguments-broken",
        title="the first brace is lost",
        level="MUST",
        requirement=C + "tools.arguments-json",
        chunks=_rearranged(_without_first_brace),
    ),
    Fault(
        id="tool-arguments-double-encoded",
        title="arguments are encoded twice",
        level="MUST",
        requirement=C + "tools.arguments-object",
        plain=calls(_twice_encoded_plain),
    ),
    Fault(
        id="tool-arguments-double-encoded.streamed",
        title="streamed arguments are encoded twice",
        level="MUST",
        requirement=C + "tools.arguments-object",
        chunks=_rearranged(_twice_encoded),
    ),
    Fault(
        id="tool-arguments-nested-encoded",
        title="nested objects are strings",
        level="MUST",
        requirement=C + "tools.nested-objects",
        plain=calls(_nested_plain),
    ),
    Fault(
        id="tool-arguments-object",
        title="arguments are an object",
        level="MUST",
        requirement=C + "response.tool-calls.arguments",
        plain=calls(_as_object),
    ),
    Fault(
        id="tool-arguments-empty",
        title="no arguments are an empty text",
        level="SHOULD",
        requirement=C + "tools.arguments-empty",
        chunks=_rearranged(_empty),
        plain=calls(lambda c, _: c["function"].update(arguments="") if c["function"]["arguments"] == "{}" else None),
    ),
    Fault(
        id="tool-arguments-mojibake",
        title="non-ASCII arguments are mojibake",
        level="MUST",
        requirement=C + "tools.unicode",
        chunks=_rearranged(_mojibake),
    ),
    Fault(
        id="tool-finish-stop",
        title="calls under auto end with stop",
        level="MUST",
        requirement=C + "tools.finish-reason",
        plain=choices(_finish("stop")),
    ),
    Fault(
        id="tool-finish-stop.streamed",
        title="streamed calls under auto end with stop",
        level="MUST",
        requirement=C + "tools.finish-reason",
        chunks=chunk_choices(_finish("stop")),
    ),
    Fault(
        id="tool-finish-singular",
        title="finish_reason is tool_call",
        level="MUST",
        requirement=C + "response.choices.finish-reason",
        plain=choices(_finish("tool_call")),
    ),
    Fault(
        id="tool-finish-twice",
        title="tool_calls, then stop",
        level="MUST",
        requirement=C + "stream.finish-reason",
        chunks=_twice,
    ),
    Fault(
        id="tool-finish-without-calls",
        title="tool_calls without a call",
        level="MUST",
        requirement=C + "tools.finish-without-calls",
        plain=choices(_lost),
    ),
    Fault(
        id="tool-finish-masks-length",
        title="a cut call ends with tool_calls",
        level="MUST",
        requirement=C + "tools.finish-length",
        plain=choices(
            lambda c, _: (
                c.update(finish_reason="tool_calls")
                if c["finish_reason"] == "length" and c["message"].get("tool_calls")
                else None
            )
        ),
    ),
    Fault(
        id="tool-arguments-in-content",
        title="argument values are text as well",
        level="MUST",
        requirement=C + "tools.content-apart",
        plain=choices(_values_as_text),
    ),
    Fault(
        id="tool-content-missing",
        title="no content beside calls",
        level="MUST",
        requirement=C + "message.content-beside-calls",
        plain=choices(_no_content),
    ),
]
_ = GONE
