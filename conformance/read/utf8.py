"""
Where bytes stop being UTF-8 (RFC 3629).  Says where; decoding is left to whoever wants the text.
"""

from __future__ import annotations

from codecs import utf_8_decode

#: So many faults are told of one text; whoever sends more has been understood.
MOST = 1000
#: Bytes looked at in one go: an error costs a copy of what is being decoded.
_WINDOW = 1 << 16


def invalid(data: bytes) -> tuple[tuple[int, int], ...]:
    """
    The first and the past-the-end offset of every sequence that decoding replaces by one U+FFFD, at most ``MOST``.
    """
    if data.isascii():
        return ()
    spans: list[tuple[int, int]] = []
    at = 0
    while at < len(data) and len(spans) < MOST:
        window = data[at : at + _WINDOW]
        try:
            at += utf_8_decode(window, "strict", at + _WINDOW >= len(data))[1]
        except UnicodeDecodeError as problem:
            spans.append((at + problem.start, at + problem.end))
            at += problem.end
    return tuple(spans)
