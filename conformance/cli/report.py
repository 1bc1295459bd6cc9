"""
``conformance report``: write the reports of earlier runs again.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from conformance import runs
from conformance.cli import gating
from conformance.errors import FileError
from conformance.model import JSON, Scorecard, Standing
from conformance.report import baseline, exits, results

_EPILOG = """\b
Examples:
  conformance report reports/20260101T000000Z-acme
  conformance report reports/*/ --report html,ctrf,sarif,badge
  conformance report reports/20260102T000000Z-acme --against reports/20260101T000000Z-acme
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DIR...")
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="EARLIER",
    help="An earlier run, for the page to say what changed since.",
)
@gating.reports
def command(folders: tuple[Path, ...], against: Path | None, formats: tuple[str, ...]) -> int:
    """
    Judge the recordings of earlier runs again and write their reports anew.

    Nothing is sent.  How a run ended (its exit code and its baseline) stays
    as results.json says.
    """
    earlier = None if against is None else runs.load(against)
    for folder in folders:
        if not folder.is_dir():
            raise FileError(str(folder), 0, "is no folder of a run", "Name folders, as reports/<time>-<target>.")
        card = runs.load(folder)
        standing, ended = _before(folder / "results.json", card)
        runs.write(
            folder,
            card,
            exit_code=ended.code,
            reason=ended.reason,
            standing=standing,
            earlier=earlier,
            formats=formats,
        )
        click.echo(folder / "report.html" if "html" in formats else folder)
    return 0


def _before(path: Path, card: Scorecard) -> tuple[Standing | None, exits.Exit]:
    """
    How the run stood against its baseline, and how it ended; without readable results it ends as if it came to its end now.
    """
    try:
        document: dict[str, JSON] = json.loads(path.read_text(encoding="utf-8"))
        ended = document["exit"]
        held = results.baseline(document)
        standing = None if held is None else baseline.stand(card, *held)
        if isinstance(ended, dict):
            return standing, exits.Exit(int(str(ended["code"])), str(ended["reason"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None, exits.decide(card)
