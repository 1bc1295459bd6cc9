"""
What real, recorded traffic comes to: every finding by requirement and vendor, with its rate and samples.

``python -m tests.recorded`` judges all of the chat, models and embeddings traffic; ``--help`` says what else it shows.
The recordings are not part of this project: without the folder, or CONFORMANCE_TRAFFIC naming it, there is nothing to do.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from conformance import offline
from conformance.model import Finding, Level, Requirement, State
from tests import recount

ROOT = Path(__file__).parent.parent
#: One exchange for each distinct shape: the quick set.
SHAPES = "shapes-chat-completions.jsonl.gz"
#: Every exchange with an endpoint that a contract of ours documents.
ALL = ("chat-completions.jsonl.gz", "other.jsonl.gz")
#: Whose documentation the contracts are, and who serves the same models.
OWNERS = ("openai", "azure-openai")
#: The violations of a MUST by the owners that were read and are none of our mistakes, by requirement and exchange.
EXPLAINED = {
    ("openai-chat.response.choices.finish-reason", "openai-chat-completions-6805f0669548"): (
        "gpt-4-vision-preview sent finish_details instead of finish_reason in November 2023; documented as required"
    ),
    ("openai-chat.usage.streamed", "openai-chat-completions-a7c8302a2887"): (
        "the stored request asks for usage and no chunk has the key, which all of 2,391 other such streams have: "
        "the request in the cassette was changed after it was recorded"
    ),
    ("openai-chat.response.choices.message", "azure-openai-chat-completions-3ff091b8f33b"): (
        "Azure's content filter left the whole message out of a choice in April 2024; documented as required"
    ),
}
#: What the quick set came to when its findings were last read.
TABLE = Path(__file__).parent / "recorded_findings.json"

Counts = dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One requirement at one vendor.
    """

    requirement: Requirement
    vendor: str
    #: Exchanges in which it was at stake and conclusive, and in which it was violated.
    judged: int
    violated: int
    #: Ids of violating exchanges with their findings.
    samples: tuple[tuple[str, tuple[Finding, ...]], ...]


def folder() -> Path | None:
    """
    Where the recordings are: CONFORMANCE_TRAFFIC, or beside the checkout or above it; None when not at hand.
    """
    named = os.environ.get("CONFORMANCE_TRAFFIC")
    places = [Path(named)] if named else [above / "shared" / "traffic" for above in ROOT.parents]
    return next((place for place in places if (place / SHAPES).is_file()), None)


def documents() -> Path | None:
    """
    Where the published documents and single recorded answers are: beside the recordings; None when they are not at hand.
    """
    place = folder()
    found = place.parent / "contracts" / "data" if place else None
    return found if found and found.is_dir() else None


def rows(judged: Mapping[str, offline.Judged]) -> Iterator[Row]:
    """
    Every requirement that was at stake, for each vendor.
    """
    for vendor, each in judged.items():
        for contract in each.contracts:
            for requirement in contract.requirements.values():
                row = _row(requirement, vendor, each)
                if row.judged:
                    yield row


def _row(requirement: Requirement, vendor: str, judged: offline.Judged) -> Row:
    states = [(result, result.states.get(requirement.id)) for result in judged.results]
    violating = [result for result, state in states if state is State.VIOLATED]
    samples = tuple(
        (result.case.id.removeprefix("recorded."), tuple(f for f in result.findings if f.requirement == requirement.id))
        for result in violating
    )
    return Row(
        requirement=requirement,
        vendor=vendor,
        judged=sum(state in (State.HELD, State.VIOLATED) for _, state in states),
        violated=len(violating),
        samples=samples,
    )


def counts(found: Iterable[Row]) -> Counts:
    """
    How many exchanges of each vendor violate each requirement.
    """
    table: Counts = {}
    for row in found:
        if row.violated:
            table.setdefault(row.requirement.id, {})[row.vendor] = row.violated
    return {name: dict(sorted(table[name].items())) for name in sorted(table)}


def owners(found: Iterable[Row]) -> set[tuple[str, str]]:
    """
    The violations of a MUST by those who ought to know: requirement and exchange.
    """
    musts = [row for row in found if row.vendor in OWNERS and row.requirement.level is Level.MUST]
    return {(row.requirement.id, name) for row in musts for name, _ in row.samples}


