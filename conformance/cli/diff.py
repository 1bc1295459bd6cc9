"""
``conformance diff``: what changed between two runs, or between two targets.
"""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from conformance import runs
from conformance.cli import shown
from conformance.errors import UsageError
from conformance.model import Level
from conformance.report import diff, diff_text, exits

_EPILOG = """\b
Examples:
  conformance diff reports/20260101T000000Z-acme reports/20260102T000000Z-acme
  conformance diff acme globex              the newest run of each target
  conformance diff A B --format md >> $GITHUB_STEP_SUMMARY
"""


@click.command(epilog=_EPILOG)
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--format", "form", type=click.Choice(["text", "json", "md"]), default="text", help="How it is said.")
@click.option("--fail-on", type=click.Choice(["must", "should"]), help="End with 1 when such a violation is new.")
def command(before: str, after: str, form: str, fail_on: str | None) -> int:
    """
    Say what changed between two runs: new, flaky now, fixed, known,
    unobserved.

    A and B are folders of runs, or names of targets, whose newest run below
    reports/ is taken.
    """
    made = diff.between(runs.load(_run(before)), runs.load(_run(after)))
    if form == "json":
        shown.data(diff_text.document(made))
    else:
        shown.text(diff_text.markdown(made) if form == "md" else diff_text.text(made))
    levels = [] if fail_on is None else [Level.MUST] if fail_on == "must" else [Level.MUST, Level.SHOULD]
    worse = any(row.change is diff.Change.NEW and row.requirement.level in levels for row in made.rows)
    return exits.VIOLATED if worse else exits.HOLDS


def _run(word: str) -> Path:
    if Path(word).exists():
        return Path(word)
    name = runs.plain(word)
    found = [path.parent for path in Path("reports").glob(f"**/{runs.RECORDING}") if _is_of(path.parent, name)]
    if not found:
        names = sorted({path.parent.name.partition("-")[2] for path in Path("reports").glob(f"*/{runs.RECORDING}")})
        near = difflib.get_close_matches(name, names, 1)
        hint = f"Did you mean {near[0]}?" if near else "Name the folder of a run, as reports/<time>-<target>."
        raise UsageError(f"{word!r} is no folder, and no target has a run of that name below reports/\n  {hint}")
    return max(found, key=lambda path: path.relative_to("reports").parts)


def _is_of(folder: Path, name: str) -> bool:
    return folder.name == name or folder.name.partition("-")[2] == name
