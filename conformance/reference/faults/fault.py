"""
What a fault is: one deviation from the contract, shown by a server that is correct otherwise.

A fault sits between the client and the provider, as a proxy would. It may change the request before the provider
sees it, the answer before it is written, or the bytes on the wire; a row of a table says which, and no more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

Object = dict[str, Any]
Headers = tuple[tuple[str, str], ...]
Level = Literal["MUST", "SHOULD", "MAY"]

#: The two code paths that servers have.
PLAIN, STREAM = "plain", "stream"
BOTH = (PLAIN, STREAM)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """
    The request that is answered; `memory` is what the server remembers between requests.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    raw: bytes
    memory: Object = field(default_factory=dict)

    @cached_property
    def body(self) -> Object:
        """
        The JSON object of the request, or an empty one.
        """
        try:
            value = json.loads(self.raw)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def streams(self) -> bool:
        """
        Whether a stream is asked for.
        """
        return self.body.get("stream") is True

    def saying(self, body: Object) -> Asked:
        """
        The same request with another body.
        """
        return replace(self, raw=json.dumps(body).encode())


@dataclass(frozen=True, kw_only=True)
class Answer:
    """
    An answer before it is written: one part for each event of a stream, one for a whole body otherwise.
    """

    status: int
    headers: Headers
    parts: tuple[bytes, ...]
    #: The provider streamed it, whatever its label says by now.
    streamed: bool = False
    #: How the length of the body is told: by Content-Length, by chunks, or by closing the connection.
    framing: Literal["length", "chunked", "close"] = "length"

    def header(self, name: str) -> str:
        """
        The first value of a header, or nothing.
        """
        return next((value for key, value in self.headers if key.lower() == name), "")

    def labelled(self, name: str, value: str | None) -> Answer:
        """
        The same answer with a header set, or removed.
        """
        kept = tuple((key, old) for key, old in self.headers if key.lower() != name)
        return replace(self, headers=kept if value is None else (*kept, (name, value)))

    @cached_property
    def body(self) -> bytes:
        """
        The whole body.
        """
        return b"".join(self.parts)

    @cached_property
    def value(self) -> Any:
        """
        The JSON value of a body that is not streamed; None when there is none.
        """
        try:
            return None if self.streamed else json.loads(self.body)
        except ValueError:
            return None

    def saying(self, body: Any) -> Answer:
        """
        The same answer with another body: bytes as they are, anything else as JSON.
        """
        return replace(self, parts=(body if isinstance(body, bytes) else compact(body),))


def compact(value: Any) -> bytes:
    """
    A value as JSON text, as the provider writes it.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def answer(status: int, body: Any, media: str = "application/json") -> Answer:
    """
    An answer that a fault gives in the provider's stead.
    """
    given = body if isinstance(body, bytes) else compact(body)
    return Answer(status=status, headers=(("content-type", media),), parts=(given,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """
    What goes over the connection: a head, then pieces each sent after a pause in seconds, and what happens then.
    """

    head: bytes
    pieces: tuple[tuple[float, bytes], ...]
    ending: Literal["keep", "close", "reset", "hang"] = "keep"

    def carrying(self, *pieces: bytes) -> Wire:
        """
        The same with other bytes, each piece after the pause that stood at its place.
        """
        pauses = [pause for pause, _ in self.pieces] or [0.0]
        paced = tuple((pauses[min(place, len(pauses) - 1)], piece) for place, piece in enumerate(pieces))
        return replace(self, pieces=paced)

    @property
    def bytes(self) -> bytes:
        """
        Everything behind the head.
        """
        return b"".join(piece for _, piece in self.pieces)


Ask = Callable[[Asked], "Object | None"]
Instead = Callable[[Asked], "Answer | None"]
Edit = Callable[[Answer, Asked], Answer]
Rewire = Callable[[Wire, Asked], Wire]
Forgive = Callable[[Answer, Asked], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peculiarity:
    """
    One way in which an answer differs from the provider's own; every function leaves alone what it does not concern.
    """

    id: str
    title: str
    #: Changes the body of the request; None leaves it.
    ask: Ask | None = None
    #: Answers in the provider's stead; None lets the provider answer.
    instead: Instead | None = None
    #: Refusals of the provider that are not made: the request is answered as if nothing were wrong with it.
    forgive: Forgive | None = None
    #: Changes the answer before it is written.
    edit: Edit | None = None
    #: Changes what is written, down to single bytes.
    wire: Rewire | None = None
    paths: tuple[str, ...] = BOTH
    #: The same request gives the same peculiarity, whatever was asked before or is asked at the same time.
    steady: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """
    What a request must have to show a fault, beside a model and messages.
    """

    members: tuple[str, ...]
    #: So many other members there may be, as the choice among tools, or any parameter that is null.
    beside: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(Peculiarity):
    """
    A deviation from the contract.
    """

    level: Level
    #: The requirement that it breaks.
    requirement: str
    #: Requirements that say the same of it in other words, so that reporting them too is no collateral finding.
    also: tuple[str, ...] = ()
    #: The entry of the catalogue of observed deviations; nothing when it is our own.
    catalogue: str = ""
    #: Of a fault that shows in few requests, which generated ones alone find: what they must have.
    needed: Needed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant(Peculiarity):
    """
    A legal peculiarity: a suite that objects to it raises a false alarm.
    """

    #: Why it is legal.
    because: str
    #: Requirements, as patterns, that may be warned of all the same (SHOULD), never failed.
    warned: tuple[str, ...] = ()
    #: It refuses an optional feature, which is no refusal of what was claimed.
    claims_less: bool = False
