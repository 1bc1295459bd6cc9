"""
``conformance check``: judge recorded traffic offline.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from conformance import comparison, offline, runs
from conformance.capture import recording
from conformance.cli import ci, gating, shown
from conformance.errors import FileError, UsageError
from conformance.model import Level, Scorecard
from conformance.report import diff, diff_text, exits, labels, results
from conformance.report.text import line, plural

_EPILOG = """\b
Examples:
  conformance check session.har
  conformance check tests/cassettes/*.yaml -o reports/cassettes
  conformance check traffic.jsonl.gz --contract openai-chat
  conformance check reports/20260101T000000Z-acme/recording.jsonl
"""


@dataclass(frozen=True, slots=True)
class _Judged:
    card: Scorecard
    pairs: Sequence[offline.Pair]


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("-c", "--contract", "contracts", multiple=True, metavar="ID", help="Judge by these contracts alone.")
@gating.options
@gating.reports
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="DIR", help="Where reports are written.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def command(
    files: tuple[Path, ...],
    contracts: tuple[str, ...],
    formats: tuple[str, ...],
    output: Path | None,
    *,
    as_json: bool,
    **gate: Any,
) -> int:
    """
    Judge recorded traffic offline: our recordings, HAR, VCR cassettes, JSON
    lines (each may be gzipped).

    Nothing is sent.  What an exchange shows is judged, what it cannot show is
    silent.  A file that holds several vendors gives one scorecard a vendor.
    """
    held = gating.gate(**gate)
    judged, left_out = _judged(files, contracts)
    root = output or runs.new_folder(Path("reports"), "check")
    told = _write(root, judged, held, formats)
    if len(told) >= comparison.FEWEST:
        comparison.write(root, comparison.of([(each.card, Path(each.report).parent.name) for each in told]))
    nothing = exits.Exit(exits.EMPTY, "nothing was tested: no exchange that a contract documents")
    ended = exits.worst([each.ended for each in told] or [nothing])
    for each in judged:
        held.warn(each.card)
    _say(told, root, ended, as_json=as_json)
    ci.tell(told, ended, os.environ, level=held.fail_on)
    for call, count in left_out[:8]:
        click.echo(
            f"not judged: {plural(count, 'exchange')} of {line(call, 100)}, which no contract documents", err=True
        )
    if len(left_out) > 8:
        more = sum(count for _, count in left_out[8:])
        click.echo(f"not judged: {plural(more, 'exchange')} of {len(left_out) - 8} other calls", err=True)
    return ended.code


def _judged(files: Sequence[Path], contracts: tuple[str, ...]) -> tuple[list[_Judged], list[tuple[str, int]]]:
    for path in files:
        if not path.is_file():
            raise FileError(str(path), 0, "there is no such file")
    ours = [path for path in files if recording.is_one(path)]
    made = []
    for path in ours:
        kept = recording.read(path)
        made.append(_Judged(runs.judged(kept), kept.pairs))
    foreign = offline.judge([path for path in files if path not in ours], contracts)
    made += [_Judged(card, vendor.pairs) for card, vendor in _cards(list(foreign.values()))]
    return made, list(offline.left_out(foreign.values()))


def _cards(vendors: Sequence[offline.Judged]) -> Iterator[tuple[Scorecard, offline.Judged]]:
    for vendor in vendors:
        if vendor.pairs:
            info = offline.information(vendor, ("conformance", *sys.argv[1:]))
            yield runs.score(vendor.results, vendor.contracts, info), vendor


def _write(root: Path, judged: Sequence[_Judged], held: gating.Gate, formats: Sequence[str]) -> list[ci.Judged]:
    made = []
    folders = _folders(root, [each.card.run.target for each in judged])
    for each, folder in zip(judged, folders, strict=True):
        standing, ended = held.hold(each.card)
        recording.write(folder / runs.RECORDING, each.card.run, each.pairs)
        runs.write(
            folder,
            each.card,
            exit_code=ended.code,
            reason=ended.reason,
            standing=standing,
            stale=held.stale,
            formats=formats,
        )
        made.append(ci.Judged(card=each.card, standing=standing, ended=ended, report=str(folder / "report.html")))
    return made


def _folders(root: Path, names: Sequence[str]) -> list[Path]:
    """
    A folder for each endpoint, the root for a single one; raises ``UsageError`` where one holds a run already.
    """
    made: list[Path] = []
    for name in names:
        folder, number = root if len(names) == 1 else root / runs.plain(name), 2
        while folder in made:
            folder, number = root / f"{runs.plain(name)}-{number}", number + 1
        if (folder / runs.RECORDING).exists():
            raise UsageError(f"{folder} holds a run already\n  Name another folder with -o.")
        made.append(folder)
    return made


def _say(told: Sequence[ci.Judged], root: Path, ended: exits.Exit, *, as_json: bool) -> None:
    if as_json:
        shown.data(
            [
                results.document(each.card, exit_code=each.ended.code, reason=each.ended.reason, standing=each.standing)
                for each in told
            ]
        )
        return
    for each in told:
        if each.standing is not None:
            shown.text(diff_text.text(diff.against(each.card, each.standing)) + "\n")
    if not told:
        shown.text(f"Exit {ended.code}: {ended.reason}\n")
    elif len(told) == 1:
        shown.card(told[0].card, report=told[0].report, exit_code=ended.code, reason=ended.reason)
    else:
        _say_many(told, root, ended)


def _say_many(judged: Sequence[ci.Judged], root: Path, ended: exits.Exit) -> None:
    click.echo(f"{'target':<24}{'exchanges':>10}{'MUST broken':>13}{'SHOULD broken':>15}  verdict")
    for each in judged:
        broken = [
            len({v.requirement.id for v in each.card.violations if v.requirement.level is level}) for level in Level
        ]
        name = line(each.card.run.target, 23)
        click.echo(
            f"{name:<24}{each.card.requests:>10}{broken[0]:>13}{broken[1]:>15}  {labels.words(each.card.verdict)}"
        )
    click.echo(f"\nreports: {root}/<target>/report.html")
    click.echo(f"comparison: {root / 'compare.html'}")
    click.echo(f"Exit {ended.code}: {ended.reason}" if ended.reason else f"Exit {ended.code}")
