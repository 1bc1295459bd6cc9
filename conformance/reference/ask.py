"""
What a valid request asks for, as one frozen value.

The parameters' defaults are filled in, both spellings of the limit and of tools made one.
Nothing is validated here; `validate.request` has done so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from conformance.reference import tokens
from conformance.reference.validate import content_text

_REASONING = {"low": 8, "medium": 16, "high": 32, "xhigh": 48, "max": 64}
#: What the frame of a message costs in tokens beside its text; an invented, constant price.
_MESSAGE_OVERHEAD = 4
_PART_PRICE = {"image_url": 85, "input_audio": 20, "file": 50}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """
    One message of the conversation: who spoke, the text, and the types of what stood beside it.
    """

    role: str
    text: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """
    A tool the request offers. `schema` describes a function's arguments; `pattern` a custom tool's input.
    """

    name: str
    description: str = ""
    custom: bool = False
    schema: Mapping[str, Any] = field(default_factory=dict)
    pattern: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """
    Everything an answer depends on.

    `mode` says how tools may be used, `offered` which; `named` is set when the request names the one to call.
    `legacy` says that they came as the deprecated `functions`. `alternatives` is None when no logprobs are wanted.
    `reasoning` is in tokens, as `limit` and `prompt_tokens` are.
    """

    turns: tuple[Turn, ...]
    prompt_tokens: int
    choices: int = 1
    stream: bool = False
    include_usage: bool = False
    obfuscate: bool = True
    limit: int | None = None
    stops: tuple[str, ...] = ()
    alternatives: int | None = None
    warm: bool = True
    seed: int = 0
    form: Literal["text", "json_object", "json_schema"] = "text"
    schema: Mapping[str, Any] | None = None
    offered: tuple[Tool, ...] = ()
    mode: str = "none"
    named: bool = False
    parallel: bool = True
    legacy: bool = False
    audio: str | None = None
    reasoning: int = 0

    @property
    def last(self) -> str:
        """
        The text of the last user message.
        """
        return next((turn.text for turn in reversed(self.turns) if turn.role == "user"), "")


def read(body: dict[str, Any]) -> Ask:
    """
    Gives what a valid request body asks for.
    """
    options = body.get("stream_options") or {}
    limits = [int(body[key]) for key in ("max_tokens", "max_completion_tokens") if body.get(key) is not None]
    stop = body.get("stop")
    form = body.get("response_format", {"type": "text"})
    tools, mode, named = _tools(body)
    return Ask(
        turns=tuple(_turn(message) for message in body["messages"]),
        prompt_tokens=prompt_tokens(body),
        choices=int(body.get("n") or 1),
        stream=bool(body.get("stream")),
        include_usage=options.get("include_usage", False),
        obfuscate=options.get("include_obfuscation", True),
        limit=min(limits, default=None),
        stops=tuple(each for each in ([stop] if isinstance(stop, str) else stop or ()) if each),
        alternatives=int(body.get("top_logprobs") or 0) if body.get("logprobs") else None,
        warm=body.get("temperature") != 0,
        seed=int(body.get("seed") or 0),
        form=form["type"],
        schema=form.get("json_schema", {}).get("schema"),
        offered=tools,
        mode=mode,
        named=named,
        parallel=body.get("parallel_tool_calls", True),
        legacy=bool(body.get("functions")) and not body.get("tools"),
        audio=body["audio"]["format"] if "audio" in (body.get("modalities") or ()) else None,
        reasoning=_REASONING.get(body.get("reasoning_effort") or "none", 0),
    )


def _turn(message: dict[str, Any]) -> Turn:
    content = message.get("content")
    parts = tuple(part["type"] for part in content) if isinstance(content, list) else ()
    return Turn(role=message["role"], text=content_text(content), parts=parts)


def _tool(tool: dict[str, Any]) -> Tool:
    if tool["type"] == "function":
        function = tool["function"]
        schema = function.get("parameters") or {}
        return Tool(name=function["name"], description=function.get("description", ""), schema=schema)
    custom = tool["custom"]
    grammar = custom.get("format", {}).get("grammar", {})
    pattern = grammar["definition"] if grammar.get("syntax") == "regex" else None
    return Tool(name=custom["name"], description=custom.get("description", ""), custom=True, pattern=pattern)


def _tools(body: dict[str, Any]) -> tuple[tuple[Tool, ...], str, bool]:
    if body.get("tools"):
        return _chosen(tuple(_tool(tool) for tool in body["tools"]), body.get("tool_choice", "auto"))
    functions = tuple(_tool({"type": "function", "function": each}) for each in body.get("functions", ()))
    choice = body.get("function_call", "auto" if functions else "none")
    if isinstance(choice, dict):
        choice = {"type": "function", "function": choice}
    return _chosen(functions, choice)


def _chosen(tools: Sequence[Tool], choice: Any) -> tuple[tuple[Tool, ...], str, bool]:
    if isinstance(choice, str):
        return tuple(tools), choice, False
    kind = choice["type"]
    if kind == "allowed_tools":
        allowed = {(tool["type"] == "custom", tool[tool["type"]]["name"]) for tool in choice[kind]["tools"]}
        return tuple(each for each in tools if (each.custom, each.name) in allowed), choice[kind]["mode"], False
    wanted = (kind == "custom", choice[kind]["name"])
    return tuple(each for each in tools if (each.custom, each.name) == wanted), "required", True


def prompt_tokens(body: dict[str, Any]) -> int:
    """
    Gives the size of a valid request's prompt in tokens; what is offered beside the messages counts too.
    """
    beside = [body[key] for key in ("tools", "functions") if key in body]
    beside += [body["response_format"]["json_schema"]] if "json_schema" in body.get("response_format", {}) else []
    return 3 + sum(map(_price, body["messages"])) + sum(tokens.count(_json(each)) for each in beside)


def _price(message: dict[str, Any]) -> int:
    content = message.get("content")
    media = sum(_PART_PRICE.get(part["type"], 0) for part in content) if isinstance(content, list) else 0
    calls = [message[key] for key in ("tool_calls", "function_call") if message.get(key)]
    said = tokens.count(content_text(content)) + tokens.count(str(message.get("name", "")))
    return _MESSAGE_OVERHEAD + said + media + sum(tokens.count(_json(each)) for each in calls)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
