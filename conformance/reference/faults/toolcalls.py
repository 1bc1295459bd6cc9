"""
Faults of the identity of tool calls: ids, types, names, indexes; and of what may be called.
"""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference.faults.asks import replaced, streams, without
from conformance.reference.faults.edits import GONE, Change, calls, plain, put
from conformance.reference.faults.fault import STREAM, Asked, Edit, Fault, Object
from conformance.reference.faults.rows import fault, pair, stream
from conformance.reference.faults.streamedits import chunks, deltas, fragments, whole_calls


def _first(change: Change) -> Edit:
    """
    Changes the first fragment of every call.
    """
    return whole_calls(lambda together: change(together[0]))


def _name_again(together: list[Object]) -> None:
    for each in together[1:]:
        each["function"]["name"] = together[0]["function"].get("name")


def _name_in_two(together: list[Object]) -> None:
    name = together[0]["function"]["name"]
    if len(together) > 1:
        together[0]["function"]["name"], together[1]["function"]["name"] = name[:3], name[3:]


def _id_again(together: list[Object]) -> None:
    for each in together[1:]:
        each["id"] = together[0].get("id")


def _id_changes(together: list[Object]) -> None:
    for number, each in enumerate(together[1:]):
        each["id"] = f"{together[0].get('id')}{number}"


def _same_id(call: Object) -> None:
    if call.get("id"):
        call["id"] = "call_0"


def _same_id_within(made: Object) -> None:
    for choice in made["choices"]:
        for call in choice["message"].get("tool_calls") or []:
            call["id"] = choice["message"]["tool_calls"][0]["id"]


def _same_id_within_stream(made: list[Object]) -> list[Object]:
    ids = [call["id"] for choice in deltas(made) for call in choice["delta"].get("tool_calls") or [] if call.get("id")]
    for choice in deltas(made):
        for call in choice["delta"].get("tool_calls") or []:
            if call.get("id"):
                call["id"] = ids[0]
    return made


def _with_gap(call: Object) -> None:
    call["index"] *= 2


def _type_of_choice(*types: str) -> Callable[[Asked], bool]:
    def when(asked: Asked) -> bool:
        given = asked.body.get("tool_choice")
        kind = given.get("type") if isinstance(given, dict) else given
        return kind in types and bool(asked.body.get("tools"))

    return when


