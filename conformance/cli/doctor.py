"""
``conformance doctor``: look at an endpoint step by step before any verdict.
"""

from __future__ import annotations

from typing import Any

import click

from conformance.capture import doctor
from conformance.cli import options, shown
from conformance.report.text import line

_EPILOG = """\b
Examples:
  OPENAI_API_KEY=... conformance doctor https://host/v1 --model m
  conformance doctor --target acme
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@options.whom
@click.option("--json", "as_json", is_flag=True, help="Print the steps as JSON.")
def command(*, as_json: bool, **whom: Any) -> int:
    """
    Look at an endpoint step by step: name, connection, certificate, address,
    key, models, a short answer, streaming, clock, rate limits.

    Exit code 0 when a run can start, else 3.
    """
    steps = []
    with options.chosen(**whom) as found:
        for step in doctor.examine(options.one(found)):
            steps.append(step)
            if not as_json:
                _say(step)
    good = not any(step.ok is False for step in steps)
    if as_json:
        shown.data({"ok": good, "steps": [_row(step) for step in steps]})
    elif good:
        click.echo("\nA run can start.")
    return 0 if good else 3


def _say(step: doctor.Step) -> None:
    mark = {True: "ok   ", False: "FAIL ", None: "note "}[step.ok]
    click.echo(f"{mark} {step.name:<12} {line(step.says, 400)}")
    if step.remedy:
        click.echo(f"{'':<19}{line(step.remedy, 400)}")


def _row(step: doctor.Step) -> dict[str, Any]:
    return {"step": step.name, "ok": step.ok, "says": step.says, "remedy": step.remedy}
