"""
Rules of tool calls, streamed and plain.

Sources: https://platform.openai.com/docs/guides/function-calling and the chat reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.checks import validators
from conformance.checks.registry import check
from conformance.checks.subject import Subject, answered, knows_request
from conformance.model import JSON, CheckClass, Evidence, Finding, Unobserved
from conformance.read.chat import Choice, ToolCall
from conformance.read.strictjson import as_list, as_object, is_int


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


def _calls(s: Subject) -> Iterator[tuple[Choice, ToolCall, str]]:
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


def _stream_called(s: Subject) -> bool:
    return called(s) and s.completion.streamed


def _functions(s: Subject) -> Iterator[tuple[Choice, ToolCall, str]]:
    for choice, call, where in _calls(s):
        if call.type != "custom" and isinstance(call.arguments, str):
            yield choice, call, where


@check("openai-chat.tools.id", when=called)
def identifies_every_call(s: Subject) -> Iterator[Finding]:
    """
    Every call has an id, in its first fragment when streamed: the result is sent back under it.
    """
    for _, call, where in _calls(s):
        first = call.fragments[0].id if call.fragments else call.id
        if not (isinstance(first, str) and first):
            yield Finding(expected="a non-empty id", observed=repr(first), where=f"{where}/id")


@check("openai-chat.tools.first-fragment", when=_stream_called)
def introduces_every_call(s: Subject) -> Iterator[Finding]:
    """
    The first fragment of a call carries its type and its name.
    """
    for _, call, where in _calls(s):
        first = call.fragments[0]
        for name, value in (("type", first.type), ("function/name", first.name)):
            if not (isinstance(value, str) and value):
                yield Finding(expected=f"{name} in the first fragment", observed=repr(value), where=f"{where}/{name}")


@check("openai-chat.tools.id-unique", when=called, shows=Evidence.IDENTITY)
def gives_every_call_its_own_id(s: Subject) -> Iterator[Finding]:
    """
    No two calls share an id, within an answer or between answers.
    """
    seen: dict[str, str] = {}
    for name, peer in s.peers.items():
        if peer.status == 200 and s.own:
            seen.update((call.id, name) for choice in peer.completion.choices for call in choice.tool_calls)
    for choice in s.completion.choices:
        mine: set[str] = set()
        for call in choice.tool_calls:
            if call.id and (call.id in mine or call.id in seen):
                other = seen.get(call.id, "the same message")
                yield Finding(expected="an id of its own", observed=f"{call.id} as in {other}", where="tool_calls/*/id")
            mine.add(call.id)


@check("openai-chat.tools.index", when=_stream_called)
def numbers_its_calls(s: Subject) -> Iterator[Finding]:
    """
    The indexes of the calls run from 0 without gaps: SDKs insert by position.
    """
    for choice in s.completion.choices:
        given = [fragment.index for call in choice.tool_calls for fragment in call.fragments]
        whole = {index for index in given if isinstance(index, int) and not isinstance(index, bool)}
        if whole and all(is_int(index) for index in given) and whole != set(range(len(whole))):
            event = choice.tool_calls[0].fragments[0].event
            where = f"event[{event}]/choices/{choice.index}/delta/tool_calls/*/index"
            yield Finding(expected=f"indexes 0 to {len(whole) - 1}", observed=str(sorted(whole)), where=where)


@check("openai-chat.tools.index-own", when=_stream_called)
def gives_every_call_its_own_index(s: Subject) -> Iterator[Finding]:
    """
    Two calls have different indexes: fragments are put together by them.
    """
    for choice in s.completion.choices:
        by_index: dict[int, str] = {}
        for call in choice.tool_calls:
            index = call.fragments[0].index if call.fragments else None
            if isinstance(index, int) and index in by_index and call.id != by_index[index]:
                where = f"event[{call.fragments[0].event}]/choices/{choice.index}/delta/tool_calls/*/index"
                yield Finding(expected="a new index for a new call", observed=f"{index} again", where=where)
            if isinstance(index, int):
                by_index.setdefault(index, call.id)


def _repeats(s: Subject, name: str) -> Iterator[Finding]:
    for _, call, where in _calls(s):
        later = [f for f in call.fragments[1:] if getattr(f, name) and isinstance(getattr(f, name), str)]
        if later:
            got = f"{getattr(later[0], name)!r} again"
            place = f"event[{later[0].event}]/choices/*/delta/tool_calls"
            yield Finding(expected=f"{name} once", observed=got[:80], where=f"{place}/{name}" if where else place)


@check("openai-chat.tools.id-once", when=_stream_called)
def says_the_id_once(s: Subject) -> Iterator[Finding]:
    """
    Later fragments do not repeat the id: the Python SDK joins repeated strings.
    """
    yield from _repeats(s, "id")


@check("openai-chat.tools.name-once", when=_stream_called)
def says_the_name_once(s: Subject) -> Iterator[Finding]:
    """
    The name comes once and whole: joined repetitions make ``get_weatherget_weather``.
    """
    yield from _repeats(s, "name")


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
    from conformance.checks.chat_usage import count, limit_of

    limit, written = limit_of(s.asked), count(s, "completion_tokens")
    return limit is not None and written is not None and written >= limit


def _unparsed(call: ToolCall) -> bool:
    document = call.arguments_value
    return not document.ok or any(fault.kind in {"syntax", "trailing", "empty"} for fault in document.faults)


@check("openai-chat.tools.arguments-increments", when=_stream_called)
def sends_argument_increments(s: Subject) -> Iterator[Finding]:
    """
    A fragment of arguments is what is new, not all of them so far.
    """
    for _, call, where in _functions(s):
        event = _cumulative(call) if _unparsed(call) else None
        if event is not None:
            where = f"event[{event}]/choices/*/delta/tool_calls/*/function/arguments"
            yield Finding(expected="only what is new", observed="the arguments so far again", where=where)


@check("openai-chat.tools.arguments-json", when=called)
def writes_arguments_as_json(s: Subject) -> Iterator[Finding]:
    """
    The arguments, put together, are one JSON text unless the answer was cut.
    """
    for choice, call, where in _functions(s):
        if _empty(call) or not _unparsed(call) or _cut_off(s, choice):
            continue
        if call.fragments and _cumulative(call) is not None:
            continue
        yield Finding(expected="one JSON text", observed=call.arguments[:80], where=f"{where}/function/arguments")


@check("openai-chat.tools.arguments-empty", when=called)
def writes_no_arguments_as_an_object(s: Subject) -> Iterator[Finding]:
    """
    A call without arguments says ``{}``: an empty string is no JSON.
    """
    for choice, call, where in _functions(s):
        if _empty(call) and not _cut_off(s, choice):
            yield Finding(expected="{}", observed=repr(call.arguments), where=f"{where}/function/arguments")


@check("openai-chat.tools.arguments-object", when=called)
def encodes_arguments_once(s: Subject) -> Iterator[Finding]:
    """
    Parsing the arguments once gives an object, not a string that holds JSON.
    """
    for _, call, where in _functions(s):
        value = call.arguments_value.value
        if not _empty(call) and not _unparsed(call) and not isinstance(value, dict):
            yield Finding(expected="an object", observed=call.arguments[:80], where=f"{where}/function/arguments")


def _declared(s: Subject, *, strict: bool) -> Iterator[tuple[Choice, ToolCall, str, dict[str, JSON]]]:
    tools = offered(s)
    for choice, call, where in _functions(s):
        tool = tools.get(call.name, {})
        usable = isinstance(tool.get("parameters"), dict) and isinstance(call.arguments_value.value, dict)
        if usable and not _unparsed(call) and (tool.get("strict") is True) is strict:
            yield choice, call, where, as_object(tool["parameters"])


def _invalid_arguments(s: Subject, *, strict: bool) -> Iterator[Finding]:
    for _, call, where, parameters in _declared(s, strict=strict):
        problem = validators.first_error(parameters, call.arguments_value.value)
        if problem:
            yield Finding(expected="arguments under the schema", observed=problem, where=f"{where}/function/arguments")


@check("openai-chat.tools.arguments-strict", when=lambda s: called(s) and any(_declared(s, strict=True)))
def keeps_a_strict_schema(s: Subject) -> Iterator[Finding]:
    """
    With ``strict: true`` the arguments are valid under the tool's schema.
    """
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
            yield Finding(expected=f"{name} as an object or array", observed=f"a string {str(value)[:60]!r}", where=where)


def _nested(s: Subject) -> Iterator[tuple[str, str, JSON]]:
    for strict in (True, False):
        for _, call, where, parameters in _declared(s, strict=strict):
            for name, schema in as_object(parameters.get("properties")).items():
                arguments = as_object(call.arguments_value.value)
                if as_object(schema).get("type") in ("object", "array") and name in arguments:
                    yield f"{where}/function/arguments", name, arguments[name]


@check("openai-chat.tools.name-offered", when=lambda s: called(s) and bool(offered(s)), shows=Evidence.REQUEST)
def calls_what_was_offered(s: Subject) -> Iterator[Finding]:
    """
    The function that is called is one of those offered.
    """
    for _, call, where in _calls(s):
        if call.name and call.name not in offered(s):
            yield Finding(expected=f"one of {sorted(offered(s))}"[:120], observed=repr(call.name), where=where)


def choice_mode(s: Subject) -> str:
    """
    ``auto``, ``none``, ``required``, ``function``, ``custom`` or ``allowed_tools``; auto when nothing was said.
    """
    choice = s.asked.get("tool_choice")
    if isinstance(choice, str):
        return choice
    return str(as_object(choice).get("type", "auto"))


def _free(s: Subject) -> bool:
    return knows_request(s) and bool(offered(s)) and choice_mode(s) == "auto" and answered(s) and s.valid


@check("openai-chat.tools.finish-reason", when=_free, kind=CheckClass.REACHABILITY)
def finishes_with_tool_calls(s: Subject) -> Iterator[Finding | Unobserved]:
    """
    Calls that the model chose to make end with ``finish_reason: tool_calls``: agents run tools only then.
    """
    if not called(s):
        if s.own and "tools" in s.case.needs and _meant_to_call(s):
            yield Unobserved("model-choice", "the model called no tool")
        return
    for choice in s.completion.choices:
        reason = choice.finish_reason
        if choice.tool_calls and reason not in (None, "tool_calls", "length", "content_filter"):
            where = f"/choices/{choice.index}/finish_reason"
            if choice.finish_reasons and s.completion.streamed:
                where = f"event[{choice.finish_reasons[-1][0]}]/choices/*/finish_reason"
            if reason in ("stop", "function_call"):
                yield Finding(expected="tool_calls", observed=repr(reason), where=where)


def _meant_to_call(s: Subject) -> bool:
    return bool(s.case.again)


@check("openai-chat.tools.finish-without-calls", when=lambda s: answered(s) and _says_calls(s))
def calls_what_it_says(s: Subject) -> Iterator[Finding]:
    """
    ``finish_reason: tool_calls`` comes with at least one call: agents loop on an empty list.
    """
    for choice in s.completion.choices:
        if choice.finish_reason == "tool_calls" and not choice.tool_calls:
            where = f"/choices/{choice.index}/message/tool_calls"
            yield Finding(expected="a tool call", observed="none, but finish_reason tool_calls", where=where)


def _says_calls(s: Subject) -> bool:
    return any(choice.finish_reason == "tool_calls" for choice in s.completion.choices)


@check("openai-chat.tools.finish-length", when=lambda s: called(s) and _at_the_limit(s), shows=Evidence.REQUEST)
def admits_a_cut(s: Subject) -> Iterator[Finding]:
    """
    Arguments that the token limit cut end with ``length``, or half a call is run.
    """
    for choice, call, where in _functions(s):
        if _unparsed(call) and choice.finish_reason not in (None, "length"):
            got = f"{choice.finish_reason!r} after {call.arguments[-40:]!r}"
            yield Finding(expected="finish_reason length", observed=got, where=where)


def _mode(*modes: str):  # type: ignore[no-untyped-def]
    def applies(s: Subject) -> bool:
        return answered(s) and s.valid and knows_request(s) and bool(offered(s)) and choice_mode(s) in modes

    return applies


@check("openai-chat.tools.choice-none", when=_mode("none"))
def calls_nothing_when_told(s: Subject) -> Iterator[Finding]:
    """
    ``tool_choice: none`` is honoured.
    """
    if called(s):
        yield Finding(expected="no tool call", observed="a tool call", where="/choices/0/message/tool_calls")


def _ended_early(s: Subject) -> bool:
    return any(
        c.finish_reason in ("length", "content_filter") or c.refusal or c.function_call for c in s.completion.choices
    )


@check("openai-chat.tools.choice-required", when=_mode("required"))
def calls_something_when_told(s: Subject) -> Iterator[Finding]:
    """
    ``tool_choice: required`` is honoured.
    """
    if not called(s) and not _ended_early(s) and not _says_calls(s):
        yield Finding(expected="a tool call", observed=_text(s), where="/choices/0/message/tool_calls")


def _text(s: Subject) -> str:
    texts = [choice.content for choice in s.completion.choices if choice.content]
    return f"text {texts[0][:60]!r}" if texts else "none"


@check("openai-chat.tools.choice-named", when=_mode("function", "custom"))
def calls_what_it_is_told(s: Subject) -> Iterator[Finding]:
    """
    A named ``tool_choice`` is honoured: that tool and no other is called.
    """
    choice = as_object(s.asked.get("tool_choice"))
    wanted = (as_object(choice.get("function")) or as_object(choice.get("custom"))).get("name")
    names = [call.name for _, call, _ in _calls(s)]
    if (not names and not _ended_early(s) and not _says_calls(s)) or any(name and name != wanted for name in names):
        yield Finding(expected=f"a call of {wanted}", observed=f"{names or _text(s)}", where="/choices/0/message/tool_calls")


@check("openai-chat.tools.choice-allowed", when=_mode("allowed_tools"))
def calls_only_what_is_allowed(s: Subject) -> Iterator[Finding]:
    """
    ``allowed_tools`` is honoured: no other tool is called, and one is when the mode says required.
    """
    allowed = as_object(as_object(s.asked.get("tool_choice")).get("allowed_tools"))
    names = set()
    for tool in as_list(allowed.get("tools")):
        inner = as_object(as_object(tool).get("function")) or as_object(as_object(tool).get("custom"))
        names.add(inner.get("name"))
    got = [call.name for _, call, _ in _calls(s) if call.name]
    missing = allowed.get("mode") == "required" and not called(s) and not _ended_early(s)
    if missing or any(name not in names for name in got):
        yield Finding(
            expected=f"a call of one of {sorted(map(str, names))}", observed=str(got or _text(s)), where="tool_calls"
        )


@check(
    "openai-chat.tools.parallel-off",
    when=lambda s: called(s) and s.valid and s.asked.get("parallel_tool_calls") is False,
    shows=Evidence.REQUEST,
)
def calls_one_at_a_time(s: Subject) -> Iterator[Finding]:
    """
    ``parallel_tool_calls: false`` is honoured: at most one call.
    """
    for choice in s.completion.choices:
        if len(choice.tool_calls) > 1:
            where = f"/choices/{choice.index}/message/tool_calls"
            yield Finding(expected="at most one call", observed=str(len(choice.tool_calls)), where=where)


_MARKUP = re.compile(
    r"<tool_call>|</tool_call>|\[TOOL_CALLS\]|<\|python_tag\|>|<function=\w+|<\|tool_call_start\|>|<\|tool_calls_section_begin\|>"
    r"|<｜tool▁calls▁begin｜>"
)


@check("openai-chat.tools.markup", when=lambda s: answered(s) and bool(offered(s)), shows=Evidence.REQUEST)
def parses_its_own_markup(s: Subject) -> Iterator[Finding]:
    """
    Calls are in ``tool_calls``, not as markup in the text.
    """
    prompt = s.reply.exchange.sent.body.decode("utf-8", "replace")
    for choice in s.completion.choices:
        found = _MARKUP.search(choice.content or "")
        if found and found.group() not in prompt:
            where = f"/choices/{choice.index}/message/content"
            yield Finding(expected="calls in tool_calls", observed=f"{found.group()} in the text", where=where)


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


@check(
    "openai-chat.param.functions",
    when=lambda s: answered(s) and s.valid and isinstance(s.asked.get("function_call"), dict),
    shows=Evidence.REQUEST,
)
def honours_legacy_functions(s: Subject) -> Iterator[Finding]:
    """
    A named ``function_call`` of the deprecated form is honoured.
    """
    wanted = as_object(s.asked.get("function_call")).get("name")
    for choice in s.completion.choices:
        got = as_object(choice.function_call).get("name")
        if got != wanted and choice.finish_reason not in ("length", "content_filter"):
            where = f"/choices/{choice.index}/message/function_call"
            yield Finding(expected=f"a call of {wanted}", observed=repr(got), where=where)
