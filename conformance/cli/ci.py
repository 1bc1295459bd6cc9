"""
What a command tells the continuous integration that runs it: a step summary, annotations and outputs on GitHub.

The runner reads workflow commands from both streams, so that they go to standard error and ``--json`` stays whole.
Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from conformance.model import Disposition, Level, Outcome, Scorecard, Standing
from conformance.report import baseline, github, markdown
from conformance.report.exits import Exit
from conformance.report.text import line

#: A step summary ends at 1 MiB.
_MOST = 900 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """
    One run that a command judged.
    """

    card: Scorecard
    standing: Standing | None
    ended: Exit
    #: Where its reports are.
    report: str


def tell(judged: Sequence[Judged], ended: Exit, environ: Mapping[str, str], *, level: Level = Level.MUST) -> None:
    """
    Write what GitHub's runner asks for by its environment; elsewhere nothing happens.
    """
    if environ.get("GITHUB_ACTIONS") != "true":
        return
    for each in judged:
        for text in github.render(each.card, each.standing, level=level, exists=lambda name: Path(name).is_file()):
            click.echo(text, err=True)
    _append(environ.get("GITHUB_STEP_SUMMARY"), _summary(judged))
    _append(
        environ.get("GITHUB_OUTPUT"), "".join(f"{name}={value}\n" for name, value in outputs(judged, ended).items())
    )


def outputs(judged: Sequence[Judged], ended: Exit) -> dict[str, str]:
    """
    The outputs of a step, over all targets.
    """
    counts = [baseline.tally(each.card, each.standing or _unknown(each.card)) for each in judged]
    undecided = sum(
        result.outcome in (Outcome.INCONCLUSIVE, Outcome.ERROR) for each in judged for result in each.card.results
    )
    verdicts = {each.card.run.target: each.card.verdict.value for each in judged}
    return {
        "exit-code": str(ended.code),
        "exit-reason": line(ended.reason, 300),
        "verdict": next(iter(verdicts.values())) if len(verdicts) == 1 else "",
        "new": str(sum(each[Disposition.NEW] for each in counts)),
        "expired": str(sum(each[Disposition.EXPIRED] for each in counts)),
        "known": str(sum(each[Disposition.KNOWN] for each in counts)),
        "stale": str(sum(each[Disposition.UNEXPECTED_PASS] for each in counts)),
        "inconclusive": str(undecided),
        "report-path": line(_place(judged), 300),
    }


def _place(judged: Sequence[Judged]) -> str:
    """
    The report of one run, the folder of several.
    """
    if len(judged) < 2:
        return judged[0].report if judged else ""
    return os.path.commonpath([Path(each.report).parent for each in judged])


def _unknown(card: Scorecard) -> Standing:
    """
    Without a baseline every violation of a MUST or a SHOULD is new.
    """
    counted = [each for each in card.violations if each.requirement.level is not Level.MAY]
    return Standing(findings={(each.signature, case): Disposition.NEW for each in counted for case in each.cases})


def _summary(judged: Sequence[Judged]) -> str:
    table = markdown.table([(each.card, each.standing) for each in judged]) if len(judged) > 1 else ""
    text = table
    for each in judged:
        one = markdown.render(each.card, report=each.report, standing=each.standing) + "\n"
        if len((text + one).encode()) < _MOST:
            text += one
    return text


def _append(path: str | None, text: str) -> None:
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
