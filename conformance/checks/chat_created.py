"""
When a chat completion says that it was created.

Source: https://platform.openai.com/docs/api-reference/chat/object.
"""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from conformance.checks.registry import check
from conformance.checks.subject import Subject, answered
from conformance.model import Evidence, Finding
from conformance.read.strictjson import as_object, is_int

#: 2020-01-01: the first chat completion is younger.
_FIRST = 1577836800
#: What is beyond is not in seconds, which is another finding.
_SECONDS = 10**11
#: So much later than its Date may an answer be made: less than a local time taken for UTC is off.  Recorders put a
#: Date of their own to what others recorded.
_SLACK, _SLACK_OF_OTHERS = 1800, 86400


def _at_stake(s: Subject) -> bool:
    """
    Who blots out times in a recording, or writes it by hand, seldom leaves a Date.
    """
    return answered(s) and (s.own or _date(s) is not None)


@check("openai-chat.created.time", when=_at_stake, shows=Evidence.IDENTITY)
def says_when_it_was_created(s: Subject) -> Iterator[Finding]:
    """
    ``created`` is the time at which the answer was made: no 0, and not after its own Date.

    Azure's first chunk, which holds what a filter says of the prompt and no choice, has 0 and is none of the answer.
    """
    sent, slack = _date(s), _SLACK if s.own else _SLACK_OF_OTHERS
    for where, created in _times(s):
        if created < _FIRST:
            yield Finding(expected="the time of the answer", observed=str(created), where=where)
            return
        if sent is not None and created > sent + slack:
            observed = f"{created}, {created - sent} seconds after the answer's Date"
            yield Finding(expected="the time of the answer", observed=observed, where=where)
            return


def _times(s: Subject) -> Iterator[tuple[str, int]]:
    if s.completion.streamed:
        given = [(f"event[{event}]/created", chunk) for event, chunk in s.chunks if chunk.get("choices")]
    else:
        given = [("/created", as_object(s.reply.value))]
    for where, holder in given:
        created = holder.get("created")
        if is_int(created) and isinstance(created, int) and 0 <= created < _SECONDS:
            yield where, created


def _date(s: Subject) -> int | None:
    try:
        return int(parsedate_to_datetime(s.reply.header("date") or "").timestamp())
    except (ValueError, OverflowError):
        return None
