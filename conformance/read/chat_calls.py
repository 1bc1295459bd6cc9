"""
Tool calls of a chat completion, from a message or put together from the fragments of a stream.

Source: https://platform.openai.com/docs/api-reference/chat/object and .../chat/streaming (``tool_calls``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from conformance.model import JSON
from conformance.read import strictjson
from conformance.read.strictjson import MISSING, Missing, as_list, as_object, as_text


@dataclass(frozen=True, slots=True)
class Fragment:
    """
    One entry of ``delta.tool_calls``: its values as they were sent.
    """

    event: int
    index: JSON | Missing
    id: JSON | Missing
    type: JSON | Missing
    name: JSON | Missing
    arguments: JSON | Missing


@dataclass(frozen=True, slots=True)
class ToolCall:
    """
    A tool call, put together.
    """

    index: int | None
    id: str
    type: str
    name: str
    arguments: str
    #: The input of a custom tool.
    input: str
    #: Empty for a plain answer.
    fragments: tuple[Fragment, ...] = ()

    @property
    def arguments_value(self) -> strictjson.Document:
        """
        The arguments read as JSON.
        """
        return strictjson.read_text(self.arguments)


def from_message(raw: dict[str, JSON]) -> ToolCall:
    """
    Read one entry of a plain message's ``tool_calls``.
    """
    function, custom = as_object(raw.get("function")), as_object(raw.get("custom"))
    return ToolCall(
        index=None,
        id=as_text(raw.get("id")),
        type=as_text(raw.get("type")),
        name=as_text(function.get("name")) or as_text(custom.get("name")),
        arguments=as_text(function.get("arguments")),
        input=as_text(custom.get("input")),
    )


def from_deltas(deltas: Iterable[tuple[int, dict[str, JSON]]]) -> tuple[ToolCall, ...]:
    """
    Put the calls of one choice together from its deltas, each with the number of its event.

    Fragments belong together by index; without one, a new id begins a new call; so does a new id under an index already used.
    """
    calls: list[_Open] = []
    by_index: dict[int, _Open] = {}
    for event, delta in deltas:
        for entry in as_list(delta.get("tool_calls")):
            raw = as_object(entry)
            fragment = _fragment(event, raw)
            call = _call_of(fragment, calls, by_index)
            call.id = call.id or as_text(fragment.id)
            call.fragments.append((fragment, raw))
    return tuple(_put_together(call.fragments) for call in calls)


@dataclass(slots=True)
class _Open:
    """
    A call that is being put together; an id that differs from its own begins another.
    """

    id: str = ""
    fragments: list[tuple[Fragment, dict[str, JSON]]] = field(default_factory=list)


def _call_of(fragment: Fragment, calls: list[_Open], by_index: dict[int, _Open]) -> _Open:
    index = fragment.index if isinstance(fragment.index, int) and not isinstance(fragment.index, bool) else None
    identity = as_text(fragment.id)
    known = by_index.get(index) if index is not None else (calls[-1] if calls and not identity else None)
    if known is not None and (not identity or known.id in ("", identity)):
        return known
    calls.append(_Open())
    if index is not None:
        by_index[index] = calls[-1]
    return calls[-1]


def _fragment(event: int, raw: dict[str, JSON]) -> Fragment:
    inner = as_object(raw.get("function")) or as_object(raw.get("custom"))
    return Fragment(
        event,
        raw.get("index", MISSING),
        raw.get("id", MISSING),
        raw.get("type", MISSING),
        inner.get("name", MISSING),
        inner.get("arguments", inner.get("input", MISSING)),
    )


def _put_together(fragments: list[tuple[Fragment, dict[str, JSON]]]) -> ToolCall:
    index = fragments[0][0].index
    functions = [as_object(raw.get("function")) for _, raw in fragments]
    customs = [as_object(raw.get("custom")) for _, raw in fragments]

    def first(values: Iterable[JSON | Missing]) -> str:
        return next((value for value in values if isinstance(value, str) and value), "")

    return ToolCall(
        index=index if isinstance(index, int) and not isinstance(index, bool) else None,
        id=first(fragment.id for fragment, _ in fragments),
        type=first(fragment.type for fragment, _ in fragments),
        name=first(fragment.name for fragment, _ in fragments),
        arguments="".join(as_text(each.get("arguments")) for each in functions),
        input="".join(as_text(each.get("input")) for each in customs),
        fragments=tuple(fragment for fragment, _ in fragments),
    )


def as_json(call: ToolCall) -> JSON:
    """
    The call in the shape of a plain message.
    """
    if call.type == "custom":
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.input}}
    function: JSON = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": call.type or "function", "function": function}
