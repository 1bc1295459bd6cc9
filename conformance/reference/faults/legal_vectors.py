"""
Legal peculiarities of embeddings: vectors are the model's own, and where they stand their index says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.reference.faults.endpoints import values_at
from conformance.reference.faults.fault import PLAIN, Variant
from conformance.reference.faults.rows import variant

_OWN = "What a model makes of a text is its own."


def _variant(name: str, title: str, because: str, change: Callable[[Any], Any]) -> Variant:
    return variant(name, title, because, values_at("/v1/embeddings", change), paths=(PLAIN,))


def _numbers(change: Callable[[float, int], float]) -> Callable[[Any], None]:
    """
    Changes every number of the vectors that are lists of numbers, given its place.
    """

    def each(made: Any) -> None:
        for entry in made["data"]:
            if isinstance(entry["embedding"], list):
                entry["embedding"] = [change(number, place) for place, number in enumerate(entry["embedding"])]

    return each


def _with_marks(made: Any) -> None:
    counted = made["usage"]["prompt_tokens"] + 2 * len(made["data"])
    made["usage"] = {"prompt_tokens": counted, "total_tokens": counted}


# fmt: off
VARIANTS: tuple[Variant, ...] = (
    _variant("vectors-in-another-order", "vectors come in another order, each with its index", "The index says which input a vector belongs to.", lambda made: made["data"].reverse()),
    _variant("vectors-of-any-length", "vectors are not of length one", _OWN, _numbers(lambda number, _: 17 * number)),
    _variant("vectors-of-integers", "vectors are whole numbers", "Integers are numbers, and some models quantise.", _numbers(lambda number, _: round(1000 * number))),
    _variant("vectors-rounded", "numbers differ a little from answer to answer", "Sums depend on their order, and on the hardware.", _numbers(lambda number, place: number + (0.004 if place % 2 else -0.004))),
    _variant("vectors-of-marked-texts", "two tokens more are counted for every text", "Models put marks around a text.", _with_marks),
)
# fmt: on
