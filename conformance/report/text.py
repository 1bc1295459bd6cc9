"""
Text that came from outside, made safe to look at.  One function for the terminal, JUnit, Markdown and HTML.

It does not escape for any format: each writer does that on top.
"""

from __future__ import annotations

import unicodedata

#: Control characters, format characters (bidi, zero width), lone surrogates, private use, unassigned.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
#: Line and paragraph separators break lines where a terminal or an XML reader does not expect it.
_SEPARATORS = frozenset({"Zl", "Zp"})
#: Marks that draw nothing and fillers that look like blanks, which no category tells apart.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def visible(text: str, keep: str = "") -> str:
    """
    The text with every character that hides, moves or cannot be encoded shown as ``⟨U+202E⟩``.

    ``keep`` names control characters that the caller can show, such as the line feed in a block of text.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(each if each in keep or _seen(each) else f"⟨U+{ord(each):04X}⟩" for each in text)


def _seen(character: str) -> bool:
    if " " <= character <= "~":
        return True
    category = unicodedata.category(character)
    blank = character in _BLANK or 0xFE00 <= ord(character) <= 0xFE0F or 0xE0100 <= ord(character) <= 0xE01EF
    return category not in _UNSEEN and category not in _SEPARATORS and not blank


def line(text: str, most: int = 0) -> str:
    """
    The text on one line: visible, runs of white space as one blank, shortened to ``most`` characters (0: not).
    """
    one = visible(" ".join(text.split()))
    return shorten(one, most) if most else one


def shorten(text: str, most: int) -> str:
    """
    The first ``most`` characters, the last of them an ellipsis when something was cut off.
    """
    return text if len(text) <= most else text[: max(most - 1, 0)].rstrip() + "…"


def cut(text: str, most: int) -> str:
    """
    The text up to ``most`` bytes of UTF-8, with a mark that says how much is missing; lone surrogates must be gone.
    """
    data = text.encode()
    if len(data) <= most:
        return text
    return data[:most].decode(errors="ignore") + f"\n[{len(data) - most} more bytes]"


def plural(count: int, noun: str) -> str:
    """
    ``1 case``, ``2 cases``, ``1 204 queries``.
    """
    if count == 1:
        return f"1 {noun}"
    many = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{grouped(count)} {many}"


def grouped(count: int) -> str:
    """
    A number with a narrow gap every three digits.
    """
    return f"{count:,}".replace(",", " ")


def duration(seconds: float) -> str:
    """
    ``0.8 s``, ``12 s``, ``6 m 12 s``, ``1 h 05 m``.
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} m"
