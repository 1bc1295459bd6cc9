"""
Explorations: the same for a seed, in keeping with the contract or broken in one place, and reduced to what matters.
"""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from benchmarks.generation import constraints
from conformance import generate
from conformance.contract import generation
from conformance.generate import breaks, chat_request, families, pairs, reducing, sites, spellings
from conformance.generate.chat_rules import RULES, broken_by
from conformance.generate.choices import Dice
from conformance.generate.exploring import Enough
from conformance.model import Outcome
from conformance.reference import app
from conformance.reference.faults import SELDOM
from tests.inprocess import EVERYTHING, InProcess, faulty
from tests.verdicts import seldom

GROUND = generation.load("openai-chat")
VALIDATOR = jsonschema_rs.validator_for(GROUND.schema)
SPELLINGS = {name: way for ways in spellings.KINDS.values() for name, way in ways.items()}
CRASH = SELDOM["breaks-on-stop-beside-logprobs"]
EXPLORATION = generate.explore("openai-chat", claims=EVERYTHING)


def provider(*faults):
    return InProcess(faulty(app.create(delay=0.0), faults))


def found(ask, exploration=EXPLORATION):
    """
    What an exploration tells of a provider: mistakes with their smallest cases, and the findings of each case.
    """
    exploration.shrink(ask(exploration.cases), ask)
    return generate.smallest(ask(ask.asked))


def test_the_same_seed_draws_the_same_requests():
    again = generate.explore("openai-chat", claims=EVERYTHING)
    assert again.cases == EXPLORATION.cases
    assert generate.explore("openai-chat", seed=1, claims=EVERYTHING).cases != EXPLORATION.cases


def test_the_first_wave_keeps_its_limit():
    assert 490 < len(EXPLORATION.cases) <= 500
    assert len(generate.explore("openai-chat", claims=EVERYTHING, limit=40).cases) <= 40


@pytest.mark.parametrize("seed", range(200))
def test_a_valid_request_keeps_the_schema_and_every_rule(seed):
    body = chat_request.request(GROUND, Dice(seed), EVERYTHING)
    assert [error.message for error in VALIDATOR.iter_errors(body)] == []
    assert broken_by(body) == frozenset()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_is_broken_alone(rule):
    for seed in range(12):
        body = rule.breaks(chat_request.smallest(), Dice(seed))
        assert broken_by(body) == {rule.name}
        assert not breaks.broken(GROUND.schema, body)


def test_the_walk_breaks_every_constraint_and_every_rule():
    wrong = [case.request.body for case in EXPLORATION.cases if case.invalid]
    broken = {met.site.at for body in wrong for met in breaks.broken(GROUND.schema, body)}
    assert broken == {site.at for site in sites.sites(GROUND.schema)}
    assert frozenset().union(*map(broken_by, wrong)) == {rule.name for rule in RULES}


def test_only_what_is_claimed_is_explored():
    asked = {need for case in generate.explore("openai-chat", claims=frozenset({"tools"})).cases for need in case.needs}
    assert asked == {"streaming", "tools"}


@pytest.mark.parametrize("seed", range(4))
def test_the_reference_answers_what_is_valid_and_refuses_what_is_not(seed):
    ask = provider()
    results = ask(generate.explore("openai-chat", seed=seed, claims=EVERYTHING).cases)
    assert [result.case for result in results if result.outcome is not Outcome.PASS] == []
    assert {result.attempts[0].exchange.status // 100 for result in results if result.case.invalid} == {4}
    assert {result.attempts[0].exchange.status // 100 for result in results if not result.case.invalid} == {2}


def test_nothing_is_reduced_where_nothing_was_found():
    ask = provider()
    assert found(ask) == {}
    assert len(ask.asked) == len(EXPLORATION.cases)


@pytest.mark.parametrize("name", SELDOM)
def test_a_fault_in_certain_requests_is_found_and_reduced_to_what_matters(name):
    row = seldom.measure(name)
    assert row["first"] is not None
    assert row["reduced"], row["request"]
    assert row["asked"] <= 750


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("breaks-on-space-before-the-body", "padded"),
        ("refuses-tabs", "padded"),
        ("refuses-upper-case-escapes", "upper-case"),
    ],
)
def test_a_way_of_writing_is_reduced_to_the_simplest_request_that_is_written_so(name, spelling):
    ask = provider(SELDOM[name])
    told = [case for cases in found(ask).values() for case in cases]
    assert SPELLINGS[spelling](chat_request.smallest()) in {case.request.raw for case in told}


