"""
The options and settings of the plugin: one table.

It is read at every start of pytest, whoever is tested: a value with dataclasses would cost more than all the rest.
"""

from __future__ import annotations

import argparse
from typing import Any, Literal, NamedTuple, NoReturn

import pytest

Kind = Literal["text", "path", "number", "flag", "many"]


class Option(NamedTuple):
    """
    ``--conformance-NAME`` and the setting ``conformance_NAME``.
    """

    name: str
    kind: Kind
    metavar: str
    help: str

    @property
    def flag(self) -> str:
        """
        As it is written on the command line.
        """
        return f"--conformance-{self.name}"

    @property
    def dest(self) -> str:
        """
        As pytest and its configuration file call it.
        """
        return f"conformance_{self.name}".replace("-", "_")


OPTIONS = (
    Option("url", "text", "URL", "The endpoint's base URL, with its /v1 (default: --base-url, OPENAI_BASE_URL)."),
    Option("model", "text", "NAME", "The model to ask."),
    Option("target", "text", "NAME", "A target of the targets file."),
    Option("targets", "path", "FILE", "The targets file (default: targets.yaml)."),
    Option("reference", "flag", "", "Ask the bundled reference provider."),
    Option("claims", "text", "A,B", "The features that the target says it has (default: undeclared)."),
    Option("api-key-env", "text", "NAME", "Environment variable that holds the key (default: OPENAI_API_KEY)."),
    Option("api-key-file", "path", "FILE", "File that holds the key."),
    Option("concurrency", "number", "N", "Requests in flight (default: 8)."),
    Option("rate", "text", "R", "Requests that start, as 60/m or 2/s (default: no limit)."),
    Option("timeout", "text", "S", "Seconds until an answer must begin, as 60s (default: 60s)."),
    Option("max-requests", "number", "N", "Send no more requests than this."),
    Option("max-tokens", "number", "N", "Spend no more tokens, reckoned as ceilings."),
    Option("max-time", "text", "S", "Send nothing after this time, as 10m."),
    Option("contract", "many", "ID", "Collect the suite's own cases of a contract; repeatable."),
    Option("profile", "many", "ID", "Only the cases of a profile, or smoke; repeatable."),
    Option("strict", "flag", "", "A violated SHOULD fails instead of warning."),
    Option("baseline", "path", "FILE", "Known violations: they are expected to fail until they expire."),
    Option("stale", "text", "WORD", "What a known violation that is gone does: fail (default), warn or ignore."),
    Option("output", "path", "DIR", "Write the run's folder: recording, results and report."),
)


class _NoValue(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        parser.error(
            "a key on the command line stays in the shell's history and in process lists: "
            "export OPENAI_API_KEY, or use --conformance-api-key-env NAME or --conformance-api-key-file FILE"
        )


def add(parser: pytest.Parser) -> None:
    """
    Register every option with its setting.
    """
    group = parser.getgroup("conformance", "contract conformance of LLM endpoints")
    for each in OPTIONS:
        how: dict[str, Any] = {"dest": each.dest, "default": None, "help": each.help}
        if each.kind == "flag":
            group.addoption(each.flag, action="store_true", **how)
        else:
            action = "append" if each.kind == "many" else "store"
            kind = int if each.kind == "number" else str
            group.addoption(each.flag, action=action, type=kind, metavar=each.metavar, **how)
        parser.addini(each.dest, each.help, type=_INI.get(each.kind, "string"), default=None)
    group.addoption("--conformance-api-key", action=_NoValue, help=argparse.SUPPRESS)


_INI: dict[str, Any] = {"flag": "bool", "many": "args"}


def given(config: pytest.Config) -> bool:
    """
    Whether anything of ours was given, on the command line or in the configuration file.
    """
    return on_command_line(config) or any(config.getini(each.dest) for each in OPTIONS)


def on_command_line(config: pytest.Config) -> bool:
    """
    Whether an option of ours was given.
    """
    return any(config.getoption(each.dest) is not None for each in OPTIONS)
