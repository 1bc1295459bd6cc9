"""
Cases of earlier runs, found by their ids, with everything that they build on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from conformance import runs
from conformance.capture import recording
from conformance.contract import cases as case_files
from conformance.contract import contracts, selection
from conformance.errors import UsageError
from conformance.model import Case, Result, RunInfo

#: Where runs are kept unless they are told to be elsewhere.
REPORTS = Path("reports")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """
    A case with those that it builds on before it, and what an earlier run said of it.
    """

    case: Case
    #: The cases that must be asked with it, itself among them, in their order.
    needed: tuple[Case, ...]
    #: The run's folder and circumstances; None for a case of the suite that no run was looked at for.
    folder: Path | None = None
    run: RunInfo | None = None
    result: Result | None = None


def find(name: str, folder: Path | None) -> Stored:
    """
    A case by its id: of one run, or of the newest that has it, or of the suite.

    Raises ``UsageError`` when there is none.
    """
    for each in [folder] if folder is not None else _newest():
        found = _in_run(name, each)
        if found is not None:
            return found
    if folder is None:
        own = [case for each in contracts.names() for case in case_files.load_contract(each)]
        if any(case.id == name for case in own):
            return Stored(case=_named(own, name), needed=_needed(own, name))
    where = f"in {folder}" if folder is not None else f"in {REPORTS}/ nor in the suite"
    raise UsageError(
        f"there is no case {name!r} {where}\n  Its id stands in the report and in results.json; --run DIR names a run."
    )


def _newest() -> list[Path]:
    found = [path.parent for path in REPORTS.glob(f"*/{runs.RECORDING}")] if REPORTS.is_dir() else []
    return sorted(found, key=lambda each: (each / runs.RECORDING).stat().st_mtime, reverse=True)


def _in_run(name: str, folder: Path) -> Stored | None:
    path = folder / runs.RECORDING if folder.is_dir() else folder
    # A look at the bytes is a hundred times faster than reading every exchange.
    if not path.is_file() or (path.suffix != ".gz" and name.encode() not in path.read_bytes()):
        return None
    kept = recording.read(path)
    known = list({case.id: case for case, _ in kept.pairs}.values())
    if not any(case.id == name for case in known):
        return None
    card = runs.judged(kept)
    result = next((each for each in (*card.results, *card.explored) if each.case.id == name), None)
    return Stored(case=_named(known, name), needed=_needed(known, name), folder=folder, run=kept.header, result=result)


def _named(known: list[Case], name: str) -> Case:
    return next(case for case in known if case.id == name)


def _needed(known: list[Case], name: str) -> tuple[Case, ...]:
    chosen = selection.select(known, ids=[name])
    return tuple(_in_order(case for case in chosen if case.id == name or _leads_to(name, case, chosen)))


def _leads_to(name: str, case: Case, chosen: tuple[Case, ...]) -> bool:
    # An id also selects those that begin with it, which nobody asked for.
    wanted = {name}
    for _ in chosen:
        for each in chosen:
            if each.id in wanted:
                wanted |= {*each.compare, *([each.after] if each.after else [])}
                wanted |= {other.id for other in chosen if each.group and other.group == each.group}
    return case.id in wanted


def _in_order(cases: Iterator[Case]) -> list[Case]:
    return sorted(cases, key=lambda case: (bool(case.compare), bool(case.after)))
