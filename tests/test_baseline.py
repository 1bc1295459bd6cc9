"""
The baseline's table, a test for each row; and the file: what is refused, with its line, and how it is edited.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.contract import baselines
from conformance.errors import FileError
from conformance.model import Baseline, Disposition, Entry, Level, Outcome, Scorecard
from conformance.report import baseline_text
from conformance.report.baseline import prunable, stand, tally
from conformance.report.exits import decide
from conformance.report.scorecard import score
from tests.report_fixture import HOSTILE, case, contract, finding, requirement, result, run, unsent

TODAY = "2026-11-23"
CONTRACT = contract(
    requirement("index"),
    requirement("usage", Level.SHOULD),
    requirement("extra", Level.MAY),
    requirement("framing", profile="streaming"),
)
PLACE = "event[3]/choices/0/index"
FAILING = result(
    case("tools.one"), Outcome.FAIL, finding("index", where=PLACE), states={"index": "violated", "framing": "held"}
)
PASSING = result(case("tools.one"), states={"index": "held", "framing": "held"})
WARNED = result(case("tools.one"), Outcome.WARN, finding("usage"), states={"usage": "violated", "framing": "held"})
SILENT = result(case("tools.one"), states={"framing": "held"})
OPEN = result(
    case("tools.one"), Outcome.INCONCLUSIVE, states={"index": "inconclusive", "framing": "held"}, cause="model-choice"
)
OTHER = result(case("other"), states={"index": "held", "framing": "held", "usage": "held"})


def made(*results: Any, **more: Any) -> Scorecard:
    return score([*results, OTHER], [CONTRACT], run(**more))


def entry(name: str = "index", **more: Any) -> Entry:
    fields: dict[str, Any] = {
        "target": "globex",
        "cases": ("t.tools.one",),
        "where": "event[*]/choices/*/index",
        "kind": "an integer",
        "reason": "the gateway drops it",
        "added": "2026-10-01",
        "expires": "2026-12-30",
    }
    return Entry(requirement=f"t.{name}", **{**fields, **more})


SHOULD = entry("usage", where="", expect=("warn",))
INTERMITTENT = entry(expect=("fail", "pass"))


@pytest.mark.parametrize(
    ("seen", "known", "finding_is", "entry_is", "code"),
    [
        pytest.param(FAILING, (), "new", None, 1, id="a failure that no entry knows is new"),
        pytest.param(FAILING, (entry(),), "known", "known", 0, id="a failure that an entry knows is known"),
        pytest.param(WARNED, (SHOULD,), "known", "known", 0, id="a warning that an entry knows is known"),
        pytest.param(FAILING, (entry(expires="2026-11-22"),), "expired", "expired", 1, id="the day has passed"),
        pytest.param(FAILING, (entry(expires=TODAY),), "known", "known", 0, id="the last day still counts"),
        pytest.param(PASSING, (entry(),), None, "unexpected-pass", 4, id="it holds now: the entry is stale"),
        pytest.param(PASSING, (INTERMITTENT,), None, "known", 0, id="a known intermittent may hold"),
        pytest.param(FAILING, (INTERMITTENT,), "known", "known", 0, id="a known intermittent may fail"),
        pytest.param(SILENT, (entry(),), None, "unobserved", 0, id="it was not exercised"),
        pytest.param(OPEN, (entry(), INTERMITTENT), None, "unobserved", 3, id="it stayed inconclusive"),
        pytest.param(FAILING, (entry(expect=("warn",)),), "new", "unobserved", 1, id="worse than was accepted"),
        pytest.param(WARNED, (replace(SHOULD, expect=("fail",)),), "known", "known", 0, id="milder than was accepted"),
        pytest.param(FAILING, (entry(target="acme"),), "new", None, 1, id="another target's entry"),
    ],
)
def test_a_row_of_the_table(seen: Any, known: Any, finding_is: Any, entry_is: Any, code: int) -> None:
    card = made(seen)
    standing = stand(card, Baseline(path="b", entries=known), TODAY)
    assert next(iter(standing.findings.values()), None) == finding_is
    assert next((each for _, each in standing.entries), None) == entry_is
    assert decide(card, standing).code == code


@pytest.mark.parametrize(
    ("change", "matches"),
    [
        ({}, True),
        ({"target": "glo*"}, True),
        ({"target": "*"}, True),
        ({"cases": ()}, True),
        ({"cases": ("t.tools.*",)}, True),
        ({"cases": ("t.tools.two", "t.tools.one")}, True),
        ({"where": None}, True),
        ({"kind": None}, True),
        ({"target": "acme"}, False),
        ({"target": "globe"}, False),
        ({"cases": ("t.tools",)}, False),
        ({"cases": ("t.tool[s].one",)}, False),
        ({"where": "event[*]/choices/*"}, False),
        ({"where": ""}, False),
        ({"kind": "a number"}, False),
        ({"requirement": "t.framing"}, False),
    ],
)
def test_an_entry_matches_what_it_says_and_nothing_else(change: dict[str, Any], matches: bool) -> None:
    card = made(FAILING)
    standing = stand(card, Baseline(path="b", entries=(replace(entry(), **change),)), TODAY)
    assert list(standing.findings.values()) == ["known" if matches else "new"]


def test_numbers_of_places_and_words_of_the_model_do_not_matter() -> None:
    again = result(
        case("tools.one"),
        Outcome.FAIL,
        finding("index", observed='"seven"', where="event[9]/choices/12/index"),
        states={"index": "violated"},
    )
    assert list(stand(made(again), Baseline(path="b", entries=(entry(),)), TODAY).findings.values()) == ["known"]


def test_what_the_contract_leaves_open_is_nothing_to_a_gate() -> None:
    card = made(result(case("a"), Outcome.INFO, finding("extra"), states={"extra": "violated"}))
    standing = stand(card, Baseline(path="b"), TODAY)
    assert (dict(standing.findings), decide(card, standing).code) == ({}, 0)


def test_one_more_case_of_a_known_violation_is_new() -> None:
    second = replace(FAILING, case=case("tools.two"))
    card = made(FAILING, second)
    standing = stand(card, Baseline(path="b", entries=(entry(),)), TODAY)
    assert {key[1]: each for key, each in standing.findings.items()} == {"t.tools.one": "known", "t.tools.two": "new"}
    assert tally(card, standing)[Disposition.NEW] == 1
    assert decide(card, standing).reason == "1 new violation: t.index"


@pytest.mark.parametrize(
    ("cases", "results", "said"),
    [
        (("t.tools.one", "t.tools.two"), [PASSING], "unobserved"),
        (("t.tools.*",), [PASSING, unsent(case("tools.two"), Outcome.NOT_RUN, "interrupted")], "unobserved"),
        (("t.tools.*",), [PASSING, replace(SILENT, case=case("tools.two"))], "unexpected-pass"),
        ((), [PASSING], "unexpected-pass"),
    ],
)
def test_an_entry_is_stale_only_when_all_that_it_names_held(cases: Any, results: Any, said: str) -> None:
    ((_, disposition),) = stand(made(*results), Baseline(path="b", entries=(entry(cases=cases),)), TODAY).entries
    assert disposition == said


def test_an_entry_is_not_stale_when_its_requirement_breaks_elsewhere() -> None:
    elsewhere = result(case("tools.one"), Outcome.FAIL, finding("index", where="/index"), states={"index": "violated"})
    standing = stand(made(elsewhere), Baseline(path="b", entries=(entry(),)), TODAY)
    assert (list(standing.findings.values()), standing.entries[0][1]) == (["new"], "unobserved")


def test_a_refusal_that_is_expected_is_known() -> None:
    refused = result(case("tools.one", "tools"), Outcome.UNSUPPORTED, cause="refused", states={})
    card = made(refused)
    standing = stand(card, Baseline(path="b", entries=(entry(expect=("unsupported",)),)), TODAY)
    assert (standing.entries[0][1], decide(card, standing).code) == ("known", 0)


R = "openai-chat.stream.done"
ROW = f"version: 1\nentries:\n  - requirement: {R}\n    reason: r\n    expires: 2027-01-01\n"


@pytest.mark.parametrize(
    ("text", "line", "problem", "remedy"),
    [
        ("entries: []\n", 1, '"version" is a required property', ""),
        ("version: 2\nentries: []\n", 1, "1 was expected", ""),
        (ROW + "    reasn: x\n", 6, "unknown key 'reasn'", "Did you mean reason?"),
        (ROW.replace("    reason: r\n", ""), 3, '"reason" is a required property', ""),
        (ROW.replace("    expires: 2027-01-01\n", ""), 3, '"expires" is a required property', ""),
        (ROW.replace("done", "dnoe"), 3, "there is no requirement 'openai-chat.stream.dnoe'", f"Did you mean {R}?"),
        (ROW.replace(R, '"*"'), 3, "'*' is wider than one requirement", "Write one entry for each."),
        (
            ROW.replace(R, "openai-chat.stream"),
            3,
            "'openai-chat.stream' is wider than one",
            "Write one entry for each.",
        ),
        (ROW.replace(R, '"openai-chat.*"'), 3, "'openai-chat.*' is wider than one requirement", "Write one entry"),
        (ROW + "    where: /choices/0/index\n", 6, "a place has * for its numbers", "Write /choices/*/index"),
        (ROW + '    where: "*"\n', 6, "* is no place", "Leave where out"),
        (ROW + "    expect: [pass]\n", 6, "", ""),
        (ROW + "    expect: broken\n", 6, "", ""),
        (ROW.replace("2027-01-01", "tomorrow"), 5, "'tomorrow' is no day", "Write a day as 2027-02-21."),
        (ROW.replace("2027-01-01", "2027-02-30"), 5, "'2027-02-30' is no day", ""),
        (ROW + "    added: 2027-01-02\n", 5, "the entry expires before it was added", ""),
        (ROW.replace("reason: r", 'reason: " "'), 4, "the reason is empty", ""),
        (ROW + '    id: "00000000"\n', 6, "the id is not that of what the entry matches", "The entry was edited"),
        (ROW + ROW.partition("entries:\n")[2], 6, "the entry of line 3 stands here again", "Remove one of them."),
        ("version: 1\nentries:\n  - &a x\n", 3, "anchors, aliases and tags are not allowed", ""),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_line(text: str, line: int, problem: str, remedy: str) -> None:
    with pytest.raises(FileError) as caught:
        baselines.parse(text, "b.yaml")
    assert caught.value.line == line
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy


def test_a_file_that_is_not_there_is_an_error_and_stays_away(tmp_path: Path) -> None:
    (tmp_path / "baseline.yaml").write_text(baseline_text.EMPTY)
    with pytest.raises(FileError, match=r"there is no such baseline\n  Did you mean .*baseline\.yaml\?"):
        baselines.load(tmp_path / "baselin.yaml")
    assert [each.name for each in tmp_path.iterdir()] == ["baseline.yaml"]


def test_a_baseline_that_accepts_nothing_can_be_read() -> None:
    assert baselines.parse(baseline_text.EMPTY, "b").entries == ()
    assert baselines.parse("version: 1\nentries:\n", "b").entries == ()


def _file(*entries: Entry, text: str = baseline_text.EMPTY) -> str:
    return baseline_text.with_entries(text, "b", entries)


REAL = replace(entry(), requirement=R, cases=("openai-chat.stream.plain", 'x["a: #\u202e\n"]'), issue="https://e.x/1")


def test_what_is_written_reads_back_the_same() -> None:
    hostile = replace(REAL, target=HOSTILE.replace("\ud800", ""), where='/a"b/*', kind="yes", reason="null: - # x")
    plain = replace(hostile, cases=("openai-chat.stream.plain",), expect=("fail", "pass"), issue="")
    read = baselines.parse(_file(hostile, plain), "b").entries
    assert [replace(each, line=0) for each in read] == [hostile, plain]


def test_an_update_accepts_what_was_seen_and_nothing_wider() -> None:
    card = made(FAILING, replace(FAILING, case=case("tools.two")), target="acme")
    standing = stand(card, Baseline(path="b"), TODAY)
    made_of = {"reason": "r", "issue": "", "today": TODAY, "expires": "2027-02-21"}
    (added,) = baseline_text.entries_of(card, standing, **made_of)
    assert added == entry(
        target="acme", cases=("t.tools.one", "t.tools.two"), reason="r", added=TODAY, expires="2027-02-21"
    )
    after = stand(card, Baseline(path="b", entries=(added,)), TODAY)
    assert set(after.findings.values()) == {"known"}
    assert baseline_text.entries_of(card, after, **made_of) == ()


def test_an_update_marks_what_failed_only_sometimes() -> None:
    held = replace(FAILING.attempts[0], findings=(), states=PASSING.states)
    card = made(replace(FAILING, attempts=(FAILING.attempts[0], held)))
    (added,) = baseline_text.entries_of(
        card, stand(card, Baseline(path="b"), TODAY), reason="r", issue="", today=TODAY, expires="2027-02-21"
    )
    assert added.expect == ("fail", "pass")


HAND = f"""\
# ours
version: 1
entries:   # by hand
- requirement: {R}
  # why
  reason: >
    # not a comment
    folded
  expires: 2027-01-01

