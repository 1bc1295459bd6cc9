"""
``conformance compare``: one matrix of several runs.
"""

from __future__ import annotations

from pathlib import Path

import click

from conformance import comparison
from conformance.cli import shown
from conformance.report import compare_data, compare_words
from conformance.report.text import visible

_EPILOG = """\b
Examples:
  conformance compare reports/20260101T000000Z-acme reports/20260101T000000Z-globex
  conformance compare reports/20260101T000000Z-check -o reports/vendors
  conformance compare reports/*/ --json
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DIR...")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Where the comparison is written (default: here).",
)
@click.option("--no-evidence", is_flag=True, help="Leave every exchange out: figures and findings alone.")
@click.option("--json", "as_json", is_flag=True, help="Print compare.json and write nothing.")
def command(folders: tuple[Path, ...], output: Path, *, no_evidence: bool, as_json: bool) -> int:
    """
    Put runs side by side: compare.html, compare.json, compare.csv and
    compare.md.

    Nothing is sent.  The recordings are judged again, all by the same suite.
    A folder that holds folders of runs stands for those.  Columns stay in
    the order in which they are named; nothing is ranked.
    """
    made = comparison.load(comparison.folders(folders))
    if as_json:
        shown.data(compare_data.document(made))
        return 0
    written = comparison.write(output, made, evidence=not no_evidence)
    shown.text(f"{visible(compare_words.headline(made))}\n{visible(compare_words.detail(made))}\n")
    for remark in made.remarks:
        shown.text(f"! {visible(remark.title)}. {visible(remark.text)}\n")
    click.echo(f"comparison: {written[0]}")
    return 0