def test_two_requests_that_are_compared_are_reduced_together():
    def shows(family):
        return len(family) == 2 and family[1].request.body.get("n") == 2

    base = {**chat_request.smallest(), "temperature": 0, "user": "ada"}
    first = families.valid(GROUND, base)
    second = families.valid(GROUND, {**base, "n": 2}, compare=(first.id,))
    one, two = reducing.reduced(GROUND, (first, second), shows)
    assert one.request.body == chat_request.smallest()
    assert two.request.body == {**chat_request.smallest(), "n": 2}
    assert two.compare == (one.id,)


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_spelling_means_the_same_and_is_known_again(spelling):
    body = {**chat_request.smallest(), "user": "team/ada", "metadata": {"a": 'C:\\u00e9 "größe" 😀'}}
    assert json.loads(spelling(body)) == body
    assert spellings.found(body, spelling(body)) is spelling
    assert spellings.found(body, b"{}") is None


def test_a_request_is_asked_once_however_often_reducing_meets_it():
    ask = provider(CRASH)
    found(ask)
    assert len({families.canonical([case.id]) for case in ask.asked}) == len(ask.asked)


def test_reducing_asks_the_same_in_every_run():
    runs = [provider(*list(SELDOM.values())[:3]) for _ in range(2)]
    for ask in runs:
        found(ask)
    first, second = ({case.id for case in ask.asked} for ask in runs)
    assert first == second


def test_a_spent_budget_ends_the_reducing():
    ask = provider(CRASH)
    results = ask(EXPLORATION.cases)

    def spent(_):
        raise Enough

    EXPLORATION.shrink(results, spent)
    assert len(ask.asked) == len(EXPLORATION.cases)


def test_reducing_keeps_a_request_as_valid_or_as_broken_as_it_was():
    for seed in range(40):
        body = chat_request.request(GROUND, Dice(seed), EVERYTHING)
        steps = list(_steps(body))
        assert all(VALIDATOR.is_valid(less) and not broken_by(less) for less in steps)


def _steps(body):
    tried = []

    def no(family):
        tried.append(family[0].request.body)
        return False

    reducing.reduced(GROUND, (families.valid(GROUND, body),), no)
    return tried


def test_the_page_tells_of_every_constraint_as_it_is():
    page = (Path(__file__).parents[1] / "docs" / "generation.md").read_text(encoding="utf-8")
    assert "\n".join(constraints()) in page


def test_what_is_drawn_last_brings_together_what_had_not_met():
    bodies = [{"a": 1}, {"a": 1, "b": 1}, {"a": 1}, {"c": 1}] + [{}] * 40
    drawn = iter(bodies)
    spread = pairs.spread(lambda: next(drawn), frozenset)
    assert [next(spread), next(spread)] == [{"a": 1}, {"a": 1, "b": 1}]


def test_the_parts_of_a_schema_are_told_by_keyword_and_depth():
    nested = {"type": "object", "properties": {"n": {"type": "array", "items": {"type": "integer", "minimum": 1}}}}
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": nested}}
    tool = {"type": "function", "function": {"name": "f", "strict": True, "parameters": nested}}
    told = pairs.of_schemas({"response_format": form, "tools": [tool]})
    assert {"an answer", "a function", "strict: None", "strict: True", "top type: object", "below minimum"} <= told
