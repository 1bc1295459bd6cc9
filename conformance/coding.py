"""
Content codings undone and applied (RFC 9110 section 8.4), the one place that knows them.

A body is undone read by read, and the same comes of it however its reads split it.  What cannot be undone is kept.
"""

from __future__ import annotations

import contextlib
import gzip
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import brotli  # type: ignore[import-untyped]

#: So much is decoded of one body: a few kilobytes can stand for gigabytes.
LARGEST = 64 << 20
_STEP = 1 << 14

_ERRORS = (zlib.error, brotli.error)


@dataclass(frozen=True, slots=True)
class Undone:
    """
    A body without its codings: each read's part, and what went wrong on the way.
    """

    pieces: tuple[bytes, ...]
    problem: str | None

    @property
    def data(self) -> bytes:
        """
        The whole body.
        """
        return b"".join(self.pieces)


def names(headers: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """
    The codings that headers state, in the order in which they were applied, in small letters.
    """
    values = (value for name, value in headers if name.lower() == "content-encoding")
    codings = (coding.strip().lower() for value in values for coding in value.split(","))
    return tuple(coding for coding in codings if coding and coding != "identity")


def undo(codings: Sequence[str], pieces: Sequence[bytes]) -> Undone:
    """
    Undo codings, the last one first; what cannot be decoded stays as it is, with a problem.
    """
    unknown = next((coding for coding in codings if coding not in _DECODERS), None)
    problem = f"an unknown coding {unknown}" if unknown else None
    made = list(pieces)
    for coding in () if unknown else reversed(codings):
        made, stage = _undo(coding, made)
        problem = problem or stage
    return Undone(tuple(made), problem)


def apply(codings: Sequence[str], data: bytes) -> bytes:
    """
    A body in codings that ``undo`` knows; raises ``KeyError`` for another.
    """
    for coding in codings:
        data = _ENCODERS[coding](data)
    return data


def _undo(coding: str, pieces: list[bytes]) -> tuple[list[bytes], str | None]:
    """
    Each read's part of a body without one coding; as it came when it is text, or nothing comes of it.
    """
    decoder, room = _DECODERS[coding](), LARGEST
    made: list[bytes] = []
    problem: str | None = None
    for number, piece in enumerate(pieces):
        try:
            part = decoder.feed(piece, room + 1) if problem is None else b""
        except _ERRORS as error:
            problem = str(error) or "undecodable"
            part = _salvaged(coding, pieces[:number], piece)
        if len(part) > room:
            problem = f"more than {LARGEST} bytes when decoded"
        made.append(part[:room])
        room -= len(made[-1])
    whole = b"".join(pieces)
    nothing = problem is not None and not any(made)
    if problem is None and whole and not decoder.finished:
        problem = f"a cut {coding} stream"
    return (pieces if nothing or (problem and _is_text(whole)) else made), problem


def _is_text(data: bytes) -> bool:
    """
    Nothing was compressed: no compressed data passes for ASCII.
    """
    return data.isascii()


class _Decoder(Protocol):
    """
    Undoes one coding.  What comes out is a function of all bytes fed so far, however they were divided.
    """

    def feed(self, data: bytes, most: int) -> bytes:
        """
        Decode more bytes; stops somewhere past ``most`` decoded ones.  Raises one of ``_ERRORS``.
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
    decoder, room = _DECODERS[coding](), LARGEST + 1
    for each in before:
        room -= len(decoder.feed(each, room))
    made = bytearray()
    with contextlib.suppress(*_ERRORS):
        for at in range(len(piece)):
            if len(made) >= room:
                break
            made += decoder.feed(piece[at : at + 1], room - len(made))
    return bytes(made)


class _Zlib:
    """
    ``gzip``, of one or more members (RFC 1952 section 2.2), and ``deflate``.

    ``deflate`` is zlib by RFC 9110, and raw deflate at servers that got it wrong.
    """

    def __init__(self, wbits: int) -> None:
        self._wbits = wbits
        self._begun = False
        self._stream = zlib.decompressobj(wbits)

    @property
    def finished(self) -> bool:
        return self._stream.eof

    def feed(self, data: bytes, most: int) -> bytes:
        made = bytearray()
        # In steps, because the end of a member copies all that is behind it, and members may be tiny.
        for at in range(0, len(data), _STEP):
            self._feed(data[at : at + _STEP], most, made)
        return bytes(made)

    def _feed(self, data: bytes, most: int, made: bytearray) -> None:
        while data and len(made) < most:
            if not self._begun or self._stream.eof:
                data = self._begin(data)
                continue
            made += self._stream.decompress(data, most - len(made))
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail

    def _begin(self, data: bytes) -> bytes:
        """
        Begin the first member, or the next one behind zero bytes that pad the last.
        """
        if not self._begun:
            self._begun = True
            raw = self._wbits == zlib.MAX_WBITS and data[0] & 0x0F != 8
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS if raw else self._wbits)
            return data
        rest = data.lstrip(b"\0")
        if rest and self._wbits <= zlib.MAX_WBITS:
            raise zlib.error("bytes behind the end")
        if rest:
            self._stream = zlib.decompressobj(self._wbits)
        return rest


class _Brotli:
    """
    ``br`` (RFC 7932).
    """

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    @property
    def finished(self) -> bool:
        return bool(self._stream.is_finished())

    def feed(self, data: bytes, most: int) -> bytes:
        made = bytearray(self._stream.process(data, output_buffer_limit=most) if data else b"")
        while len(made) < most and not self._stream.can_accept_more_data():
            made += self._stream.process(b"", output_buffer_limit=most - len(made))
        return bytes(made)


_DECODERS: dict[str, Callable[[], _Decoder]] = {
    "gzip": lambda: _Zlib(16 + zlib.MAX_WBITS),
    "x-gzip": lambda: _Zlib(16 + zlib.MAX_WBITS),
    "deflate": lambda: _Zlib(zlib.MAX_WBITS),
    "br": _Brotli,
}
_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
}
