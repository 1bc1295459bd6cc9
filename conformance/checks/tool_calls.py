"""
Reading the tools that a request offers and the calls that an answer holds; no rules.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.subject import Subject, answered
from conformance.model import JSON
from conformance.read.chat import Choice
from conformance.read.chat_calls import ToolCall
from conformance.read.strictjson import as_list, as_object


def offered(s: Subject) -> dict[str, dict[str, JSON]]:
    """
    The tools of the request by name: the ``function`` or ``custom`` object of each.
    """
    tools: dict[str, dict[str, JSON]] = {}
    for tool in as_list(s.asked.get("tools")):
        inner = as_object(as_object(tool).get("function")) or as_object(as_object(tool).get("custom"))
        if isinstance(inner.get("name"), str):
            tools[str(inner["name"])] = inner
    return tools


def kind(s: Subject, name: str) -> str:
    """
    The kind of tool that a name was offered as: ``function`` or ``custom``.
    """
    entries = [as_object(tool) for tool in as_list(s.asked.get("tools"))]
    return "custom" if any(as_object(each.get("custom")).get("name") == name for each in entries) else "function"


def calls(s: Subject) -> Iterator[tuple[Choice, ToolCall, str]]:
    """
    Every call with its choice and its place, which for a streamed one is its first fragment's.
    """
    for choice in s.completion.choices:
        for number, call in enumerate(choice.tool_calls):
            if call.fragments:
                where = f"event[{call.fragments[0].event}]/choices/{choice.index}/delta/tool_calls"
            else:
                where = f"/choices/{choice.index}/message/tool_calls/{number}"
            yield choice, call, where


def called(s: Subject) -> bool:
    """
    The answer holds at least one tool call.
    """
    return answered(s) and any(choice.tool_calls for choice in s.completion.choices)


def stream_called(s: Subject) -> bool:
    """
    The answer was streamed and holds at least one tool call.
    """
    return called(s) and s.completion.streamed


def functions(s: Subject) -> Iterator[tuple[Choice, ToolCall, str]]:
    """
    The calls that have JSON arguments, rather than a custom tool's free input.
    """
    for choice, call, where in calls(s):
        if call.type != "custom" and isinstance(call.arguments, str):
            yield choice, call, where
