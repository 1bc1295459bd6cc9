"""
How fast targets streamed, as distributions on a common scale: information about one time and one place, no verdict.

It makes the numbers and the coordinates of small plots; the templates draw them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.report.views import Pacing

#: The width of a plot in its own units.
WIDTH = 1000
#: Single values are drawn up to so many; beyond that quantiles stand for them.
_DOTS = 120
#: With a wider spread than this the scale is logarithmic.
_SPREAD = 20.0
#: Zero has no logarithm.
_LEAST = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """
    The distribution of one measure at one target: numbers for readers, coordinates for the plot.
    """

    target: str
    count: int
    low: str
    quarter: str
    median: str
    three_quarters: str
    p95: str
    high: str
    #: Places of the same six, from 0 to ``WIDTH``.
    at: tuple[int, int, int, int, int, int]
    #: Places of single values.
    dots: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """
    One measure over all targets that have it.
    """

    title: str
    meaning: str
    strips: tuple[Strip, ...]
    #: Marks of the scale: place and words.
    marks: tuple[tuple[int, str], ...]
    logarithmic: bool


_Values = Callable[[Sequence[Pacing]], list[float]]
_Scale = Callable[[float], int]


def seconds(value: float) -> str:
    """
    ``85 ms``, ``1.25 s``.
    """
    if value >= 1:
        return f"{value:.2f} s"
    return f"{value * 1000:.0f} ms" if value >= 0.01 or not value else f"{value * 1000:.1f} ms"


def rate(value: float) -> str:
    """
    ``54 tokens/s``.
    """
    return f"{value:.0f} tokens/s" if value >= 10 or not value else f"{value:.1f} tokens/s"


_MEASURES: tuple[tuple[str, str, Callable[[float], str], _Values], ...] = (
    (
        "Time to the first token",
        "From sending the request until the read that brought the first token.",
        seconds,
        lambda paces: [each.first_token for each in paces],
    ),
    (
        "Gaps",
        "Between one read that brought tokens and the next.",
        seconds,
        lambda paces: [gap for each in paces for gap in each.gaps],
    ),
    (
        "Throughput",
        "Tokens a second after the first, as the target counts them.",
        rate,
        lambda paces: [each.rate for each in paces if each.rate is not None],
    ),
)


def measures(targets: Mapping[str, Sequence[Pacing]]) -> tuple[Measure, ...]:
    """
    The measures for which there is anything to show; targets keep their order.
    """
    return tuple(_measured(targets))


def _measured(targets: Mapping[str, Sequence[Pacing]]) -> Iterator[Measure]:
    for title, meaning, said, values in _MEASURES:
        found = {name: sorted(values(paces)) for name, paces in targets.items()}
        everything = [value for each in found.values() for value in each]
        if not everything:
            continue
        low, high = max(min(everything), _LEAST), max(*everything, _LEAST)
        logarithmic = high / low > _SPREAD
        scale = _logarithmic(low, high) if logarithmic else _linear(high)
        yield Measure(
            title=title,
            meaning=meaning,
            strips=tuple(_strip(name, given, scale, said) for name, given in found.items() if given),
            marks=tuple((scale(value), said(value)) for value in _marks(low, high, logarithmic=logarithmic)),
            logarithmic=logarithmic,
        )


def quantile(ordered: Sequence[float], share: float) -> float:
    """
    The value below which a share of the sorted values lies, interpolated linearly.
    """
    place = share * (len(ordered) - 1)
    below, above = ordered[math.floor(place)], ordered[math.ceil(place)]
    return below + (above - below) * (place - math.floor(place))


def _strip(name: str, ordered: Sequence[float], scale: _Scale, said: Callable[[float], str]) -> Strip:
    low, quarter, median, three, p95, high = (quantile(ordered, share) for share in (0, 0.25, 0.5, 0.75, 0.95, 1))
    dots = ordered if len(ordered) <= _DOTS else [quantile(ordered, n / (_DOTS - 1)) for n in range(_DOTS)]
    return Strip(
        target=name,
        count=len(ordered),
        low=said(low),
        quarter=said(quarter),
        median=said(median),
        three_quarters=said(three),
        p95=said(p95),
        high=said(high),
        at=(scale(low), scale(quarter), scale(median), scale(three), scale(p95), scale(high)),
        dots=tuple(sorted({scale(value) for value in dots})),
    )


def _linear(high: float) -> _Scale:
    return lambda value: round(value / high * WIDTH)


def _logarithmic(low: float, high: float) -> _Scale:
    start, end = math.log10(low), math.log10(high)
    return lambda value: round((math.log10(max(value, low)) - start) / (end - start) * WIDTH)


def _marks(low: float, high: float, *, logarithmic: bool) -> Iterator[float]:
    """
    Round values for a scale, few enough to be read on a telephone.
    """
    if logarithmic:
        yield from (10.0**power for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1))
        return
    step = 10.0 ** math.floor(math.log10(high / 2))
    step *= next((factor for factor in (1, 2, 5) if high / (step * factor) <= 5), 5)
    yield from (step * number for number in range(int(high / step) + 1))
