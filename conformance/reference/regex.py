"""
One text that a regular expression matches: the shortest the parse tree readily gives.

Look-around and back-references are beyond it; then the text may not match.
"""

from __future__ import annotations

import re

# The parser behind `re` has no public name, and writing a second one would be a worse dependency.
from re import _parser  # type: ignore[attr-defined]
from typing import Any

_CLASSES = {"CATEGORY_DIGIT": "1", "CATEGORY_WORD": "a", "CATEGORY_SPACE": " "}
#: The most repetitions written out, whatever a pattern demands.
_MOST = 10_000
_OTHERS = "a1 A-_.#é"


def sample(pattern: str, *, least: int = 0) -> str:
    """
    Gives a text in which the pattern is found, with at least so many characters where repetition allows it.
    """
    try:
        tree = _parser.parse(pattern)
        text = _sequence(tree, 0)
    except (re.error, OverflowError, RecursionError):
        return "example"
    extra = 1
    while len(text) < least and extra <= least:
        text, extra = _sequence(tree, extra), extra + 1
    return text


def _sequence(tree: Any, extra: int) -> str:
    return "".join(_one(str(code), argument, extra) for code, argument in tree)


def _one(code: str, argument: Any, extra: int) -> str:
    if code == "LITERAL":
        return chr(argument)
    if code == "NOT_LITERAL":
        return "a" if argument != ord("a") else "b"
    if code == "ANY":
        return "a"
    if code == "IN":
        return _member(argument)
    if code in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        low, high = int(argument[0]), int(argument[1])
        return _sequence(argument[2], extra) * min(max(low, 1) + extra, high, _MOST)
    if code == "SUBPATTERN":
        return _sequence(argument[-1], extra)
    if code == "BRANCH":
        return _sequence(argument[1][0], extra)
    return ""


def _member(options: Any) -> str:
    code, argument = str(options[0][0]), options[0][1]
    if code == "NEGATE":
        ruled_out = [_member([each]) for each in options[1:]]
        return next((each for each in _OTHERS if each not in ruled_out), "~")
    if code == "RANGE":
        return chr(int(argument[0]))
    if code == "LITERAL":
        return chr(int(argument))
    return _CLASSES.get(str(argument), "-")
