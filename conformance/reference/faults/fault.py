"""
What a fault is: one deviation from the contract, applied to the answer of a correct server.

Faults sit behind the provider, as a proxy would: they see its answer and change one thing about it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Object = dict[str, Any]
#: An event of a stream: a chunk, or bytes to send as they are.
Item = Object | bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """
    A plain answer that a fault may change.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: Object | bytes

    def header(self, name: str) -> str:
        """
        The first value of a header, or nothing.
        """
        return next((value for key, value in self.headers if key.lower() == name), "")


@dataclass(frozen=True, slots=True)
class Asked:
    """
    The request that is answered.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: Object
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    One deviation.  Every function returns its input where the fault does not show.
    """

    id: str
    title: str
    level: Literal["MUST", "SHOULD", "MAY"]
    #: The requirement that should be reported (None for a legal variant).
    requirement: str | None
    #: Changes the JSON value of a completion.
    plain: Callable[[Object, Asked], Object | bytes] | None = None
    #: Changes the chunks of a stream, ``[DONE]`` not among them.
    chunks: Callable[[Sequence[Object], Asked], Sequence[Item]] | None = None
    #: Changes the bytes of a whole stream, ``[DONE]`` among them.
    wire: Callable[[bytes, Asked], bytes] | None = None
    #: Changes the status, headers or body of any answer but a stream.
    answer: Callable[[Answer, Asked], Answer] | None = None
    #: Changes the headers of a stream.
    stream_headers: Callable[[tuple[tuple[str, str], ...]], tuple[tuple[str, str], ...]] | None = None
    #: Changes the request before the provider sees it (how a parameter is ignored).
    request: Callable[[Asked], Object] | None = None
    #: Answers in the provider's stead.
    instead: Callable[[Asked], Answer | None] | None = None
    #: How a stream's connection ends: ``cut`` within it, ``hang`` after it.
    ending: Literal["", "cut", "hang", "buffer"] = ""
    #: The entry of the catalogue of deviations that it simulates; nothing when it is our own.
    catalogue: str = ""
    paths: tuple[str, ...] = ("plain", "stream")
