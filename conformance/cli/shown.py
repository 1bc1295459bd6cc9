"""
How results come to the terminal: width, colours and characters as the terminal and the environment have them.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence

import click

from conformance.model import JSON, Scorecard
from conformance.report import terminal


def card(made: Scorecard, *, report: str, exit_code: int, reason: str) -> None:
    """
    Print the end of a run to standard output.
    """
    text = terminal.render(
        made,
        width=shutil.get_terminal_size().columns,
        colour=coloured(),
        ascii=not _unicode(),
        report=report,
        exit_code=exit_code,
        reason=reason,
    )
    click.echo(text, nl=False, color=True)


def data(value: JSON | Sequence[JSON]) -> None:
    """
    Print a value as JSON, ASCII alone, so that no text of a target can act on a terminal.
    """
    click.echo(json.dumps(value, indent=2))


def text(value: str) -> None:
    """
    Print lines that are safe to look at, in the characters that the output has.
    """
    click.echo(value if _unicode() else terminal.plain(value, "\n"), nl=False)


def coloured() -> bool:
    """
    Colours are wanted: a terminal that has some, or ``FORCE_COLOR``, and no ``NO_COLOR`` (https://no-color.org).
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") in ("utf8", "utf8sig")
