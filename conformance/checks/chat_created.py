"""
The time that an answer gives itself, streamed and plain.

Source: https://platform.openai.com/docs/api-reference/chat/object (``created``).
"""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from conformance.checks.registry import check
from conformance.checks.subject import Subject, answered
from conformance.model import Evidence, Finding
from conformance.read.strictjson import is_int

#: In seconds: more than a slow answer takes, less than a wrong time zone is off.
_SLACK = 1_500
#: A time in milliseconds is another requirement's finding.
_LATEST = 100_000_000_000


def _dated(s: Subject) -> float | None:
    """
    When the server sent the answer, by its own clock.
    """
    try:
        return parsedate_to_datetime(s.reply.header("date") or "").timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _created(s: Subject) -> int | None:
    first = s.chunks[0][1].get("created") if s.chunks else s.completion.created
    return first if is_int(first) and isinstance(first, int) and 0 <= first < _LATEST else None


@check(
    "openai-chat.created.now",
    # Recorders replace times, and put a later Date to an earlier answer.
    when=lambda s: s.own and answered(s) and _dated(s) is not None and _created(s) is not None,
    shows=Evidence.HEADERS | Evidence.IDENTITY,
)
def is_created_when_it_is_sent(s: Subject) -> Iterator[Finding]:
    """
    ``created`` is the time of the answer: no constant, and no local time taken for UTC.
    """
    sent, created = _dated(s), _created(s)
    if sent is not None and created is not None and abs(created - sent) > _SLACK:
        got = f"{created}, {created - sent:+.0f} seconds away"
        yield Finding(expected=f"about {sent:.0f}, as Date says", observed=got, where="/created")
