"""
Without an option of ours nothing happens at any cost; with them the plugin gets along with other plugins.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.plugin_endpoint import KEY, PLUGIN, ROOT, Log, endpoint, file

pytest_plugins = ["pytester"]


def _has(module: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(importlib.util.find_spec(module) is None, reason=f"{module} is not installed here")


xdist, html = _has("xdist"), _has("pytest_html")
#: pytest-xdist 3.8 renames items through an attribute that pytest 9.2 no longer has.
loadgroup = pytest.mark.skipif(
    not hasattr(pytest.Item, "_nodeid"),
    reason="this pytest-xdist keeps no groups together under this pytest",
)


@pytest.fixture
def log() -> Iterator[Log]:
    with endpoint() as made:
        yield made


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def write(pytester: pytest.Pytester, *rows: str, name: str = "a.yaml") -> None:
    (pytester.path / name).write_text(file(*rows), encoding="utf-8")


def test_without_an_option_nothing_of_the_suite_is_imported(pytester: pytest.Pytester) -> None:
    write(pytester, "one: hi")
    pytester.makepyfile(
        """
        import sys
        def test_it():
            ours = {name for name in sys.modules if name.startswith("conformance")}
            kept = {"conformance", "conformance.pytest_plugin"} | {
                f"conformance.pytest_plugin.{name}" for name in ("options", "fixtures", "short", "told")
            }
            assert ours == kept
            assert not {"httpx", "yaml", "jsonschema_rs", "starlette", "click"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess(*PLUGIN, "-p", "no:anyio").assert_outcomes(passed=1)


def test_without_an_option_case_files_are_left_alone(pytester: pytest.Pytester) -> None:
    write(pytester, "one: hi")
    assert pytester.runpytest(*PLUGIN).ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_options_without_an_endpoint_say_how_to_name_one_only_when_there_are_cases(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_own(): pass")
    pytester.runpytest(*PLUGIN, "--conformance-strict").assert_outcomes(passed=1)
    write(pytester, "one: hi")
    found = pytester.runpytest(*PLUGIN, "--conformance-strict")
    assert found.ret == pytest.ExitCode.USAGE_ERROR
    found.stderr.fnmatch_lines(["ERROR: no endpoint is named", "*--conformance-url URL*"])


def test_settings_alone_do_not_take_case_files_before_somebody_is_named(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "one: hi")
    pytester.makeini("[pytest]\nconformance_model = m\nconformance_strict = true\n")
    assert pytester.runpytest(*PLUGIN).ret == pytest.ExitCode.NO_TESTS_COLLECTED
    pytester.runpytest(*PLUGIN, "--conformance-url", log.url).assert_outcomes(passed=1)


def test_settings_stand_in_for_options_and_options_come_first(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "should: no refusal")
    pytester.makeini(f"[pytest]\nconformance_url = {log.url}\nconformance_model = wrong\nconformance_strict = true\n")
    found = pytester.runpytest(*PLUGIN, "--conformance-model", "m")
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines(["conformance: 127.0.0.1 at *, model m"])


def test_every_option_is_prefixed() -> None:
    from conformance.pytest_plugin import options

    assert {each.flag[:14] for each in options.OPTIONS} == {"--conformance-"}
    assert {each.dest[:12] for each in options.OPTIONS} == {"conformance_"}


def test_a_key_on_the_command_line_is_refused_without_showing_it(pytester: pytest.Pytester) -> None:
    found = pytester.runpytest(*PLUGIN, "--conformance-api-key", KEY)
    assert found.ret == pytest.ExitCode.USAGE_ERROR
    found.stderr.fnmatch_lines(["*export OPENAI_API_KEY*"])
    assert KEY not in found.stderr.str() + found.stdout.str()


BASE_URL = """
import pytest
def pytest_addoption(parser):
    parser.addini("base_url", help="base url for the application under test.")
    parser.addoption("--base-url", metavar="url", default=None)
@pytest.fixture(scope="session")
def base_url(request):
    return request.config.getoption("base_url")
"""


def test_the_address_of_pytest_base_url_is_read_when_ours_is_not_given(pytester: pytest.Pytester, log: Log) -> None:
    # What pytest-base-url registers, where the plugin itself is not installed.
    pytester.makepyfile(other=BASE_URL)
    pytester.syspathinsert()
    named = () if importlib.util.find_spec("pytest_base_url") else ("-p", "other")
    write(pytester, "one: hi")
    with_it = (*PLUGIN, *named, "--base-url", log.url)
    pytester.runpytest(*with_it, "--conformance-model", "m").assert_outcomes(passed=1)
    assert pytester.runpytest(*with_it).ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_target_of_a_file_brings_its_own_key(
    pytester: pytest.Pytester, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_KEY", "sk-of-acme-1234")
    text = f"version: 1\ntargets:\n  acme: {{base_url: '{log.url}', model: m, api_key: {{env: ACME_KEY}}}}\n"
    (pytester.path / "targets.yaml").write_text(text)
    write(pytester, "one: hi")
    pytester.runpytest(*PLUGIN, "--conformance-target", "acme", "-v").stdout.fnmatch_lines(
        ["a.yaml::acme::openai-chat.one PASSED*"]
    )
    assert log.keys == {"Bearer sk-of-acme-1234"}


def test_a_target_of_a_file_brings_its_profiles_its_limits_and_its_baseline(
    pytester: pytest.Pytester, log: Log
) -> None:
    more = "profiles: [core], max_requests: 2, baseline: known.yaml"
    text = f"version: 1\ntargets:\n  acme: {{base_url: '{log.url}', model: m, {more}}}\n"
    (pytester.path / "targets.yaml").write_text(text)
    entry = "{requirement: openai-chat.response.id, reason: known, expires: 2999-01-01}"
    (pytester.path / "known.yaml").write_text(f"version: 1\nentries: [{entry}]\n")
    write(pytester, "one: no id", "two: hi", "three: hi", "four: hi | needs: [tools]")
    found = pytester.runpytest(*PLUGIN, "--conformance-target", "acme", "--conformance-output", "run")
    found.assert_outcomes(xfailed=1, passed=1, skipped=1, deselected=1)
    assert json.loads(Path("run/results.json").read_text())["findings"][0]["disposition"] == "known"


WRONG = {
    "an unknown target": (("--conformance-target", "nobody", "--conformance-targets", "t.yaml"), "*t.yaml*"),
    "no model": (("--conformance-url", "http://x.test/v1"), "*--conformance-model*"),
    "a key that is not there": (
        ("--conformance-url", "http://x.test/v1", "--conformance-api-key-env", "NO_SUCH"),
        "*NO_SUCH is not set*",
    ),
    "an address that is none": (("--conformance-url", "x.test"), "*no http or https URL*"),
    "an unknown profile": (("--conformance-reference", "--conformance-profile", "tols"), "*Did you mean tools?*"),
    "an unknown contract": (("--conformance-contract", "openai-chta"), "*Did you mean openai-chat?*"),
    "an endpoint named twice": (("--conformance-url", "http://x.test/v1", "--conformance-reference"), "*named twice*"),
    "two places for the key": (
        ("--conformance-url", "http://x.test/v1", "--conformance-api-key-env", "A", "--conformance-api-key-file", "b"),
        "*are both given*",
    ),
    "a duration that is none": (("--conformance-max-time", "soon"), "*no duration*"),
    "an unknown feature": (("--conformance-reference", "--conformance-claims", "tols"), "*Did you mean tools?*"),
    "a number that is none": (("--conformance-reference", "--conformance-concurrency", "0"), "*no whole number*"),
    "a baseline that is not there": (("--conformance-baseline", "b.yaml"), "*b.yaml: there is no such baseline*"),
    "an unknown word": (("--conformance-stale", "maybe"), "*is not fail, warn or ignore*"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_a_usage_error_that_says_what_to_do(pytester: pytest.Pytester, name: str) -> None:
    arguments, words = WRONG[name]
    found = pytester.runpytest(*PLUGIN, *arguments)
    assert found.ret == pytest.ExitCode.USAGE_ERROR
    found.stderr.fnmatch_lines([words])


@xdist
def test_workers_ask_each_what_they_are_handed_and_the_controller_writes_the_folder(
    pytester: pytest.Pytester, log: Log
) -> None:
    write(pytester, *(f"c{number}: say {number}" for number in range(8)), "bad: no id", "eyes: hi | needs: [vision]")
    found = pytester.runpytest(*log.arguments, "-n", "2", "--conformance-output", "run")
    found.assert_outcomes(passed=8, failed=1, skipped=1)
    assert sorted(log.asked) == sorted([*(f"say {number}" for number in range(8)), "no id"])
    found.stdout.fnmatch_lines(["MUST openai-chat.response.id", "FAILED *bad - MUST openai-chat.response.id*"])
    cases = {case["id"]: case["outcome"] for case in json.loads(Path("run/results.json").read_text())["cases"]}
    assert (len(cases), cases["openai-chat.bad"], cases["openai-chat.eyes"]) == (10, "fail", "not-applicable")


@xdist
def test_a_worker_that_crashes_leaves_a_run_that_is_not_complete(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "one: hi", "two: hi")
    pytester.makepyfile("import os\ndef test_own(): os._exit(1)")
    pytester.runpytest(*log.arguments, "-n", "1", "--max-worker-restart", "1", "--conformance-output", "run")
    assert json.loads(Path("run/results.json").read_text())["complete"] is False


@xdist
@loadgroup
def test_what_belongs_together_is_asked_once_by_load_group(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, *(f"c{number}: say {number} | group: g" for number in range(6)))
    pytester.runpytest(*log.arguments, "-n", "2", "--dist", "loadgroup")
    assert sorted(log.asked) == [f"say {number}" for number in range(6)]


@xdist
def test_all_workers_ask_one_reference_provider(pytester: pytest.Pytester) -> None:
    options = ("--conformance-reference", "--conformance-contract", "openai-models", "-n", "2")
    pytester.runpytest(*PLUGIN, *options, "--conformance-output", "run").assert_outcomes(passed=5)
    urls = {json.loads(line)["exchange"]["sent"]["url"].split("/v1")[0] for line in _exchanges(Path("run"))}
    assert len(urls) == 1


def _exchanges(folder: Path) -> list[str]:
    return [line for line in (folder / "recording.jsonl").read_text().splitlines() if line.startswith('{"case"')]


@html
def test_the_rows_of_pytest_html_name_target_requirement_and_level_and_link_to_the_report(
    pytester: pytest.Pytester, log: Log
) -> None:
    pytester.makepyfile("def test_own(): pass")
    write(pytester, "bad: hostile")
    pytester.runpytest(*log.arguments, "--html", "logs/log.html", "--conformance-output", "run")
    text = (pytester.path / "logs/log.html").read_text()
    for words in (
        "Target",
        "openai-chat.response.object",
        "MUST",
        "../run/report.html#case=openai-chat.bad",
        "does not conform: Core",
    ):
        assert words in text
    assert "<script>alert" not in text and "choices" not in text


@html
def test_the_columns_of_pytest_html_are_as_many_in_every_row(pytester: pytest.Pytester, log: Log) -> None:
    pytester.makepyfile("def test_own(): pass")
    write(pytester, "one: hi")
    pytester.runpytest(*log.arguments, "--html", "log.html")
    text = (pytester.path / "log.html").read_text().replace("&#34;", '"').replace("&lt;", "<").replace("&gt;", ">")
    data = json.loads(text.split('data-jsonblob="')[1].split('"></div>')[0]) if 'data-jsonblob="' in text else {}
    rows = [test["resultsTableRow"] for tests in data["tests"].values() for test in tests]
    assert {len(row) for row in rows} == {7}


def test_several_items_of_one_name_have_different_junit_names(pytester: pytest.Pytester, log: Log) -> None:
    write(pytester, "one: say ${n} | each: {n: [1, 2, 'a::b', '<b>']}")
    pytester.runpytest(*log.arguments, "--junitxml", "j.xml").assert_outcomes(passed=4)
    cases = [(each.get("classname"), each.get("name")) for each in ET.parse("j.xml").iter("testcase")]
    assert len(set(cases)) == 4


#: Plugins that others use, and an option that wakes each up.
OTHERS = {
    "pytest_base_url": ("--base-url", "http://elsewhere.test"),
    "pytest_playwright": ("--browser", "chromium"),
    "pytest_timeout": ("--timeout", "60"),
    "pytest_retry": ("--retries", "2"),
    "pytest_randomly": ("-p", "randomly"),
    "pytest_rerunfailures": ("--reruns", "2"),
    "pytest_asyncio": ("--asyncio-mode", "auto"),
    "xdist": ("-n", "1"),
}


@pytest.mark.parametrize("module", [pytest.param(name, marks=_has(name)) for name in OTHERS])
def test_cases_run_beside(pytester: pytest.Pytester, log: Log, module: str) -> None:
    write(pytester, "one: hi", "two: no id")
    found = pytester.runpytest_subprocess(*log.arguments, *OTHERS[module])
    found.assert_outcomes(passed=1, failed=1)
    assert sorted(log.asked) == ["hi", "no id"]
