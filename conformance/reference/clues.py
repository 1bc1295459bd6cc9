"""
Values found in a prompt: quoted texts, places, numbers, and what it says of a property by name.

This is all the understanding the toy model has when it fills in a form; it never fails to find something.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

_QUOTED = re.compile(r"\"([^\"\n]+)\"|“([^”\n]+)”|`([^`\n]+)`|(?<!\w)'([^'\n]+)'(?!\w)")
_CAPITAL = r"(?:[A-ZÀ-ÖØ-Þ][\w'’-]*|[^\W\d_]*[^\x00-\x7f\W\d_][\w'’-]*)"
_PLACE = re.compile(rf"\b(?:in|for|at|to|of|from|and|near|about)\s+({_CAPITAL}(?: {_CAPITAL})*)")
_PLAIN = re.compile(r"\b(?:in|for|at|about|near)\s+(?!(?:the|a|an|me|my|it|this|that|you|json|which|each)\b)([a-z]\w+)")
_BARE_PLACE = re.compile(r"[^\x00-\x7f\W\d_]{2,}")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w])")
_NO_PLACES = {"Celsius", "Fahrenheit", "JSON", "I", "Use", "Call", "The", "Answer", "Reply"}


@dataclass(frozen=True)
class Clues:
    """
    What can be learnt from a prompt. `choice` tells which of several places or quoted texts is meant first.
    """

    prompt: str
    choice: int = 0

    @cached_property
    def values(self) -> tuple[str, ...]:
        """
        The texts the prompt marks out, in its order: what it quotes, else the names of places.
        """
        quoted = [next(filter(None, found.groups())) for found in _QUOTED.finditer(self.prompt)]
        if quoted:
            return tuple(dict.fromkeys(quoted))
        places = [found.group(1) for found in _PLACE.finditer(self.prompt)]
        places = places or _BARE_PLACE.findall(self.prompt) or _PLAIN.findall(self.prompt)
        return tuple(dict.fromkeys(place for place in places if place not in _NO_PLACES))

    def _said(self, name: str) -> str | None:
        if not re.search(r"\w", name):
            return None
        word = rf"(?<!\w){re.escape(name).replace('_', '[ _]')}[\"'`]?"
        link = r"(?:\s+(?:is|of|to|as|set to|equal to|must be|should be)\s+|\s*[:=]\s*)"
        quoted, bare = r"[\"“'`](?P<quoted>[^\"”'`\n]+)[\"”'`]", r"(?P<bare>[\w.+@-]*\w)"
        for pattern in (rf"{word}(?:{link}|\s+){quoted}", rf"{word}{link}{bare}", rf"{word}\s+(?P<bare>-?\d[\d.]*)\b"):
            if found := re.search(pattern, self.prompt, re.IGNORECASE):
                return next(each for each in found.groupdict().values() if each)
        return None

    def about(self, name: str) -> bool:
        """
        Whether the prompt mentions a property by name, so that an optional one should be filled in.
        """
        return (
            re.search(rf"(?<!\w){re.escape(name).replace('_', '[ _]')}(?!\w)", self.prompt, re.IGNORECASE) is not None
        )

    def text(self, name: str, rank: int) -> str:
        """
        Gives a text for a property: what is said of it by name, else one marked out, else a constant.

        `rank` is the property's place among those which take a text that is marked out.
        """
        said = self._said(name)
        if said is not None:
            return said
        place = (self.choice % len(self.values) if self.values else 0) + rank
        return self.values[place] if place < len(self.values) else "example"

    def number(self, name: str, *, whole: bool) -> float | None:
        """
        Gives a number for a property: what is said of it by name, else the first number of the prompt.
        """
        said = self._said(name)
        found = [each for each in [said, *_NUMBER.findall(self.prompt)] if each and _NUMBER.fullmatch(each)]
        numbers = [float(each) if "." in each else int(each) for each in found]
        return next((each for each in numbers if not whole or isinstance(each, int)), None)

    def truth(self, name: str) -> bool:
        """
        Gives a boolean for a property: true unless the prompt says it is false.
        """
        return (self._said(name) or "true").lower() not in ("false", "no", "off")

    def among(self, options: list[Any], name: str) -> Any:
        """
        Gives the option which the prompt mentions, else the first.
        """
        said = self._said(name)
        for option in options:
            if isinstance(option, str) and option and option == said:
                return option
        for option in options:
            if isinstance(option, str) and re.search(rf"(?<!\w){re.escape(option)}(?!\w)", self.prompt, re.IGNORECASE):
                return option
        return options[0]
