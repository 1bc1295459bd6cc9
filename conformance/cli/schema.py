"""
``conformance schema``: the JSON Schemas of our own formats.
"""

from __future__ import annotations

import click

from conformance.contract import paths

#: What each format's schema is called, below ``schemas/``.
SCHEMAS = {
    "results": "report/results.json",
    "comparison": "report/comparison.json",
    "targets": "targets.json",
    "baseline": "baseline.json",
    "case": "case.json",
}


@click.command(epilog="\b\nExample:\n  conformance schema targets > targets.schema.json")
@click.argument("name", type=click.Choice(list(SCHEMAS)))
def command(name: str) -> int:
    """
    Print the JSON Schema of one of our formats, for editors and other tools.
    """
    click.echo((paths.folder("schemas") / SCHEMAS[name]).read_text(encoding="utf-8"), nl=False)
    return 0