# about the second
- requirement: openai-chat.stream.closes
  reason: b
  expires: 2027-01-01
# the end
"""


def test_entries_are_added_and_removed_without_touching_another_line() -> None:
    longer = _file(REAL, text=HAND)
    known = baselines.parse(longer, "b").entries
    assert [each.requirement for each in known] == [R, "openai-chat.stream.closes", R]
    assert baseline_text.without(longer, "b", [known[2]]) == HAND
    shorter = baseline_text.without(longer, "b", known[:2])
    assert [replace(each, line=0) for each in baselines.parse(shorter, "b").entries] == [REAL]
    assert re.findall("#.*", shorter)[:3] == ["# ours", "# by hand", "# about the second"]


def test_a_file_without_its_last_entry_is_an_empty_baseline() -> None:
    full = _file(REAL)
    assert baseline_text.without(full, "b", baselines.parse(full, "b").entries) == baseline_text.EMPTY


def test_entries_in_one_line_cannot_be_edited() -> None:
    text = f'version: 1\nentries: [{{requirement: {R}, reason: r, expires: "2027-01-01"}}]\n'
    with pytest.raises(FileError, match="not written in lines of their own"):
        _file(REAL, text=text)
    with pytest.raises(FileError, match="does not begin a line of its own"):
        baseline_text.without(text, "b", baselines.parse(text, "b").entries)


@pytest.mark.parametrize(
    ("seen", "pruned"),
    [
        ([FAILING, PASSING], True),
        ([PASSING, FAILING], False),
        ([PASSING, SILENT], True),
        ([SILENT, SILENT], False),
        ([SILENT, SILENT, SILENT], True),
        ([FAILING, SILENT, SILENT, SILENT], False),
    ],
)
def test_an_entry_is_pruned_when_it_has_nothing_left_to_say(seen: list[Any], pruned: bool) -> None:
    known = Baseline(path="b", entries=(entry(),))
    gone = prunable([stand(made(each), known, TODAY) for each in seen], 3)
    assert gone == (known.entries if pruned else ())


def test_cases_that_do_not_exist_are_found() -> None:
    known = Baseline(
        path="b", entries=(replace(REAL, cases=("openai-chat.*", "openai-chat.stream.plian", "own.case")),)
    )
    ((_, pattern, near),) = baselines.unknown_cases(known, ["own.case"])
    assert (pattern, near.startswith("openai-chat.stream.")) == ("openai-chat.stream.plian", True)


ANYTHING = st.text(st.characters(exclude_categories=()), max_size=12)


@given(st.lists(st.tuples(ANYTHING, ANYTHING, ANYTHING), min_size=1, max_size=4), ANYTHING, ANYTHING)
def test_whatever_a_run_saw_an_update_accepts_it_and_the_file_reads_back(
    seen: list[tuple[str, str, str]], target: str, reason: str
) -> None:
    rows = contract(replace(requirement("index"), id=R))
    broken = [
        result(
            case(f"{number}{name}"),
            Outcome.FAIL,
            replace(finding("index", expected, where=where), requirement=R),
            states={},
        )
        for number, (name, expected, where) in enumerate(seen)
    ]
    card = score(broken, [rows], run(target=target))
    fields = {"reason": f"r {reason}", "issue": reason, "today": TODAY, "expires": "2027-02-21"}
    added = baseline_text.entries_of(card, stand(card, Baseline(path="b"), TODAY), **fields)
    text = _file(*added)
    text.encode()
    known = baselines.parse(text, "b")
    assert set(stand(card, known, TODAY).findings.values()) == {"known"}
    assert baseline_text.without(text, "b", known.entries) == baseline_text.EMPTY
