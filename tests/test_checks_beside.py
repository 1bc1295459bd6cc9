"""
The checks of embeddings and of models are proved both ways, as those of chat completions are.
"""

from __future__ import annotations

import pytest

from conformance.contract import contracts
from conformance.judge import judge
from conformance.model import State
from tests.defects_beside import DEFECTS, SOUND
from tests.specimens import Specimen


def _violated(specimen: Specimen) -> set[str]:
    contract = contracts.load(specimen.case.contract)
    result = judge(specimen.case, [specimen.exchange], contract, peers=specimen.peers)
    return {name for name, state in result.states.items() if state is State.VIOLATED}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_exchange_violates_nothing(name: str) -> None:
    assert _violated(SOUND[name]) == set()


@pytest.mark.parametrize(
    ("name", "specimen"),
    [pytest.param(name, each, id=f"{name}-{n}") for name, every in DEFECTS.items() for n, each in enumerate(every)],
)
def test_a_defect_violates_its_requirement_and_no_other(name: str, specimen: Specimen) -> None:
    assert _violated(specimen) == {name}
