"""
``conformance baseline``: write, prune and check the file of known violations.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

import click

from conformance import runs
from conformance.cli import gating
from conformance.contract import baselines
from conformance.contract import cases as case_files
from conformance.errors import FileError, UsageError
from conformance.model import Baseline, Entry
from conformance.report import baseline as standing_of
from conformance.report import baseline_text
from conformance.report.text import line, plural

_DAYS = 90
_SOON = 14

_FILE = click.option(
    "--baseline", "file", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The baseline."
)


@click.group(epilog="\b\nExample:\n  conformance baseline update --help")
def command() -> None:
    """
    Known violations, which a gate accepts for a reason and until a day.
    """


@command.command(
    epilog="\b\nExample:\n  conformance baseline update reports/20260101T000000Z-acme --baseline baseline.yaml \\\n"
    '    --reason "gateway 3.2 drops index; fixed in 3.3" --issue https://example.com/418'
)
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DIR...")
@_FILE
@click.option("--reason", required=True, metavar="TEXT", help="Why these violations are accepted for now.")
@click.option("--issue", default="", metavar="URL", help="The ticket.")
@click.option("--days", default=_DAYS, type=click.IntRange(1, 366), help=f"How long they are accepted ({_DAYS}).")
@click.option("--create", is_flag=True, help="Begin the file if there is none.")
@click.option("--dry-run", is_flag=True, help="Show the change and write nothing.")
def update(
    folders: tuple[Path, ...], file: Path, reason: str, issue: str, days: int, *, create: bool, dry_run: bool
) -> int:
    """
    Accept what runs saw: an entry for each violation that is new or expired.

    An entry names the cases that showed it, and nothing wider.  The change is
    shown as a diff.  Entries that have expired are replaced.
    """
    if not reason.strip():
        raise UsageError("--reason is empty\n  Say why the violations are accepted for now.")
    before = baseline_text.EMPTY if create and not file.exists() else baselines.text_of(file)
    text = before
    for folder in folders:
        card = runs.load(folder)
        known = baselines.parse(text, str(file))
        standing = standing_of.stand(card, known, gating.today().isoformat())
        expires = gating.today() + timedelta(days=days)
        added = baseline_text.entries_of(
            card, standing, reason=reason, issue=issue, today=gating.today().isoformat(), expires=expires.isoformat()
        )
        same = {baselines.identity(each) for each in added}
        renewed = {*standing_of.renewed(standing), *(e for e in known.entries if baselines.identity(e) in same)}
        text = baseline_text.with_entries(baseline_text.without(text, str(file), renewed), str(file), added)
        _check_edit(text, file, known, gone=renewed, added=added)
    return _write(file, before if file.exists() else "", text, dry_run=dry_run)


@command.command(epilog="\b\nExample:\n  conformance baseline prune reports/*/ --baseline baseline.yaml")
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path), metavar="[DIR]...")
@_FILE
@click.option("--runs", "least", default=3, type=click.IntRange(1), metavar="N", help="Runs that must have looked (3).")
@click.option("--dry-run", is_flag=True, help="Show the change and write nothing.")
def prune(folders: tuple[Path, ...], file: Path, least: int, *, dry_run: bool) -> int:
    """
    Take away the entries whose violation is gone.

    Without DIR all runs below reports/ are read.  An entry goes when the last
    run that exercised its requirement saw it hold, or when N runs looked for
    it and none saw it.
    """
    text = baselines.text_of(file)
    known = baselines.parse(text, str(file))
    found = folders or tuple(path.parent for path in Path("reports").glob(f"*/{runs.RECORDING}"))
    if not found:
        raise UsageError("there is no run below reports/\n  Name the folders of runs.")
    cards = sorted((runs.load(folder) for folder in found), key=lambda card: card.run.started)
    standings = [standing_of.stand(card, known, gating.today().isoformat()) for card in cards]
    gone = standing_of.prunable(standings, least)
    made = baseline_text.without(text, str(file), gone)
    _check_edit(made, file, known, gone=gone)
    return _write(file, text, made, dry_run=dry_run)


@command.command(epilog="\b\nExample:\n  conformance baseline check --baseline baseline.yaml --strict")
@_FILE
@click.option("--strict", is_flag=True, help="Demand an issue of every entry.")
@click.option(
    "--cases", "files", multiple=True, type=click.Path(path_type=Path), metavar="PATH", help="Your own case files."
)
def check(file: Path, files: tuple[Path, ...], *, strict: bool) -> int:
    """
    Read a baseline and say what is wrong with it, and what expires soon.
    """
    known = baselines.load(file)
    own = [case.id for path in files for each in _yaml(path) for case in case_files.load(each)]
    for entry, pattern, near in baselines.unknown_cases(known, own):
        hint = f"Did you mean {near}?" if near else "Name your own case files with --cases."
        raise FileError(str(file), entry.line, f"there is no case {pattern!r}", hint)
    for entry in known.entries:
        if strict and not entry.issue:
            raise FileError(
                str(file), entry.line, f"the entry for {entry.requirement} names no issue", "Add issue: URL."
            )
    click.echo(f"{file}: {plural(len(known.entries), 'entry')}")
    soon = (gating.today() + timedelta(days=_SOON)).isoformat()
    for entry in sorted(known.entries, key=lambda each: each.expires):
        if entry.expires <= soon:
            word = "expired" if entry.expires < gating.today().isoformat() else "expires"
            click.echo(f"{file}:{entry.line}: {word} {entry.expires}: {entry.requirement} ({line(entry.reason, 80)})")
    return 0


def _yaml(path: Path) -> list[Path]:
    return sorted(path.rglob("*.yaml")) if path.is_dir() else [path]


def _check_edit(
    text: str, file: Path, before: Baseline, *, gone: Collection[Entry], added: Collection[Entry] = ()
) -> None:
    """
    An edit must leave exactly the entries that it should; raises ``FileError`` when the file's form defeats it.
    """
    left = {baselines.identity(each) for each in before.entries if each not in gone}
    wanted = left | {baselines.identity(each) for each in added}
    if {baselines.identity(each) for each in baselines.parse(text, str(file)).entries} != wanted:
        raise FileError(str(file), 0, "its entries cannot be edited", "Write each on lines of its own, as - id: …")


def _write(file: Path, before: str, after: str, *, dry_run: bool) -> int:
    if before == after:
        click.echo(f"{file}: nothing to change")
        return 0
    change = difflib.unified_diff(before.splitlines(), after.splitlines(), str(file), str(file), lineterm="")
    click.echo("\n".join(change))
    if not dry_run:
        file.write_text(after, encoding="utf-8")
    return 0
