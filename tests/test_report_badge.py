"""
Badges and the columns of pytest-html: short, inert, and without a percentage.
"""

from __future__ import annotations

import json
from datetime import date
from xml.etree import ElementTree as ET

import pytest

from conformance.model import Level, Verdict
from conformance.report import badge, links, pytest_html
from conformance.report.scorecard import score
from tests.report_fixture import HOSTILE, card, case, contract, result, run
from tests.test_report_formats import RAW


def test_a_badge_says_contract_verdict_and_day() -> None:
    made = badge.badge(card("x"))
    assert (made.label, made.message, made.colour) == ("t", "does not conform · 2026-11-23", "#b3211b")
    assert json.loads(badge.endpoint(made)) == {
        "schemaVersion": 1,
        "label": "t",
        "message": "does not conform · 2026-11-23",
        "color": "#b3211b",
    }


@pytest.mark.parametrize(
    ("today", "grey"), [(date(2026, 11, 23), False), (date(2027, 2, 21), False), (date(2027, 2, 22), True)]
)
def test_a_badge_turns_grey_after_ninety_days(today: date, grey: bool) -> None:
    made = badge.badge(card("x"), today=today)
    assert (made.colour == "#515b68", made.message.endswith("out of date")) == (grey, grey)


def test_a_run_without_a_day_has_a_badge_too() -> None:
    made = badge.badge(score([result(case("a"), states={"id": "held"})], [contract()], run(started="")))
    assert made.message == Verdict.INCOMPLETE.value


def test_the_image_is_one_well_formed_element_of_plain_shapes() -> None:
    made = badge.Badge(label="a<b>&\"'", message="<script>", colour="#111111")
    image = ET.fromstring(badge.svg(made))
    assert {element.tag.split("}")[1] for element in image.iter()} == {"svg", "title", "rect", "path", "g", "text"}
    assert [each.text for each in image.iter("{http://www.w3.org/2000/svg}text")] == ["a<b>&\"'", "<script>"]


def test_a_row_of_the_log_names_target_requirement_level_and_report() -> None:
    cells = pytest_html.row(
        target="acme", case="t.plain", requirements=[("t.usage", Level.SHOULD), ("t.id", Level.MUST)]
    )
    assert cells == (
        '<td class="col-target">acme</td>',
        '<td class="col-requirement">t.usage, t.id</td>',
        '<td class="col-level">MUST</td>',
        '<td class="col-evidence"><a href="report.html#case=t.plain">report</a></td>',
    )
    assert len(pytest_html.header()) == len(cells)


def test_a_row_names_a_few_requirements_and_counts_the_others() -> None:
    many = [(f"t.{n}", Level.MAY) for n in range(5)]
    assert "t.2, and 2 more<" in pytest_html.row(target="a", case="c", requirements=many)[1]
    assert pytest_html.row(target="a", case="c")[2] == '<td class="col-level"></td>'


def test_nothing_hostile_gets_into_the_log() -> None:
    made = "".join(pytest_html.row(target=HOSTILE, case=HOSTILE, requirements=[(HOSTILE, Level.MUST)]))
    assert RAW.search(made) is None
    assert made.count("<") == 10 and "javascript:" not in made.split("col-evidence")[1]


def test_links_hold_ids_and_nothing_that_ends_them() -> None:
    assert links.case("a.b[x]", "né w") == "#case=a.b%5Bx%5D&target=n%C3%A9%20w"
    assert links.requirement("t.id") == "#requirement-t.id"
    assert links.finding("ab12") == "#finding-ab12"
