"""
Measurements as figures: for each fault what became of it, for each variant the alarms, and what profiles cost.

The JSON file holds everything the page says; nothing in it depends on the clock or on chance.
"""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

from conformance.board import applicable
from conformance.capture import budget
from conformance.contract import cases, selection
from conformance.model import Case, Level
from conformance.reference.faults import FAULTS, NOT_SIMULATED, VARIANTS, Fault, Variant
from tests.verdicts.measure import Report, known, level

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "verdicts.json"
PAGE = ROOT / "docs" / "verdicts.md"

#: What chance puts into a finding: ids, padding, the word of a case.
_CHANCE = re.compile(r"\b(chatcmpl-|call_|req_|audio_)[A-Za-z0-9]{8,}|\b[a-z]{12}\b(?=')|\d+\.\d\d+ s")


def read() -> dict[str, Any]:
    """
    The figures as they were measured last.
    """
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def write(figures: Mapping[str, Any]) -> None:
    """
    Keep the figures.
    """
    FILE.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def collateral(fault: Fault, violated: Iterable[str]) -> list[str]:
    """
    What is reported beside the requirement that a fault breaks.

    Notes (MAY) are none, nor is the same requirement of another contract, nor what says the same in other words.
    """
    expected = (fault.requirement, *fault.also)
    patterns = [pattern.split(".", 1)[1] for pattern in expected]
    return [
        each
        for each in violated
        if level(each) is not Level.MAY and not any(fnmatch(each.split(".", 1)[1], pattern) for pattern in patterns)
    ]


def verdict(fault: Fault, violated: Mapping[str, object]) -> str:
    """
    ``exact``, ``with others``, ``elsewhere`` or ``missed``.
    """
    beside = collateral(fault, violated)
    if fault.requirement in violated:
        return "with others" if beside else "exact"
    serious = [each for each in violated if level(each) is not Level.MAY]
    return "elsewhere" if serious else "missed"


def of_fault(fault: Fault, report: Report, smoke: frozenset[str]) -> dict[str, Any]:
    """
    The row of one fault.
    """
    shown = report.violated.get(fault.requirement, ())
    return {
        "title": fault.title,
        "level": fault.level,
        "paths": list(fault.paths),
        "catalogue": fault.catalogue,
        "requirement": fault.requirement,
        "verdict": verdict(fault, report.violated),
        "unclaimed": fault.requirement in report.unclaimed,
        "smoke": bool(smoke & set(shown)),
        "cases": len(shown),
        "shown_by": list(_telling(shown)),
        "collateral": collateral(fault, report.violated),
        "asked": report.asked,
        "finding": _CHANCE.sub(lambda found: (found[1] or "") + "…", report.samples.get(fault.requirement, "")),
    }


def _telling(shown: Sequence[str]) -> Sequence[str]:
    """
    The cases that show a fault at the least cost: those that build on the fewest others come first.
    """
    return sorted(shown, key=lambda name: len(_needed()[name]))[:2]


@cache
def _needed() -> Mapping[str, frozenset[str]]:
    """
    For each case all that are asked with it, itself among them.
    """
    every = [case for name in known() for case in cases.load_contract(name)]
    return {case.id: frozenset(each.id for each in selection.select(every, ids=[case.id])) for case in every}


def of_variant(variant: Variant, report: Report) -> dict[str, Any]:
    """
    The row of one legal variant.
    """
    violated = report.unclaimed if variant.claims_less else report.violated
    return {
        "title": variant.title,
        "because": variant.because,
        "alarms": [each for each in violated if _alarms(variant, each)],
        "warned": [each for each in violated if level(each) is not Level.MAY and not _alarms(variant, each)],
    }


def _alarms(variant: Variant, requirement: str) -> bool:
    grave = level(requirement)
    if grave is Level.MAY:
        return False
    return grave is Level.MUST or not any(fnmatch(requirement, pattern) for pattern in variant.warned)


def of_profiles() -> dict[str, dict[str, int]]:
    """
    What asking each profile of the chat contract costs at most: requests, and tokens as ceilings.
    """
    contract, every = known()["openai-chat"], cases.load_contract("openai-chat")
    names = [profile.id for profile in contract.profiles]
    chosen = {name: selection.select(every, profiles=[name]) for name in ("smoke", *names)}
    chosen["everything"] = every
    return {name: _cost(asked) for name, asked in chosen.items()}


def _cost(asked: Sequence[Case]) -> dict[str, int]:
    cost = budget.estimate(asked)
    return {
        "requests": cost.requests,
        "prompt_tokens": cost.prompt_tokens,
        "completion_tokens": cost.completion_tokens,
    }


