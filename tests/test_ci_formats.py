"""
What continuous integration reads: every file keeps the schema of its format, and annotations say the most in the fewest.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from conformance.cli import ci
from conformance.model import Attempt, Baseline, Entry, Level, Outcome, Result, Scorecard, Standing, State
from conformance.report import ctrf, github, junit, markdown, sarif
from conformance.report.baseline import stand
from conformance.report.exits import Exit, Stale
from conformance.report.scorecard import score
from tests.report_fixture import HOSTILE, card, case, contract, exchange, finding, result, run
from tests.test_report_formats import RAW

STANDARDS = Path(__file__).parent / "standards"
XS = "{http://www.w3.org/2001/XMLSchema}"


def known(made: Scorecard) -> Standing:
    """
    One failure is known, one entry is stale.
    """
    entries = [
        Entry(requirement="t.id", reason=HOSTILE, added="", expires="2027-01-01", cases=("t.plain.*",), line=3),
        Entry(requirement="t.body", reason="r", added="", expires="2027-01-01", cases=("t.plain.good",), line=9),
    ]
    return stand(made, Baseline(path="b.yaml", entries=tuple(entries)), "2026-11-23")


CARDS = {"hostile": card(), "plain": card("x", target="globex"), "empty": score([], [contract()], run(started=""))}


@pytest.fixture(params=CARDS)
def made(request: pytest.FixtureRequest) -> Scorecard:
    return CARDS[request.param]


@pytest.fixture(params=[None, *Stale])
def standing(request: pytest.FixtureRequest, made: Scorecard) -> tuple[Standing | None, Stale]:
    return (None, Stale.FAIL) if request.param is None else (known(made), request.param)


def jenkins() -> dict[str, tuple[set[str], dict[str, str]]]:
    """
    The children and the attributes (with their use) of every element that Jenkins' schema knows.
    """
    found = {}
    for element in ET.parse(STANDARDS / "junit-10.xsd").getroot().findall(f"{XS}element"):
        children = {each.get("ref", "") for each in element.iter(f"{XS}element")} - {""}
        attributes = {each.get("name", ""): each.get("use", "optional") for each in element.iter(f"{XS}attribute")}
        found[element.get("name", "")] = (children, attributes)
    return found


def test_junit_has_the_elements_and_attributes_that_jenkins_knows(made: Scorecard, standing: Any) -> None:
    schema = jenkins()
    root = ET.fromstring(junit.render(made, standing=standing[0], stale=standing[1]))
    assert root.tag == "testsuites"
    for element in root.iter():
        children, attributes = schema[element.tag]
        assert {each.tag for each in element} <= children
        assert set(element.attrib) <= set(attributes)
        assert {name for name, use in attributes.items() if use == "required"} <= set(element.attrib)


def test_junit_keeps_the_schema_of_jenkins(made: Scorecard, standing: Any) -> None:
    xmlschema = pytest.importorskip("xmlschema")
    schema = xmlschema.XMLSchema(str(STANDARDS / "junit-10.xsd"))
    schema.validate(junit.render(made, standing=standing[0], stale=standing[1]).decode())


def test_ctrf_keeps_its_schema_and_counts_its_tests(made: Scorecard, standing: Any) -> None:
    document = json.loads(ctrf.render(made, standing=standing[0], stale=standing[1]))
    schema = json.loads((STANDARDS / "ctrf-0.0.json").read_text())
    jsonschema.Draft7Validator(schema).validate(document)
    summary, tests = document["results"]["summary"], document["results"]["tests"]
    statuses = ("passed", "failed", "skipped", "pending", "other")
    assert summary["tests"] == len(tests) == sum(summary[each] for each in statuses)


def test_sarif_keeps_its_schema_and_points_at_its_rules(made: Scorecard, standing: Any) -> None:
    document = json.loads(sarif.render(made, standing=standing[0]))
    jsonschema.Draft4Validator(json.loads((STANDARDS / "sarif-2.1.0.json").read_text())).validate(document)
    (found,) = document["runs"]
    rules = [rule["id"] for rule in found["tool"]["driver"]["rules"]]
    assert [each["ruleId"] for each in found["results"]] == [rules[each["ruleIndex"]] for each in found["results"]]


def test_no_format_lets_a_raw_control_character_through_and_all_are_the_same_twice() -> None:
    hostile = CARDS["hostile"]
    for render in (
        lambda: ctrf.render(hostile, standing=known(hostile)).decode(),
        lambda: sarif.render(hostile, standing=known(hostile)).decode(),
        lambda: "\n".join(github.render(hostile, known(hostile))),
        lambda: markdown.render(hostile, standing=known(hostile)),
    ):
        assert RAW.search(render()) is None
        assert render() == render()


def test_no_two_test_cases_have_one_name_in_a_run_of_two_targets() -> None:
    names = [
        (each.get("classname"), each.get("name"))
        for target in ("globex", "acme")
        for each in ET.fromstring(junit.render(card("x", target=target))).iter("testcase")
    ]
    assert len(names) == len(set(names)) == 20


@pytest.mark.parametrize(
    ("name", "status", "raw"),
    [
        ("t.plain.good", "passed", "pass"),
        ('t.plain.bad["x"]', "other", "known"),
        ("t.stream.index", "failed", "fail"),
        ("t.plain.usage", "passed", "warn"),
        ("t.plain.extra", "passed", "info"),
        ("t.tools.call", "other", "inconclusive"),
        ("t.structured.strict", "skipped", "unsupported"),
        ("t.vision.image", "skipped", "not-applicable"),
        ("t.plain.lost", "other", "error"),
        ("t.plain.late", "pending", "not-run"),
    ],
)
def test_ctrf_keeps_our_word_beside_its_own(name: str, status: str, raw: str) -> None:
    document = json.loads(ctrf.render(CARDS["plain"], standing=known(CARDS["plain"])))
    (test,) = [each for each in document["results"]["tests"] if each["name"] == name]
    assert (test["status"], test["rawStatus"]) == (status, raw)


def test_ctrf_calls_flaky_what_passed_after_it_had_failed() -> None:
    bad = Attempt(exchange=exchange(), findings=(finding("usage"),), states={"t.usage": State.VIOLATED})
    good = Attempt(exchange=exchange(), states={"t.usage": State.HELD})
    retried = Result(case=case("a"), outcome=Outcome.WARN, attempts=(bad, good), states={"t.usage": State.VIOLATED})
    (test,) = json.loads(ctrf.render(score([retried], [contract()], run())))["results"]["tests"]
    assert (test["flaky"], test["retries"], test["retryAttempts"][0]["status"]) == (True, 1, "failed")


def test_sarif_suppresses_what_is_known_with_its_reason() -> None:
    (found,) = json.loads(sarif.render(CARDS["plain"], standing=known(CARDS["plain"])))["runs"]
    states = {each["ruleId"]: (each.get("baselineState"), "suppressions" in each) for each in found["results"]}
    assert states == {
        "t.id": ("unchanged", True),
        "t.index": ("new", False),
        "t.usage": ("new", False),
        "t.extra": (None, False),
    }


def test_annotations_are_spent_on_new_musts() -> None:
    assert [each.split("::")[1] for each in github.render(CARDS["plain"], known(CARDS["plain"]))] == [
        "error title=globex%3A MUST t.index",
        "warning title=globex%3A stale baseline",
    ]


def test_annotations_beyond_the_tenth_are_counted() -> None:
    many = [finding("id", where=f"/p{'x' * n}") for n in range(13)]
    broken = score([result(case("a"), Outcome.FAIL, *many)], [contract()], run())
    *errors, last = github.render(broken)
    assert [each.startswith("::error ") for each in errors] == [True] * 10
    assert last == "::notice title=conformance::+3 more violations in the step summary"


def test_an_annotation_points_at_a_case_file_of_the_repository() -> None:
    asked = replace(case("a"), file="cases/a,b.yaml", line=7)
    broken = score([result(asked, Outcome.FAIL, finding("id"))], [contract()], run())
    (annotation,) = github.render(broken, exists=lambda name: name == "cases/a,b.yaml")
    assert annotation.startswith("::error file=cases/a%2Cb.yaml,line=7,title=globex%3A MUST t.id::new: expected")
    assert github.render(broken)[0].startswith("::error title=")


def test_an_annotation_cannot_begin_another_command() -> None:
    text = "x\n::set-output name=a::b%0A::error::c"
    broken = score([result(case("a"), Outcome.FAIL, finding("id", observed=text))], [contract()], run())
    (annotation,) = github.render(broken)
    assert "\n" not in annotation
    assert "%250A::error" in annotation


def test_should_is_annotated_when_it_fails() -> None:
    assert len(github.render(CARDS["plain"])) == 2
    assert len(github.render(CARDS["plain"], level=Level.SHOULD)) == 3


def test_a_summary_of_several_targets_begins_with_a_row_for_each(tmp_path: Path) -> None:
    files = {"GITHUB_STEP_SUMMARY": str(tmp_path / "s"), "GITHUB_OUTPUT": str(tmp_path / "o"), "GITHUB_ACTIONS": "true"}
    judged = [
        ci.Judged(
            card=each, standing=known(each), ended=Exit(1, "r"), report=f"reports/x/{each.run.target}/report.html"
        )
        for each in (CARDS["plain"], card("x", target="acme"))
    ]
    ci.tell(judged, Exit(1, "1 new violation\nexit-code=0"), files)
    assert (tmp_path / "s").read_text().splitlines()[2:4] == [
        "| globex | ✗ does not conform | 2 | 1 | 1 | 1 |",
        "| acme | ✗ does not conform | 2 | 1 | 1 | 1 |",
    ]
    told = [row.split("=", 1) for row in (tmp_path / "o").read_text().splitlines()]
    assert dict(told)["exit-reason"] == "1 new violation exit-code=0"
    assert [name for name, _ in told].count("exit-code") == 1


def test_nothing_is_told_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    judged = [ci.Judged(card=CARDS["plain"], standing=None, ended=Exit(1, "r"), report="r")]
    ci.tell(judged, Exit(1, "r"), {"GITHUB_STEP_SUMMARY": str(tmp_path / "s")})
    assert (capsys.readouterr().err, list(tmp_path.iterdir())) == ("", [])
    assert ci.outputs(judged, Exit(1, "r"))["new"] == "3"


def test_the_summary_leaves_out_what_is_known_and_counts_it() -> None:
    text = markdown.render(CARDS["plain"], standing=known(CARDS["plain"]))
    assert "Against the baseline: 2 new, 1 known, 0 expired, 1 stale, 0 unobserved" in text
    assert "(the first known expires 2027-01-01)" in text
    assert ("<code>t.index</code>" in text, "<code>t.id</code>" in text) == (True, False)
