"""
The constraints of tools and of the choice among them, today's and the deprecated form with functions.

Source: OpenAI's `CreateChatCompletionRequest`. Which tool is then called, `toolcall` decides.
"""

from __future__ import annotations

from typing import Any

from conformance.reference import strict
from conformance.reference.errors import invalid
from conformance.reference.shape import (
    any_object,
    array,
    boolean,
    by_type,
    nullable,
    one_of,
    record,
    string,
    tagged,
    text,
)

_NAME = string(least=1, most=64, pattern=r"[a-zA-Z0-9_-]+")


def _parameters(value: Any, path: str) -> None:
    any_object(value, path)
    reason = strict.malformed(value)
    if value.get("type", "object") != "object":
        reason = "schema must be a JSON Schema of 'type: \"object\"'."
    if reason:
        raise invalid(path, f"Invalid schema for '{path}': {reason}", "invalid_function_parameters")


_FUNCTION = record({"name": _NAME}, {"description": text, "parameters": _parameters, "strict": nullable(boolean)})


def _function_tool(value: Any, path: str) -> None:
    record({"function": _FUNCTION})(value, path)
    function = value["function"]
    if not function.get("strict"):
        return
    reason = strict.complaint(function["parameters"]) if function.get("parameters") else None
    if reason:
        message = f"Invalid schema for function '{function['name']}': {reason}"
        raise invalid(f"{path}.function.parameters", message, "invalid_function_parameters")


_GRAMMAR = record({"definition": text, "syntax": one_of("lark", "regex")}, closed=True)
_CUSTOM_FORMAT = tagged(
    "type",
    {
        "text": record({"type": text}, closed=True),
        "grammar": record({"type": text, "grammar": _GRAMMAR}, closed=True),
    },
)
_CUSTOM_TOOL = record({"custom": record({"name": _NAME}, {"description": text, "format": _CUSTOM_FORMAT})})

#: At most 128, as OpenAI answers in practice (`array_above_max_length`).
tools = array(tagged("type", {"function": _function_tool, "custom": _CUSTOM_TOOL}), least=1, most=128)
functions = array(record({"name": _NAME}, {"description": text, "parameters": _parameters}), least=1, most=128)

_ALLOWED = record({"mode": one_of("auto", "required"), "tools": array(any_object, least=1)})
tool_choice = by_type(
    "one of a string or object",
    {
        str: one_of("none", "auto", "required"),
        dict: tagged(
            "type",
            {
                "function": record({"function": record({"name": text})}),
                "custom": record({"custom": record({"name": text})}),
                "allowed_tools": record({"allowed_tools": _ALLOWED}),
            },
        ),
    },
)
function_call = by_type("one of a string or object", {str: one_of("none", "auto"), dict: record({"name": text})})


def offered(body: dict[str, Any]) -> set[tuple[str, str]]:
    """
    Gives the (type, name) of every tool a valid request offers.
    """
    return {(tool["type"], tool[tool["type"]]["name"]) for tool in body.get("tools", ())}


def choice_fits(body: dict[str, Any]) -> None:
    """
    Refuses a `tool_choice` or `function_call` which asks for what the request does not offer.
    """
    choice = body.get("tool_choice")
    if choice not in (None, "none") and not body.get("tools"):
        reason = "'tool_choice' is only allowed when 'tools' are specified."
        raise invalid("tool_choice", f"Invalid value for 'tool_choice': {reason}")
    if isinstance(choice, dict):
        _names_offered(choice, offered(body))
    legacy = body.get("function_call")
    if legacy not in (None, "none") and not body.get("functions"):
        reason = "'function_call' is only allowed when 'functions' are specified."
        raise invalid("function_call", f"Invalid value for 'function_call': {reason}")
    if isinstance(legacy, dict) and legacy["name"] not in {each["name"] for each in body["functions"]}:
        raise invalid("function_call", f"Function '{legacy['name'][:64]}' not found in 'functions' parameter.")


def _names_offered(choice: dict[str, Any], known: set[tuple[str, str]]) -> None:
    kind = choice["type"]
    if kind != "allowed_tools":
        if (kind, choice[kind]["name"]) not in known:
            name = choice[kind]["name"][:64]
            raise invalid("tool_choice", f"Tool choice '{name}' not found in 'tools' parameter.")
        return
    for index, tool in enumerate(choice[kind]["tools"]):
        named = tool.get(tool.get("type", "function") if isinstance(tool.get("type"), str) else "", {})
        name = named.get("name") if isinstance(named, dict) else None
        if (tool.get("type"), name) not in known:
            place = f"tool_choice.allowed_tools.tools[{index}]"
            raise invalid(place, f"Tool '{str(name)[:64]}' not found in 'tools' parameter.")
