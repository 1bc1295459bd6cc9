"""
Bodies as they were before compression, with the time at which each part of them was there.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from conformance import coding
from conformance.model import Exchange


@dataclass(frozen=True, slots=True)
class Decoded:
    """
    A body without its codings, and what went wrong on the way.
    """

    data: bytes
    problem: str | None
    #: For each read: when it returned, and how many decoded bytes there were then.
    reads: tuple[tuple[float, int], ...]


def decode(exchange: Exchange) -> Decoded:
    """
    Undo the codings of an exchange's body; what cannot be decoded stays as it is, with a problem.
    """
    undone = coding.undo(coding.names(exchange.headers), [chunk.data for chunk in exchange.chunks])
    lengths = accumulate(len(piece) for piece in undone.pieces)
    times = (chunk.at for chunk in exchange.chunks)
    return Decoded(undone.data, undone.problem, tuple(zip(times, lengths, strict=True)))
