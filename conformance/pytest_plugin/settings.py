"""
What was given, read from pytest's options and configuration file.

An option counts before the setting of the same name.  Nothing is checked against the world here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance.pytest_plugin.options import OPTIONS, Option


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    What was given, by an option or by a setting; nothing is checked against the world yet.
    """

    url: str | None = None
    model: str | None = None
    target: str | None = None
    targets: Path | None = None
    reference: bool = False
    claims: str | None = None
    api_key_env: str | None = None
    api_key_file: Path | None = None
    concurrency: int | None = None
    rate: str | None = None
    timeout: str | None = None
    max_requests: int | None = None
    max_tokens: int | None = None
    max_time: str | None = None
    contract: tuple[str, ...] = ()
    profile: tuple[str, ...] = ()
    strict: bool = False
    baseline: Path | None = None
    stale: str = "fail"
    output: Path | None = None

    @classmethod
    def read(cls, config: pytest.Config) -> Settings:
        """
        What was given; raises ``pytest.UsageError`` for a number or a word that is none.
        """
        found = {each.name.replace("-", "_"): _value(config, each) for each in OPTIONS}
        made = cls(**{name: value for name, value in found.items() if value is not None})
        if made.stale not in ("fail", "warn", "ignore"):
            raise pytest.UsageError(f"--conformance-stale: {made.stale!r} is not fail, warn or ignore")
        return made


def _value(config: pytest.Config, option: Option) -> Any:
    value: str | int | bool | Sequence[str] | None = config.getoption(option.dest)
    if value is not None:
        return _made(option, value, config.invocation_params.dir)
    value = config.getini(option.dest)
    # pytest gives an empty text, list or False for a setting that is not there.
    return _made(option, value, config.inipath.parent if config.inipath else config.rootpath) if value else None


def _made(option: Option, value: Any, beside: Path) -> Any:
    if option.kind == "path":
        return beside / Path(value).expanduser()
    if option.kind == "many":
        return tuple(value)
    if option.kind != "number":
        return value
    if not str(value).isdecimal() or int(value) < 1:
        raise pytest.UsageError(f"{option.flag}: {value!r} is no whole number from 1 on")
    return int(value)
