"""
Rules of custom tools, whose input is text rather than JSON.

Source: https://platform.openai.com/docs/guides/function-calling (custom tools, ``format``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.checks.registry import check
from conformance.checks.subject import Subject
from conformance.checks.tool_calls import called, calls, offered
from conformance.model import Evidence, Finding
from conformance.read.strictjson import as_object, as_text


def _expression(s: Subject, name: str) -> re.Pattern[str] | None:
    """
    The regular expression that a tool's input has to match; None where there is none, or Python cannot read it.
    """
    grammar = as_object(as_object(offered(s).get(name, {}).get("format")).get("grammar"))
    definition = as_text(grammar.get("definition"))
    try:
        return re.compile(definition) if definition and grammar.get("syntax") == "regex" else None
    except re.error:
        return None


def _constrained(s: Subject) -> bool:
    # Of another's expression nobody knows how long it takes to match.
    return s.own and s.valid and called(s) and any(_expression(s, call.name) for _, call, _ in calls(s))


@check("openai-chat.custom-tools.grammar", when=_constrained, shows=Evidence.REQUEST)
def keeps_its_grammar(s: Subject) -> Iterator[Finding]:
    """
    The input of a custom tool matches the regular expression of its format, unless the answer was cut.
    """
    for choice, call, where in calls(s):
        expression = _expression(s, call.name)
        cut = choice.finish_reason in ("length", "content_filter")
        if expression and call.type == "custom" and not cut and not expression.fullmatch(call.input):
            got = repr(call.input[:60])
            yield Finding(expected=f"text under {expression.pattern[:60]}", observed=got, where=f"{where}/custom/input")
