"""
The verdict rules, and how findings are grouped.
"""

from __future__ import annotations

from typing import Any

import pytest

from conformance.model import Case, Expect, Level, Outcome, Result, State, Verdict
from conformance.report.scorecard import kind, merged, normalised, score, signature, violations
from tests.report_fixture import card, case, contract, exchange, finding, requirement, result, run, unsent

HELD: list[Result] = [
    result(case("a"), states={"body": "held", "id": "held"}),
    result(case("b", "streaming"), states={"framing": "held", "index": "held"}),
]
LOST = case("lost")
NAMED = case("named", invalid=True, expect=Expect(requirement="t.id"))


def verdict(profile: str, results: list[Result], **circumstances: Any) -> tuple[Verdict, Verdict]:
    """
    The verdict on a profile and on the whole.
    """
    made = score(results, [contract()], run(**circumstances))
    return next(each.verdict for each in made.profiles if each.profile.id == profile), made.verdict


CONFORMS, WARNINGS, FAILS = Verdict.CONFORMS, Verdict.WARNINGS, Verdict.FAILS
INCOMPLETE, NOT_CLAIMED = Verdict.INCOMPLETE, Verdict.NOT_CLAIMED
UNTESTED_ID = [result(case("a"), states={"body": "held"}), HELD[1]]
UNTESTED_INDEX = [HELD[0], result(case("b", "streaming"), states={"framing": "held"})]


def broken(status: int, *needs: str, **more: Any) -> Result:
    """
    A case that failed for a MUST of core, with an answer of this status.
    """
    return result(case("c", *needs, **more), Outcome.FAIL, states={"id": "violated"}, exchange=exchange(status=status))


RULES: dict[str, tuple[str, list[Result], dict[str, Any], tuple[Verdict, Verdict]]] = {
    "everything held": ("core", HELD, {}, (CONFORMS, CONFORMS)),
    "nothing asked": ("core", [], {}, (INCOMPLETE, INCOMPLETE)),
    "a MUST violated": (
        "core",
        [*HELD, result(case("c"), Outcome.FAIL, states={"id": "violated"})],
        {},
        (FAILS, FAILS),
    ),
    "a SHOULD violated": (
        "core",
        [*HELD, result(case("c"), Outcome.WARN, states={"usage": "violated"})],
        {},
        (WARNINGS, WARNINGS),
    ),
    "a MAY violated": ("core", [*HELD, result(case("c"), states={"extra": "violated"})], {}, (CONFORMS, CONFORMS)),
    "a MUST inconclusive": (
        "core",
        [*UNTESTED_ID, result(case("c"), Outcome.INCONCLUSIVE, states={"id": "inconclusive"})],
        {},
        (INCOMPLETE, INCOMPLETE),
    ),
    "a MUST inconclusive here and held there": (
        "core",
        [*HELD, result(case("c"), Outcome.INCONCLUSIVE, states={"id": "inconclusive"})],
        {},
        (CONFORMS, CONFORMS),
    ),
    "a state that never arises": ("core", UNTESTED_ID, {}, (CONFORMS, CONFORMS)),
    "an unfinished run": ("core", UNTESTED_ID, {"complete": False}, (INCOMPLETE, INCOMPLETE)),
    "an unfinished run that had held everything": ("core", HELD, {"complete": False}, (CONFORMS, CONFORMS)),
    "a lost case and a MUST untested": (
        "core",
        [*UNTESTED_ID, unsent(LOST, Outcome.ERROR, "connect")],
        {},
        (INCOMPLETE, INCOMPLETE),
    ),
    "an untested MUST and a request that ended in 500": (
        "streaming",
        [*UNTESTED_INDEX, broken(500, "streaming")],
        {},
        (INCOMPLETE, FAILS),
    ),
    "an untested MUST and a failed answer": (
        "streaming",
        [*UNTESTED_INDEX, broken(200, "streaming")],
        {},
        (CONFORMS, FAILS),
    ),
    "an untested MUST and a wrong request that ended in 500": (
        "streaming",
        [*UNTESTED_INDEX, broken(500, "streaming", invalid=True)],
        {},
        (CONFORMS, FAILS),
    ),
    "everything held and a request that ended in 500": (
        "streaming",
        [*HELD, broken(500, "streaming")],
        {},
        (CONFORMS, FAILS),
    ),
    "a lost case of another profile": (
        "core",
        [*UNTESTED_ID, unsent(case("l", "tools"), Outcome.ERROR, "connect")],
        {},
        (CONFORMS, CONFORMS),
    ),
    "a lost case and everything held": ("core", [*HELD, unsent(LOST, Outcome.NOT_RUN, "budget")], {}, (CONFORMS,) * 2),
    "a lost wrong request that names an untested MUST": (
        "core",
        [*UNTESTED_ID, unsent(NAMED, Outcome.NOT_RUN, "budget")],
        {},
        (INCOMPLETE, INCOMPLETE),
    ),
    "core refused": (
        "streaming",
        [*HELD, result(case("c", "streaming"), Outcome.UNSUPPORTED)],
        {},
        (FAILS, FAILS),
    ),
    "optional refused, nothing claimed": (
        "tools",
        [*HELD, result(case("c", "tools"), Outcome.UNSUPPORTED)],
        {},
        (NOT_CLAIMED, CONFORMS),
    ),
    "optional refused, though claimed": (
        "tools",
        [*HELD, result(case("c", "tools"), Outcome.UNSUPPORTED)],
        {"claims": ("tools",)},
        (FAILS, FAILS),
    ),
    "claimed, but refused for something else": (
        "tools",
        [
            *HELD,
            result(case("c", "tools"), states={"arguments": "held"}),
            result(case("d", "tools", "vision"), Outcome.UNSUPPORTED),
        ],
        {"claims": ("tools",)},
        (CONFORMS, CONFORMS),
    ),
    "claims without it": (
        "tools",
        [*HELD, unsent(case("c", "tools"), Outcome.NOT_APPLICABLE, "not claimed")],
        {"claims": ()},
        (NOT_CLAIMED, CONFORMS),
    ),
    "claimed and inconclusive": (
        "tools",
        [*HELD, result(case("c", "tools"), Outcome.INCONCLUSIVE, states={"arguments": "inconclusive"})],
        {"claims": ("tools",)},
        (INCOMPLETE, INCOMPLETE),
    ),
    "asked by default and inconclusive": (
        "tools",
        [*HELD, result(case("c", "tools"), Outcome.INCONCLUSIVE, states={"arguments": "inconclusive"})],
        {},
        (INCOMPLETE, CONFORMS),
    ),
    "asked by default and wrong": (
        "tools",
        [*HELD, result(case("c", "tools"), Outcome.FAIL, states={"arguments": "violated"})],
        {},
        (FAILS, FAILS),
    ),
    "never asked": ("vision", HELD, {}, (NOT_CLAIMED, CONFORMS)),
}