def _by_requirement(found: Iterable[Row]) -> list[list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in found:
        groups.setdefault(row.requirement.id, []).append(row)
    violated = [group for group in groups.values() if any(row.violated for row in group)]
    return sorted(violated, key=lambda group: -sum(row.violated for row in group))


def _said(group: list[Row]) -> Iterator[str]:
    requirement = group[0].requirement
    violated, judged = sum(row.violated for row in group), sum(row.judged for row in group)
    yield f"\n{requirement.id}  {requirement.level}  {violated} of {judged}"
    yield f"  {requirement.text}"
    for row in sorted(group, key=lambda row: (-row.violated, row.vendor)):
        if row.violated:
            names = ", ".join(name for name, _ in row.samples[:2])
            yield f"  {row.vendor:24} {row.violated:5}/{row.judged:<5} {row.violated / row.judged:4.0%}  {names}"


def _findings(group: list[Row], most: int) -> Iterator[str]:
    for row in group:
        for name, findings in row.samples[:most]:
            for finding in findings:
                yield f"    {name}  {finding.where}: {finding.message}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.recorded", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="files of recorded traffic instead of the usual ones")
    parser.add_argument("--shapes", action="store_true", help="the quick set alone")
    parser.add_argument("-k", default="*", metavar="PATTERN", help="requirements by their ids, such as '*.stream.*'")
    parser.add_argument("--vendor", default="*", metavar="PATTERN", help="vendors by their names")
    parser.add_argument("--level", choices=["MUST", "SHOULD", "MAY"], help="requirements of one level")
    parser.add_argument("--findings", type=int, default=0, metavar="N", help="the findings of N exchanges a vendor")
    parser.add_argument("--renew", action="store_true", help=f"write {TABLE.name} anew from the quick set")
    return parser.parse_args()


def main() -> int:
    """
    Print the findings; 1 when one of the contract's owners is blamed for a MUST and nobody has said why.
    """
    asked = _arguments()
    place = folder()
    if not asked.files and place is None:
        print("skipped: the recorded traffic is not at hand; CONFORMANCE_TRAFFIC may name its folder")
        return 0
    usual = [place / name for name in ([SHAPES] if asked.shapes or asked.renew else ALL)] if place else []
    began = time.process_time()
    judged = offline.judge(asked.files or usual)
    seconds = time.process_time() - began
    found = [row for row in rows(judged) if fnmatchcase(row.vendor, asked.vendor)]
    if asked.renew:
        TABLE.write_text(json.dumps(counts(rows(judged)), indent=1) + "\n", encoding="utf-8")
        print(f"wrote {TABLE}")
    chosen = [r for r in found if fnmatchcase(r.requirement.id, asked.k) and asked.level in (None, r.requirement.level)]
    for group in _by_requirement(chosen):
        print("\n".join([*_said(group), *_findings(group, asked.findings)]))
    _summary(judged, seconds)
    agrees = bool(asked.files) or _recounted(usual[0], counts(rows(judged)))
    return _unexplained(found) or int(not agrees)


def _recounted(path: Path, table: Counts) -> bool:
    """
    Whether the second, independent count of some requirements comes to the same for every vendor.
    """
    again = recount.count(path)
    differ = sorted(name for name, by in again.items() if table.get(name, {}) != by)
    print(f"counted again without the suite's code: {len(again)} requirements, {len(differ)} differ {differ or ''}")
    return not differ


def _unexplained(found: list[Row]) -> int:
    blamed = owners(found)
    for requirement, name in sorted(blamed):
        print(f"{requirement} {name}: {EXPLAINED.get((requirement, name), 'NOT EXPLAINED')}")
    return 1 if blamed - EXPLAINED.keys() else 0


def _summary(judged: Mapping[str, offline.Judged], seconds: float) -> None:
    exchanges = sum(len(each.pairs) for each in judged.values())
    print(
        f"\n{exchanges} exchanges of {sum(bool(each.pairs) for each in judged.values())} vendors in {seconds:.1f} s of processor time"
    )
    left = list(offline.left_out(judged.values()))
    if left:
        named = ", ".join(f"{call} {count}" for call, count in left[:8])
        print(f"not judged, for no contract documents them: {sum(count for _, count in left)} ({named}, ...)")


if __name__ == "__main__":
    sys.exit(main())
