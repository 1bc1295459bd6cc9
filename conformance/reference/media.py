"""
Images, audio and files as they stand in requests, and the little sound the provider speaks.

Data is decoded and its first bytes are compared with the format's signature; nothing is ever fetched, so a URL is
believed.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from typing import Any

from conformance.reference.errors import invalid
from conformance.reference.shape import string

_SIGNATURES: tuple[bytes, ...] = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
_DATA_URI = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w=.+-]+?)*;base64,", re.IGNORECASE)
_RATE = 8000
#: A frame of MPEG-1 audio, layer III, 128 kbit/s at 44.1 kHz, whose side information and data are naught: 26 ms.
_SILENT_FRAME = bytes.fromhex("fffb9064") + bytes(413)


def _decoded(data: str, path: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise invalid(path, f"Invalid '{path}': expected base64-encoded data.", "invalid_base64") from None


def base64_text(value: Any, path: str) -> None:
    """
    Allows non-empty base64 text.
    """
    string(least=1)(value, path)
    _decoded(value, path)


def file(value: Any, path: str) -> None:
    """
    Allows a file's base64 text, bare or as a data URI.
    """
    string(least=1)(value, path)
    found = _DATA_URI.match(value)
    _decoded(value[found.end() :] if found else value, path)


def stored(value: Any, path: str) -> None:
    """
    Allows the id of an uploaded file, of which there are none: nothing can be uploaded here.
    """
    string()(value, path)
    raise invalid(path, f"No such file object: {value[:60]}.", "file_not_found")


def image(value: Any, path: str) -> None:
    """
    Allows an http(s) URL, or a data URI whose bytes begin as a PNG, JPEG, GIF or WebP image does.
    """
    string(least=1)(value, path)
    if re.match(r"https?://[^\s/]+", value, re.IGNORECASE):
        return
    found = _DATA_URI.match(value)
    if found is None:
        raise invalid(path, f"Invalid '{path}': expected an http(s) URL or a base64 data URI.", "invalid_image_url")
    data = _decoded(value[found.end() :], path)
    webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    if not webp and not data.startswith(_SIGNATURES):
        supported = "['png', 'jpeg', 'gif', 'webp']"
        message = f"You uploaded an unsupported image. Please make sure your image has one of {supported}."
        raise invalid(path, message, "invalid_image_format")


def speak(tokens: int, *, container: str) -> bytes:
    """
    Gives a tenth of a second of silence for every four tokens: a WAV file, an MP3 stream, or bare samples for `pcm16`.

    The other containers are answered with WAV as well; encoders are beyond a toy.
    """
    if container == "mp3":
        return _SILENT_FRAME * 4 * (1 + tokens // 4)
    samples = bytes(2 * (_RATE // 10) * (1 + tokens // 4))
    if container == "pcm16":
        return samples
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, _RATE, 2 * _RATE, 2, 16)
    return (
        struct.pack("<4sI4s", b"RIFF", 36 + len(samples), b"WAVE")
        + form
        + b"data"
        + struct.pack("<I", len(samples))
        + samples
    )
