"""
Every check is proved both ways: silent on what is good, exact on its defect.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.contract import contracts
from conformance.judge import judge
from conformance.model import State
from tests.defects import ALONGSIDE, DEFECTS
from tests.good import GOOD
from tests.specimens import Specimen

CONTRACT = contracts.load("openai-chat")


def _violated(specimen: Specimen) -> set[str]:
    case = specimen.case
    if case.expect is not None and not case.expect.requirement:
        expect = replace(case.expect, requirement="openai-chat.request.temperature.range")
        case = replace(case, expect=expect)
    result = judge(case, [specimen.exchange], CONTRACT, peers=specimen.peers)
    return {name for name, state in result.states.items() if state is State.VIOLATED}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_exchange_violates_nothing(name: str) -> None:
    assert _violated(GOOD[name]) == set()


@pytest.mark.parametrize(
    ("name", "specimen"),
    [pytest.param(name, each, id=f"{name}-{n}") for name, every in DEFECTS.items() for n, each in enumerate(every)],
)
def test_a_defect_violates_its_requirement_and_no_other(name: str, specimen: Specimen) -> None:
    alongside = {f"openai-chat.{each}" for each in ALONGSIDE.get(name, set())}
    assert _violated(specimen) - alongside == {f"openai-chat.{name}"}
