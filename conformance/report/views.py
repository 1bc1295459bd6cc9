"""
What the report shows of a reply and cannot read by itself: who can read replies makes these values.

The report layer has no reader of bodies or events.  For each case worth showing, the caller builds one ``CaseView``
from the read layer's reply to each attempt; a case without one is shown by its raw reads.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """
    One block of a stream of server-sent events, up to its blank line.
    """

    #: The number by which findings name it: ``event[3]``.
    index: int
    #: Seconds from sending the request until the read that completed the event; None when times are not known.
    at: float | None
    #: Its lines as they came, without the closing blank line; bytes that are not UTF-8 as ``\xff``.
    text: str
    #: Offset of its first byte in the body without content codings.
    start: int
    #: Offset after its last byte.
    end: int
    #: Index in ``exchange.chunks`` of the read that completed it; None when a content coding hides it.
    read: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    """
    The reply of one attempt.
    """

    #: The body as text, without content codings; bytes that are not UTF-8 as ``\xff``.  Empty for a stream.
    body: str = ""
    #: The events of a stream, all of them, in order; empty for a plain answer.
    events: tuple[EventView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """
    The replies of a case: one for each of ``Result.attempts``, in the same order.
    """

    attempts: tuple[AttemptView, ...]
