"""
The options that decide how a command ends, shared by the verbs that judge; and what they make of a scorecard.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from conformance import runs
from conformance.contract import baselines
from conformance.errors import UsageError
from conformance.model import Baseline, Level, Scorecard, Standing
from conformance.report import baseline, exits
from conformance.report.text import line, visible

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """
    What makes a command fail, read before anything is sent.
    """

    #: None: every violation counts.
    known: Baseline | None = None
    fail_on: Level = Level.MUST
    stale: exits.Stale = exits.Stale.FAIL
    #: None: what is right for a run with or without a baseline.
    tolerance: exits.Tolerance | None = None

    def hold(
        self, card: Scorecard, *, requested: Collection[str] = (), interrupted: bool = False
    ) -> tuple[Standing | None, exits.Exit]:
        """
        What the baseline says of a run, and how the command ends.
        """
        standing = None if self.known is None else baseline.stand(card, self.known, today().isoformat())
        ended = exits.decide(
            card,
            standing,
            fail_on=self.fail_on,
            stale=self.stale,
            tolerance=self.tolerance,
            requested=requested,
            interrupted=interrupted,
        )
        return standing, ended

    def for_target(self, file: str) -> Gate:
        """
        The same gate with the baseline that a target names itself, unless the command named one.
        """
        return self if self.known is not None or not file else replace(self, known=baselines.load(Path(file)))

    def warn(self, card: Scorecard) -> None:
        """
        Say which entries for a run's target speak of cases that do not exist; they match nothing, and fail no gate.
        """
        entries = () if self.known is None else self.known.entries
        ours = tuple(
            each for each in entries if each.cases and baselines.matches(each.target, visible(card.run.target))
        )
        if self.known is None or not ours:
            return
        asked = [result.case.id for result in card.results]
        for entry, pattern, near in baselines.unknown_cases(replace(self.known, entries=ours), asked):
            hint = f"; did you mean {near}?" if near else ""
            click.echo(f"{self.known.path}:{entry.line}: there is no case {line(pattern, 120)!r}{hint}", err=True)


def options(command: _Command) -> _Command:
    """
    The options of a command that judges; they arrive as ``baseline, fail_on, stale, max_inconclusive``.
    """
    found = [
        click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE", help="Known violations."),
        click.option(
            "--fail-on", type=click.Choice(["must", "should"]), default="must", help="What makes the exit code 1."
        ),
        click.option(
            "--stale",
            type=click.Choice([each.value for each in exits.Stale]),
            default=exits.Stale.FAIL.value,
            help="What an entry of the baseline does whose violation is gone (default: fail).",
        ),
        click.option("--max-inconclusive", metavar="N|P%", help="Cases that may stay undecided (with a baseline: 5%)."),
    ]
    for option in reversed(found):
        command = option(command)
    return command


def gate(*, baseline: Path | None, fail_on: str, stale: str, max_inconclusive: str | None) -> Gate:
    """
    The gate that the options describe; raises ``UsageError`` or ``FileError`` for what cannot be read.
    """
    return Gate(
        known=None if baseline is None else baselines.load(baseline),
        fail_on=Level(fail_on.upper()),
        stale=exits.Stale(stale),
        tolerance=None if max_inconclusive is None else exits.Tolerance.read(max_inconclusive),
    )


def formats(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    """
    The report formats of a comma-separated list; raises ``UsageError`` for one that does not exist.
    """
    names = runs.USUAL if value is None else tuple(each.strip() for each in value.split(",") if each.strip())
    for name in names:
        if name not in runs.FORMATS:
            raise UsageError(f"there is no report format {name!r}\n  There are: {', '.join(runs.FORMATS)}.")
    return names


def reports(command: _Command) -> _Command:
    """
    The option ``--report``; it arrives as ``formats``.
    """
    return click.option(
        "--report",
        "formats",
        callback=formats,
        metavar="A,B",
        help=f"Reports to write beside results.json: {','.join(runs.FORMATS)} (default: the first four).",
    )(command)


def today() -> date:
    """
    The day, in UTC.
    """
    return datetime.now(UTC).date()
