"""
``conformance verify``: judge a bundle's recording again, and believe nothing else in it.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from conformance import certify
from conformance.cli import gating, shown
from conformance.errors import FileError, NoVerdict, UsageError
from conformance.model import Verdict
from conformance.report import exits, labels

_EPILOG = """\b
Examples:
  conformance verify bundle-acme-2026-11-25.tar
  gpg --verify bundle-acme-2026-11-25.tar.asc && conformance verify bundle-acme-2026-11-25.tar

\b
Exit codes:
  0 verified, conforms   1 refused, or verified and does not conform
  2 no such file   3 verified, but no longer valid
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("file", type=click.Path(path_type=Path), metavar="BUNDLE")
@click.option("--at", metavar="DAY", help="The day for which it must be valid (default: today).")
@click.option("--json", "as_json", is_flag=True, help="Print what was verified as JSON.")
def command(file: Path, at: str | None, *, as_json: bool) -> int:
    """
    Verify a bundle: checksums, frozen sets, and the verdict, which is reached
    again from the recording.

    A signature is checked by the tool that made it.
    """
    day = _day(at) if at is not None else gating.today()
    try:
        data = file.read_bytes()
    except OSError as problem:
        raise FileError(str(file), 0, f"cannot be read: {problem.strerror or problem}") from None
    made = certify.verify(data)
    if as_json:
        shown.data(
            {
                "target": made.card.run.target,
                "verdict": made.card.verdict.value,
                "standing": "self-tested",
                "tested": made.card.run.ended,
                "valid_until": made.valid_until,
                "sets": list(made.sets),
                "sha256": made.sha256,
            }
        )
    else:
        _say(made)
    if day.isoformat() > made.valid_until:
        raise NoVerdict(f"the observation was valid until {made.valid_until}", "Ask for a new one.", "expired")
    return exits.HOLDS if made.card.verdict is not Verdict.FAILS else exits.VIOLATED


def _say(made: certify.Verified) -> None:
    run = made.card.run
    lines = [
        f"verified: {labels.headline(made.card)}",
        f"  {run.base_url}, model {run.model}",
        f"  self-tested {run.started[:10]}, valid until {made.valid_until}, by {', '.join(made.sets)}",
    ]
    lines += [
        f"  {labels.title(score, made.card)}: {labels.count(score)}, {labels.words(score.verdict)}"
        for score in made.card.profiles
    ]
    lines.append(f"  sha256:{made.sha256}")
    shown.text("\n".join(lines) + "\n")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no day\n  Write a day as 2027-02-21.") from None
