"""
The published figures hold: every fault is found as its requirement, every legal variant is met with silence.

``make verdicts`` measures anew, with every case. Here each fault is asked the cases that showed it, and each variant a
few that together put every requirement at stake.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch

import pytest

from conformance.contract import selection
from conformance.model import Case, Level
from conformance.reference.faults import FAULTS, TABLES, VARIANTS, Fault
from tests.verdicts import figures, page
from tests.verdicts.measure import PLAINLY, ask, every_case, level, violations, without_claims

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


def test_the_figures_are_complete_and_are_what_they_have_to_be() -> None:
    assert KEPT["faults"].keys() == FAULTS.keys()
    assert KEPT["variants"].keys() == VARIANTS.keys()
    assert KEPT["figures"] == figures.summary(KEPT["faults"], KEPT["variants"])
    assert KEPT["profiles"] == figures.of_profiles()
    assert page.holds(KEPT)


def test_the_page_says_what_the_figures_say() -> None:
    assert figures.PAGE.read_text(encoding="utf-8") == page.render(KEPT)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
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
    results = ask([name], _sentinels())
    violated = violations(without_claims(results) if variant.claims_less else results)
    grave = {each for each in violated if level(each) is not Level.MAY}
    assert {each for each in grave if not any(fnmatch(each, pattern) for pattern in variant.warned)} == set()
    assert PLAINLY in VARIANTS


def _sentinels() -> tuple[Case, ...]:
    return selection.select(WANTED, ids=KEPT["sentinels"])
