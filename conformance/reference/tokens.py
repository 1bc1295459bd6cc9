"""
The toy tokeniser: the one measure of text for counts, limits, logprobs and streaming.

A token is a run of letters or digits of at most four characters, with the space before it; or a few signs; or white
space; or half of a character of four UTF-8 bytes, so that `bytes` in logprobs matter as they do with real tokenisers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_PIECE = re.compile(
    r" ?[^\W_\U00010000-\U0010ffff]{1,4}|[\U00010000-\U0010ffff]| ?[^\w\s\U00010000-\U0010ffff]|.", re.DOTALL
)


def tokenise(text: str) -> tuple[bytes, ...]:
    """
    Cuts a text into tokens; together they are exactly the text's UTF-8 bytes.
    """
    return tuple(token for found in _PIECE.finditer(text) for token in _halved(found.group()))


def _halved(piece: str) -> Iterator[bytes]:
    data = piece.encode()
    if len(piece) == 1 and len(data) == 4:
        yield data[:2]
        yield data[2:]
    else:
        yield data


def count(text: str) -> int:
    """
    Gives the number of tokens of a text.
    """
    return len(tokenise(text))


def shown(token: bytes) -> str:
    """
    Gives a token as a string: its text, or its bytes in hexadecimal when they are no whole character.
    """
    try:
        return token.decode()
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in token)


def first(tokens: Sequence[bytes], limit: int) -> tuple[bytes, ...]:
    """
    Gives the first `limit` tokens, without a half character at the end: what was said must remain text.
    """
    kept = tuple(tokens[:limit])
    while kept and not _whole(b"".join(kept)):
        kept = kept[:-1]
    return kept


def characters(tokens: Sequence[bytes]) -> Iterator[tuple[bytes, ...]]:
    """
    Gives the tokens grouped so that each group is whole characters: what one event of a stream may carry.
    """
    group: tuple[bytes, ...] = ()
    for token in tokens:
        group = (*group, token)
        if _whole(b"".join(group)):
            yield group
            group = ()


def _whole(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
