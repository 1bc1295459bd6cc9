"""
Targets side by side: what differs and what does not, in given order and without a winner; as page, data and summary.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from conformance.model import Scorecard, State
from conformance.report import (
    alike,
    compare,
    compare_data,
    compare_html,
    compare_markdown,
    compare_words,
    packing,
    shared,
)
from conformance.report.compare import Cell, Mark
from conformance.report.scorecard import score
from conformance.report.views import CaseView, Facts
from tests.compare_fixture import acme, columns, comparison, globex, initech, recorded
from tests.report_fixture import HOSTILE, case, contract, result, run
from tests.test_report_formats import RAW
from tests.test_report_html import _opened, _Page, _view, views

SCHEMA = json.loads((Path(__file__).parent.parent / "schemas/report/comparison.json").read_text())
PLAIN = comparison("x")


def _views(made: compare.Comparison) -> compare_html.Views:
    known = [views(column.card) for column in made.columns]
    return lambda target, case: known[target][case]


HOSTILE_MADE = comparison()
PAGES = compare_html.pages(HOSTILE_MADE, _views(HOSTILE_MADE))
TEXT = PAGES["compare.html"]
PAGE = _Page(TEXT)


def _marks(made: compare.Comparison = PLAIN) -> dict[str, list[str]]:
    return {row.requirement.id: [cell.mark.value for cell in row.cells] for row in made.rows}


def test_every_requirement_has_a_mark_for_every_target() -> None:
    assert _marks() == {
        "t.body": ["held", "held", "untested"],
        "t.id": ["held", "violated", "held"],
        "t.usage": ["held", "not met", "untested"],
        "t.extra": ["untested", "untested", "otherwise"],
        "t.framing": ["held", "held", "held"],
        "t.index": ["held", "violated", "untested"],
        "t.arguments": ["held", "inconclusive", "unsupported"],
        "t.strict": ["untested", "untested", "untested"],
        "t.images": ["untested", "untested", "untested"],
    }


def test_what_was_not_decided_is_no_difference() -> None:
    assert {row.requirement.id for row in PLAIN.rows if row.differs} == {"t.id", "t.usage", "t.index", "t.arguments"}
    assert {row.requirement.id for row in PLAIN.rows if row.broken} == {"t.id", "t.usage", "t.index"}


def test_what_is_partial_says_how_much_and_has_a_note() -> None:
    row = next(row for row in PLAIN.rows if row.requirement.id == "t.id")
    assert row.cells == (Cell(Mark.HELD, 0, 2), Cell(Mark.VIOLATED, 1, 2), Cell(Mark.HELD, 0, 1))
    assert [compare_words.words(cell, row.note) for cell in row.cells] == ["✓ held", "✗ violated 1/2 ¹", "✓ held"]
    assert compare_words.notes(PLAIN) == [(1, "t.id", "globex x 1 of 2 cases: expected a string id, got x at /id")]
    whole = next(row for row in PLAIN.rows if row.requirement.id == "t.index")
    assert (whole.note, compare_words.words(whole.cells[1])) == (0, "✗ violated 1/1")


def test_columns_keep_their_order_whatever_the_verdicts() -> None:
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        made = compare.compare([columns("x")[n] for n in order])
        assert [column.name for column in made.columns] == [columns("x")[n].name for n in order]
        assert [cell.mark.value for row in made.rows if row.requirement.id == "t.id" for cell in row.cells] == [
            ["held", "violated", "held"][n] for n in order
        ]


def test_claims_that_were_not_made_are_said() -> None:
    claimed = score([result(case("a"), states={"id": "held"})], [contract()], run(claims=("tools",)))
    made = compare.compare([compare.Column(name="a", card=claimed, facts=Facts()), columns("x")[0]])
    assert (_marks(made)["t.strict"][0], _marks(made)["t.arguments"][0]) == ("not claimed", "untested")


def test_a_finding_shows_the_case_that_most_violate_and_everyone_elses_answer_to_it() -> None:
    found = {each.requirement.id: each for each in PLAIN.findings}
    assert list(found) == ["t.id", "t.index", "t.usage", "t.extra"]
    assert [(side.target, side.case, side.same, side.state) for side in found["t.index"].sides] == [
        (0, "t.stream.index", True, State.HELD),
        (1, "t.stream.index", True, State.VIOLATED),
        (2, "t.stream.index", True, None),
    ]
    assert (found["t.id"].held, dict(found["t.id"].cases)) == ((0, 2), {1: 1})


def test_targets_that_were_asked_differently_show_their_own_nearest_case() -> None:
    other = score([result(case("own"), states={"id": "held"})], [contract()], run(target="other"))
    sides = next(each for each in shared.of([globex("x"), other]) if each.requirement.id == "t.id").sides
    assert [(side.target, side.case, side.same) for side in sides] == [(0, "t.plain.id", True), (1, "t.own", False)]


def _remarks(*cards: Scorecard) -> list[str]:
    return [remark.title for remark in alike.remarks([(f"t{n}", card) for n, card in enumerate(cards)])]


def test_what_makes_targets_less_comparable_is_said_first() -> None:
    assert _remarks(acme(), globex("x"), initech()) == [
        "Different models",
        "Not all were asked the same",
        "Not finished",
    ]
    assert _remarks(acme(), acme()) == []


@pytest.mark.parametrize(
    ("change", "title"),
    [
        ({"suite": "0.0.1"}, "Different versions of the suite asked"),
        ({"claims": ("tools",)}, "Different claims"),
        ({"started": "2026-12-30T00:00:00+00:00"}, "Tested at different times"),
        ({"model": "other"}, "Different models"),
        ({"complete": False}, "Not finished"),
    ],
)
def test_each_difference_of_circumstances_has_its_words(change: dict[str, Any], title: str) -> None:
    other = replace(acme(), run=replace(acme().run, **change))
    assert _remarks(acme(), other) == [title]


def test_other_contracts_other_cases_and_other_recorders_are_said() -> None:
    newer = replace(acme(), contracts=(replace(contract(), version="2027-01"),))
    assert _remarks(acme(), newer) == ["Different contracts"]
    own = score([result(case("own"), states={"id": "held"})], [contract()], run(target="other"))
    assert _remarks(acme(), own) == ["Nobody was asked the same"]
    assert _remarks(acme(), recorded(acme())) == ["Recorded by others"]


def test_a_summary_counts_and_names_no_winner() -> None:
    assert compare_words.headline(PLAIN) == "3 targets side by side: acme, globex x, initech"
    assert compare_words.detail(PLAIN) == (
        "Of 7 requirements that were decided for at least one target, 4 differ between targets and 3 are violated by at "
        "least one."
    )
    words = " ".join(PAGE.text.lower().split())
    for word in ("winner", "score:", "best", "worst", "rank "):
        assert word not in words.replace("nothing is ranked", "").replace("no ranking", "")


def test_the_data_keeps_its_published_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    made = json.loads(compare_data.render(HOSTILE_MADE))
    assert list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(made)) == []
    assert RAW.search(compare_data.render(HOSTILE_MADE).decode()) is None


def test_the_data_says_what_the_page_says() -> None:
    made: Any = compare_data.document(PLAIN)
    row = next(each for each in made["requirements"] if each["id"] == "t.id")
    assert row["targets"]["globex x"] == {"state": "violated", "violated": 1, "cases": 2}
    assert (row["differs"], [each["name"] for each in made["targets"]]) == (True, ["acme", "globex x", "initech"])
    assert made["extensions"][0]["targets"] == {"globex x": 2}
    assert made["pace"]["acme"]["first_token_seconds"] == {
        "n": 5,
        "min": 0.1,
        "p25": 0.2,
        "median": 0.3,
        "p75": 0.4,
        "p95": 0.48,
        "max": 0.5,
    }
    assert made["pace"]["initech"]["gap_seconds"] is None
    assert made["parameters"] == [
        {"contract": "t", "place": "/seed", "accepted": {"acme": 2, "globex x": 2}, "refused": {}},
        {"contract": "t", "place": "/stop", "accepted": {}, "refused": {"globex x": 1}},
    ]


def test_the_table_opens_in_a_spreadsheet_and_no_cell_is_a_formula() -> None:
    names = ['=HYPERLINK("http://evil")', "+1", "-1", "@SUM(A1)", "plain"]
    made = compare.compare([replace(columns("x")[0], name=name) for name in names])
    rows = list(csv.reader(io.StringIO(compare_data.table(made))))
    assert rows[0] == ["requirement", "level", "profile", "text", *(f"'{name}" for name in names[:4]), "plain"]
    assert rows[1][:3] == ["t.body", "MUST", "Core"] and len(rows) == 10
    assert list(csv.reader(io.StringIO(compare_data.table(PLAIN))))[2][5] == "violated 1 of 2"


def test_the_summary_is_inert_and_short() -> None:
    text = compare_markdown.render(HOSTILE_MADE, report="compare.html")
    assert RAW.search(text) is None and len(text.encode()) < 60 * 1024
    assert "<script>" not in text and "@everyone" not in text and "http://" not in text
    assert "| Core | ✓ conforms, 2/2 held | ✗ fails, 1/2 held | ? incomplete, 1/1 held |" in compare_markdown.render(
        PLAIN
    )


def test_many_targets_do_not_break_the_summary() -> None:
    made = compare.compare([replace(columns("x")[n % 3], name=f"target {n} " + "y" * 80) for n in range(60)])
    text = compare_markdown.render(made)
    assert "and 48 more targets, see the report." in text and len(text.encode()) <= 60 * 1024


@pytest.mark.parametrize(
    "words",
    [
        *("3 targets side by side", "Different models", "✗ violated 1/2 ¹", "? inconclusive", "— unsupported"),
        *("! not met 1/1", "Clients that read the index stop.", "Held by: acme, initech", "Order", "300 ms", "x_"),
        *("/seed", "acme (2), globex"),
    ],
)
def test_everything_that_matters_is_there_without_script(words: str) -> None:
    assert words in PAGE.text


def test_what_a_target_says_becomes_no_element_of_the_comparison() -> None:
    assert PAGE.open == []
    names = {name for _, attributes in PAGE.elements for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in ("style", "src", "srcdoc", "action")]
    assert {tag for tag, _ in PAGE.elements} & {"img", "link", "iframe", "object", "form"} == set()
    everything = TEXT + "".join(block.decode() for block in packing.opened(TEXT))
    assert RAW.search(everything) is None


def test_links_of_the_comparison_lead_to_what_is_there() -> None:
    ids = {attributes["id"] for _, attributes in PAGE.elements if "id" in attributes}
    links = {str(attributes["href"]) for tag, attributes in PAGE.elements if tag == "a"}
    assert {link[1:] for link in links if link.startswith("#")} <= ids
    assert "requirement-t.index" in ids and "#requirement-t.index" in links


def test_two_renderings_of_a_comparison_are_equal() -> None:
    made = comparison()
    assert compare_html.pages(made, _views(made)) == PAGES
    assert compare_data.render(made) == compare_data.render(HOSTILE_MADE)
    assert compare_data.table(made) == compare_data.table(HOSTILE_MADE)


def test_the_evidence_of_all_sides_is_at_hand() -> None:
    data = _opened(TEXT, "data")
    assert set(data["cases"]) >= {f"{n}:t.stream.index" for n in range(3)}
    page, block = data["cases"]["1:t.stream.index"]
    assert page == 0
    attempt = _opened(TEXT, f"block-{block}")["1:t.stream.index"]["attempts"][0]
    assert (attempt["total"], attempt["bad"]) == (40, [30])


def test_without_evidence_no_exchange_is_in_the_page() -> None:
    pages = compare_html.pages(PLAIN)
    assert list(pages) == ["compare.html"] and "block-0" not in pages["compare.html"]
    assert "made without evidence" in pages["compare.html"] and "word5" not in pages["compare.html"]
    assert _opened(pages["compare.html"], "data")["cases"] == {}


def test_evidence_without_room_goes_beside() -> None:
    made = comparison("x")
    pages = compare_html.pages(made, _views(made), soft_cap=60_000)
    assert list(pages) == ["compare.html", "evidence/1.html"]
    places = _opened(pages["compare.html"], "data")["cases"]
    assert {page for page, _ in places.values()} == {1}
    beside = _Page(pages["evidence/1.html"])
    assert beside.open == [] and "../compare.html" in {a.get("href") for _, a in beside.elements}


def test_hostile_text_stays_text_wherever_it_comes_from() -> None:
    assert HOSTILE[:30] in PAGE.text
    view: CaseView = _views(HOSTILE_MADE)(1, "t.plain.id")
    assert view.attempts[0] == _view(HOSTILE_MADE.columns[1].card.results[1].attempts[0].exchange.chunks)
