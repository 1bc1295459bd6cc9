"""
Content codings undone: the bytes of a body as they were before compression (RFC 9110 section 8.4).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

import brotli  # type: ignore[import-untyped]

from conformance.model import Exchange

#: So much is decoded of one body: a few kilobytes can stand for gigabytes.
LARGEST = 64 << 20

_ERRORS = (zlib.error, brotli.error)


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
    pieces = [chunk.data for chunk in exchange.chunks]
    codings = _codings(exchange)
    unknown = next((coding for coding in codings if coding not in _DECODERS), None)
    problem = f"an unknown coding {unknown}" if unknown else None
    for coding in () if unknown else reversed(codings):
        pieces, stage = _undo(coding, pieces)
        problem = problem or stage
    lengths = accumulate(len(piece) for piece in pieces)
    times = (chunk.at for chunk in exchange.chunks)
    return Decoded(b"".join(pieces), problem, tuple(zip(times, lengths, strict=True)))


def decode_reads(exchange: Exchange) -> list[tuple[float, int]]:
    """
    For each read, when it returned and how many decoded bytes there were then.
    """
    return list(decode(exchange).reads)


def _codings(exchange: Exchange) -> list[str]:
    values = (value for name, value in exchange.headers if name.lower() == "content-encoding")
    codings = (coding.strip().lower() for value in values for coding in value.split(","))
    return [coding for coding in codings if coding and coding != "identity"]


def _undo(coding: str, pieces: list[bytes]) -> tuple[list[bytes], str | None]:
    """
    Each read's part of a body without one coding; as it came when it is text, or nothing comes of it.
    """
    decoder = _DECODERS[coding]()
    made: list[bytes] = []
    problem: str | None = None
    for number, piece in enumerate(pieces):
        if problem:
            made.append(b"")
            continue
        try:
            made.append(decoder.feed(piece))
        except _ERRORS as error:
            problem = str(error) or "undecodable"
            made.append(_salvaged(coding, pieces[:number], piece))
        if decoder.room <= 0:
            problem = f"more than {LARGEST} bytes when decoded"
    whole = b"".join(pieces)
    if problem and (not any(made) or _is_text(whole)):
        return pieces, problem
    return made, problem or (f"a cut {coding} stream" if whole and not decoder.finished else None)


def _is_text(data: bytes) -> bool:
    """
    Nothing was compressed: no compressed data passes for ASCII.
    """
    return data.isascii()


class _Decoder(Protocol):
    """
    Undoes one coding, read by read.
    """

    #: How many more bytes may be decoded.
    room: int

    def feed(self, data: bytes) -> bytes:
        """
        Decode what another read returned.  Raises one of ``_ERRORS``.
        """

    @property
    def finished(self) -> bool:
        """
        The coded stream has come to its end.
        """


def _salvaged(coding: str, before: list[bytes], piece: bytes) -> bytes:
    """
    What a piece decodes to up to the byte at which decoding fails, found by feeding it byte by byte.
    """
    decoder = _DECODERS[coding]()
    decoder.feed(b"".join(before))
    made = bytearray()
    try:
        for at in range(len(piece)):
            made += decoder.feed(piece[at : at + 1])
    except _ERRORS:
        pass
    return bytes(made)


class _Zlib:
    """
    ``gzip``, of one or more members (RFC 1952 section 2.2), and ``deflate``.

    ``deflate`` is zlib by RFC 9110, and raw deflate at servers that got it wrong.
    """

    def __init__(self, wbits: int) -> None:
        self.room = LARGEST
        self._wbits = wbits
        self._begun = False
        self._stream = zlib.decompressobj(wbits)

    @property
    def finished(self) -> bool:
        return self._stream.eof

    def feed(self, data: bytes) -> bytes:
        made = bytearray()
        while data and self.room > 0:
            if not self._begun or self._stream.eof:
                data = self._begin(data)
                continue
            piece = self._stream.decompress(data, self.room)
            self.room -= len(piece)
            made += piece
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
        return bytes(made)

    def _begin(self, data: bytes) -> bytes:
        if not self._begun:
            self._begun = True
            raw = self._wbits == zlib.MAX_WBITS and data[0] & 0x0F != 8
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS if raw else self._wbits)
            return data
        padding = not data.strip(b"\0")
        if not padding and self._wbits <= zlib.MAX_WBITS:
            raise zlib.error("bytes behind the end")
        if not padding:
            self._stream = zlib.decompressobj(self._wbits)
        return b"" if padding else data


class _Brotli:
    """
    ``br`` (RFC 7932).
    """

    def __init__(self) -> None:
        self.room = LARGEST
        self._stream = brotli.Decompressor()
        # Releases before 1.2 cannot stop within a read.
        self._bounded = hasattr(self._stream, "can_accept_more_data")

    @property
    def finished(self) -> bool:
        return bool(self._stream.is_finished())

    def feed(self, data: bytes) -> bytes:
        if not data:
            return b""
        limit = {"output_buffer_limit": self.room} if self._bounded else {}
        made = bytes(self._stream.process(data, **limit))
        self.room -= len(made)
        return made


_DECODERS: dict[str, Callable[[], _Decoder]] = {
    "gzip": lambda: _Zlib(16 + zlib.MAX_WBITS),
    "x-gzip": lambda: _Zlib(16 + zlib.MAX_WBITS),
    "deflate": lambda: _Zlib(zlib.MAX_WBITS),
    "br": _Brotli,
}
