"""
The table of exit codes, a test for each row, and the precedence, a test for each pair.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from conformance.errors import CheckCrashed, NoVerdict, SecretLeak, UsageError
from conformance.model import Disposition, Entry, Level, Outcome, Scorecard, Standing
from conformance.report.exits import REFUSAL, Exit, Stale, Tolerance, decide, refused, worst
from conformance.report.scorecard import score
from tests.report_fixture import case, contract, finding, requirement, result, run, unsent

CONTRACT = contract(
    requirement("body"),
    requirement("usage", Level.SHOULD),
    requirement("extra", Level.MAY),
    requirement("framing", profile="streaming"),
    requirement("index", profile="tools"),
)
GOOD = (
    result(case("plain.good"), states={"body": "held", "usage": "held"}),
    result(case("stream.good", "streaming"), states={"framing": "held"}),
)
BROKEN = result(case("plain.bad"), Outcome.FAIL, finding("body"), states={"body": "violated"})
LIGHT = result(case("plain.light"), Outcome.WARN, finding("usage"), states={"usage": "violated"})
OPEN = result(case("tools.call", "tools"), Outcome.INCONCLUSIVE, states={"index": "inconclusive"}, cause="model-choice")
SPENT = unsent(case("plain.late"), Outcome.NOT_RUN, "budget: 10 requests")
UNCLAIMED = unsent(case("tools.call", "tools"), Outcome.NOT_APPLICABLE, "not claimed")
LOST = tuple(result(case(f"plain.lost{n}"), Outcome.INCONCLUSIVE, states={}, cause="rate-limit") for n in range(2))


def made(*results: Any, **more: Any) -> Scorecard:
    return score(results, [CONTRACT], run(**more))


def standing(card: Scorecard, disposition: Disposition, *, gone: Disposition = Disposition.KNOWN) -> Standing:
    entry = Entry(requirement="t.index", reason="r", added="2026-01-01", expires="2026-02-01")
    found = {(each.signature, name): disposition for each in card.violations for name in each.cases}
    return Standing(findings=found, entries=((entry, gone),))


@pytest.mark.parametrize(
    ("card", "options", "code", "reason"),
    [
        (made(*GOOD), {}, 0, "conforms"),
        (made(*GOOD, LIGHT), {}, 0, "conforms, with warnings"),
        (made(*GOOD, BROKEN), {}, 1, "1 violation: t.body"),
        (made(*GOOD, LIGHT), {"fail_on": Level.SHOULD}, 1, "1 violation: t.usage"),
        (made(*GOOD, OPEN), {}, 0, "conforms"),
        (made(*GOOD, OPEN, claims=("tools",)), {}, 3, "no verdict on Tool calling: incomplete"),
        (made(*GOOD, OPEN), {"requested": ["tools"]}, 3, "no verdict on Tool calling: incomplete"),
        (made(*GOOD, trouble="unreachable"), {}, 3, "no verdict: the target cannot be reached"),
        (made(*GOOD, trouble="auth"), {}, 3, "no verdict: credentials refused"),
        (made(*GOOD, SPENT), {}, 3, "no verdict: the budget was spent before 1 case"),
        (made(*GOOD, complete=False), {}, 3, "no verdict: the run was not finished"),
        (made(*LOST), {}, 3, "no verdict: 2 cases undecided, none decided"),
        (made(*GOOD, *LOST), {"tolerance": Tolerance(number=1)}, 3, "no verdict: 2 of 4 cases undecided, 1 allowed"),
        (made(*GOOD, *LOST), {"tolerance": Tolerance(percent=50)}, 0, "conforms"),
        (made(), {}, 5, "nothing was tested: no case was chosen"),
        (made(UNCLAIMED), {}, 5, "nothing was tested"),
        (made(*GOOD, UNCLAIMED, claims=()), {"requested": ["tools"]}, 5, "nothing was tested of Tool calling"),
        (made(*GOOD), {"interrupted": True}, 130, "interrupted; what had come by then was written"),
    ],
)
def test_a_run_ends_with_its_code(card: Scorecard, options: dict[str, Any], code: int, reason: str) -> None:
    assert decide(card, **options) == Exit(code, reason)


@pytest.mark.parametrize(
    ("seen", "gone", "options", "code", "reason"),
    [
        (Disposition.KNOWN, Disposition.KNOWN, {}, 0, "the gate holds: 1 known finding"),
        (Disposition.NEW, Disposition.KNOWN, {}, 1, "1 new violation: t.body"),
        (Disposition.EXPIRED, Disposition.EXPIRED, {}, 1, "1 expired violation: t.body"),
        (Disposition.KNOWN, Disposition.UNOBSERVED, {}, 0, "the gate holds: 1 known finding"),
        (
            Disposition.KNOWN,
            Disposition.UNEXPECTED_PASS,
            {},
            4,
            "1 stale entry in the baseline, which now hold: t.index",
        ),
        (Disposition.KNOWN, Disposition.UNEXPECTED_PASS, {"stale": Stale.WARN}, 0, "the gate holds: 1 known finding"),
        (Disposition.NEW, Disposition.UNEXPECTED_PASS, {}, 1, "1 new violation: t.body"),
    ],
)
def test_a_gate_ends_with_its_code(
    seen: Disposition, gone: Disposition, options: dict[str, Any], code: int, reason: str
) -> None:
    card = made(*GOOD, BROKEN)
    assert decide(card, standing(card, seen, gone=gone), **options) == Exit(code, reason)


def test_a_gate_tolerates_a_twentieth_undecided() -> None:
    few, many = made(*[*GOOD] * 20, *LOST), made(*[*GOOD] * 10, *LOST)
    assert [decide(each, standing(each, Disposition.NEW)).code for each in (few, many)] == [0, 3]


def test_usage_errors_and_our_own_bugs_carry_their_codes() -> None:
    ours = [CheckCrashed("c", "k", ValueError()), SecretLeak("f"), NoVerdict("p", "r"), UsageError("u")]
    assert [each.exit_code for each in ours] == [70, 70, 3, 2]


@pytest.mark.parametrize(("first", "second"), [*itertools.combinations((2, 70, 130, 1, 3, 4, 5, 0), 2)])
def test_of_two_codes_the_graver_counts(first: int, second: int) -> None:
    exits = [Exit(second, "b"), Exit(first, "a")]
    assert worst(exits) == worst(exits[::-1]) == Exit(first, "a")


@pytest.mark.parametrize(
    ("results", "more", "gone", "code"),
    [
        ((*GOOD, BROKEN), {"trouble": "unreachable"}, Disposition.UNEXPECTED_PASS, 1),
        ((UNCLAIMED, BROKEN), {"claims": ("tools",)}, Disposition.KNOWN, 1),
        (GOOD, {"trouble": "unreachable"}, Disposition.UNEXPECTED_PASS, 3),
        ((), {"trouble": "unreachable"}, Disposition.KNOWN, 3),
        ((), {}, Disposition.UNEXPECTED_PASS, 4),
    ],
)
def test_a_run_with_several_troubles_ends_with_the_graver(
    results: Any, more: dict[str, Any], gone: Disposition, code: int
) -> None:
    card = made(*results, **more)
    assert decide(card, standing(card, Disposition.NEW, gone=gone)).code == code


def test_a_claimed_feature_that_is_refused_fails_unless_the_baseline_knows_it() -> None:
    missing = result(case("tools.call", "tools"), Outcome.UNSUPPORTED, cause="refused")
    card = made(*GOOD, missing, claims=("tools",))
    assert refused(card) == (missing,)
    assert decide(card) == Exit(1, "1 violation: t.tools.call was refused")
    assert decide(card, Standing(findings={(REFUSAL, "t.tools.call"): Disposition.KNOWN})).code == 0


@pytest.mark.parametrize("text", ["-1", "101%", "many", "", "nan%"])
def test_a_tolerance_that_cannot_be_read_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="Write 12 or 5%"):
        Tolerance.read(text)


def test_a_tolerance_is_a_number_or_a_share() -> None:
    assert [str(Tolerance.read(each)) for each in ("12", "5%", " 2.5% ")] == ["12", "5%", "2.5%"]
    assert [Tolerance.read("5%").allows(count, 40) for count in (2, 3)] == [True, False]
