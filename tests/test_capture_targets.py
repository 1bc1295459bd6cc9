"""
A targets file is read strictly, and a key in it is refused.
"""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from conformance.capture import targets
from conformance.capture.target import Secret, Target, Timeouts
from conformance.errors import FileError, UsageError
from conformance.model import JSON

FILE: JSON = {
    "version": 1,
    "defaults": {
        "dialect": "openai-chat",
        "contract": "2026-10",
        "profiles": ["core"],
        "rate": "60/m",
        "timeout": "60s",
    },
    "targets": {
        "acme": {"base_url": "https://a.test/v1", "api_key": {"env": "ACME"}, "model": "m", "claims": ["tools"]},
        "local": {"base_url": "http://127.0.0.1:8000/v1", "api_key": "none", "model": "tiny", "concurrency": 4},
    },
    "groups": {"all": ["local", "acme"]},
    "prices": {"m": {"in": 0.15, "out": 0.6}},
}
SCHEMA = json.loads(Path("schemas/targets.json").read_text()) if Path("schemas/targets.json").exists() else {}


def read(document: JSON, environ: dict[str, str] | None = None, path: str = "targets.yaml") -> targets.Targets:
    return targets.from_mapping(document, lambda place: 100 + len(place.split("/")), path, environ or {})


def test_a_target_takes_the_defaults() -> None:
    assert read(FILE, {"ACME": "sk-abc"}).choose(["acme"]) == (
        Target(
            name="acme",
            base_url="https://a.test/v1",
            model="m",
            key=Secret("sk-abc"),
            claims=("tools",),
            rate=1.0,
            timeouts=Timeouts(connect=10, first_byte=60, total=180),
            profiles=("core",),
            contracts=("openai-chat",),
        ),
    )


def test_a_group_is_its_targets_each_once() -> None:
    chosen = read(FILE, {"ACME": "sk-abc"}).choose(["acme"], "all")
    assert [each.name for each in chosen] == ["acme", "local"]


def test_a_key_is_looked_up_only_when_its_target_is_chosen() -> None:
    file = read(FILE)
    assert file.choose(["local"])[0].key is None
    with pytest.raises(FileError, match="ACME is not set"):
        file.choose(["acme"])


def test_a_key_file_lies_beside_the_targets_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-file\n")
    document: JSON = {"version": 1, "targets": {"a": {"base_url": "http://a", "api_key": {"file": "key"}}}}
    (chosen,) = read(document, path=str(tmp_path / "targets.yaml")).choose(["a"])
    assert chosen.key == Secret("sk-file")


def entry(**changes: JSON) -> JSON:
    return {"version": 1, "targets": {"a": {"base_url": "http://a.test", **changes}}}


WRONG: dict[str, tuple[JSON, str]] = {
    "no mapping": ([], "mapping"),
    "another version": ({"version": 2}, "version must be 1"),
    "an unknown key at the top": ({"version": 1, "target": {}}, "did you mean 'targets'"),
    "an unknown key of a target": (entry(base_ulr="x"), "did you mean 'base_url'"),
    "a literal key": (entry(api_key="sk-proj-abc"), "api_key: {env: NAME}"),
    "a literal credential header": (entry(headers={"Authorization": "Bearer sk-proj-abc"}), "{env: NAME}"),
    "two places of a key": (entry(api_key={"env": "A", "file": "b"}), "one place"),
    "a model that is a number": (entry(model=4), "wrong type"),
    "claims that are no list": (entry(claims="tools"), "wrong type"),
    "no URL": (entry(base_url="a.test/v1"), "no http or https URL"),
    "no base_url": ({"version": 1, "targets": {"a": {}}}, "has no base_url"),
    "no rate": (entry(rate="fast"), "no rate"),
    "no duration": (entry(timeout="0s"), "no duration"),
    "no such time-out": (entry(timeout={"read": 1}), "unknown key 'read'"),
    "nothing at a time": (entry(concurrency=0), "at least 1"),
    "a truth for a number": (entry(concurrency=True), "wrong type"),
    "a group of strangers": ({"version": 1, "targets": {}, "groups": {"g": ["a"]}}, "no target 'a'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_with_its_line(name: str) -> None:
    document, words = WRONG[name]
    with pytest.raises(FileError) as error:
        read(document)
    assert words in str(error.value)
    assert error.value.line > 100
    assert "sk-proj-abc" not in str(error.value)


def test_the_shipped_schema_takes_the_example() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(FILE)


SCHEMA_BLIND = {"a literal credential header", "a group of strangers", "no base_url", "no duration", "no mapping"}


@pytest.mark.parametrize("name", sorted(WRONG.keys() - SCHEMA_BLIND))
def test_the_shipped_schema_refuses_it_too(name: str) -> None:
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(WRONG[name][0])


RATES = {"60/m": 1.0, "2/s": 2.0, "36/h": 0.01, "5": 5.0}
DURATIONS = {"60s": 60.0, "2m": 120.0, "500ms": 0.5, "3": 3.0}


@pytest.mark.parametrize("text", RATES)
def test_rates_are_read(text: str) -> None:
    assert targets.per_second(text) == RATES[text]


@pytest.mark.parametrize("text", DURATIONS)
def test_durations_are_read(text: str) -> None:
    assert targets.seconds(text) == DURATIONS[text]


def test_without_a_file_the_environment_is_enough() -> None:
    environ = {
        "OPENAI_BASE_URL": "https://h.test/v1",
        "OPENAI_API_KEY": "sk-1",
        "OPENAI_ORG_ID": "org",
        "OPENAI_PROJECT_ID": "p",
    }
    assert targets.from_environment(environ, model="m") == Target(
        name="h.test",
        base_url="https://h.test/v1",
        model="m",
        key=Secret("sk-1"),
        headers=(("OpenAI-Organization", "org"), ("OpenAI-Project", "p")),
    )


def test_a_given_url_goes_before_the_environment() -> None:
    target = targets.from_environment({"OPENAI_BASE_URL": "https://h.test/v1"}, url="http://other.test")
    assert target is not None
    assert target.base_url == "http://other.test"


def test_nothing_named_is_no_target() -> None:
    assert targets.from_environment({"OPENAI_API_KEY": "sk-1"}) is None


def test_a_url_without_its_scheme_is_refused() -> None:
    with pytest.raises(UsageError, match="in full"):
        targets.from_environment({}, url="h.test/v1")
