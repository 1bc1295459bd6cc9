"""
What becomes of a case is what pytest says of its item, in words for people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugin_endpoint import KEY, ROOT, Log, endpoint, file

pytest_plugins = ["pytester"]


@pytest.fixture
def log() -> Iterator[Log]:
    with endpoint() as made:
        yield made


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def outcome(pytester: pytest.Pytester, log: Log, row: str, *options: str) -> pytest.RunResult:
    pytester.path.joinpath("a.yaml").write_text(file(row), encoding="utf-8")
    return pytester.runpytest(*log.arguments, *options, "a.yaml")


OPEN = "open: hi | expect: {requirement: openai-chat.isolation.stateless, echo: never said}"
OUTCOMES = {
    "what holds passes": ("good: hi", {"passed": 1}),
    "a violated MUST fails": ("must: no id", {"failed": 1}),
    "a violated SHOULD warns": ("should: no refusal", {"passed": 1, "warnings": 1}),
    "an optional feature that is refused is skipped": ("a: refuse | needs: [tools]", {"skipped": 1}),
    "a feature that is not claimed is skipped": ("a: hi | needs: [vision]", {"skipped": 1}),
    "a model that chose otherwise is an error": (OPEN, {"errors": 1}),
    "a refused key is an error": ("a: forbid", {"errors": 1}),
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_an_outcome_is_counted_as_pytest_counts_it(pytester: pytest.Pytester, log: Log, name: str) -> None:
    row, counts = OUTCOMES[name]
    outcome(pytester, log, row).assert_outcomes(**counts)


def test_strict_fails_for_a_should(pytester: pytest.Pytester, log: Log) -> None:
    found = outcome(pytester, log, "should: no refusal", "--conformance-strict")
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines(["SHOULD openai-chat.response.message.refusal", "FAILED *SHOULD openai-chat.resp*"])


def test_a_failure_says_what_was_expected_and_what_came_without_a_traceback(
    pytester: pytest.Pytester, log: Log
) -> None:
    found = outcome(pytester, log, "must: no id")
    found.stdout.fnmatch_lines(
        [
            "*_ openai-chat.must on 127.0.0.1 _*",
            "openai-chat.must: About must.",
            "MUST openai-chat.response.id",
            "  expected  the key id",
            "  got       no such key",
            "  breaks    *",
            "conformance explain openai-chat.response.id",
            "FAILED a.yaml::127.0.0.1::openai-chat.must - MUST openai-chat.response.id*",
        ]
    )
    assert "Traceback" not in found.stdout.str() and "items.py" not in found.stdout.str()


def test_an_error_says_why_there_is_no_verdict_without_a_traceback(pytester: pytest.Pytester, log: Log) -> None:
    found = outcome(pytester, log, OPEN)
    found.stdout.fnmatch_lines(
        [
            "*ERROR at setup of openai-chat.open on 127.0.0.1*",
            "inconclusive: the model chose otherwise",
            "  attempt 1: *",
        ]
    )
    assert "items.py" not in found.stdout.str()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a: refuse | needs: [tools]", "a.yaml:4: unsupported: refused with a documented error"),
        ("a: hi | needs: [vision]", "a.yaml:4: not applicable: the target does not claim vision"),
    ],
)
def test_a_skip_gives_its_reason_and_its_line(pytester: pytest.Pytester, log: Log, row: str, reason: str) -> None:
    outcome(pytester, log, row, "-rs").stdout.fnmatch_lines([f"SKIPPED [[]1[]] {reason}"])


def test_a_warning_stands_at_the_line_of_its_case(pytester: pytest.Pytester, log: Log) -> None:
    found = outcome(pytester, log, "should: no refusal")
    found.stdout.fnmatch_lines(["*a.yaml:4: ConformanceWarning: SHOULD openai-chat.response.message.refusal: *"])


def test_a_should_warns_in_projects_that_make_errors_of_warnings(pytester: pytest.Pytester, log: Log) -> None:
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    (pytester.path / "a.yaml").write_text(file("should: no refusal"), encoding="utf-8")
    named = [
        each for each in log.arguments if each not in ("-W", "default", "ignore::pytest.PytestAssertRewriteWarning")
    ]
    pytester.runpytest_subprocess(*named, "-p", "no:asyncio", "a.yaml").assert_outcomes(passed=1, warnings=1)


def test_a_warning_can_be_made_an_error_by_its_name(pytester: pytest.Pytester, log: Log) -> None:
    option = "error::conformance.pytest_plugin.ConformanceWarning"
    found = outcome(pytester, log, "should: no refusal", "-W", option)
    found.assert_outcomes(failed=1)
    assert "items.py" not in found.stdout.str()


def test_what_an_endpoint_says_cannot_act_on_the_terminal(pytester: pytest.Pytester, log: Log) -> None:
    found = outcome(pytester, log, "must: hostile").stdout.str()
    assert "got" in found and "\x1b[31m" not in found and "\u202e" not in found


def test_the_key_is_sent_and_shown_nowhere_whatever_the_endpoint_echoes(pytester: pytest.Pytester, log: Log) -> None:
    (pytester.path / "test_own.py").write_text("def test_it(conformance_target):\n    assert not conformance_target\n")
    (pytester.path / "a.yaml").write_text(file("echoed: echo"), encoding="utf-8")
    options = ("--conformance-output", "run", "--junitxml=j.xml", "--html=log.html", "-vv", "-l")
    found = pytester.runpytest(*log.arguments, *options, ".")
    found.assert_outcomes(failed=2)
    assert log.keys == {f"Bearer {KEY}"}
    written = [path.read_bytes() for path in pytester.path.rglob("*") if path.is_file()]
    assert len(written) > 8
    assert not any(KEY.encode() in each for each in [*written, found.stdout.str().encode()])


def test_an_item_takes_as_long_as_its_exchange_and_not_as_long_as_it_waited(pytester: pytest.Pytester) -> None:
    with endpoint(seconds=0.2) as log:
        rows = [f"c{number}: hi" for number in range(4)]
        pytester.path.joinpath("a.yaml").write_text(file(*rows), encoding="utf-8")
        options = ("--conformance-concurrency", "1", "--junitxml=j.xml")
        pytester.runpytest(*log.arguments, *options).assert_outcomes(passed=4)
    times = [float(each) for each in re.findall(r'<testcase [^>]*time="([0-9.]+)"', Path("j.xml").read_text())]
    assert len(times) == 4 and all(0.2 <= each < 0.6 for each in times)


def test_junit_has_the_target_in_the_class_and_the_findings_as_properties(pytester: pytest.Pytester, log: Log) -> None:
    outcome(pytester, log, "must: no id", "--junitxml=j.xml")
    text = Path("j.xml").read_text()
    assert 'classname="a.yaml.127.0.0.1" name="openai-chat.must"' in text
    for name in ("target", "case", "outcome", "requirements", "findings"):
        assert f'<property name="conformance.{name}" value="' in text


def test_a_wrong_case_file_is_a_collection_error_with_its_line(pytester: pytest.Pytester, log: Log) -> None:
    found = outcome(pytester, log, "a: hi | neds: [tools]")
    found.assert_outcomes(errors=1)
    found.stdout.fnmatch_lines(["*a.yaml:4: unknown key 'neds'", "*Did you mean needs?"])
    assert "collecting.py" not in found.stdout.str()


def test_a_target_that_is_not_there_is_one_error_however_many_cases(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("a.yaml").write_text(file(*(f"c{number}: hi" for number in range(5))), encoding="utf-8")
    with endpoint() as log:
        pass
    found = pytester.runpytest(*log.arguments, "-rs")
    found.assert_outcomes(errors=1, skipped=4)
    found.stdout.fnmatch_lines(["*127.0.0.1*", "SKIPPED*not run: *"])


def test_a_key_that_is_refused_at_the_door_is_one_error_that_says_what_to_do(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    from conformance.reference import server

    monkeypatch.setenv("OPENAI_API_KEY", "wrong")
    pytester.path.joinpath("a.yaml").write_text(file("a: hi", "b: hi"), encoding="utf-8")
    with server.running(api_key="right") as provider:
        found = pytester.runpytest(*Log(url=provider.url).arguments)
    found.assert_outcomes(errors=1, skipped=1)
    found.stdout.fnmatch_lines(["*refuses the key (401)*", "*Check the key*"])
