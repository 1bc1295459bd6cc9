"""
Only what pytest chose is asked, with what it builds on, and not much more when pytest stops early.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugin_endpoint import PLUGIN, Log, endpoint, file

pytest_plugins = ["pytester"]


@pytest.fixture
def log() -> Iterator[Log]:
    with endpoint() as made:
        yield made


def write(pytester: pytest.Pytester, *rows: str, name: str = "a.yaml", feature: str = "mine") -> None:
    path = pytester.path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(file(*rows, feature=feature), encoding="utf-8")


def names(found: pytest.RunResult) -> list[str]:
    return [line.rpartition("::openai-chat.")[2] for line in found.outlines if "::openai-chat." in line]


def test_k_asks_only_what_it_chooses_by_id_or_title(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "one: say one", "two: say two", "three: say three")
    pytester.runpytest(*log.arguments, "-k", "two or three.").assert_outcomes(passed=2, deselected=1)
    assert sorted(log.asked) == ["say three", "say two"]


MARKERS = {
    "a profile": ("tools", ["a"]),
    "a profile with a hyphen": ("structured-output", ["b"]),
    "core": ("core", ["c", "d"]),
    "a feature": ("odd-feature", ["a", "b", "c", "d"]),
    "a level": ("should", ["d"]),
    "all of ours": ("conformance", ["a", "b", "c", "d"]),
    "a level in words": ("conformance(level='MUST') and not tools", ["b", "c"]),
}


@pytest.mark.parametrize(
    "name", [name for name in MARKERS if "(" not in MARKERS[name][0] or pytest.version_tuple >= (8, 3)]
)
def test_m_chooses_by(pytester: pytest.Pytester, log: Log, name: str) -> None:
    expression, chosen = MARKERS[name]
    about = "expect: {requirement: openai-chat.request.combined, accepted: true}"
    rows = ("a: hi | needs: [tools]", "b: hi | needs: [structured-output]", "c: hi", f"d: hi | {about}")
    write(pytester, *rows, feature="odd feature!")
    found = pytester.runpytest(*log.arguments, "--strict-markers", "--co", "-q", "-m", expression)
    assert names(found) == chosen


def test_a_feature_called_as_a_marker_that_does_something_does_not_do_it(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "a: hi", feature="skip")
    pytester.runpytest(*log.arguments, "-m", "conformance-skip").assert_outcomes(passed=1)


def test_a_profile_option_leaves_the_other_cases_out(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "a: hi | needs: [tools]", "b: hi | smoke: true", "c: hi")
    options = ("--co", "-q", "--conformance-profile")
    assert names(pytester.runpytest(*log.arguments, *options, "tools")) == ["a"]
    assert names(pytester.runpytest(*log.arguments, *options, "smoke")) == ["b"]


def test_collecting_only_asks_nothing(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "one: hi", "two: hi")
    found = pytester.runpytest(*log.arguments, "--collect-only")
    found.stdout.fnmatch_lines(["*<CaseFile a.yaml>", "*<Endpoint 127.0.0.1>", "*<CaseItem openai-chat.one>"])
    assert log.said == []


@pytest.mark.parametrize("option", ["--setup-plan", "--setup-only"])
def test_planning_the_setup_asks_nothing(pytester: pytest.Pytester, log: Log, option: str) -> None:
    write(pytester, "one: no id")
    assert pytester.runpytest(*log.arguments, option).ret == 0
    assert log.said == []


def test_nothing_is_asked_when_collection_failed(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "one: hi")
    write(pytester, "two: hi | neds: []", name="b.yaml")
    pytester.runpytest(*log.arguments).assert_outcomes(errors=1)
    assert log.said == []


def test_lf_asks_only_what_failed(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "one: hi", "two: no id", "three: hi")
    pytester.runpytest(*log.arguments).assert_outcomes(passed=2, failed=1)
    log.said.clear()
    pytester.runpytest(*log.arguments, "--lf").assert_outcomes(failed=1)
    assert log.asked == ["no id"]


def test_x_asks_no_more_than_what_was_on_its_way(pytester: pytest.Pytester) -> None:
    rows = [f"c{number}: {'no id' if number == 3 else 'hi'}" for number in range(40)]
    write(pytester, *rows)
    with endpoint(seconds=0.05) as log:
        options = ("-x", "--conformance-concurrency", "4")
        pytester.runpytest(*log.arguments, *options).assert_outcomes(passed=3, failed=1)
    assert len(log.asked) <= 3 + 4 + 1


def test_one_case_is_named_by_its_node_id(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "one: say one", "two: say two")
    pytester.runpytest(*log.arguments, "a.yaml::127.0.0.1::openai-chat.two").assert_outcomes(passed=1)
    assert log.asked == ["say two"]


def test_a_case_draws_in_what_it_continues_though_that_was_not_chosen(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "one: say one", name="cases/one.yaml")
    write(pytester, "two: then ${after./choices/0/message/content} | after: openai-chat.one", name="cases/two.yaml")
    pytester.runpytest(*log.arguments, "cases/two.yaml").assert_outcomes(passed=1)
    assert log.asked == ["say one", "then Hello"]


def test_a_case_may_build_on_one_of_the_suite(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "two: say two | after: openai-chat.plain.short")
    pytester.runpytest(*log.arguments).assert_outcomes(passed=1)
    assert len(log.asked) == 2


def test_a_name_that_nobody_has_is_a_collection_error_at_its_line(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "one: hi", "two: hi | after: openai-chat.onne")
    found = pytester.runpytest(*log.arguments)
    found.stdout.fnmatch_lines(["*a.yaml:5: there is no case 'openai-chat.onne'*", "*Did you mean openai-chat.one?*"])


def test_an_id_that_stands_in_two_files_is_a_collection_error(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "one: hi", name="a/a.yaml")
    write(pytester, "one: hi", name="b/b.yaml")
    pytester.runpytest(*log.arguments).stdout.fnmatch_lines(["*the id openai-chat.one stands twice*"])


def test_yaml_that_is_not_ours_is_left_alone(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "one: hi")
    for name, text in (("b.yaml", "a: [1"), ("c.yml", "contract: x\n"), ("d.yaml", "x: {contract: 1, cases: 2}")):
        (pytester.path / name).write_text(text, encoding="utf-8")
    pytester.runpytest(*log.arguments).assert_outcomes(passed=1)


def test_the_suites_own_cases_are_collected_by_contract(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_own(): pass")
    options = ("--conformance-reference", "--conformance-contract", "openai-models")
    pytester.runpytest(*PLUGIN, *options).assert_outcomes(passed=5)


def test_an_interrupt_stops_at_once_and_keeps_what_had_come(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    write(pytester, *(f"c{number}: hi" for number in range(30)))
    with endpoint(seconds=0.3) as log:
        options = ("--conformance-concurrency", "2", "--conformance-output", "run")
        command = [sys.executable, "-m", "pytest", *log.arguments, *options]
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        while len(log.asked) < 5:
            time.sleep(0.02)
        began = time.monotonic()
        running.send_signal(2)
        text = running.communicate(timeout=20)[0].decode()
    assert (running.returncode, time.monotonic() - began < 10) == (2, True)
    assert "KeyboardInterrupt" in text and len(log.asked) < 12
    assert {path.name for path in Path("run").iterdir()} >= {"recording.jsonl", "results.json", "report.html"}
    assert '"trouble": "interrupted"' in Path("run/results.json").read_text()
