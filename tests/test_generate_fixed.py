"""
The fixed list of generated requests: the same every time, every constraint broken, within what is claimed.
"""

from __future__ import annotations

import jsonschema_rs
import pytest

from conformance import generate
from conformance.contract import generation
from conformance.errors import UsageError
from conformance.generate import breaks, families, listing, sites
from conformance.generate.chat_rules import RULES
from conformance.generate.choices import Dice

GROUND = generation.load("openai-chat")
EVERYTHING = frozenset(profile.id for profile in GROUND.contract.profiles)
VALIDATOR = jsonschema_rs.validator_for(GROUND.schema)


def _fixed(**more):
    return generate.fixed("openai-chat", **{"claims": EVERYTHING, **more})


def test_the_same_seed_gives_the_same_requests():
    assert _fixed(seed=3) == _fixed(seed=3)
    assert {case.id for case in _fixed(seed=3)} != {case.id for case in _fixed(seed=4)}


@pytest.mark.parametrize("limit", [0, 5, 40, 300])
def test_there_are_no_more_requests_than_the_limit(limit):
    cases = _fixed(limit=limit)
    assert len(cases) <= limit
    assert len({case.id for case in cases}) == len(cases)


@pytest.mark.parametrize("seed", range(3))
def test_three_hundred_requests_break_every_constraint(seed):
    ids = {case.id for case in _fixed(seed=seed)}
    made = list(listing.neighbours(GROUND, EVERYTHING, Dice(seed)))
    sent = [each for each in made if families.invalid(GROUND, each).id in ids]
    broken = {met.site.at for each in sent for met in breaks.broken(GROUND.schema, each.body)}
    assert broken == {site.at for site in sites.sites(GROUND.schema)}
    assert {rule.name for rule in RULES} <= {each.constraint for each in sent}


def test_a_neighbour_breaks_one_place_and_a_valid_request_none():
    for case in _fixed():
        wrong = {
            error.instance_path[0] if error.instance_path else "" for error in VALIDATOR.iter_errors(case.request.body)
        }
        assert len(wrong) <= (1 if case.invalid else 0), case


def test_every_constraint_belongs_to_a_requirement():
    for site in sites.sites(GROUND.schema):
        assert sites.owner(GROUND.constraints, ("",), site.at) in GROUND.contract.requirements


@pytest.mark.parametrize("exemplar", GROUND.exemplars, ids=str)
def test_an_exemplar_is_valid(exemplar):
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **exemplar}
    assert [error.message for error in VALIDATOR.iter_errors(body)] == []


@pytest.mark.parametrize("table", ["constraints", "profiles", "params", "rare"])
def test_every_pointer_leads_into_the_schema(table):
    known = [site.at for site in sites.sites(GROUND.schema)]
    for place in getattr(GROUND, table):
        at = place.removesuffix("/**").removesuffix("/then")
        assert any(sites.begins(each, at) for each in known) or sites.within(GROUND.schema, at) is not None, place


def test_only_what_is_claimed_is_asked():
    asked = {need for case in _fixed(claims=frozenset({"tools", "validation"})) for need in case.needs}
    assert asked == {"tools", "validation", "streaming"}
    assert not any(case.invalid for case in _fixed(claims=frozenset()))


def test_a_contract_without_generation_says_so():
    assert not generate.available("openai-models")
    with pytest.raises(UsageError, match="nothing is generated"):
        generate.fixed("openai-models")
