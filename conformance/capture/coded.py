"""
Content codings (RFC 9110 section 8.4.1) taken off and put back, for looking into bodies that are kept as they came.
"""

from __future__ import annotations

import zlib

_WBITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


def coding_of(headers: tuple[tuple[str, str], ...]) -> str:
    """
    The content coding that the headers state, in small letters; nothing when they state none.
    """
    return next((value.lower().strip() for name, value in headers if name.lower() == "content-encoding"), "")


def take_off(body: bytes, coding: str) -> bytes | None:
    """
    The body without its coding, as much of it as is there; None when it is not in that coding.
    """
    if coding == "br":
        return _unbrotli(body)
    if coding not in _WBITS:
        return None
    try:
        return zlib.decompressobj(_WBITS[coding]).decompress(body)
    except zlib.error:
        return None


def put_on(body: bytes, coding: str) -> bytes:
    """
    The body in a coding that ``take_off`` can take off.
    """
    if coding == "br":
        # Only bodies with this coding need the library.
        import brotli  # type: ignore[import-untyped]

        return bytes(brotli.compress(body))
    packer = zlib.compressobj(wbits=_WBITS[coding])
    return packer.compress(body) + packer.flush()


def _unbrotli(body: bytes) -> bytes | None:
    import brotli

    try:
        return bytes(brotli.Decompressor().process(body))
    except brotli.error:
        return None
