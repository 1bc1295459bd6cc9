"""
Content codings undone: the bytes of a body as they were before compression (RFC 9110 section 8.4).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import brotli

from conformance.model import Exchange

_Decoder = Callable[[bytes], bytes]


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
    Undo the codings of an exchange's body; what cannot be decoded stays as it is.
    """
    codings = [
        coding.strip().lower()
        for name, value in exchange.headers
        if name.lower() == "content-encoding"
        for coding in value.split(",")
        if coding.strip() and coding.strip().lower() != "identity"
    ]
    decoders, unknown = [], ""
    for coding in reversed(codings):
        made = _decoder(coding)
        if made is None:
            unknown = f"an unknown coding {coding}"
            break
        decoders.append(made)
    return _run(exchange, [] if unknown else decoders, unknown or None)


def _run(exchange: Exchange, decoders: list[_Decoder], problem: str | None) -> Decoded:
    data, reads = bytearray(), []
    for chunk in exchange.chunks:
        piece = chunk.data
        if problem is None or not decoders:
            try:
                for decoder in decoders:
                    piece = decoder(piece)
            except (zlib.error, brotli.error) as error:
                problem, piece = str(error) or "undecodable", b""
            data += piece
        reads.append((chunk.at, len(data)))
    if problem and decoders and not data:
        data = bytearray(b"".join(chunk.data for chunk in exchange.chunks))
        reads = [(at, len(data)) for at, _ in reads]
    return Decoded(bytes(data), problem, tuple(reads))


def _decoder(coding: str) -> _Decoder | None:
    if coding in ("gzip", "x-gzip"):
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress
    if coding == "deflate":
        return _Deflate()
    if coding == "br":
        process: _Decoder = brotli.Decompressor().process
        return process
    return None


class _Deflate:
    """
    ``deflate`` is zlib by RFC 9110, and raw deflate at servers that got it wrong.
    """

    def __init__(self) -> None:
        self._decode: _Decoder | None = None

    def __call__(self, data: bytes) -> bytes:
        if self._decode is None:
            zlibbed = bool(data) and data[0] & 0x0F == 8
            self._decode = zlib.decompressobj(zlib.MAX_WBITS if zlibbed else -zlib.MAX_WBITS).decompress
        return self._decode(data)
