"""
A little less of a request, which is still as valid, or as broken, as before: the steps by which a finding is reduced.

Hypothesis shrinks the decisions that a request was drawn from, and needs some three times as many requests for it; where
each costs money, the body itself is cut.  The boldest cuts come first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from conformance.generate.chat_request import smallest
from conformance.generate.cut_messages import messages
from conformance.generate.families import Body
from conformance.model import JSON

#: Members that stand for something only beside another, which must not go before them.
_LEAN: Mapping[str, str] = {
    "tool_choice": "tools",
    "parallel_tool_calls": "tools",
    "function_call": "functions",
    "audio": "modalities",
}


#: Members that only go together.
_GROUPS: Sequence[frozenset[str]] = (
    frozenset({"stream", "stream_options"}),
    frozenset({"logprobs", "top_logprobs"}),
    frozenset({"modalities", "audio"}),
    frozenset({"tools", "tool_choice", "parallel_tool_calls"}),
    frozenset({"functions", "function_call"}),
)


def members(body: Body) -> Iterator[Body]:
    """
    Without some of the members that can be left out: many at once, then fewer, then each.
    """
    for group in _GROUPS:
        if len(group & body.keys()) > 1:
            yield {name: value for name, value in body.items() if name not in group}
    names = sorted(set(body) - set(smallest()), key=lambda name: (name not in _LEAN, list(body).index(name)))
    for chunk in _chunks(names):
        left = {name: value for name, value in body.items() if name not in chunk}
        if not any(member in left and base in chunk for member, base in _LEAN.items()):
            yield left


def _chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    size = len(items)
    while size >= 1:
        yield from (items[at : at + size] for at in range(0, len(items), size))
        size = size // 2


def tools(body: Body) -> Iterator[Body]:
    """
    Fewer tools, described with less.
    """
    offered = body.get("tools")
    if isinstance(offered, list):
        for number, tool in enumerate(offered):
            rest = offered[number + 1 :]
            if len(offered) > 1 and not _named(body.get("tool_choice"), tool):
                yield {**body, "tools": [*offered[:number], *rest]}
            for less in (*_tool(tool), *_renamed(tool, number, body)):
                yield {**body, "tools": [*offered[:number], less, *rest]}
    functions = body.get("functions")
    if isinstance(functions, list):
        for number, function in enumerate(functions):
            for less in _function(function):
                yield {**body, "functions": [*functions[:number], less, *functions[number + 1 :]]}


def _named(choice: JSON, tool: JSON) -> bool:
    """
    A choice among the tools speaks of one of them, or might.
    """
    if not isinstance(choice, dict) or not isinstance(tool, dict):
        return False
    kind = str(tool.get("type"))
    if choice.get("type") == "allowed_tools":
        return True
    chosen, offered = choice.get(kind), tool.get(kind)
    return isinstance(chosen, dict) and isinstance(offered, dict) and chosen.get("name") == offered.get("name")


#: Names are no longer than this, unless they must be.
_NAME = 8


def _renamed(tool: JSON, number: int, body: Body) -> Iterator[JSON]:
    kind = str(tool.get("type")) if isinstance(tool, dict) else ""
    named = tool.get(kind) if isinstance(tool, dict) else None
    chosen = isinstance(body.get("tool_choice"), dict)
    if isinstance(tool, dict) and isinstance(named, dict) and not chosen and len(str(named.get("name"))) > _NAME:
        yield {**tool, kind: {**named, "name": f"tool{number}"}}


def _tool(tool: JSON) -> Iterator[JSON]:
    if isinstance(tool, dict) and tool.get("type") == "function":
        for less in _function(tool.get("function")):
            yield {**tool, "function": less}


def _function(function: JSON) -> Iterator[JSON]:
    if not isinstance(function, dict):
        return
    for lean in (("strict", "parameters"), ("parameters",), ("description",), ("strict",)):
        if all(name in function for name in lean) and not (lean == ("parameters",) and function.get("strict")):
            yield {name: value for name, value in function.items() if name not in lean}
    for less in _schema(function.get("parameters")):
        yield {**function, "parameters": less}


def forms(body: Body) -> Iterator[Body]:
    """
    A smaller schema for the answer.
    """
    form = body.get("response_format")
    described = form.get("json_schema") if isinstance(form, dict) else None
    if not isinstance(form, dict) or not isinstance(described, dict):
        return
    for name in ("description", "strict"):
        if name in described:
            less: JSON = {key: value for key, value in described.items() if key != name}
            yield {**body, "response_format": {**form, "json_schema": less}}
    if described.get("name") != "answer":
        yield {**body, "response_format": {**form, "json_schema": {**described, "name": "answer"}}}
    for schema in _schema(described.get("schema")):
        yield {**body, "response_format": {**form, "json_schema": {**described, "schema": schema}}}


def _schema(schema: JSON) -> Iterator[dict[str, JSON]]:
    """
    A schema of an object with fewer or simpler properties.
    """
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(schema, dict) or not isinstance(properties, dict):
        return
    definitions = schema.get("$defs")
    for definition in definitions.values() if isinstance(definitions, dict) else ():
        if isinstance(definition, dict):
            yield definition
    for name in properties if len(properties) > 1 else ():
        required = schema.get("required")
        kept = [each for each in required if each != name] if isinstance(required, list) else []
        less = {key: each for key, each in properties.items() if key != name}
        bare = {key: each for key, each in schema.items() if key != "$defs" or _refers(less)}
        yield {**bare, "properties": less, "required": kept}
    for name, node in properties.items():
        for simpler in _node(node):
            yield {**schema, "properties": {**properties, name: simpler}}


def _refers(properties: Mapping[str, JSON]) -> bool:
    return "$ref" in repr(properties)


def _node(node: JSON) -> Iterator[JSON]:
    if not isinstance(node, dict) or node == {"type": "string"}:
        return
    yield {"type": "string"}
    if "description" in node:
        yield {name: value for name, value in node.items() if name != "description"}
    options = node.get("enum")
    if isinstance(options, list) and len(options) > 1:
        yield from ({**node, "enum": [each]} for each in options)
    if node.get("type") == "object":
        yield from _schema(node)
    if isinstance(items := node.get("items"), dict):
        yield items
        yield from ({**node, "items": less} for less in _node(items))
    alternatives = node.get("anyOf")
    if isinstance(alternatives, list):
        yield from alternatives[:1]


def values(body: Body) -> Iterator[Body]:
    """
    Simpler values of the parameters that are left.
    """
    for name, value in body.items():
        if name in ("model", "messages", "tools", "tool_choice", "functions", "function_call", "response_format"):
            continue
        for simpler in _value(value):
            yield {**body, name: simpler}


def _value(value: JSON) -> Iterator[JSON]:
    if isinstance(value, dict):
        for chunk in _chunks(list(value)):
            yield {name: each for name, each in value.items() if name not in chunk}
        if all(isinstance(each, str) for each in value.values()):
            yield {f"key{number}": "ok" for number in range(len(value))}
    elif isinstance(value, list) and len(value) > 1:
        yield from ([each] for each in value)
    elif isinstance(value, list) and value:
        yield from ([each] for each in _value(value[0]))
    elif isinstance(value, str) and len(value) > len("ok"):
        yield from ("ok", value[: len(value) // 2], value[len(value) // 2 :])
    elif isinstance(value, int | float) and not isinstance(value, bool) and value not in (0, 1, 2):
        yield from (each for each in (1, 0, 2) if each != value)
        if value != round(value, 1):
            yield round(value, 1)


#: Every kind of cut, in the order in which they are tried.
CUTS: Sequence[Callable[[Body], Iterator[Body]]] = (members, messages, tools, forms, values)
