"""
Rules of what is called and how the answer then ends: ``tool_choice`` and ``finish_reason``.

Source: https://platform.openai.com/docs/api-reference/chat/create (``tool_choice``, ``parallel_tool_calls``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from conformance.checks.registry import check
from conformance.checks.subject import Subject, answered, knows_request, readable
from conformance.checks.tool_calls import called, calls, kind, offered
from conformance.model import JSON, CheckClass, Evidence, Finding, Unobserved
from conformance.read import strictjson
from conformance.read.chat import Choice
from conformance.read.strictjson import as_list, as_object


@check("openai-chat.tools.name-offered", when=lambda s: called(s) and bool(offered(s)), shows=Evidence.REQUEST)
def calls_what_was_offered(s: Subject) -> Iterator[Finding]:
    """
    The tool that is called is one of those offered, and of the kind that it was offered as.
    """
    for _, call, where in calls(s):
        if call.name and call.name not in offered(s):
            yield Finding(expected=f"one of {sorted(offered(s))}"[:120], observed=repr(call.name), where=where)
        elif call.name and call.type in ("function", "custom") and call.type != kind(s, call.name):
            got = f"a {call.type} call of {call.name!r}"
            yield Finding(expected=f"a {kind(s, call.name)} call", observed=got, where=where)


def _only_tools(s: Subject) -> bool:
    return answered(s) and s.valid and bool(offered(s)) and not s.asked.get("functions")


@check("openai-chat.tools.current-form", when=_only_tools, shows=Evidence.REQUEST)
def calls_tools_as_tools(s: Subject) -> Iterator[Finding]:
    """
    A tool is called in ``tool_calls``; the deprecated ``function_call`` belongs to ``functions``.
    """
    for choice in s.completion.choices:
        name = as_object(choice.function_call).get("name")
        if name and not choice.tool_calls:
            where = f"/choices/{choice.index}/message/function_call"
            yield Finding(expected="tool_calls", observed=f"a function_call of {name!r}", where=where)


def choice_mode(s: Subject) -> str:
    """
    ``auto``, ``none``, ``required``, ``function``, ``custom`` or ``allowed_tools``; auto when nothing was said.
    """
    choice = s.asked.get("tool_choice")
    if isinstance(choice, str):
        return choice
    return str(as_object(choice).get("type", "auto"))


def _name(tool: JSON) -> JSON:
    entry = as_object(tool)
    return (as_object(entry.get("function")) or as_object(entry.get("custom"))).get("name")


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


@check("openai-chat.tools.finish-without-calls", when=lambda s: readable(s) and _says_calls(s))
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


def _mode(*modes: str) -> Callable[[Subject], bool]:
    def applies(s: Subject) -> bool:
        return readable(s) and s.valid and knows_request(s) and bool(offered(s)) and choice_mode(s) in modes

    return applies


def _offers_nothing(s: Subject) -> bool:
    return answered(s) and s.valid and bool(s.asked) and not s.asked.get("tools") and not s.asked.get("functions")


@check("openai-chat.tools.unoffered", when=_offers_nothing, shows=Evidence.REQUEST)
def calls_nothing_unoffered(s: Subject) -> Iterator[Finding]:
    """
    ``tool_choice`` is ``none`` where there are no tools: nothing is called.
    """
    for _, call, where in calls(s):
        if call.name:
            yield Finding(expected="no call, for no tool was offered", observed=f"a call of {call.name!r}", where=where)
            return


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
    wanted = _name(choice)
    names = [call.name for _, call, _ in calls(s)]
    if (not names and not _ended_early(s) and not _says_calls(s)) or any(name and name != wanted for name in names):
        yield Finding(
            expected=f"a call of {wanted!r}", observed=f"{names or _text(s)}", where="/choices/0/message/tool_calls"
        )


@check("openai-chat.tools.choice-allowed", when=_mode("allowed_tools"))
def calls_only_what_is_allowed(s: Subject) -> Iterator[Finding]:
    """
    ``allowed_tools`` is honoured: no other tool is called, and one is when the mode says required.
    """
    allowed = as_object(as_object(s.asked.get("tool_choice")).get("allowed_tools"))
    names = [_name(tool) for tool in as_list(allowed.get("tools"))]
    got = [call.name for _, call, _ in calls(s) if call.name]
    missing = allowed.get("mode") == "required" and not called(s) and not _ended_early(s)
    if missing or any(name not in names for name in got):
        yield Finding(
            expected=f"a call of one of {', '.join(map(repr, sorted(set(map(str, names)))))}",
            observed=str(got or _text(s)),
            where="tool_calls",
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


def _may_call(s: Subject) -> bool:
    # Under "none" a model may still write its markup, and the text is then all that the server can send.
    return answered(s) and bool(offered(s)) and choice_mode(s) != "none"


def _could_be_parsed(choice: Choice) -> bool:
    """
    The call is whole: of one that the limit cut, or that a model wrote wrongly, the text is all that there is.
    """
    if choice.finish_reason == "length":
        return False
    written = (choice.content or "").partition("<tool_call>")[2].partition("</tool_call>")[0].strip()
    return not written.startswith("{") or strictjson.read_text(written).ok


@check("openai-chat.tools.markup", when=_may_call, shows=Evidence.REQUEST)
def parses_its_own_markup(s: Subject) -> Iterator[Finding]:
    """
    Calls are in ``tool_calls``, not as markup in the text.
    """
    prompt = s.reply.exchange.sent.body.decode("utf-8", "replace")
    for choice in s.completion.choices:
        found = _MARKUP.search(choice.content or "")
        if found and found.group() not in prompt and _could_be_parsed(choice):
            where = f"/choices/{choice.index}/message/content"
            yield Finding(expected="calls in tool_calls", observed=f"{found.group()} in the text", where=where)