@pytest.mark.parametrize("name", RULES)
def test_a_profile_gets_the_verdict_of_its_rule(name: str) -> None:
    profile, results, circumstances, expected = RULES[name]
    assert verdict(profile, results, **circumstances) == expected


def test_a_violation_outranks_what_held_and_what_held_outranks_what_was_not_seen() -> None:
    states = [result(case(str(number)), states={"id": state}) for number, state in enumerate(("inconclusive", "held"))]
    assert merged(states) == {"t.id": State.HELD}
    assert merged([*states, result(case("x"), states={"id": "violated"}), *states]) == {"t.id": State.VIOLATED}


def test_excluded_requirements_are_not_counted() -> None:
    core = card().profiles[0]
    assert core.counts["MUST"] == {"held": ("t.body",), "violated": ("t.id",), "inconclusive": (), "untested": ()}


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("/choices/0/index", "/choices/*/index"),
        ("/choices/10", "/choices/*"),
        ("event[3]/choices/0/delta", "event[*]/choices/*/delta"),
        ("byte[17]", "byte[*]"),
        ("header:x-1", "header:x-1"),
        ("/o1/2x", "/o1/2x"),
        ("", ""),
    ],
)
def test_numbers_in_places_are_normalised(where: str, place: str) -> None:
    assert normalised(where) == place


def test_what_a_model_said_is_no_part_of_the_kind() -> None:
    assert kind("at most 5 tokens and 'so \"on'") == kind("at most 12 tokens and 'else'") == "at most * tokens and *"
    assert (
        kind("'it\\'s so' as in openai-chat.plain.short[\"a b\"]") == kind("'else' as in openai-chat.x") == "* as in *"
    )
    assert kind("one of ['a', 'b']") == kind("one of ['a']") == "one of [*]"
    assert kind("the schema's own order, not the server's") == "the schema's own order, not the server's"


def test_a_signature_stays_what_it_is() -> None:
    assert signature(finding("id", "a string id", "x", "/id")) == "79929605c369"


def _results(*rows: tuple[Case, tuple[str, ...]]) -> list[Result]:
    return [
        result(asked, Outcome.FAIL, *(finding(name, where=f"event[{n}]") for n, name in enumerate(names)))
        for asked, names in rows
    ]


def test_findings_are_grouped_and_the_gravest_and_widest_come_first() -> None:
    rows = contract(requirement("a"), requirement("b"), requirement("c", Level.SHOULD), requirement("d"))
    found = violations(
        _results(
            (case("1"), ("c", "b", "b")),
            (case("2"), ("c", "d", "a")),
            (case("3"), ("c", "a")),
        ),
        [rows],
    )
    assert [(each.requirement.id, each.cases, each.count) for each in found] == [
        ("t.a", ("t.2", "t.3"), 2),
        ("t.b", ("t.1",), 2),
        ("t.d", ("t.2",), 1),
        ("t.c", ("t.1", "t.2", "t.3"), 3),
    ]
    assert [(name, number, each.where) for name, number, each in found[0].samples] == [
        ("t.2", 1, "event[2]"),
        ("t.3", 1, "event[1]"),
    ]


def test_what_a_run_cost_is_added_up() -> None:
    made = card()
    assert (made.requests, made.seconds, made.prompt_tokens, made.completion_tokens) == (8, 372.0, 12_345, 678)
    assert score(HELD, [contract()], run(started="")).seconds == 0.5
