"""
The action, the starters and the image: inputs are never run, files are never written over, and what is written works.
"""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance import whom
from conformance.cli import main
from conformance.contract import baselines
from conformance.reference import server
from conformance.report import baseline_text

ROOT = Path(__file__).parent.parent
STARTERS = ROOT / "conformance" / "cli" / "starters"
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = ACTION["runs"]["steps"]
Output = pytest.CaptureFixture[str]


def act(
    folder: Path, *, event: str = "push", code: int = 0, told: str = "", **given: str
) -> tuple[int, list[str] | None, str]:
    """
    Run the action's second step with a program in the suite's place: its code, the arguments it had, what was said.

    ``told`` is what that program tells the runner.
    """
    program = folder / "conformance" / "bin" / "conformance"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(
        "#!/usr/bin/env python3\nimport json, os, sys\n"
        f"json.dump(sys.argv[1:], open({str(folder / 'arguments')!r}, 'w'))\n"
        f"open(os.environ['GITHUB_OUTPUT'], 'a').write({told!r})\nsys.exit({code})\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (folder / "output").write_text("")
    declared = dict.fromkeys(STEPS[1]["env"], "")
    defaults = {f"INPUT_{k.upper().replace('-', '_')}": v.get("default", "") for k, v in ACTION["inputs"].items()}
    runner = {
        "PATH": os.environ["PATH"],
        "RUNNER_TEMP": str(folder),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_EVENT_NAME": event,
    }
    environment: Mapping[str, str] = {**runner, **declared, **defaults, **given}
    done = subprocess.run(
        ["bash", "-c", STEPS[1]["run"]], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    asked = folder / "arguments"
    arguments = json.loads(asked.read_text()) if asked.exists() else None
    asked.unlink(missing_ok=True)
    return done.returncode, arguments, done.stdout


def test_no_input_stands_in_a_script() -> None:
    assert [re.findall(r"\$\{\{", step["run"]) for step in STEPS] == [[], []]
    assert not any(word in step["run"] for step in STEPS for word in ("eval", "bash -c", "sh -c"))


def test_every_input_reaches_the_script_and_every_output_comes_from_it() -> None:
    passed = {match for value in STEPS[1]["env"].values() for match in re.findall(r"inputs\.([a-z-]+)", value)}
    assert passed == set(ACTION["inputs"])
    assert all(f"INPUT_{name.upper().replace('-', '_')}" in STEPS[1]["run"] for name in ACTION["inputs"])
    assert {row["value"] for row in ACTION["outputs"].values()} == {
        f"${{{{ steps.run.outputs.{name} }}}}" for name in ACTION["outputs"]
    }


def test_inputs_become_arguments(tmp_path: Path) -> None:
    code, arguments, _ = act(
        tmp_path,
        INPUT_URL="https://host/v1",
        INPUT_MODEL="m",
        INPUT_PROFILE="core\nstreaming\n",
        INPUT_BASELINE="b.yaml",
        INPUT_MAX_INCONCLUSIVE="5%",
    )
    assert code == 0
    assert arguments == [
        *("run", "--model", "m", "--profile", "core", "--profile", "streaming", "--baseline", "b.yaml"),
        *("--fail-on", "must", "--stale", "fail", "--max-inconclusive", "5%"),
        *("--output", "reports/conformance", "--", "https://host/v1"),
    ]


@pytest.mark.parametrize(
    "text", ["$(touch pwned)", "`touch pwned`", "a b; touch pwned", "'\"\\", "--help", 'x"; touch pwned; "']
)
def test_no_input_is_ever_run(text: str, tmp_path: Path) -> None:
    names = [name for name in STEPS[1]["env"] if name.startswith("INPUT_") and name != "INPUT_API_KEY_ENV"]
    _, arguments, _ = act(tmp_path, **dict.fromkeys(names, text))
    assert arguments is not None
    assert arguments.count(text) == len(names) - 1  # the recording is for forks alone
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("name", ["x[$(touch pwned)]", "a b", "$(touch pwned)", "sk-123"])
def test_a_key_s_name_is_a_name(name: str, tmp_path: Path) -> None:
    code, arguments, said = act(tmp_path, FORK="true", INPUT_API_KEY_ENV=name)
    assert (code, arguments) == (2, None)
    assert "api-key-env is no name" in said
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(("event", "stale"), [("pull_request", "warn"), ("push", "fail"), ("schedule", "fail")])
def test_a_stale_entry_warns_in_pull_requests_and_fails_elsewhere(event: str, stale: str, tmp_path: Path) -> None:
    _, arguments, _ = act(tmp_path, event=event)
    assert arguments is not None
    assert arguments[arguments.index("--stale") + 1] == stale


def test_the_action_does_not_run_where_secrets_meet_code_of_a_fork(tmp_path: Path) -> None:
    code, arguments, said = act(tmp_path, event="pull_request_target")
    assert (code, arguments) == (2, None)
    assert "pull_request_target" in said


def test_a_fork_without_secrets_ends_with_one_clear_line(tmp_path: Path) -> None:
    code, arguments, said = act(tmp_path, event="pull_request", FORK="true")
    assert (code, arguments, len(said.splitlines())) == (3, None, 1)
    assert (tmp_path / "output").read_text() == "exit-code=3\n"


def test_a_fork_without_secrets_is_judged_by_what_was_recorded(tmp_path: Path) -> None:
    _, arguments, _ = act(tmp_path, event="pull_request", FORK="true", INPUT_RECORDING="t.har")
    assert arguments == ["check", "--fail-on", "must", "--output", "reports/conformance", "--", "t.har"]
    _, arguments, _ = act(tmp_path, event="pull_request", FORK="true", INPUT_RECORDING="t.har", OPENAI_API_KEY="k")
    assert arguments is not None
    assert arguments[0] == "run"
    _, arguments, _ = act(tmp_path, event="pull_request", FORK="true", INPUT_API_KEY_ENV="none")
    assert arguments is not None
    assert (arguments[0], "--api-key-env" in arguments) == ("run", False)


def test_the_step_ends_as_the_command_did_and_says_so_once(tmp_path: Path) -> None:
    assert act(tmp_path, code=4)[0] == 4
    assert (tmp_path / "output").read_text() == "exit-code=4\n"
    assert act(tmp_path, code=1, told="exit-code=1\nnew=2\n")[0] == 1
    assert (tmp_path / "output").read_text() == "exit-code=1\nnew=2\n"


def test_the_options_that_the_action_uses_exist() -> None:
    from conformance.cli import check, run

    known = {name for each in (run, check) for option in each.command.params for name in option.opts}
    used = set(re.findall(r"(?:one|many|check) (--[a-z-]+)", STEPS[1]["run"])) | {"--fail-on", "--output"}
    assert used <= known


def init(*arguments: str) -> int:
    return main(["init", *arguments])


@pytest.mark.parametrize(
    ("ci", "path"),
    [
        ("github", ".github/workflows/conformance.yml"),
        ("gitlab", ".gitlab-ci.yml"),
        ("jenkins", "Jenkinsfile"),
        ("none", ""),
    ],
)
def test_init_writes_a_targets_file_a_baseline_and_a_workflow(
    ci: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert init("--ci", ci, "--name", "acme", "--url", "https://h.test/v1", "-m", "m", "--api-key-env", "ACME_KEY") == 0
    made = {str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*") if each.is_file()}
    assert made == {"targets.yaml", "conformance-baseline.yaml", ".gitignore"} | ({path} if path else set())
    monkeypatch.setenv("ACME_KEY", "k")
    (target,) = whom.from_file(Path("targets.yaml")).choose(["acme"])
    assert (target.base_url, target.model, target.baseline) == ("https://h.test/v1", "m", "conformance-baseline.yaml")
    assert baselines.load(Path("conformance-baseline.yaml")).entries == ()
    if path:
        text = Path(path).read_text()
        assert "@" not in re.sub(r"@v[0-9]|conformance@v", "", text)
        assert ("ACME_KEY" in text, "--target acme" in text) == (True, True)


def test_init_writes_over_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    monkeypatch.chdir(tmp_path)
    Path("targets.yaml").write_text("mine")
    assert init() == 0
    assert "kept     targets.yaml (it exists)" in capsys.readouterr().out
    before = {each: each.read_text() for each in tmp_path.rglob("*") if each.is_file()}
    assert init("--name", "other") == 0
    assert {each: each.read_text() for each in tmp_path.rglob("*") if each.is_file()} == before
    assert Path("targets.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--url", "host"], "is no http or https URL"),
        (["--name", "a b"], "is no name for a target"),
        (["--api-key-env", "sk-123"], "is no name of an environment variable"),
        (["--package", "x'; id"], "would need quoting"),
    ],
)
def test_init_takes_nothing_that_a_workflow_would_misread(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.chdir(tmp_path)
    assert init(*arguments) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_what_init_wrote_holds_an_endpoint_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    with server.running(delay=0.0) as provider:
        init("--url", provider.url, "-m", "reference-1", "--name", "acme")
        arguments = _command_of(Path(".github/workflows/conformance.yml"))
        assert main([*arguments, "-q", "-p", "smoke"]) == 0
    with server.running(delay=0.0, faults=["sse-done-missing"]) as provider:
        Path("targets.yaml").unlink()
        init("--url", provider.url, "-m", "reference-1", "--name", "acme")
        assert main([*arguments[:-1], "reports/again", "-q", "-p", "smoke"]) == 1


def _command_of(workflow: Path) -> list[str]:
    steps = yaml.safe_load(workflow.read_text())["jobs"]["gate"]["steps"]
    (command,) = [step["run"] for step in steps if "conformance run" in step.get("run", "")]
    return list(command.replace('"$STALE"', "warn").split()[1:])


@pytest.mark.parametrize("name", ["github.yml", "gitlab.yml", "Jenkinsfile"])
def test_the_documentation_shows_the_starters_as_they_are(name: str) -> None:
    text = (STARTERS / name).read_text()
    words = {
        "NAME": "acme",
        "KEY": "OPENAI_API_KEY",
        "PACKAGE": "git+https://host/owner/conformance@v0.1.0",
        "VERSION": "0.1.0",
    }
    shown = re.sub(r"@([A-Z]+)@", lambda found: words[found[1]], text)
    assert shown in (ROOT / "docs" / "ci.md").read_text()


def test_the_documentation_names_every_input_and_output_of_the_action() -> None:
    text = (ROOT / "docs" / "ci.md").read_text()
    missing = [name for name in (*ACTION["inputs"], *ACTION["outputs"]) if f"`{name}`" not in text]
    assert missing == []


def test_the_image_holds_everything_that_the_wheel_is_made_of() -> None:
    copied = {
        word
        for row in re.findall(r"^COPY (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
        for word in row.split()[:-1]
    }
    assert {"conformance", "schemas", "cases", "pyproject.toml", "README.md", "LICENSE"} <= copied
    assert all((ROOT / each).exists() for each in copied)
    kept = {row[1:] for row in (ROOT / ".dockerignore").read_text().splitlines() if row.startswith("!")}
    assert copied <= kept


def test_an_empty_baseline_says_how_it_is_filled() -> None:
    assert "conformance baseline update" in baseline_text.EMPTY
