"""
The scorecard as JSON, JUnit, Markdown, terminal text and shell lines: valid, inert, bounded, the same every time.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from conformance.model import Baseline, Disposition, Entry, Outcome, Request, Standing
from conformance.report import cells, curl, junit, markdown, results, terminal
from conformance.report.baseline import stand
from conformance.report.exits import Stale
from conformance.report.scorecard import score, signature
from conformance.report.text import cut, duration, grouped, line, shorten, visible
from tests.report_fixture import HOSTILE, card, case, contract, exchange, finding, result, run, stream

ROOT = Path(__file__).parent.parent
SCHEMA = json.loads((ROOT / "schemas/report/results.json").read_text())
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 日本 🙂", "plain é 日本 🙂"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("\x1b[31m", "⟨U+001B⟩[31m"),
        ("\x00\n", "⟨U+0000⟩⟨U+000A⟩"),
        ("\u200b\ufeff", "⟨U+200B⟩⟨U+FEFF⟩"),
        ("\ud800", "⟨U+D800⟩"),
        ("\u2028\x85", "⟨U+2028⟩⟨U+0085⟩"),
        ("\u3164\ufe0f", "⟨U+3164⟩⟨U+FE0F⟩"),
        ("\U000e0041", "⟨U+E0041⟩"),
    ],
)
def test_characters_that_hide_or_move_are_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_text_is_cut_with_a_mark() -> None:
    assert (shorten("abcdef", 4), shorten("abc", 4), cut("ééé", 3)) == ("abc…", "abc", "é\n[3 more bytes]")
    assert (line(" a\n b ", 0), visible("a\nb", "\n"), grouped(1204)) == ("a b", "a\nb", "1 204")
    assert [duration(each) for each in (0.84, 12, 372, 3905)] == ["0.8 s", "12 s", "6 m 12 s", "1 h 05 m"]


def test_results_keep_their_published_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    made = json.loads(results.render(card(), exit_code=1, reason=HOSTILE))
    assert list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(made)) == []
    assert made["totals"] == {"requests": 8, "seconds": 372.0, "prompt_tokens": 12345, "completion_tokens": 678}
    assert made["exit"]["code"] == 1


def test_results_list_a_finding_once_a_case() -> None:
    known = {(signature(finding("usage", "usage", where="/usage")), "t.plain.usage"): Disposition.KNOWN}
    made = results.document(card("x"), standing=Standing(findings=known))
    rows: Any = made["findings"]
    assert [(row["requirement"], row["case"], row["count"], row["disposition"]) for row in rows] == [
        ("t.id", 't.plain.bad["x"]', 1, "new"),
        ("t.index", "t.stream.index", 2, "new"),
        ("t.usage", "t.plain.usage", 1, "known"),
        ("t.extra", "t.plain.extra", 1, "new"),
    ]


def _junit(**more: Any) -> ET.Element:
    return ET.fromstring(junit.render(card("x", target="globex"), **more))


def test_junit_says_every_outcome_in_its_own_way() -> None:
    said = {each.get("name"): [child.tag for child in each] for each in _junit().iter("testcase")}
    assert said == {
        "t.plain.good": [],
        't.plain.bad["x"]': ["failure"],
        "t.stream.index": ["failure"],
        "t.plain.usage": ["system-out"],
        "t.plain.extra": ["system-out"],
        "t.tools.call": ["error"],
        "t.structured.strict": ["skipped"],
        "t.vision.image": ["skipped"],
        "t.plain.lost": ["error"],
        "t.plain.late": ["skipped"],
    }
    suite = _junit().find("testsuite")
    assert suite is not None
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "10",
        "failures": "2",
        "errors": "2",
        "skipped": "3",
    }
    assert {each.get("classname") for each in suite.iter("testcase")} >= {"globex.core.plain", "globex.tools.tools"}


def test_junit_skips_a_failure_that_the_baseline_knows() -> None:
    entry = Entry(requirement="t.id", reason="as ever", added="2026-01-01", expires="2027-01-01", cases=("t.plain.*",))
    standing = stand(card("x", target="globex"), Baseline(path="b", entries=(entry,)), "2026-11-23")
    cases = {each.get("name"): list(each) for each in _junit(standing=standing).iter("testcase")}
    (skipped,), (failure,) = cases['t.plain.bad["x"]'], cases["t.stream.index"]
    assert (skipped.tag, skipped.get("message")) == ("skipped", "known failure: t.id until 2027-01-01: as ever")
    assert (failure.tag, failure.get("type")) == ("failure", "t.index")


@pytest.mark.parametrize(("stale", "tags"), [(Stale.FAIL, ["failure"]), (Stale.WARN, ["skipped"]), (Stale.IGNORE, [])])
def test_junit_names_an_entry_whose_violation_is_gone(stale: Stale, tags: list[str]) -> None:
    entry = Entry(requirement="t.body", reason="r", added="", expires="2027-01-01", line=7)
    standing = Standing(findings={}, entries=((entry, Disposition.UNEXPECTED_PASS),))
    suite = _junit(standing=standing, stale=stale).find("testsuite")
    assert suite is not None
    found = [each for each in suite.iter("testcase") if each.get("classname") == "globex.baseline"]
    assert [child.tag for each in found for child in each] == tags
    assert suite.get("tests") == str(10 + len(found))


def test_junit_names_every_case_once() -> None:
    twice = [result(case("a")), result(case("a\x00")), result(case("a⟨U+0000⟩"))]
    made = ET.fromstring(junit.render(score(twice, [contract()], run())))
    names = [each.get("name") for each in made.iter("testcase")]
    assert names == ["t.a", "t.a⟨U+0000⟩", "t.a⟨U+0000⟩ (2)"]


def test_junit_says_at_most_two_kibibytes_of_a_case() -> None:
    many = [finding("id", "é" * 900, HOSTILE, f"/{n}") for n in range(50)]
    made = junit.render(score([result(case("a"), Outcome.FAIL, *many)], [contract()], run()))
    text = next(ET.fromstring(made).iter("failure")).text or ""
    assert 1900 < len(text.encode()) <= 2048


def _rendered() -> dict[str, str]:
    made = card(command=("conformance", "run", HOSTILE), settings={"note": HOSTILE})
    return {
        "results.json": results.render(made).decode(),
        "junit.xml": junit.render(made).decode(),
        "summary.md": markdown.render(made, report=HOSTILE),
        "terminal": terminal.render(made, report=HOSTILE, exit_code=1, reason=HOSTILE),
    }


@pytest.mark.parametrize("name", ["results.json", "junit.xml", "summary.md", "terminal"])
def test_no_format_lets_a_raw_control_character_through_and_all_are_the_same_twice(name: str) -> None:
    text = _rendered()[name]
    assert RAW.search(text) is None
    assert text == _rendered()[name]


def test_markdown_is_inert_outside_of_fences() -> None:
    text = _rendered()["summary.md"]
    fences = re.compile(r"^(`{3,})text\n.*?^\1$", re.MULTILINE | re.DOTALL)
    assert len(fences.findall(text)) == 4
    outside = fences.sub("", text)
    for active in (
        "<script",
        "<img",
        "@everyone",
        "#123",
        "](",
        "**b**",
        "www.",
        "```",
        "](java",
        "http://",
        "https://evil",
    ):
        assert active not in outside
    assert {row.count("|") for row in outside.splitlines() if row.startswith("|")} == {7}


def test_markdown_fences_are_longer_than_what_they_hold() -> None:
    assert markdown.fenced("a ```` b").startswith("`````text\n")


def test_markdown_stays_below_what_a_comment_may_hold() -> None:
    many = [finding("id", f"a {'thing' + chr(97 + n % 26) * (n // 26 + 1)}", "é" * 900) for n in range(400)]
    text = markdown.render(score([result(case("a"), Outcome.FAIL, *many)], [contract()], run()))
    assert len(text.encode()) <= 60 * 1024
    assert re.search(r"and \d+ more findings", text)


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_the_terminal_is_never_overflown(width: int, ascii_only: bool) -> None:
    text = terminal.render(card("日本語" * 40 + HOSTILE), width=width, ascii=ascii_only, report="r/" * 80)
    assert max(cells.width(each) for each in text.splitlines()) <= width
    assert text.isascii() or not ascii_only


def test_the_terminal_says_the_verdict_first_and_the_exit_last() -> None:
    text = terminal.render(card("x", target="globex"), report="reports/a", exit_code=1, reason="2 new violations")
    lines = text.splitlines()
    assert lines[0] == "FAIL globex does not conform: Core, Streaming"
    assert lines[1] == "     2 of 5 MUST requirements at stake are violated. 1 SHOULD requirement is not"
    assert lines[-1] == "Exit 1: 2 new violations"
    assert "  ✗ Core               1/2 MUST · does not conform · 1 SHOULD violated" in lines
    assert "  — Vision             not claimed" in lines


def test_colours_come_only_when_asked_for() -> None:
    assert "\x1b" not in terminal.render(card("x"))
    assert "\x1b[31m" in terminal.render(card("x"), colour=True)


def test_a_curl_line_sends_the_same_bytes_again(tmp_path: Path) -> None:
    fake = tmp_path / "curl"
    fake.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    fake.chmod(0o755)
    sent = stream(3).sent
    done = subprocess.run(
        ["/bin/sh", "-c", curl.line(stream(3))],
        env={"PATH": str(tmp_path), "OPENAI_API_KEY": "k"},
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout) == [
        *("-N", sent.url, "-H", "Authorization: Bearer k", "-H", "Content-Type: application/json"),
        *("--data-raw", sent.body.decode()),
    ]


@pytest.mark.parametrize("body", [HOSTILE.encode(errors="replace"), bytes(range(256)), b"%s\\n'$(reboot)`id`!"])
def test_bytes_survive_the_shell(body: bytes, tmp_path: Path) -> None:
    fake = tmp_path / "curl"
    fake.write_text(
        f"#!{sys.executable}\nimport sys\n"
        "data = sys.argv[-1].encode() if sys.argv[-2] == '--data-raw' else sys.stdin.buffer.read()\n"
        "sys.stdout.buffer.write(data)\n"
    )
    fake.chmod(0o755)
    given = exchange()
    text = curl.line(type(given)(sent=type(given.sent)(method="POST", url="u", body=body), ending=given.ending))
    assert RAW.search(text) is None
    done = subprocess.run(["/bin/sh", "-c", text], env={"PATH": str(tmp_path)}, capture_output=True, check=True)
    assert done.stdout == body


def test_a_curl_line_for_a_body_without_a_label_adds_none() -> None:
    sent = exchange().sent
    assert curl.line(exchange(sent=type(sent)(method="POST", url="u", body=b"{}"))) == (
        "curl 'u' -H 'Content-Type:' --data-raw '{}'"
    )


def test_a_key_is_never_part_of_a_curl_line() -> None:
    sent = exchange().sent
    headers = (("authorization", "Bearer sk-1"), ("X-Api-Key", "sk-2"), ("api-key", "sk-3"), ("Cookie", "sk-4"))
    given = exchange(sent=type(sent)(method="GET", url="https://h/v1/models", headers=headers))
    assert curl.line(given) == (
        "curl 'https://h/v1/models' -H \"authorization: Bearer $OPENAI_API_KEY\" "
        '-H "X-Api-Key: $OPENAI_API_KEY" -H "api-key: $OPENAI_API_KEY"'
    )


@pytest.mark.parametrize(
    ("asked", "sent_again"),
    [
        ("Bearer invalid-0123", "Bearer invalid-0123"),
        ("Bearer ${key}x", "Bearer sk-1x"),
        ("bearer ${key}", "bearer sk-1"),
        ("Basic it's $HOME `id`", "Basic it's $HOME `id`"),
    ],
)
def test_a_curl_line_sends_the_wrong_key_that_the_case_sent(tmp_path: Path, asked: str, sent_again: str) -> None:
    fake = tmp_path / "curl"
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    fake.chmod(0o755)
    sent = exchange().sent
    given = exchange(sent=type(sent)(method="GET", url="u", headers=(("Authorization", "[redacted]"),)))
    text = curl.line(given, Request(path="/models", headers=(("authorization", asked),)))
    environment = {"PATH": str(tmp_path), "OPENAI_API_KEY": "sk-1"}
    done = subprocess.run(["/bin/sh", "-c", text], env=environment, capture_output=True, check=True, text=True)
    assert done.stdout.splitlines() == ["u", "-H", f"Authorization: {sent_again}"]
    assert "sk-1" not in text
