"""
Constraints of a chat completion's request that its schema cannot say: between fields, or in the documentation's prose.

Each rule makes a neighbour of a valid request by breaking it, and adds what it needs to be broken.

Source: OpenAI, Create chat completion, https://platform.openai.com/docs/api-reference/chat/create, and the guides on
function calling and structured outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from conformance.generate import chat_broken
from conformance.generate.breaks import Neighbour
from conformance.generate.choices import Choices
from conformance.model import JSON

Body = dict[str, JSON]

_TOOL: Body = {"type": "function", "function": {"name": "get_time"}}
_OTHER: Body = {"type": "function", "function": {"name": "get_date"}}
_CALL: Body = {"id": "call_1", "type": "function", "function": {"name": "get_time", "arguments": "{}"}}
_TEXT: Body = {"type": "string"}
_USER: Body = {"role": "user", "content": "Reply with exactly: ok"}
#: No JSON Schemas at all.
_NO_SCHEMA: tuple[Body, ...] = (
    {"type": "thing"},
    {"type": "object", "properties": ["city"]},
)
#: Objects whose properties are described by no JSON Schemas.
_NO_SCHEMA_BELOW: tuple[Body, ...] = (
    {"type": "object", "properties": {"city": {"type": "thing"}}},
    {"type": "object", "properties": {"city": {"type": "object", "properties": {"name": {"type": "thing"}}}}},
)
#: Schemas of objects which leave the subset that ``strict`` supports.
_LOOSE: tuple[Body, ...] = (
    {"type": "object", "properties": {"city": _TEXT}, "required": ["city"]},
    {"type": "object", "properties": {"city": _TEXT}, "required": [], "additionalProperties": False},
    {
        "type": "object",
        "properties": {"city": {"allOf": [_TEXT]}},
        "required": ["city"],
        "additionalProperties": False,
    },
    {
        "type": "object",
        "properties": {"city": {"type": "object", "properties": {"name": _TEXT}, "required": ["name"]}},
        "required": ["city"],
        "additionalProperties": False,
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """
    One rule: its name, the requirement that it is, and how it is broken.
    """

    name: str
    requirement: str
    #: What error.param should name.
    param: str
    #: The profile within which it can be broken; none means core.
    profile: str = ""
    breaks: Callable[[Body, Choices], Body]
    #: Says whether a request breaks it.
    broken: Callable[[Body], bool]

    def neighbour(self, body: Body, choices: Choices) -> Neighbour:
        """
        The request with this rule broken.
        """
        return Neighbour(
            body=self.breaks(body, choices),
            constraint=self.name,
            requirement=self.requirement,
            param=self.param,
            needs=(self.profile,) if self.profile else (),
        )


def _set(**members: tuple[JSON, ...]) -> Callable[[Body, Choices], Body]:
    """
    Sets members to one of the values given for each; ``()`` leaves the member out.
    """

    def breaks(body: Body, choices: Choices) -> Body:
        kept = {name: each for name, each in body.items() if members.get(name) != ()}
        return {**kept, **{name: choices.pick(values) for name, values in members.items() if values}}

    return breaks


def _history(*added: tuple[JSON, ...]) -> Callable[[Body, Choices], Body]:
    """
    Replaces the conversation by one of those given.
    """
    return lambda body, choices: {**body, "messages": [*choices.pick(added)]}


def _function(parameters: tuple[Body, ...], *, strict: bool = False) -> Callable[[Body, Choices], Body]:
    def breaks(body: Body, choices: Choices) -> Body:
        described: Body = {"name": "get_time", "parameters": choices.pick(parameters)}
        if strict:
            described["strict"] = True
        kept = {name: each for name, each in body.items() if name not in ("tools", "tool_choice")}
        return {**kept, "tools": [{"type": "function", "function": described}]}

    return breaks


def _form(schemas: tuple[Body, ...], *, strict: bool = False) -> Callable[[Body, Choices], Body]:
    def breaks(body: Body, choices: Choices) -> Body:
        described: Body = {"name": "city", "schema": choices.pick(schemas)}
        if strict:
            described["strict"] = True
        kept = {name: each for name, each in body.items() if name not in ("modalities", "audio")}
        return {**kept, "response_format": {"type": "json_schema", "json_schema": described}}

    return breaks


def _tools(*choice: JSON) -> Callable[[Body, Choices], Body]:
    return _set(tools=([_TOOL],), tool_choice=choice)


def _calling(*after: JSON) -> tuple[JSON, ...]:
    return (_USER, {"role": "assistant", "content": None, "tool_calls": [_CALL]}, *after)


_RESULT: Body = {"role": "tool", "tool_call_id": "call_1", "content": "12:00"}
_SOMEBODY: Mapping[str, JSON] = {**_RESULT, "tool_call_id": "call_2"}
_BOTH: Body = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [_TOOL, _OTHER]}}
_NAMED: Body = {"type": "function", "function": {"name": "get_date"}}
_CUSTOM: Body = {"type": "custom", "custom": {"name": "get_time"}}

RULES: tuple[Rule, ...] = (
    Rule(
        name="model is not empty",
        requirement="openai-chat.request.model.type",
        param="model",
        broken=chat_broken.empty_model,
        breaks=_set(model=("",)),
    ),
    Rule(
        name="max_tokens is at least 1",
        requirement="openai-chat.request.max-tokens.range",
        param="max_tokens",
        broken=chat_broken.below_one("max_tokens"),
        breaks=_set(max_completion_tokens=(), max_tokens=(0, -1)),
    ),
    Rule(
        name="max_completion_tokens is at least 1",
        requirement="openai-chat.request.max-completion-tokens.range",
        param="max_completion_tokens",
        broken=chat_broken.below_one("max_completion_tokens"),
        breaks=_set(max_tokens=(), max_completion_tokens=(0, -1)),
    ),
    Rule(
        name="tools are not empty",
        requirement="openai-chat.request.tools.empty",
        param="tools",
        profile="tools",
        broken=chat_broken.no_tools,
        breaks=_set(tool_choice=(), parallel_tool_calls=(), tools=([],)),
    ),
    Rule(
        name="tool_choice needs tools",
        requirement="openai-chat.request.tool-choice.needs-tools",
        param="tool_choice",
        profile="tools",
        broken=chat_broken.choice_without("tool_choice", "tools"),
        breaks=_set(tools=(), parallel_tool_calls=(), tool_choice=("required", {**_TOOL})),
    ),
    Rule(
        name="tool_choice names a tool that is offered",
        requirement="openai-chat.request.tool-choice.unknown-tool",
        param="tool_choice",
        profile="tools",
        broken=chat_broken.unknown_choice,
        breaks=_tools(_NAMED, _CUSTOM),
    ),
    Rule(
        name="allowed_tools are offered",
        requirement="openai-chat.request.tool-choice.allowed-values",
        param="tool_choice",
        profile="tools",
        broken=chat_broken.unknown_allowed,
        breaks=_tools(_BOTH),
    ),
    Rule(
        name="function parameters are a JSON Schema",
        requirement="openai-chat.request.tools.parameters",
        param="tools",
        profile="tools",
        broken=chat_broken.meaningless_parameters(below=False),
        breaks=_function(_NO_SCHEMA),
    ),
    Rule(
        name="function parameters are a JSON Schema at every depth",
        requirement="openai-chat.request.tools.parameters",
        param="tools",
        profile="tools",
        broken=chat_broken.meaningless_parameters(below=True),
        breaks=_function(_NO_SCHEMA_BELOW),
    ),
    Rule(
        name="function parameters describe an object",
        requirement="openai-chat.request.tools.parameters",
        param="tools",
        profile="tools",
        broken=chat_broken.no_object,
        breaks=_function(({"type": "array", "items": _TEXT}, {"type": "string"})),
    ),
    Rule(
        name="strict function parameters keep the subset",
        requirement="openai-chat.request.tools.strict-subset",
        param="tools",
        profile="tools",
        broken=chat_broken.loose_parameters,
        breaks=_function(_LOOSE, strict=True),
    ),
    Rule(
        name="json_schema holds a JSON Schema",
        requirement="openai-chat.request.response-format.schema",
        param="response_format",
        profile="structured-output",
        broken=chat_broken.meaningless_form(below=False),
        breaks=_form(_NO_SCHEMA),
    ),
    Rule(
        name="json_schema holds a JSON Schema at every depth",
        requirement="openai-chat.request.response-format.schema",
        param="response_format",
        profile="structured-output",
        broken=chat_broken.meaningless_form(below=True),
        breaks=_form(_NO_SCHEMA_BELOW),
    ),
    Rule(
        name="a strict json_schema keeps the subset",
        requirement="openai-chat.request.response-format.strict-subset",
        param="response_format",
        profile="structured-output",
        broken=chat_broken.loose_form,
        breaks=_form((*_LOOSE, {"type": "array", "items": _TEXT}), strict=True),
    ),
    Rule(
        name="json_object needs a message that speaks of JSON",
        requirement="openai-chat.request.response-format.json-word",
        param="messages",
        profile="structured-output",
        broken=chat_broken.nobody_says_json,
        breaks=_set(modalities=(), audio=(), messages=([_USER],), response_format=({"type": "json_object"},)),
    ),
    Rule(
        name="a tool message answers a call",
        requirement="openai-chat.request.messages.tool-orphan",
        param="messages",
        profile="tools",
        broken=chat_broken.orphan_result,
        breaks=_history((_USER, _RESULT), _calling({**_SOMEBODY}), _calling(_RESULT, {**_SOMEBODY})),
    ),
    Rule(
        name="a call of the history is answered",
        requirement="openai-chat.request.messages.tool-unanswered",
        param="messages",
        profile="tools",
        broken=chat_broken.unanswered_call,
        breaks=_history(_calling(_USER), _calling()),
    ),
    Rule(
        name="function_call needs functions",
        requirement="openai-chat.request.functions.call-values",
        param="function_call",
        profile="legacy-functions",
        broken=chat_broken.choice_without("function_call", "functions"),
        breaks=_set(functions=(), function_call=("auto", {"name": "get_time"})),
    ),
    Rule(
        name="function_call names a function that is offered",
        requirement="openai-chat.request.functions.call-values",
        param="function_call",
        profile="legacy-functions",
        broken=chat_broken.unknown_function,
        breaks=_set(functions=([{"name": "get_time"}],), function_call=({"name": "get_date"},)),
    ),
)


def broken_by(body: JSON) -> frozenset[str]:
    """
    The names of the rules that a request breaks.
    """
    return frozenset(rule.name for rule in RULES if isinstance(body, dict) and rule.broken(body))
