"""
Texts for requests: short, harmless, and from every corner of Unicode that has broken a server before.

What is asked for is always a few words, so that no example costs much.
"""

from __future__ import annotations

from conformance.generate.choices import Choices

#: The simplest first.  Each is one code point, or a group that belongs together.
_SIGNS = (
    *"a0 -_.,:;!?'\"\\/<>&%#@*|~`^+=()[]{}",
    *"éßÅøñ",
    *"жщиקשلا",
    "नि",
    *"北京時間",
    *"のカ",
    "한",
    "e\u0301",
    *"€½Ω∑→",
    "\u2028",
    "\u00a0",
    "\u200b",
    "\n",
    "\t",
    *"😀𝔘𠮷",
    "👩\u200d🔬",
    "🇫🇷",
)
_SAID = (
    "ok",
    "Grüße aus Köln",
    "北京的天气",
    "naïve café",
    "Привет, мир",
    "שלום",
    "👩\u200d🔬 and 🇫🇷",
    'say "hi"',
    "C:\\temp\\new",
    '{"a": [1, null]}',
    "<b>&amp;</b>",
    "one\ntwo",
    "data: [DONE]",
    "line\u2028end",
    "50% off; DROP TABLE x; --",
    "a b  c\td",
)
_NAMES = ("ada", "a", "B_2", "x-1", "0", "get_time", "n" * 64, "-", "_", "lookUp2")


def said(choices: Choices) -> str:
    """
    A short text, such as a person might write or paste.
    """
    if choices.chance(25):
        return "".join(choices.pick(_SIGNS) for _ in range(choices.integer(1, 12))).strip() or "ok"
    return choices.pick(_SAID)


def order(choices: Choices) -> str:
    """
    What a user asks: mostly to repeat a text, so that the answer is short and known.
    """
    if choices.chance(20):
        return choices.pick(("Say hi.", "What is 2+2? Answer with the number alone.", "Name a colour in one word."))
    return f"Reply with exactly: {said(choices)}"


def name(choices: Choices) -> str:
    """
    A name of 1 to 64 letters, digits, underscores and hyphens.
    """
    return choices.pick(_NAMES)


def bounded(choices: Choices, longest: int | None) -> str:
    """
    A text of at most so many characters, often of exactly as many.
    """
    if longest is None:
        return said(choices)
    if choices.chance(40):
        return choices.pick(("x", "é", "世")) * longest
    return said(choices)[:longest]
