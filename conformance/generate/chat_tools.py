"""
Tools of a chat completion and the choice among them, today's and the deprecated functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from conformance.generate import subset, texts
from conformance.generate.choices import Choices
from conformance.model import JSON

Part = dict[str, JSON]

_NAMES = ("get_time", "a", "B_2", "x-1", "0", "n" * 64, "lookUp2")
_GRAMMARS: tuple[Part, ...] = (
    {"type": "text"},
    {"type": "grammar", "grammar": {"definition": "[a-z]+", "syntax": "regex"}},
    {"type": "grammar", "grammar": {"definition": 'start: "a" | "b"', "syntax": "lark"}},
)


def tooling(choices: Choices, profiles: AbstractSet[str]) -> Part:
    """
    ``tools``, mostly with a ``tool_choice``; the members to lay over a request.
    """
    count = choices.integer(1, 3) if not choices.chance(5) else len(_NAMES)
    start = choices.integer(0, len(_NAMES) - 1)
    names = [_NAMES[(start + place) % len(_NAMES)] for place in range(count)]
    tools = [_tool(choices, profiles, name) for name in names]
    made: Part = {"tools": [*tools]}
    if choices.chance(75):
        made["tool_choice"] = _choice(choices, tools)
    if choices.chance(50):
        made["parallel_tool_calls"] = not choices.chance(60)
    return made


def _tool(choices: Choices, profiles: AbstractSet[str], name: str) -> Part:
    if "custom-tools" in profiles and choices.chance(12):
        custom: Part = {"name": name}
        if choices.chance(50):
            custom["format"] = choices.pick(_GRAMMARS)
        return {"type": "custom", "custom": custom}
    return {"type": "function", "function": function(choices, name, strict=choices.chance(35))}


def function(choices: Choices, name: str, *, strict: bool) -> Part:
    """
    A function with generated parameters, a description now and then, and ``strict`` set or left out.
    """
    made: Part = {"name": name}
    if choices.chance(30):
        made["description"] = texts.said(choices)
    if strict:
        return {**made, "strict": True, "parameters": subset.schema(choices, strict=True)}
    if choices.chance(75):
        made["parameters"] = subset.schema(choices, strict=False) if not choices.chance(15) else _empty()
    if choices.chance(15):
        made["strict"] = choices.pick((False, None))
    return made


def _empty() -> Part:
    return {"type": "object", "properties": {}}


def _named(tool: Part) -> Part:
    kind = str(tool["type"])
    inner = tool[kind]
    return {"type": kind, kind: {"name": inner["name"]}} if isinstance(inner, dict) else {}


def _choice(choices: Choices, tools: Sequence[Part]) -> JSON:
    kind = choices.integer(0, 4)
    if kind < 3:
        return ("auto", "required", "none")[kind]
    if kind == 3:
        return _named(choices.pick(tools))
    allowed: list[JSON] = [_named(tool) for tool in tools[: choices.integer(1, len(tools))]]
    return {"type": "allowed_tools", "allowed_tools": {"mode": choices.pick(("auto", "required")), "tools": allowed}}


def functions(choices: Choices) -> Part:
    """
    The deprecated ``functions``, mostly with a ``function_call``.
    """
    start = choices.integer(0, len(_NAMES) - 1)
    names = [_NAMES[(start + place) % len(_NAMES)] for place in range(choices.integer(1, 2))]
    offered = [function(choices, name, strict=False) for name in names]
    for each in offered:
        each.pop("strict", None)
    made: Part = {"functions": [*offered]}
    if choices.chance(60):
        options: list[JSON] = ["auto", "none", {"name": names[0]}]
        made["function_call"] = choices.pick(options)
    return made
