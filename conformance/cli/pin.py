"""
``conformance pin``: a finding of an exploration becomes a case file.
"""

from __future__ import annotations

from pathlib import Path

import click

from conformance import stored
from conformance.contract import cases, contracts
from conformance.errors import UsageError
from conformance.generate import pinning
from conformance.model import Level
from conformance.report.text import line

_EPILOG = """\b
Examples:
  conformance pin openai-chat.explored.4f1c0a9b2d3e
  conformance pin openai-chat.explored.4f1c0a9b2d3e --run reports/20260101T120000Z-acme -o cases/acme.yaml
  conformance run https://host/v1 -m m --cases pinned/
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("name", metavar="ID")
@click.option(
    "--run", "folder", type=click.Path(path_type=Path), metavar="DIR", help="The run's folder (default: newest)."
)
@click.option("--title", default="", metavar="TEXT", help="Why it is asked, in a sentence.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Default: pinned/ID.yaml.")
def command(name: str, *, folder: Path | None, title: str, output: Path | None) -> int:
    """
    Write a case of an earlier run as a case file.

    What it finds decides from then on, as for every written case:
    conformance run --cases FILE.
    """
    found = stored.find(name, folder)
    path = output or Path("pinned") / f"{pinning.identity(found.case).rsplit('.', 1)[-1]}.yaml"
    if path.exists():
        raise UsageError(f"{path} exists\n  Name another file with -o.")
    text = pinning.write(found.case, [each for each in found.needed if each.id != name], title or _title(found))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    made = cases.load(path)
    click.echo(f"{path}: {len(made)} case{'s' if len(made) > 1 else ''}, the last is {made[-1].id}")
    click.echo(f"Ask it with: conformance run --cases {path}")
    return 0


def _title(found: stored.Stored) -> str:
    """
    The case's own title, with the worst that was found.
    """
    findings = found.result.findings if found.result is not None else ()
    if not findings:
        return found.case.title
    order = list(Level)
    rows = contracts.load(found.case.contract).requirements
    worst = min(findings, key=lambda each: order.index(rows[each.requirement].level))
    return f"{found.case.title} Pinned because {worst.requirement} was violated: {line(worst.message, 160)}"
