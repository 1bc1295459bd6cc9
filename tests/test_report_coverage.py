"""
What a run proved of a contract and why not more, what changed between two runs, and the pace of streams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from conformance.model import Outcome, Result, Scorecard, Unobserved
from conformance.report import beside, coverage, diff, html, pacing, packing
from conformance.report.scorecard import score
from conformance.report.views import AttemptView, CaseView, EventView, Facts, FieldUse, Pacing, ParameterUse
from tests.report_fixture import card, case, contract, finding, result, run, unsent

HELD = {"body": "held", "id": "held"}


def _scored(*results: Result, **more: Any) -> Scorecard:
    return score(results, [contract()], run(**more))


def _why(made: Scorecard) -> dict[str, tuple[str, str]]:
    return {each.requirement.id: (each.state, each.why) for each in coverage.of(made)}


def test_every_requirement_has_a_state_and_what_is_undecided_a_reason() -> None:
    rows = _why(card("x"))
    assert rows == {
        "t.body": ("held", ""),
        "t.id": ("violated", ""),
        "t.usage": ("violated", ""),
        "t.extra": ("noted", ""),
        "t.training": ("excluded", "No request can show it."),
        "t.framing": ("held", ""),
        "t.index": ("violated", ""),
        "t.arguments": ("inconclusive", "the state that it speaks of never occurred"),
        "t.strict": ("untested", "the target does not claim the profile"),
        "t.images": ("untested", "the target does not claim the profile"),
    }


def test_a_requirement_whose_own_case_was_not_sent_says_why() -> None:
    asked = card("x").results[5].case
    assert _why(_scored(unsent(asked, Outcome.NOT_RUN, "budget: requests")))["t.arguments"] == (
        "untested",
        "not asked: budget: requests",
    )
    lost = result(asked, Outcome.ERROR, cause="connect", states={})
    assert _why(_scored(lost, claims=("tools",)))["t.arguments"] == ("untested", "error: no connection")
    assert (
        _why(_scored(result(case("a"), states=HELD)))["t.usage"][1]
        == "no exchange of this run came to what it speaks of"
    )


def test_what_a_check_missed_is_its_reason() -> None:
    made = result(case("a"), Outcome.INCONCLUSIVE, states={"id": "inconclusive"}, cause="model-choice")
    attempt = replace(made.attempts[0], unobserved={"t.id": Unobserved("model-choice", "the model called no tool")})
    assert _why(_scored(replace(made, attempts=(attempt,))))["t.id"] == ("inconclusive", "the model called no tool")


def test_coverage_is_counted_in_a_sentence() -> None:
    rows = coverage.of(card("x"))
    said = "10 requirements: 2 held, 3 violated, 1 noted, 1 inconclusive, 2 untested, 1 excluded"
    assert coverage.summary(rows) == said
    assert [(each.cases, each.violated) for each in rows if each.requirement.id == "t.id"] == [(3, 1)]


def _before_and_after() -> tuple[Scorecard, Scorecard]:
    before = _scored(
        result(case("a"), Outcome.FAIL, finding("id"), states={"id": "violated", "body": "held"}),
        result(case("b"), Outcome.WARN, finding("usage"), states={"usage": "violated"}),
        result(case("c"), Outcome.FAIL, finding("body"), states={"body": "violated"}),
        result(case("gone"), states=HELD),
    )
    after = _scored(
        result(case("a"), states=HELD),
        result(case("b"), Outcome.INCONCLUSIVE, cause="rate-limit"),
        result(case("c"), Outcome.FAIL, finding("body"), finding("index"), states={"body": "violated"}),
        result(case("new"), states=HELD),
        model="m-larger",
    )
    return before, after


def test_before_and_after_stand_side_by_side() -> None:
    before, after = _before_and_after()
    bodies = ['{"id": 1, "b": 2}', '{"id": "1", "b": 2}']
    views = [{"t.c": CaseView(attempts=(AttemptView(body=body),))} for body in bodies]
    made = beside.of(diff.between(before, after), *views)
    assert [(key[0].value, pair.case, pair.before, pair.after) for key, pair in made.items()] == [
        ("new", "t.c", bodies[0], bodies[1])
    ]
    lines = [(each.sign, each.text) for pair in made.values() for each in pair.lines]
    assert lines == [(" ", "{"), ("-", ' "id": 1,'), ("+", ' "id": "1",'), (" ", ' "b": 2'), (" ", "}")]


def test_the_event_that_a_finding_names_is_the_one_compared() -> None:
    views = [
        {"t.c": CaseView(attempts=(AttemptView(events=tuple(_event(n, text) for n in range(3))),))} for text in "ab"
    ]
    found = finding("index", where="event[1]/choices")
    before = _scored(result(case("c"), states=HELD))
    after = _scored(result(case("c"), Outcome.FAIL, found, states={"index": "violated"}))
    made = beside.of(diff.between(before, after), *views)
    assert [(pair.before, pair.after) for pair in made.values()] == [('data: {"a": 1}', 'data: {"b": 1}')]


def _event(number: int, text: str) -> EventView:
    return EventView(index=number, at=None, text=f'data: {{"{text}": {number}}}', start=0, end=1)


def test_the_page_says_what_changed_and_under_which_circumstances() -> None:
    before, after = _before_and_after()
    text = html.pages(after, changes=diff.between(before, after))["report.html"]
    assert 'id="changes-new"' in text and 'id="changes-fixed"' in text
    assert "two models, m-large and m-larger" in text
    assert 'id="changes"' not in html.render(after)


def test_exercised_parameters_and_fields_are_counted_on_the_page() -> None:
    facts = Facts(
        parameters=(ParameterUse(contract="t", place="/seed", accepted=2), ParameterUse(contract="t", place="/n")),
        fields=(FieldUse(contract="t", schema="response", place="/id", exchanges=3),),
    )
    text = html.pages(card("x"), facts=facts)["report.html"]
    assert "1 of 2 were accepted in a valid request" in text and "1 of 1 were seen" in text


def _paces(*firsts: float, gaps: Sequence[float] = (), rate: float | None = None) -> list[Pacing]:
    return [Pacing(case="c", first_token=first, gaps=tuple(gaps), rate=rate) for first in firsts]


def test_a_distribution_has_its_quantiles_and_its_places_on_one_scale() -> None:
    made = pacing.measures({"acme": _paces(0.1, 0.2, 0.3, 0.4, 0.5), "other": _paces(1.0), "none": []})
    assert [each.title for each in made] == ["Time to the first token"]
    acme, other = made[0].strips
    assert (acme.count, acme.low, acme.median, acme.p95, acme.high) == (5, "100 ms", "300 ms", "480 ms", "500 ms")
    assert acme.at == (100, 200, 300, 400, 480, 500) and acme.dots == (100, 200, 300, 400, 500)
    assert (other.median, other.at[2]) == ("1.00 s", 1000)
    assert [words for _, words in made[0].marks] == ["0 ms", "200 ms", "400 ms", "600 ms", "800 ms", "1.00 s"]
    assert [place for place, _ in made[0].marks] == [0, 200, 400, 600, 800, 1000]


def test_a_wide_spread_gets_a_logarithmic_scale() -> None:
    made = pacing.measures({"a": _paces(0.1, gaps=[0.0, 0.001, 0.1, 1.0], rate=54.2)})
    gaps = next(each for each in made if each.title == "Gaps")
    assert gaps.logarithmic and [words for _, words in gaps.marks] == ["0.1 ms", "1.0 ms", "10 ms", "100 ms", "1.00 s"]
    assert [each.title for each in made] == ["Time to the first token", "Gaps", "Throughput"]
    assert made[2].strips[0].median == "54 tokens/s"


def test_targets_keep_their_order_and_nothing_gives_nothing() -> None:
    made = pacing.measures({"slow": _paces(2.0), "fast": _paces(0.1)})
    assert [each.target for each in made[0].strips] == ["slow", "fast"]
    assert pacing.measures({"a": []}) == ()


@pytest.mark.parametrize("count", [1, 2, 121, 5000])
def test_a_plot_never_draws_more_than_it_can_show(count: int) -> None:
    made = pacing.measures({"a": _paces(*(0.1 + n / count for n in range(count)))})
    assert len(made[0].strips[0].dots) <= 120 and made[0].strips[0].count == count


def test_packed_values_are_found_again_and_spread_over_pages() -> None:
    values = {f"k{n}": [f"{n * 7919 % 10007}"] * 900 for n in range(40)}
    packed = packing.pack(values.items(), first=900, room=700)
    assert len(packed.pages) > 2 and packed.places.keys() == values.keys()
    assert all(sum(map(len, blocks)) <= 900 for blocks in packed.pages)
    assert packed.pages == packing.pack(values.items(), first=900, room=700).pages


def test_nothing_packed_is_one_empty_page() -> None:
    assert packing.pack([], first=10, room=10) == packing.Packed(pages=((),), places={})
    page = f'<script type="text/plain" id="data">{packing.text({"a": "<é"})}</script>'
    assert [*packing.opened(page)] == ['{"a":"<é"}'.encode()]
