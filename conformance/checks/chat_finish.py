"""
Rules of ``finish_reason`` over a text: the reason it gives is the reason there was.

Source: https://platform.openai.com/docs/api-reference/chat/object (``choices[].finish_reason``): ``stop`` at a natural
end or a stop sequence, ``length`` when the maximum number of tokens of the request was reached.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.chat_usage import count, limit_of
from conformance.checks.registry import check
from conformance.checks.subject import Subject, answered
from conformance.checks.told import broken_off, said_whole, told
from conformance.model import Evidence, Finding
from conformance.read.chat import Choice


def _where(s: Subject, choice: Choice) -> str:
    if s.completion.streamed and choice.finish_reasons:
        return f"event[{choice.finish_reasons[-1][0]}]/choices/*/finish_reason"
    return f"/choices/{choice.index}/finish_reason"


def _used_up(s: Subject) -> bool:
    """
    As many tokens were counted as the request allows.
    """
    limit, written = limit_of(s.asked), count(s, "completion_tokens")
    choices = max(1, len(s.completion.choices))
    return limit is not None and written is not None and written >= limit * choices


@check(
    "openai-chat.choices.finish-length", when=lambda s: answered(s) and s.own and _used_up(s), shows=Evidence.REQUEST
)
def admits_that_a_text_was_cut(s: Subject) -> Iterator[Finding]:
    """
    A text that the token limit cut ends with ``length``: nobody can tell half an answer from a whole one otherwise.
    """
    for choice in s.completion.choices:
        if choice.finish_reason == "stop" and not choice.tool_calls and broken_off(s, choice):
            got = f"'stop' after {(choice.content or '')[-40:]!r}"
            yield Finding(expected="finish_reason length", observed=got, where=_where(s, choice))


@check("openai-chat.choices.finish-natural", when=lambda s: answered(s) and s.own and bool(told(s)))
def admits_that_a_text_is_whole(s: Subject) -> Iterator[Finding]:
    """
    A text that came to its end below the limit does not end with ``length``, nor with a call that was not made.
    """
    for choice in s.completion.choices:
        wrong = choice.finish_reason == "length" or (
            choice.finish_reason == "function_call" and not choice.function_call
        )
        once = len(choice.finish_reasons) < 2
        if wrong and once and not _used_up(s) and not _unknown(s) and said_whole(s, choice):
            got = f"{choice.finish_reason!r} after the whole text"
            yield Finding(expected="finish_reason stop", observed=got, where=_where(s, choice))


def _unknown(s: Subject) -> bool:
    """
    There is a limit, and the answer does not say whether it was reached.
    """
    return limit_of(s.asked) is not None and count(s, "completion_tokens") is None
