"""
Data inside a page: JSON, compressed, in base64, which no HTML can break out of.

What is more than one page should hold is spread over several.  Browsers open it with ``DecompressionStream``.  The
bytes are the same for the same values.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from conformance.model import JSON

#: Characters of JSON in one block, at most and at least: a reader who opens a case waits for one block only, and many
#: small blocks compress badly.
_BLOCK, _LEAST = 192 * 1024, 16 * 1024
_IN_PAGE = re.compile(r'<script type="text/plain" id="[a-z0-9-]+">([A-Za-z0-9+/=]+)</script>')


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """
    Values by key in blocks, and the blocks by page.
    """

    #: The texts of the blocks of each page.
    pages: tuple[tuple[str, ...], ...]
    #: Where a key's value is: the page and the block in it.
    places: Mapping[str, tuple[int, int]]


def text(value: JSON) -> str:
    """
    One value as the text of a block.
    """
    raw = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return _coded(raw)


def pack(items: Iterable[tuple[str, JSON]], *, first: int, room: int) -> Packed:
    """
    Fill the first page with up to ``first`` characters of blocks and every further one with up to ``room``.

    What does not fit into a page begins the next one, so a page's blocks hold its items in order.
    """
    made = _Pages(rooms=(first, room), block=max(_LEAST, min(_BLOCK, first // 4)))
    for key, value in items:
        made.add(key, json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False))
    made.flush()
    return Packed(pages=tuple(tuple(page) for page in made.pages), places=made.places)


def opened(page: str) -> Iterator[bytes]:
    """
    What the blocks of a page hold, as JSON.
    """
    for found in _IN_PAGE.finditer(page):
        yield gzip.decompress(base64.b64decode(found[1]))


@dataclass(slots=True)
class _Pages:
    """
    Pages as they fill.
    """

    rooms: tuple[int, int]
    block: int
    pages: list[list[str]] = field(default_factory=lambda: [[]])
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    _used: int = 0
    _waiting: dict[str, str] = field(default_factory=dict)
    _size: int = 0

    def add(self, key: str, value: str) -> None:
        """
        Keep a value until a block is full.
        """
        self._waiting[key] = value
        self._size += len(value)
        if self._size >= self.block:
            self.flush()

    def flush(self) -> None:
        """
        Make a block of what is waiting, on the next page when this one has no room for it.
        """
        if not self._waiting:
            return
        body = ",".join(f"{json.dumps(key, ensure_ascii=False)}:{value}" for key, value in self._waiting.items())
        block = _coded(f"{{{body}}}".encode())
        if self._used + len(block) > self.rooms[min(len(self.pages) - 1, 1)] and (
            self.pages[-1] or len(self.pages) == 1
        ):
            self.pages.append([])
            self._used = 0
        self.pages[-1].append(block)
        self._used += len(block)
        self.places |= {key: (len(self.pages) - 1, len(self.pages[-1]) - 1) for key in self._waiting}
        self._waiting, self._size = {}, 0


def _coded(raw: bytes) -> str:
    return base64.b64encode(gzip.compress(raw, 9, mtime=0)).decode()