# fmt: off
FAULTS: tuple[Fault, ...] = (
    *pair("tool-id-missing", "MUST", "response.tool-calls.id|tools.id", "calls have no id", (calls(put("id", GONE)), fragments(put("id", GONE))), also="tools.id|", entry="tool-call-id-missing-or-empty"),
    *pair("tool-id-null", "MUST", "response.tool-calls.id|tools.id", "the id of a call is null", (calls(put("id", None)), _first(put("id", None))), also="tools.id|chunk.tool-calls.entry", entry="tool-call-id-missing-or-empty"),
    *pair("tool-id-empty", "MUST", "tools.id", "the id of a call is empty", (calls(put("id", "")), _first(put("id", ""))), also="response.tool-calls.id", entry="tool-call-id-missing-or-empty"),
    *pair("tool-id-constant", "MUST", "tools.id-unique", "every call is call_0", (calls(_same_id), fragments(_same_id)), also="|tools.index-own", entry="tool-call-id-not-unique"),
    *pair("tool-id-shared", "MUST", "tools.id-unique", "the calls of one message share an id", (plain(_same_id_within), chunks(_same_id_within_stream)), entry="tool-call-id-not-unique"),
    *pair("tool-type-missing", "MUST", "response.tool-calls.type|tools.first-fragment", "calls have no type", (calls(put("type", GONE)), fragments(put("type", GONE)))),
    *pair("tool-type-wrong", "MUST", "response.tool-calls.type|chunk.tool-calls.entry", "calls have the type tool_use", (calls(put("type", "tool_use")), _first(put("type", "tool_use"))), also="|tools.first-fragment"),
    *pair("tool-name-missing", "MUST", "response.tool-calls.function|tools.first-fragment", "calls have no name", (calls(lambda call: call["function"].pop("name")), _first(lambda call: call["function"].pop("name"))), also="tools.choice-named|tools.choice-named"),
    *pair("tool-name-empty", "MUST", "response.tool-calls.function|tools.first-fragment", "the name of a call is empty", (calls(lambda call: call["function"].update(name="")), _first(lambda call: call["function"].update(name="")))),
    *pair("tool-function-missing", "MUST", "response.tool-calls.function|tools.first-fragment", "name and arguments stand beside function", (calls(lambda call: call.update(call.pop("function"))), fragments(lambda call: call.update(call.pop("function")))), also="|tools.arguments-empty tools.arguments-json"),
    *pair("tool-name-unknown", "SHOULD", "tools.name-offered", "a function is called that was not offered", (calls(lambda call: call["function"].update(name="do_it")), _first(lambda call: call["function"].update(name="do_it"))), also="tools.choice-named tools.choice-allowed"),
    stream("tool-index-missing", "MUST", "chunk.tool-calls.index", "fragments have no index", fragments(put("index", GONE)), entry="tool-call-index-missing"),
    stream("tool-index-null", "MUST", "chunk.tool-calls.index", "the index of fragments is null", fragments(put("index", None))),
    stream("tool-index-string", "MUST", "chunk.tool-calls.index", "the index of fragments is a string", fragments(put("index", lambda call: str(call["index"])))),
    stream("tool-index-one-based", "MUST", "tools.index", "indexes begin at 1", fragments(put("index", lambda call: call["index"] + 1)), entry="tool-call-index-gap-or-one-based"),
    stream("tool-index-gap", "MUST", "tools.index", "indexes leave out numbers", fragments(_with_gap), entry="tool-call-index-gap-or-one-based"),
    stream("tool-index-shared", "MUST", "tools.index-own", "all calls have index 0", fragments(put("index", 0)), entry="tool-call-index-gap-or-one-based"),
    stream("tool-name-again", "SHOULD", "tools.name-once", "the name is in every fragment", whole_calls(_name_again), entry="tool-call-name-repeated-or-fragmented"),
    stream("tool-name-in-two", "SHOULD", "tools.name-once", "the name comes in two pieces", whole_calls(_name_in_two), also="tools.name-offered tools.choice-named", entry="tool-call-name-repeated-or-fragmented"),
    stream("tool-id-again", "SHOULD", "tools.id-once", "the id is in every fragment", whole_calls(_id_again)),
    stream("tool-id-changes", "MUST", "tools.index-own", "every fragment has an id of its own", whole_calls(_id_changes), also="tools.first-fragment tools.arguments-json tools.parallel-off tools.id-once"),
    fault("tool-choice-none-ignored", "MUST", "tools.choice-none", "tool_choice none is ignored", ask=replaced("tool_choice", lambda _: "auto", _type_of_choice("none")), entry="tool-choice-none-ignored"),
    fault("tool-choice-required-ignored", "MUST", "tools.choice-required", "tool_choice required is ignored", ask=replaced("tool_choice", lambda _: "none", _type_of_choice("required"))),
    fault("tool-choice-named-ignored", "MUST", "tools.choice-named", "a named tool_choice is ignored", ask=replaced("tool_choice", lambda _: "none", _type_of_choice("function", "custom"))),
    fault("tool-choice-allowed-ignored", "MUST", "tools.choice-allowed", "allowed_tools is ignored", ask=replaced("tool_choice", lambda _: "required", _type_of_choice("allowed_tools"))),
    fault("tool-parallel-ignored", "MUST", "tools.parallel-off", "parallel_tool_calls false is ignored", ask=replaced("parallel_tool_calls", lambda _: True), entry="parallel-tool-calls-false-ignored"),
    fault("tools-ignored-in-streams", "MUST", "tools.choice-named", "tools are dropped when a stream is asked for", ask=without("tools", "tool_choice", "parallel_tool_calls", when=streams), also="tools.choice-required tools.choice-allowed", paths=(STREAM,)),
)
# fmt: on
