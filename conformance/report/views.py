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
    #: The answer put together from a stream's events, as JSON text; empty for a plain answer.
    assembled: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """
    The replies of a case: one for each of ``Result.attempts``, in the same order.
    """

    attempts: tuple[AttemptView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """
    Something that a target sends and the contract does not document: legal, and worth knowing before one relies on it.
    """

    contract: str
    #: ``body field``, ``chunk field``, ``error field``, ``event name``, ``comment`` or ``line``.
    kind: str
    #: A pointer in which ``*`` stands for every item, an event's name, or the text of a comment.
    place: str
    #: The JSON types that it had.
    types: tuple[str, ...] = ()
    exchanges: int
    #: The first case in which it was seen.
    case: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """
    How fast one streamed answer came, in seconds: a fact, never a verdict.
    """

    case: str
    first_token: float
    gaps: tuple[float, ...]
    #: Tokens a second after the first; None when the target did not count them.
    rate: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterUse:
    """
    A documented request parameter, and in how many requests it was sent.
    """

    contract: str
    place: str
    #: Requests that keep the contract and were answered with 2xx, or with 4xx.
    accepted: int = 0
    refused: int = 0
    #: Requests that break the contract on purpose.
    wrong: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldUse:
    """
    A documented field of a response, and in how many exchanges it was seen.
    """

    contract: str
    #: The schema that documents it: ``response``, ``chunk``, ``error``, ...
    schema: str
    place: str
    exchanges: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """
    What the replies of a run show besides its verdicts.
    """

    extras: tuple[Extra, ...] = ()
    pacing: tuple[Pacing, ...] = ()
    #: Every documented parameter and field, also those that no case exercised.
    parameters: tuple[ParameterUse, ...] = ()
    fields: tuple[FieldUse, ...] = ()
