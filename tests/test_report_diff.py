"""
What changed between two runs, or between a run and its baseline: every kind of change, and every view of it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from conformance.model import Attempt, Baseline, Entry, Outcome, Result, Scorecard, State
from conformance.report import diff_text
from conformance.report.baseline import stand
from conformance.report.diff import Changes, against, between
from conformance.report.scorecard import score
from tests.report_fixture import HOSTILE, case, contract, exchange, finding, result, run, unsent
from tests.test_report_formats import RAW


def broken(name: str = "a", where: str = "/x", **more: Any) -> Result:
    states = {"index": "violated", "framing": "held"}
    return result(case(name), Outcome.FAIL, finding("index", where=where), states=states, **more)


def holding(name: str = "a") -> Result:
    return result(case(name), states={"index": "held", "framing": "held"})


def silent(name: str = "a") -> Result:
    return result(case(name), states={"framing": "held"})


def sometimes(name: str = "a") -> Result:
    bad = Attempt(exchange=exchange(), findings=(finding("index", where="/x"),), states={"t.index": State.VIOLATED})
    good = Attempt(exchange=exchange(), states={"t.index": State.HELD})
    return Result(case=case(name), outcome=Outcome.FAIL, attempts=(bad, good, good), states={"t.index": State.VIOLATED})


def made(*results: Result, **more: Any) -> Scorecard:
    return score(results, [contract()], run(**more))


def rows(changes: Changes) -> list[tuple[str, str, tuple[str, ...], str]]:
    return [(row.change.value, row.requirement.id, row.cases, row.note) for row in changes.rows]


@pytest.mark.parametrize(
    ("before", "after", "change", "note"),
    [
        (holding(), broken(), "new", ""),
        (silent(), broken(), "new", ""),
        (holding(), sometimes(), "new", "in 1 of 3 attempts"),
        (broken(), broken(), "known", ""),
        (broken(), broken(where="/x"), "known", ""),
        (sometimes(), sometimes(), "known", "in 1 of 3 attempts"),
        (broken(), sometimes(), "flaky", "in 1 of 3 attempts"),
        (broken(), holding(), "fixed", ""),
        (broken(), silent(), "unobserved", ""),
        (broken(), unsent(case("a"), Outcome.NOT_RUN, "budget"), "unobserved", ""),
    ],
)
def test_a_violation_changes_in_one_way(before: Result, after: Result, change: str, note: str) -> None:
    assert rows(between(made(before), made(after))) == [(change, "t.index", ("t.a",), note)]


def test_a_violation_that_moved_is_new_there_and_not_fixed_here() -> None:
    assert rows(between(made(broken()), made(broken(where="/y")))) == [
        ("new", "t.index", ("t.a",), ""),
        ("unobserved", "t.index", ("t.a",), "violated elsewhere now"),
    ]


def test_cases_that_change_alike_stand_together() -> None:
    before = made(broken("a"), broken("b"), holding("c"), holding("d"))
    after = made(holding("a"), broken("b"), broken("c"), broken("d"))
    assert rows(between(before, after)) == [
        ("new", "t.index", ("t.c", "t.d"), ""),
        ("fixed", "t.index", ("t.a",), ""),
        ("known", "t.index", ("t.b",), ""),
    ]


def test_runs_that_do_not_compare_say_so() -> None:
    before = made(holding("a"), holding("old"), contracts=(("t", "1", "x"),))
    after = made(holding("a"), holding("new"), target="acme", model="m2", contracts=(("t", "2", "y"),), complete=False)
    changes = between(before, after)
    assert [note.split(":")[0] for note in changes.notes] == [
        "two targets",
        "two models, m-large and m2",
        "two versions of the contract",
        "the later run was not finished",
    ]
    assert (changes.added, changes.removed, changes.same) == (("t.new",), ("t.old",), 2)


def test_verdicts_stand_side_by_side() -> None:
    steps = between(made(holding()), made(broken())).steps
    changed = [(step.profile, step.before, step.after) for step in steps if step.before is not step.after]
    assert changed == [("streaming", "conforms", "does-not-conform")]


def test_a_run_against_its_baseline() -> None:
    entries = tuple(
        Entry(requirement=name, reason="r", added="", expires=day, cases=cases, line=line)
        for name, day, cases, line in [
            ("t.index", "2027-01-01", ("t.a",), 1),
            ("t.index", "2026-01-01", ("t.b",), 2),
            ("t.framing", "2027-01-01", ("t.c",), 3),
            ("t.id", "2027-01-01", (), 4),
        ]
    )
    card = made(broken("a"), broken("b"), broken("c"))
    changes = against(card, stand(card, Baseline(path="f", entries=entries), "2026-11-23"))
    assert rows(changes) == [
        ("new", "t.index", ("t.c",), ""),
        ("expired", "t.index", ("t.b",), "until 2026-01-01: r"),
        ("unexpected-pass", "t.framing", ("t.c",), "until 2027-01-01: r"),
        ("known", "t.index", ("t.a",), "until 2027-01-01: r"),
        ("unobserved", "t.id", (), "until 2027-01-01: r"),
    ]


def hostile() -> Changes:
    bad = replace(broken(HOSTILE), attempts=(broken(HOSTILE).attempts[0],))
    return between(made(holding(HOSTILE), target=HOSTILE), made(bad, model=HOSTILE))


def test_the_text_says_what_changed_and_where() -> None:
    text = diff_text.text(between(made(broken("a"), holding("b")), made(holding("a"), broken("b", where="/n"))))
    assert text.splitlines() == [
        "globex m-large (2026-11-23 14:02)  →  globex m-large (2026-11-23 14:02)",
        "1 new · 1 fixed · 2 the same",
        "✗ new             MUST t.index, 1 case: t.b",
        "    now: expected an integer, got nothing at /n",
        "✓ fixed           MUST t.index, 1 case: t.a",
        "    was: expected an integer, got nothing at /x",
    ]


def test_nothing_changed_is_said() -> None:
    assert "nothing changed" in diff_text.text(between(made(), made()))


def test_the_json_counts_and_names_every_change() -> None:
    found = json.loads(json.dumps(diff_text.document(between(made(broken()), made(sometimes())))))
    assert found["counts"] == {
        **dict.fromkeys(("new", "expired", "unexpected-pass", "fixed", "known", "unobserved", "same"), 0),
        "flaky": 1,
    }
    (change,) = found["changes"]
    assert (change["requirement"], change["before"]["where"], change["after"]["where"]) == ("t.index", "/x", "/x")


@pytest.mark.parametrize("render", [diff_text.text, diff_text.markdown])
def test_no_view_lets_a_raw_control_character_through(render: Any) -> None:
    assert RAW.search(render(hostile())) is None


def test_markdown_is_inert() -> None:
    outside = diff_text.markdown(hostile()).split("```")[0]
    for active in ("<script", "<img", "@everyone", "#123", "](", "**b**", "www."):
        assert active not in outside
    many = [broken(f"c{n}", where=f"/p{'x' * n}") for n in range(50)]
    assert "and 10 more changes" in diff_text.markdown(between(made(), made(*many)))
