"""
The published figures hold: every fault is found as its requirement, every legal variant is met with silence.

``make verdicts`` measures anew, with every case. Here each fault is asked the cases that showed it, and each variant a
few that together put every requirement at stake.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache

import pytest

from conformance.board import Exchanges
from conformance.contract import selection
from conformance.model import Case, Level
from conformance.reference.faults import FAULTS, SELDOM, TABLES, VARIANTS, Fault
from tests.verdicts import figures, mutations, page, seldom
from tests.verdicts.measure import ask, baseline, every_case, level, measure, violations

KEPT = figures.read()
WANTED = every_case()


def shown(fault: Fault) -> set[str]:
    """
    What is reported when the cases that showed the fault are asked again.
    """
    # What shows among simultaneous requests alone is asked of those that are sent together.
    together = () if fault.steady else ("openai-chat.isolation.together",)
    chosen = selection.select(WANTED, ids=[*KEPT["faults"][fault.id]["shown_by"][:1], *together])
    return set(violations(ask([fault.id], chosen)))


def chunks() -> Iterator[tuple[str, list[Fault]]]:
    for table in TABLES:
        rows = list(table.FAULTS)
        for start in range(0, len(rows), 25):
            yield f"{table.__name__.rpartition('.')[2]}-{start}", rows[start : start + 25]


CHUNKS = dict(chunks())


ANEW = "python -m tests.verdicts --update writes the figures anew, --update ID... measures some again"


def test_the_figures_are_complete_and_are_what_they_have_to_be() -> None:
    assert KEPT["faults"].keys() == FAULTS.keys(), ANEW
    assert KEPT["variants"].keys() == VARIANTS.keys(), ANEW
    assert KEPT["seldom"].keys() == SELDOM.keys(), ANEW
    generated = figures.of_seldom(KEPT["seldom"])
    assert KEPT["figures"] == {**figures.summary(KEPT["faults"], KEPT["variants"]), "seldom": generated}
    assert KEPT["profiles"] == figures.of_profiles(), ANEW
    assert page.holds(KEPT)


def test_the_page_says_what_the_figures_say() -> None:
    assert figures.PAGE.read_text(encoding="utf-8") == page.render(KEPT)


@pytest.mark.parametrize("fault", [*FAULTS.values(), *SELDOM.values()], ids=[*FAULTS, *SELDOM])
def test_a_fault_is_graded_as_the_requirement_that_it_breaks(fault: Fault) -> None:
    assert level(fault.requirement) == Level(fault.level)
    assert all(level(each) for each in fault.also if "*" not in each)


@pytest.mark.parametrize("name", CHUNKS)
def test_every_fault_is_found_again_as_its_requirement_and_with_nothing_new_beside_it(name: str) -> None:
    for fault in CHUNKS[name]:
        found = shown(fault)
        beside = set(figures.collateral(fault, found)) - set(KEPT["faults"][fault.id]["collateral"])
        assert (fault.id, fault.requirement in found, beside) == (fault.id, True, set())


@pytest.mark.parametrize("name", VARIANTS)
def test_a_legal_variant_is_met_with_silence(name: str) -> None:
    variant = VARIANTS[name]
    wanted, before = _sentinels()
    report = measure(name, wanted, before)
    violated = report.unclaimed if variant.claims_less else report.violated
    grave = {each for each in violated if level(each) is not Level.MAY}
    assert {each for each in grave if not any(fnmatch(each, pattern) for pattern in variant.warned)} == set()


@cache
def _sentinels() -> tuple[tuple[Case, ...], dict[str, Exchanges]]:
    wanted = selection.select(WANTED, ids=KEPT["sentinels"])
    return wanted, baseline(wanted)


def test_every_change_of_an_answer_is_reported_unless_it_is_legal() -> None:
    silent = [each for each in mutations.measured() if not each.violated]
    assert [each for each in silent if not mutations.is_legal(each)] == []
    assert {each.member for each in silent} == mutations.LEGAL.keys()


def test_no_written_case_finds_what_only_generated_requests_are_to_find() -> None:
    before = baseline(WANTED)
    assert {name: found for name in SELDOM if (found := seldom.written(name, WANTED, before))} == {}


@pytest.mark.parametrize("name", SELDOM)
def test_generated_requests_find_again_what_they_found(name: str) -> None:
    kept = KEPT["seldom"][name]
    assert seldom.again(name) == (kept["fixed"], kept["first"])
