"""
Rules of the arguments of tool calls, streamed and plain.

Source: https://platform.openai.com/docs/api-reference/chat/object (``tool_calls[].function.arguments``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.checks import validators
from conformance.checks.chat_usage import count, limit_of
from conformance.checks.registry import check
from conformance.checks.subject import Subject
from conformance.checks.tool_calls import called, functions, offered, stream_called
from conformance.model import JSON, Evidence, Finding
from conformance.read.chat import Choice
from conformance.read.chat_calls import ToolCall
from conformance.read.strictjson import as_object


def _empty(call: ToolCall) -> bool:
    return call.arguments.strip() in ("", "null")


def _cumulative(call: ToolCall) -> int | None:
    """
    The event at which the argument text so far was sent again instead of what is new.
    """
    sofar = ""
    for fragment in call.fragments:
        text = fragment.arguments if isinstance(fragment.arguments, str) else ""
        if len(sofar) >= 2 and text.startswith(sofar):
            return fragment.event
        sofar += text
    return None


def _cut_off(s: Subject, choice: Choice) -> bool:
    return choice.finish_reason in ("length", "content_filter") or _at_the_limit(s)


def _at_the_limit(s: Subject) -> bool:
    limit, written = limit_of(s.asked), count(s, "completion_tokens")
    return limit is not None and written is not None and written >= limit


def _unparsed(call: ToolCall) -> bool:
    document = call.arguments_value
    return not document.ok or any(fault.kind in {"syntax", "trailing", "empty"} for fault in document.faults)


@check("openai-chat.tools.arguments-increments", when=stream_called)
def sends_argument_increments(s: Subject) -> Iterator[Finding]:
    """
    A fragment of arguments is what is new, not all of them so far.
    """
    for _, call, _ in functions(s):
        event = _cumulative(call) if _unparsed(call) else None
        if event is not None:
            where = f"event[{event}]/choices/*/delta/tool_calls/*/function/arguments"
            yield Finding(expected="only what is new", observed="the arguments so far again", where=where)


def _is_strict(s: Subject, call: ToolCall) -> bool:
    return offered(s).get(call.name, {}).get("strict") is True


def _no_object(s: Subject, *, strict: bool) -> Iterator[Finding]:
    for choice, call, where in functions(s):
        if _empty(call) or _cut_off(s, choice) or _is_strict(s, call) is not strict:
            continue
        repeated = bool(call.fragments) and _cumulative(call) is not None
        odd = _unparsed(call) or not isinstance(call.arguments_value.value, dict | str)
        if odd and not repeated:
            yield Finding(expected="one JSON object", observed=call.arguments[:80], where=f"{where}/function/arguments")


@check("openai-chat.tools.arguments-json", when=called)
def writes_arguments_as_json(s: Subject) -> Iterator[Finding]:
    """
    The arguments, put together, are one JSON object unless the answer was cut.

    The reference warns that a model does not always write valid JSON; under ``strict`` it does.
    """
    yield from _no_object(s, strict=False)


@check("openai-chat.tools.arguments-empty", when=called)
def writes_no_arguments_as_an_object(s: Subject) -> Iterator[Finding]:
    """
    A call without arguments says ``{}``: an empty string is no JSON.
    """
    for choice, call, where in functions(s):
        if _empty(call) and not _cut_off(s, choice):
            yield Finding(expected="{}", observed=repr(call.arguments), where=f"{where}/function/arguments")


@check("openai-chat.tools.arguments-object", when=called)
def encodes_arguments_once(s: Subject) -> Iterator[Finding]:
    """
    Parsing the arguments once gives an object, not a string that holds JSON.
    """
    for _, call, where in functions(s):
        value = call.arguments_value.value
        if not _empty(call) and not _unparsed(call) and isinstance(value, str):
            yield Finding(expected="an object", observed=call.arguments[:80], where=f"{where}/function/arguments")


@check("openai-chat.tools.finish-length", when=lambda s: called(s) and _at_the_limit(s), shows=Evidence.REQUEST)
def admits_a_cut(s: Subject) -> Iterator[Finding]:
    """
    Arguments that the token limit cut end with ``length``, or half a call is run.
    """
    for choice, call, where in functions(s):
        if _unparsed(call) and choice.finish_reason not in (None, "length"):
            got = f"{choice.finish_reason!r} after {call.arguments[-40:]!r}"
            yield Finding(expected="finish_reason length", observed=got, where=where)


def _declared(s: Subject, *, strict: bool) -> Iterator[tuple[Choice, ToolCall, str, dict[str, JSON]]]:
    tools = offered(s)
    for choice, call, where in functions(s):
        tool = tools.get(call.name, {})
        usable = isinstance(tool.get("parameters"), dict) and isinstance(call.arguments_value.value, dict)
        if usable and not _unparsed(call) and (tool.get("strict") is True) is strict:
            yield choice, call, where, as_object(tool["parameters"])


def _invalid_arguments(s: Subject, *, strict: bool) -> Iterator[Finding]:
    for _, call, where, parameters in _declared(s, strict=strict):
        problem = validators.first_error(parameters, call.arguments_value.value)
        if problem:
            yield Finding(expected="arguments under the schema", observed=problem, where=f"{where}/function/arguments")


def _called_strictly(s: Subject) -> bool:
    return called(s) and any(_is_strict(s, call) for _, call, _ in functions(s))


@check("openai-chat.tools.arguments-strict", when=_called_strictly, shows=Evidence.REQUEST)
def keeps_a_strict_schema(s: Subject) -> Iterator[Finding]:
    """
    With ``strict: true`` the arguments are valid under the tool's schema.
    """
    yield from _no_object(s, strict=True)
    yield from _invalid_arguments(s, strict=True)


@check("openai-chat.tools.arguments-schema", when=lambda s: called(s) and any(_declared(s, strict=False)))
def keeps_a_schema(s: Subject) -> Iterator[Finding]:
    """
    Without ``strict`` the model usually keeps the tool's schema.
    """
    yield from _invalid_arguments(s, strict=False)


@check("openai-chat.tools.nested-objects", when=lambda s: called(s) and any(_nested(s)))
def encodes_nested_arguments_once(s: Subject) -> Iterator[Finding]:
    """
    An object within the arguments is an object, not a string that holds JSON.
    """
    for where, name, value in _nested(s):
        inner = validators.parse(value) if isinstance(value, str) else None
        if isinstance(inner, dict | list):
            yield Finding(
                expected=f"{name} as an object or array", observed=f"a string {str(value)[:60]!r}", where=where
            )


def _nested(s: Subject) -> Iterator[tuple[str, str, JSON]]:
    for strict in (True, False):
        for _, call, where, parameters in _declared(s, strict=strict):
            for name, schema in as_object(parameters.get("properties")).items():
                arguments = as_object(call.arguments_value.value)
                if as_object(schema).get("type") in ("object", "array") and name in arguments:
                    yield f"{where}/function/arguments", name, arguments[name]


def _values(value: JSON) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _values(each)
    elif isinstance(value, list):
        for each in value:
            yield from _values(each)


@check("openai-chat.tools.content-apart", when=called)
def keeps_arguments_out_of_the_text(s: Subject) -> Iterator[Finding]:
    """
    Argument values are not sent as text as well.
    """
    for choice in s.completion.choices:
        text = " ".join((choice.content or "").split())
        if not text or not choice.tool_calls:
            continue
        values = [v for call in choice.tool_calls for v in _values(call.arguments_value.value)]
        whole = [" ".join(call.arguments.split()) for call in choice.tool_calls if len(call.arguments) > 2]
        rest = text
        for value in sorted({" ".join(v.split()) for v in values}, key=len, reverse=True):
            rest = rest.replace(value, " ")
        only_values = bool(values) and not re.sub(r"[\W_]+", "", rest) and len(text) > 2
        if any(each and each in text for each in whole) or only_values:
            where = f"/choices/{choice.index}/message/content"
            yield Finding(expected="no arguments in the text", observed=repr(text[:80]), where=where)
