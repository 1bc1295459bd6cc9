"""
Which tools the toy model calls, and with what.

Under `auto` a tool is called when the prompt speaks of it and it has not been called already; the request's other
modes leave less to choose. What a call looks like on the wire is for `wire`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.reference import model, regex, schemafill
from conformance.reference.ask import Ask, Tool
from conformance.reference.clues import Clues

#: Words of a description which say nothing of what the tool is about.
_COMMON = """
    about after also another answer before call current does every exactly first following from function gets given
    have into last list made make message more must name names number object only other please reply return returns
    returned same should some something such text than that their them then there these this those tool tools user
    users using value values what when where which will with word words would your
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """
    One call: a function with its arguments as JSON text, or a custom tool with its input.
    """

    name: str
    payload: str
    custom: bool = False


def calls(ask: Ask) -> tuple[Call, ...]:
    """
    Gives the calls with which the model answers; none when it answers with text.
    """
    if ask.mode == "none" or not ask.offered:
        return ()
    if ask.mode == "auto" and ask.turns[-1].role in ("tool", "function"):
        return ()
    wanted = [tool for tool in ask.offered if _mentioned(tool, ask.last)]
    if not wanted and ask.mode == "required":
        wanted = [ask.offered[0]]
    if ask.mode == "auto" and model.forced(ask) is not None and not _named(wanted, ask.last):
        return ()
    return _made(ask, wanted)


def _made(ask: Ask, wanted: list[Tool]) -> tuple[Call, ...]:
    several = ask.parallel and not ask.legacy
    if len(wanted) > 1 and several and not ask.named:
        return tuple(_call(ask, tool, place) for place, tool in enumerate(wanted))
    times = _times(ask, wanted[0]) if wanted and several else 1
    return tuple(_call(ask, tool, place) for tool in wanted[:1] for place in range(times))


def _times(ask: Ask, tool: Tool) -> int:
    """
    Says how often a tool is called: once for each thing the prompt names, if a call takes a single one.
    """
    properties = tool.schema.get("properties", {})
    required = [key for key in tool.schema.get("required", properties) if key in properties]
    texts = [key for key in required if _free_text(properties[key])]
    named = len(Clues(ask.last).values)
    return named if len(texts) == 1 and 1 < named <= 8 else 1


def _free_text(node: Any) -> bool:
    return isinstance(node, Mapping) and node.get("type") == "string" and "enum" not in node


def _call(ask: Ask, tool: Tool, place: int) -> Call:
    if tool.custom:
        return Call(name=tool.name, payload=_input(ask, tool), custom=True)
    filled = schemafill.fill(tool.schema or {"type": "object"}, Clues(ask.last, choice=place))
    return Call(name=tool.name, payload=json.dumps(filled, ensure_ascii=False, separators=(",", ":")))


def _input(ask: Ask, tool: Tool) -> str:
    if tool.pattern is not None:
        return regex.sample(tool.pattern)
    ordered = model.forced(ask)
    return ordered if ordered is not None else next(iter(Clues(ask.last).values), ask.last)


def _named(tools: list[Tool], text: str) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(tool.name)}(?!\w)", text) for tool in tools)


def _mentioned(tool: Tool, text: str) -> bool:
    if _named([tool], text):
        return True
    said = {_stem(word) for word in re.findall(r"[^\W_]+", text.lower())}
    known = re.findall(r"[^\W_]+", f"{tool.name} {tool.description}".lower())
    return any(_stem(word) in said for word in known if len(word) > 3 and word not in _COMMON.split())


def _stem(word: str) -> str:
    return word.removesuffix("s") if len(word) > 4 else word
