"""
``conformance list``: what there is to ask, to judge and to simulate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click

from conformance import whom
from conformance.cli import shown
from conformance.contract import cases, contracts
from conformance.model import JSON
from conformance.report.text import line
from conformance.report.verdicts import profile_of

Row = dict[str, JSON]

_EPILOG = """\b
Examples:
  conformance list profiles
  conformance list cases -c openai-chat | grep stream
  conformance list requirements --json
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("what", type=click.Choice(["cases", "requirements", "profiles", "contracts", "targets", "faults"]))
@click.option("-c", "--contract", "only", multiple=True, metavar="ID", help="Of these contracts alone.")
@click.option("--targets", default=whom.TARGETS, metavar="FILE", help="The targets file, for list targets.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(what: str, only: tuple[str, ...], targets: str, *, as_json: bool) -> int:
    """
    List what there is to ask, to judge and to simulate.
    """
    names = only or contracts.names()
    rows = list(_targets(Path(targets)) if what == "targets" else _ROWS[what](names))
    if as_json:
        shown.data(rows)
        return 0
    for row in rows:
        first, *rest = row.values()
        click.echo(line(str(first)))
        click.echo("    " + line("  ".join(str(each) for each in rest if each not in ("", None)), 200))
    return 0


def _cases(names: tuple[str, ...]) -> Iterator[Row]:
    for name in names:
        contract = contracts.load(name)
        for case in cases.load_contract(name):
            yield {
                "id": case.id,
                "profile": profile_of(case, contract),
                "smoke": "smoke" if case.smoke else "",
                "title": case.title,
            }


def _requirements(names: tuple[str, ...]) -> Iterator[Row]:
    for name in names:
        for row in contracts.load(name).requirements.values():
            yield {
                "id": row.id,
                "level": row.level.value,
                "profile": row.profile,
                "text": row.text,
                "excluded": f"(untestable: {row.excluded})" if row.excluded else "",
            }


def _profiles(names: tuple[str, ...]) -> Iterator[Row]:
    for name in names:
        contract = contracts.load(name)
        for profile in contract.profiles:
            asked = [case for case in cases.load_contract(name) if profile_of(case, contract) == profile.id]
            rows = [each for each in contract.requirements.values() if each.profile == profile.id and not each.excluded]
            when = "core" if profile.core else "asked unless claims say otherwise" if profile.asked else "when claimed"
            yield {
                "id": profile.id,
                "contract": name,
                "title": profile.title,
                "when": when,
                "cases": f"{len(asked)} cases",
                "requirements": f"{len(rows)} requirements",
            }


def _contracts(names: tuple[str, ...]) -> Iterator[Row]:
    for name in names:
        contract = contracts.load(name)
        calls = ", ".join(f"{each.method} {each.path}" for each in contract.operations)
        yield {"id": name, "version": contract.version, "title": contract.title, "operations": calls}


def _faults(_: tuple[str, ...]) -> Iterator[Row]:
    from conformance.reference import faults

    for name, fault in faults.FAULTS.items():
        yield {"id": name, "kind": "fault", "requirement": fault.requirement, "title": fault.title}
    for name, fault in faults.SELDOM.items():
        yield {"id": name, "kind": "fault of few requests", "requirement": fault.requirement, "title": fault.title}
    for name, variant in faults.VARIANTS.items():
        yield {"id": name, "kind": "legal variant", "requirement": "", "title": variant.title}
    for name, reason in faults.NOT_SIMULATED.items():
        yield {"id": name, "kind": "not simulated", "requirement": "", "title": reason}


def _targets(path: Path) -> Iterator[Row]:
    known = whom.from_file(path)
    for name, entry in known.entries.items():
        groups = [group for group, members in known.groups.items() if name in members]
        yield {
            "name": name,
            "base_url": entry["base_url"],
            "model": entry.get("model", ""),
            "groups": f"groups: {', '.join(groups)}" if groups else "",
        }


_ROWS: dict[str, Callable[[tuple[str, ...]], Iterator[Row]]] = {
    "cases": _cases,
    "requirements": _requirements,
    "profiles": _profiles,
    "contracts": _contracts,
    "faults": _faults,
}
