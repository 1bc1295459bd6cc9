"""
Rules of the deprecated ``functions`` and ``function_call``, for those who still use them.

Source: https://platform.openai.com/docs/api-reference/chat/create (``function_call``, ``functions``).
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.registry import check
from conformance.checks.subject import Subject, answered, readable
from conformance.model import Evidence, Finding
from conformance.read.strictjson import as_object


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
            yield Finding(expected=f"a call of {wanted!r}", observed=repr(got), where=where)


def _called_freely(s: Subject) -> bool:
    free = s.asked.get("function_call") in (None, "auto")
    return readable(s) and s.valid and bool(s.asked.get("functions")) and free and any(_names(s))


def _names(s: Subject) -> list[str]:
    return [str(name) for choice in s.completion.choices if (name := as_object(choice.function_call).get("name"))]


@check("openai-chat.functions.finish-reason", when=_called_freely, shows=Evidence.REQUEST)
def finishes_with_function_call(s: Subject) -> Iterator[Finding]:
    """
    A function that the model chose to call ends the answer with ``function_call``.
    """
    for choice in s.completion.choices:
        called = as_object(choice.function_call).get("name")
        if called and choice.finish_reason not in ("function_call", "length", "content_filter"):
            where = f"/choices/{choice.index}/finish_reason"
            if choice.finish_reasons and s.completion.streamed:
                where = f"event[{choice.finish_reasons[-1][0]}]/choices/*/finish_reason"
            yield Finding(expected="function_call", observed=repr(choice.finish_reason), where=where)
