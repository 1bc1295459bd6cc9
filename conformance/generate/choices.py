"""
Where generators take their decisions from, so that one grammar serves a seeded list and Hypothesis alike.

The first option and the smallest number are the simplest; what Hypothesis shrinks goes there.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

_T = TypeVar("_T")


class Choices(Protocol):
    """
    A source of decisions.
    """

    def integer(self, low: int, high: int) -> int:
        """
        A whole number between two bounds, both included; the lowest is the simplest.
        """

    def chance(self, percent: int) -> bool:
        """
        True so often in a hundred times; False is the simplest.
        """

    def pick(self, options: Sequence[_T]) -> _T:
        """
        One of the options; the first is the simplest.
        """


class Dice:
    """
    Decisions by a seed alone: the same for every version of Python and of Hypothesis.
    """

    def __init__(self, seed: int) -> None:
        """
        The same seed gives the same decisions.
        """
        # Of the module's methods only random() is promised to stay as it is.
        self._random = random.Random(seed).random

    def integer(self, low: int, high: int) -> int:
        """
        Every number as often as any other.
        """
        return low + int(self._random() * (high - low + 1))

    def chance(self, percent: int) -> bool:
        """
        By the seed.
        """
        return self.integer(0, 99) >= 100 - percent

    def pick(self, options: Sequence[_T]) -> _T:
        """
        Every option as often as any other.
        """
        return options[self.integer(0, len(options) - 1)]


class Drawn:
    """
    Decisions that Hypothesis takes, and shrinks when something was found.
    """

    def __init__(self, integer: Callable[[int, int], int]) -> None:
        """
        ``integer`` draws a number between two bounds.
        """
        self.integer = integer

    def chance(self, percent: int) -> bool:
        """
        Shrinks to False.
        """
        return self.integer(0, 99) >= 100 - percent

    def pick(self, options: Sequence[_T]) -> _T:
        """
        Shrinks to the first.
        """
        return options[self.integer(0, len(options) - 1)]


def sample(choices: Choices, options: Sequence[_T], count: int) -> list[_T]:
    """
    So many different options, in the order of their choice.
    """
    left = list(options)
    return [left.pop(choices.integer(0, len(left) - 1)) for _ in range(min(count, len(left)))]
