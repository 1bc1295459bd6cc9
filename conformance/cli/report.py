"""
``conformance report``: write the reports of earlier runs again.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from conformance import runs
from conformance.errors import FileError
from conformance.report import exits

_EPILOG = """\b
Examples:
  conformance report reports/20260101T000000Z-acme
  conformance report reports/*/
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DIR...")
def command(folders: tuple[Path, ...]) -> int:
    """
    Judge the recordings of earlier runs again and write their reports anew.

    Nothing is sent.  How a run ended (its exit code and its baseline) stays
    as results.json says.
    """
    for folder in folders:
        if not folder.is_dir():
            raise FileError(str(folder), 0, "is no folder of a run", "Name folders, as reports/<time>-<target>.")
        card = runs.load(folder)
        before = _before(folder / "results.json")
        ended = exits.decide(card) if before is None else exits.Exit(**before)
        runs.write(folder, card, exit_code=ended.code, reason=ended.reason)
        click.echo(folder / "report.html")
    return 0


def _before(path: Path) -> dict[str, Any] | None:
    try:
        ended = json.loads(path.read_text(encoding="utf-8"))["exit"]
        return {"code": int(ended["code"]), "reason": str(ended["reason"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None
