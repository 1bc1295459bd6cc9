"""
Text laid out in the cells of a terminal, where some characters take two cells and some none.
"""

from __future__ import annotations

import unicodedata


def width(text: str) -> int:
    """
    The number of cells that a line of text takes.
    """
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def fit(text: str, cells: int, ellipsis: str = "…") -> str:
    """
    The text in at most so many cells; what was cut off is marked.
    """
    if width(text) <= cells:
        return text
    kept, used = "", width(ellipsis)
    for character in text:
        used += _cells(character)
        if used > cells:
            break
        kept += character
    return (kept + ellipsis)[: max(cells, 0)]


def wrap(text: str, cells: int, indent: str = "") -> list[str]:
    """
    The text in lines of at most so many cells, every line after ``indent``; words longer than a line are broken.
    """
    room = max(cells - width(indent), 8)
    lines = [""]
    for word in _broken(text.split(), room):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if width(joined) <= room:
            lines[-1] = joined
        else:
            lines.append(word)
    return [indent + each for each in lines]


def _broken(words: list[str], room: int) -> list[str]:
    made = []
    for word in words:
        rest = word
        while width(rest) > room:
            head = fit(rest, room, "")
            made.append(head)
            rest = rest[len(head) :]
        made.append(rest)
    return made


def pad(text: str, cells: int) -> str:
    """
    The text followed by blanks up to so many cells.
    """
    return text + " " * max(cells - width(text), 0)
