"""
Measure every fault and every variant, and write ``docs/verdicts.json`` and ``docs/verdicts.md``.

``python -m tests.verdicts [-j N] [NAME…]``; with names, only these are measured and shown, and nothing is written, unless
``--update`` says so.  What generated requests alone find is measured whenever figures are written.
"""

from __future__ import annotations

import argparse
import os
import pickle
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from conformance.board import Exchanges
from conformance.contract import selection
from conformance.model import Case, State
from conformance.reference.faults import FAULTS, VARIANTS
from tests.verdicts import figures, mutations, page, processes, seldom
from tests.verdicts.measure import Report, baseline, every_case, judged, violations


def sentinels(wanted: Sequence[Case], before: Mapping[str, Exchanges]) -> list[str]:
    """
    Few cases that put every requirement at stake which any case does: the quick set for legal variants.
    """
    stakes = {result.case.id: _stakes(result.states) for result in judged(wanted, before)}
    left = set().union(*stakes.values())
    chosen: list[str] = []
    while left:
        best = max(sorted(stakes), key=lambda name: len(stakes[name] & left))
        chosen.append(best)
        left -= stakes[best]
    return [case.id for case in selection.select(wanted, ids=chosen)]


def _stakes(states: Mapping[str, State]) -> set[str]:
    return {name for name, state in states.items() if state is not State.INCONCLUSIVE}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.verdicts", description=__doc__)
    parser.add_argument("names", nargs="*", help="faults or variants; all without")
    parser.add_argument("--keep", metavar="FILE", help="keep the reports, or gather figures anew of those kept")
    parser.add_argument(
        "--update",
        action="store_true",
        help="write the figures of an earlier measurement anew, with the named ones measured again (none: costs alone)",
    )
    parser.add_argument("-j", type=int, default=os.cpu_count() or 1, metavar="N", help="processes")
    given = parser.parse_args()
    if unknown := set(given.names) - FAULTS.keys() - VARIANTS.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}: see conformance list faults")
    return given


def main() -> int:
    """
    Measure; 1 when a figure is not what it has to be.
    """
    asked = _arguments()
    names = asked.names or ([] if asked.update else [*FAULTS, *VARIANTS])
    began = time.monotonic()
    wanted = every_case()
    before = baseline(wanted)
    _silent_without_faults(wanted, before)
    kept = Path(asked.keep) if asked.keep else None
    reports: dict[str, Report] = pickle.loads(kept.read_bytes()) if kept and kept.exists() else {}
    for name, report in processes.measured([each for each in names if each not in reports], before, asked.j):
        reports[name] = report
        if asked.names or len(reports) % 50 == 0:
            if kept:
                kept.write_bytes(pickle.dumps(reports))
            sys.stderr.write(f"{len(reports)} of {len(names)}  {name}  {time.monotonic() - began:.0f} s\n")
    if kept:
        kept.write_bytes(pickle.dumps(reports))
    if asked.names and not asked.update:
        return _show(reports)
    kept_figures = figures.read() if asked.update else {}
    changed = mutations.counts(mutations.measured())
    anew = {"sentinels": sentinels(wanted, before), "mutations": changed, "seldom": seldom.rows(wanted, before)}
    made = figures.gather(reports, {**kept_figures, **anew})
    figures.write(made)
    figures.PAGE.write_text(page.render(made), encoding="utf-8")
    sys.stdout.write(f"{len(names)} measured in {time.monotonic() - began:.0f} s\n{page.headline(made)}\n")
    return 0 if page.holds(made) else 1


def _silent_without_faults(wanted: Sequence[Case], before: Mapping[str, Exchanges]) -> None:
    loud = [each for each in violations(judged(wanted, before)) if str(figures.level(each)) != "MAY"]
    if loud:
        raise SystemExit(f"the provider without faults is blamed for {', '.join(loud)}")


def _show(reports: Mapping[str, Report]) -> int:
    for name, report in reports.items():
        said = figures.verdict(FAULTS[name], report.violated) if name in FAULTS else "variant"
        sys.stdout.write(f"{name}: {said}, {report.asked} asked {dict(report.trouble) or ''}\n")
        for requirement, shown in report.violated.items():
            mark = "*" if name in FAULTS and requirement == FAULTS[name].requirement else " "
            grade = figures.level(requirement)
            sample = report.samples.get(requirement, "")
            sys.stdout.write(f" {mark} {grade:6} {requirement}  {len(shown)} cases  {sample[:200]}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
