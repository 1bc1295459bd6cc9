"""
The toy model: what is said to a conversation. The same conversation always gets the same text.

It obeys the few instructions with which an endpoint can be tested (repeat this, count, remember), and says a plain
sentence to everything else. Limits, stop sequences and tools are applied by others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from conformance.reference.ask import Ask

_MANNER = r"(?: (?:always|only|with|just|exactly|verbatim|this|the|following|text|word|single|to everything))"
_ALWAYS = re.compile(
    rf"\b(?:always (?:answer|reply|respond|say){_MANNER}*|(?:answer|reply|respond|say){_MANNER}+)\s*:[ \n]?(.*)",
    re.IGNORECASE | re.DOTALL,
)
_WHATEVER = re.compile(r"\b(?:always|only|whatever|every|exactly|nothing else)\b", re.IGNORECASE)
_EXACTLY = re.compile(
    r"\b(?:(?:reply|respond|answer)\b[^:\n.]{0,20}\b(?:exactly|only|verbatim)|repeat|say|echo|(?:output|print|write) exactly)"
    r"\b[^:\n.'\"]{0,60}:[ \n]?(.*)\Z",
    re.IGNORECASE | re.DOTALL,
)
_COUNT = re.compile(
    r"\b(?:count|numbers?)\b.{0,20}?\bfrom (-?\d{1,6}) (?:up )?to (-?\d{1,6})", re.IGNORECASE | re.DOTALL
)
_SAY = re.compile(
    r"\b(?:say|(?:reply|respond|answer)(?: only)? with)\s+(?:just |only |exactly |the |a |single |one |word )*"
    r"(?:[\"“](?P<quoted>[^\"”\n]+)[\"”]|'?(?P<word>[^\W_][\w-]*))",
    re.IGNORECASE,
)
_ASKED = re.compile(r"\bwh(?:at|ich) (?:is|was|were|are)(?: the)?(?: my)? (.+?)\s*(?:[?.!]|$)", re.IGNORECASE)
_ABOUT = re.compile(r"\b(word|number|name|code|colou?r|city)\b.*\?", re.IGNORECASE | re.DOTALL)
_WHAT_I_SAID = re.compile(r"\bwhat did I (?:just )?(?:say|write|ask)", re.IGNORECASE)
_WHAT_YOU_SAID = re.compile(r"\bwhat did you (?:just )?(?:say|answer|reply)", re.IGNORECASE)
_LONG = re.compile(r"\b(?:long|story|essay|poem|detailed|\d{3,} words|paragraphs)\b", re.IGNORECASE)
_TALE = "the quiet river carried small boats past green hills while people told old tales of rain and light"
_OPENINGS = ("You asked about", "Here is an answer about", "This is a reply about", "Let me answer about")


def forced(ask: Ask) -> str | None:
    """
    Gives the text which the conversation orders word for word, or None. An instruction wins over the user.
    """
    for turn in ask.turns:
        if turn.role in ("system", "developer") and (order := _standing_order(turn.text)) is not None:
            return order
    if ask.turns[-1].role != "user":
        return None
    if found := _EXACTLY.search(ask.last):
        return found.group(1)
    if found := _COUNT.search(ask.last):
        return _counted(int(found.group(1)), int(found.group(2)), ask.last)
    return None


def _standing_order(text: str) -> str | None:
    if found := _ALWAYS.search(text):
        return found.group(1)
    return _simple(text) if _WHATEVER.search(text) else None


def _simple(text: str) -> str | None:
    found = _SAY.search(text)
    return (found["quoted"] or found["word"]) if found else None


def say(ask: Ask, index: int) -> str:
    """
    Gives the text of the choice with this index.
    """
    ordered = forced(ask)
    if ordered is not None:
        return ordered
    if ask.turns[-1].role in ("tool", "function"):
        return f"The result is: {_results(ask)}"
    recalled = _recalled(ask)
    if recalled is not None:
        return recalled
    if _LONG.search(ask.last):
        return _story(300, ask.seed + index * ask.warm)
    return _simple(ask.last) or _sentence(ask, index)


def _counted(start: int, end: int, text: str) -> str:
    between = "\n" if re.search(r"\bline\b", text) else ", "
    step = 1 if end >= start else -1
    return between.join(map(str, range(start, end + step, step)[:2000]))


def _results(ask: Ask) -> str:
    found: list[str] = []
    for turn in reversed(ask.turns):
        if turn.role not in ("tool", "function"):
            break
        found.insert(0, turn.text)
    return "; ".join(found)


def _recalled(ask: Ask) -> str | None:
    earlier = list(reversed(ask.turns[:-1]))
    said = [turn.text for turn in earlier if turn.role == "assistant"]
    told = [turn.text for turn in earlier if turn.role in ("user", "system", "developer")]
    for pattern, texts in ((_WHAT_I_SAID, told), (_WHAT_YOU_SAID, said)):
        if texts and pattern.search(ask.last):
            return f"It was: {texts[0]}"
    names = [found.group(1) for pattern in (_ASKED, _ABOUT) if (found := pattern.search(ask.last))]
    values = (_value_of(name, [*told, *said]) for name in names)
    return next((value for value in values if value is not None), None)


def _value_of(name: str, texts: Iterable[str]) -> str | None:
    pattern = re.compile(rf"\b{re.escape(name)}\b(?: is| was|'s)?\s*[:=]?\s*[\"'“]?([^\W_][\w-]*)", re.IGNORECASE)
    for text in texts:
        if found := pattern.search(text):
            return found.group(1)
    return None


def _sentence(ask: Ask, index: int) -> str:
    seen = [part for turn in ask.turns for part in turn.parts if part not in ("text", "refusal")]
    about = " ".join(ask.last[:80].split()[:6]) or "nothing"
    opening = _OPENINGS[(ask.seed + index) % len(_OPENINGS) if ask.warm else 0]
    variant = f" Version {index}." if ask.warm and index >= len(_OPENINGS) else ""
    beside = f" I received: {', '.join(seen)}." if seen else ""
    return f"{opening} “{about}”.{variant}{beside}"


def _story(words: int, start: int) -> str:
    known = _TALE.split()
    told = [known[(start * 5 + place * 7 + place // len(known)) % len(known)] for place in range(words * 7 // 12)]
    sentences = (" ".join(told[place : place + 9]).capitalize() for place in range(0, len(told), 9))
    return ". ".join(sentences) + "."