#: So many requests may make a smoke test, the simplest question first, and none of them may be as long as this.
SMOKE, FIRST, LONG = 10, "openai-chat.plain.short", 1000


def greedy(reports: Mapping[str, Report]) -> list[str]:
    """
    The cases for a smoke test: whichever finds most of the MUST faults not found yet for each request it takes.

    A case takes along what it builds on and is compared with, and the others that are written with it.
    """
    fit = {case.id for case in cases.load_contract("openai-chat") if _quick(case)}
    takes: dict[str, set[str]] = {}
    for name in fit:
        takes.setdefault(_written(name), set()).update(_needed()[name])
    found = [set(reports[name].violated.get(f.requirement, ())) for name, f in FAULTS.items() if f.level == "MUST"]
    chosen, taken = [FIRST], takes[FIRST]
    while True:
        left = [each for each in found if not each & taken]
        room = {name: each - taken for name, each in takes.items() if len(each | taken) <= SMOKE and each <= fit}
        gains = {name: sum(bool(each & more) for each in left) / len(more) for name, more in room.items() if more}
        best = max(sorted(gains), key=gains.__getitem__, default=None)
        if best is None or not gains[best]:
            return chosen
        chosen.append(best)
        taken = taken | takes[best]


def _written(name: str) -> str:
    """
    The id of a case as it is written in its file, where it may stand for several.
    """
    return name.partition("[")[0]


def _quick(case: Case) -> bool:
    """
    It needs no claims, one optional feature at most, no luck with the model, and few tokens; and a MAY is not its point.
    """
    contract = known()["openai-chat"]
    optional = {each.id for each in contract.profiles if not each.core} - {"streaming", "validation"}
    advises = case.expect is not None and level(case.expect.requirement) is Level.MAY
    cheap = _cost([case])["prompt_tokens"] < LONG and not case.again
    return applicable(case, contract, None) and len(optional & set(case.needs)) <= 1 and cheap and not advises


def gather(reports: Mapping[str, Report], before: Mapping[str, Any]) -> dict[str, Any]:
    """
    All figures: of what was measured, and of an earlier measurement for what was not.
    """
    smoke = frozenset(case.id for case in selection.select(cases.load_contract("openai-chat"), profiles=["smoke"]))
    faults = {
        name: of_fault(fault, reports[name], smoke) if name in reports else before["faults"][name]
        for name, fault in FAULTS.items()
    }
    variants = {
        name: of_variant(variant, reports[name]) if name in reports else before["variants"][name]
        for name, variant in VARIANTS.items()
    }
    return {
        "format": "conformance-verdicts/1",
        "figures": {**summary(faults, variants), "seldom": of_seldom(before["seldom"])},
        "profiles": of_profiles(),
        "greedy": greedy(reports) if reports.keys() >= FAULTS.keys() else before["greedy"],
        "faults": faults,
        "variants": variants,
        "seldom": dict(before["seldom"]),
        "not_simulated": dict(NOT_SIMULATED),
        "sentinels": list(before["sentinels"]),
        "mutations": before["mutations"],
    }


def of_seldom(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """
    The figures of faults that show in few requests, which must not fall either.
    """
    return {
        "faults": len(rows),
        "written": sum(bool(row["written"]) for row in rows.values()),
        "fixed": sum(row["fixed"] for row in rows.values()),
        "explored": sum(row["first"] is not None for row in rows.values()),
        "reduced": sum(row["reduced"] for row in rows.values()),
    }


def summary(faults: Mapping[str, Mapping[str, Any]], variants: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """
    The figures that must not fall.
    """
    made: dict[str, Any] = {}
    for grade in ("MUST", "SHOULD", "MAY"):
        rows = [row for row in faults.values() if row["level"] == grade]
        made[grade] = {
            "faults": len(rows),
            "found": sum(row["verdict"] in ("exact", "with others") for row in rows),
            "exact": sum(row["verdict"] == "exact" for row in rows),
            "elsewhere": sum(row["verdict"] == "elsewhere" for row in rows),
            "missed": sum(row["verdict"] == "missed" for row in rows),
            "unclaimed": sum(row["unclaimed"] for row in rows),
            "smoke": sum(row["smoke"] for row in rows),
        }
    made["collateral_median"] = statistics.median(len(row["collateral"]) for row in faults.values())
    made["variants"] = len(variants)
    made["alarms"] = sum(len(row["alarms"]) for row in variants.values())
    return made
