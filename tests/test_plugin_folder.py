"""
The plugin writes the same folder as the command line, and holds every case against the baseline.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance import runs
from conformance.model import Outcome, Verdict
from conformance.reference import server
from tests.plugin_endpoint import PLUGIN, ROOT, Log, endpoint, file

pytest_plugins = ["pytester"]


@pytest.fixture
def log() -> Iterator[Log]:
    with endpoint() as made:
        yield made


def write(pytester: pytest.Pytester, *rows: str) -> None:
    (pytester.path / "a.yaml").write_text(file(*rows), encoding="utf-8")


def results() -> Any:
    return json.loads(Path("run/results.json").read_text())


def test_the_folder_holds_everything_that_the_command_line_writes(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "good: hi", "bad: no id", "eyes: hi | needs: [vision]")
    found = pytester.runpytest(*log.arguments, "--conformance-output", "run")
    found.stdout.fnmatch_lines(["*= conformance =*", "*does not conform*", "report: run/report.html"])
    names = {"recording.jsonl", "results.json", "report.html", "junit.xml", "summary.md"}
    assert {path.name for path in Path("run").iterdir()} >= names
    card = runs.load(Path("run"))
    assert (card.verdict, card.run.complete, len(card.results)) == (Verdict.FAILS, True, 3)
    assert results()["exit"] == {
        "code": 1,
        "reason": "1 violation: openai-chat.response.id",
    }


def test_the_folder_says_what_was_chosen_and_how(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "good: hi", "other: hi")
    pytester.runpytest(*log.arguments, "--conformance-output", "run", "-k", "good", "a.yaml")
    said = results()
    assert (said["settings"]["expression"], said["settings"]["files"]) == ("-k good", "a.yaml")
    assert said["command"][0] == "pytest" and "good" in said["command"]


def test_an_early_stop_leaves_the_rest_as_not_run(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "bad: no id", *(f"c{number}: hi" for number in range(30)))
    options = ("-x", "--conformance-concurrency", "1", "--conformance-output", "run")
    pytester.runpytest(*log.arguments, *options).assert_outcomes(failed=1)
    card = runs.load(Path("run"))
    left = [each for each in card.results if each.outcome is Outcome.NOT_RUN]
    assert (card.run.complete, len(card.results)) == (False, 31)
    assert len(left) >= 27 and {each.cause for each in left} == {"stopped"}


def test_a_spent_budget_skips_the_rest_and_says_so(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, *(f"c{number}: hi" for number in range(4)))
    options = ("--conformance-max-requests", "3", "--conformance-output", "run", "-rs")
    found = pytester.runpytest(*log.arguments, *options)
    found.assert_outcomes(passed=3, skipped=1)
    found.stdout.fnmatch_lines(["SKIPPED*not run: *budget of 3 requests*--conformance-max-requests*"])
    assert runs.load(Path("run")).run.trouble == "budget"


def test_a_folder_that_holds_a_run_is_never_written_over(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "good: hi")
    pytester.runpytest(*log.arguments, "--conformance-output", "run").assert_outcomes(passed=1)
    before = Path("run/recording.jsonl").read_bytes()
    again = pytester.runpytest(*log.arguments, "--conformance-output", "run")
    assert (again.ret, Path("run/recording.jsonl").read_bytes()) == (pytest.ExitCode.USAGE_ERROR, before)


def test_no_folder_is_made_when_no_case_was_asked(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "good: hi")
    pytester.runpytest(*log.arguments, "--conformance-output", "run", "--co")
    assert not Path("run").exists()


def test_a_target_that_is_not_there_leaves_a_folder_that_says_so(pytester: pytest.Pytester) -> None:
    write(pytester, "one: hi", "two: hi")
    with endpoint() as log:
        pass
    pytester.runpytest(*log.arguments, "--conformance-output", "run").assert_outcomes(errors=1, skipped=1)
    said = results()
    assert (said["trouble"], said["exit"]["code"], said["totals"]["requests"]) == ("unreachable", 3, 0)
    assert {each["outcome"] for each in said["cases"]} == {"not-run"}


def test_a_fault_of_the_provider_fails_where_it_shows_and_nowhere_else(pytester: pytest.Pytester) -> None:
    folder = ROOT / "cases" / "openai-chat"
    with server.running(faults=["id-missing.plain"]) as provider:
        options = ("--conformance-model", provider.model, "--conformance-output", "run")
        files = [str(folder / "plain.yaml"), str(folder / "streaming.yaml")]
        found = pytester.runpytest(*PLUGIN, "--conformance-url", provider.url, *options, *files)
    failed = {each["id"] for each in results()["cases"] if each["outcome"] == "fail"}
    assert {each["requirement"] for each in results()["findings"]} == {"openai-chat.response.id"}
    assert found.parseoutcomes()["failed"] == len(failed) == 6
    assert failed - {"openai-chat.stream.lines-plain"} == {each for each in failed if ".plain." in each}


def baseline(pytester: pytest.Pytester, *rows: str) -> tuple[str, str]:
    lines = [f'  - {{reason: "gateway 3.2", issue: "https://example.com/1", {row}}}' for row in rows]
    (pytester.path / "known.yaml").write_text("\n".join(["version: 1", "entries:", *lines]) + "\n", encoding="utf-8")
    return "--conformance-baseline", "known.yaml"


ID = "requirement: openai-chat.response.id"
ROWS = {
    "a known violation is expected": ("c: no id", f"{ID}, expires: 2999-01-01", {"xfailed": 1}),
    "of another case it is new": ("c: no id", f"{ID}, case: openai-chat.d, expires: 2999-01-01", {"failed": 1}),
    "of another target it is new": ("c: no id", f"{ID}, target: acme, expires: 2999-01-01", {"failed": 1}),
    "after its day it is new again": ("c: no id", f"{ID}, expires: 2020-01-01", {"failed": 1}),
    "beside a new one it fails": ("c: no id no object", f"{ID}, expires: 2999-01-01", {"failed": 1}),
    "gone from its one case it fails": ("c: hi", f"{ID}, case: openai-chat.c, expires: 2999-01-01", {"failed": 1}),
    "gone where many were meant says nothing of one": ("c: hi", f"{ID}, expires: 2999-01-01", {"passed": 1}),
    "a known SHOULD warns no more": (
        "c: no refusal",
        "requirement: openai-chat.response.message.refusal, expect: warn, expires: 2999-01-01",
        {"passed": 1},
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_of_a_baseline(pytester: pytest.Pytester, log: Log, name: str) -> None:
    case, entry, counts = ROWS[name]
    write(pytester, case)
    pytester.runpytest(*log.arguments, *baseline(pytester, entry)).assert_outcomes(**counts)


def test_an_expected_failure_says_why_and_until_when(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "c: no id")
    found = pytester.runpytest(*log.arguments, *baseline(pytester, f"{ID}, expires: 2999-01-01"), "-rx")
    words = "openai-chat.response.id: gateway 3.2 https://example.com/1 (until 2999-01-01)"
    found.stdout.fnmatch_lines([f"XFAIL a.yaml::*::openai-chat.c - *{words}"])
    assert "items.py" not in found.stdout.str()


def test_run_xfail_fails_for_what_is_known_as_well(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "c: no id")
    options = (*baseline(pytester, f"{ID}, expires: 2999-01-01"), "--runxfail")
    pytester.runpytest(*log.arguments, *options).assert_outcomes(failed=1)


@pytest.mark.parametrize(("word", "counts"), [("warn", {"passed": 1, "warnings": 1}), ("ignore", {"passed": 1})])
def test_a_violation_that_is_gone_can_warn_or_be_ignored(
    pytester: pytest.Pytester, log: Log, word: str, counts: dict[str, int]
) -> None:
    write(pytester, "c: hi")
    options = baseline(pytester, f"{ID}, case: openai-chat.c, expires: 2999-01-01")
    pytester.runpytest(*log.arguments, *options, "--conformance-stale", word).assert_outcomes(**counts)


def test_the_folder_says_what_the_baseline_knows(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "c: no id", "d: hi")
    options = (*baseline(pytester, f"{ID}, expires: 2999-01-01"), "--conformance-output", "run")
    pytester.runpytest(*log.arguments, *options).assert_outcomes(passed=1, xfailed=1)
    assert [each["disposition"] for each in results()["findings"]] == ["known"]
    assert results()["exit"]["code"] == 0
