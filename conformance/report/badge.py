"""
A run's verdict as a badge: JSON for the endpoint badge of shields.io, and an SVG that needs no network.

It says the verdict and its date, never a percentage, and turns grey when the observation is too old to rely on.
Source: https://shields.io/badges/endpoint-badge.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import escape

from conformance.model import Scorecard, Verdict
from conformance.report import labels
from conformance.report.text import line

#: A hosted endpoint changes without notice: what was seen longer ago says little.
VALID = timedelta(days=90)

_COLOURS = {
    Verdict.CONFORMS: "#14652f",
    Verdict.WARNINGS: "#855300",
    Verdict.FAILS: "#b3211b",
    Verdict.INCOMPLETE: "#5a3d9e",
    Verdict.NOT_CLAIMED: "#515b68",
}
_OLD = "#515b68"
#: The mean advance of a character of 11 px Verdana; the text is stretched to it, so that any font fits.
_ADVANCE = 6.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """
    What a badge says.
    """

    label: str
    message: str
    colour: str


def badge(card: Scorecard, *, today: date | None = None) -> Badge:
    """
    The badge of a scorecard; with ``today`` it is grey and says so once the run is older than ``VALID``.
    """
    label = " + ".join(line(each.id) for each in card.contracts) or "conformance"
    day = _day(card.run.started)
    said = [labels.words(card.verdict), *([day.isoformat()] if day else [])]
    old = day is not None and today is not None and today - day > VALID
    return Badge(
        label=label,
        message=" · ".join([*said, *(["out of date"] if old else [])]),
        colour=_OLD if old else _COLOURS[card.verdict],
    )


def endpoint(made: Badge) -> bytes:
    """
    The JSON that an endpoint badge of shields.io reads.
    """
    value = {"schemaVersion": 1, "label": made.label, "message": made.message, "color": made.colour}
    return json.dumps(value, indent=1).encode() + b"\n"


def svg(made: Badge) -> str:
    """
    The badge as an image of 20 pixels' height.
    """
    left, right = (round(len(text) * _ADVANCE) + 12 for text in (made.label, made.message))
    label, message = escape(made.label), escape(made.message)
    whole = left + right
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" aria-label="{label}: {message}">'
        f"<title>{label}: {message}</title>"
        f'<rect width="{whole}" height="20" rx="3" fill="#333a44"/>'
        f'<path d="M{left} 0h{right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{right - 3}z" fill="{made.colour}"/>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">'
        f'<text x="6" y="14" textLength="{left - 12}" lengthAdjust="spacingAndGlyphs">{label}</text>'
        f'<text x="{left + 6}" y="14" textLength="{right - 12}" lengthAdjust="spacingAndGlyphs">{message}</text>'
        "</g></svg>\n"
    )


def _day(started: str) -> date | None:
    try:
        return datetime.fromisoformat(started).date()
    except ValueError:
        return None
