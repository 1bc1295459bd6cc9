"""
The target of a session: what the options name, found once and kept with pytest's configuration.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance import whom
from conformance.capture import targets as target_files
from conformance.capture.amounts import per_second, timeouts
from conformance.capture.secret import Secret
from conformance.capture.target import Target
from conformance.errors import UsageError
from conformance.pytest_plugin import options
from conformance.pytest_plugin.settings import Settings

_TARGET = pytest.StashKey[Target]()
#: Where the controller of pytest-xdist tells its workers the address of the reference provider.
REFERENCE = "conformance_reference"

_NOBODY = (
    "no endpoint is named\n"
    "  Name one with --conformance-url URL and --conformance-model NAME, with --conformance-target NAME,\n"
    "  or ask the bundled provider with --conformance-reference."
)


def named(config: pytest.Config) -> bool:
    """
    Whether an endpoint is named: by us, or by others while an option of ours is on the command line.
    """
    found = Settings.read(config)
    if found.url or found.target or found.targets or found.reference:
        return True
    return options.on_command_line(config) and bool(_elsewhere(config))


def target(config: pytest.Config) -> Target:
    """
    The target; raises ``UsageError`` or ``FileError`` when none is named or what is named does not fit.
    """
    if _TARGET not in config.stash:
        config.stash[_TARGET] = _shared(_found(config), config)
    return config.stash[_TARGET]


def found(config: pytest.Config) -> Target | None:
    """
    The target, if somebody had to know it already.
    """
    return config.stash.get(_TARGET, None)


class Sharing:
    """
    One reference provider for all workers of pytest-xdist.
    """

    def __init__(self, config: pytest.Config, *, reference: bool) -> None:
        """
        ``reference`` says that it is asked.
        """
        self._config, self._reference = config, reference

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """
        Tell a worker where the provider is.
        """
        if self._reference:
            node.workerinput[REFERENCE] = target(self._config).base_url


def _found(config: pytest.Config) -> Target:
    settings = Settings.read(config)
    if settings.url and (settings.target or settings.reference):
        raise UsageError("an endpoint is named twice\n  Leave --conformance-url out, or the other.")
    key = _key(settings)
    found = _reference(config) if settings.reference else _from_file(settings) or _from_url(config, settings, key)
    found = replace(found, **_changes(settings, None if settings.reference else key))
    if not found.model:
        raise UsageError(f"no model is named for {found.base_url}\n  Name one with --conformance-model NAME.")
    return found


def _reference(config: pytest.Config) -> Target:
    url = getattr(config, "workerinput", {}).get(REFERENCE)
    if url:
        return whom.bundled_at(url)
    running = ExitStack()
    config.add_cleanup(running.close)
    return running.enter_context(whom.bundled())


def _from_file(settings: Settings) -> Target | None:
    if not (settings.target or settings.targets):
        return None
    known = whom.from_file(settings.targets or Path(whom.TARGETS))
    names = [settings.target] if settings.target else list(known.entries)
    if len(names) != 1:
        raise UsageError(f"{known.path} has {len(names)} targets\n  Name one with --conformance-target NAME.")
    return known.choose(names)[0]


def _from_url(config: pytest.Config, settings: Settings, key: Secret | None) -> Target:
    url = settings.url or _elsewhere(config)
    found = target_files.from_environment(os.environ, url=url, model=settings.model or "", key=key)
    if found is None:
        raise UsageError(_NOBODY)
    return found


def _elsewhere(config: pytest.Config) -> str:
    """
    The address that pytest-base-url or the environment names.
    """
    value = config.getoption("base_url", None)
    if not value:
        try:
            value = config.getini("base_url")
        except ValueError:
            value = None
    return value if isinstance(value, str) and value else os.environ.get("OPENAI_BASE_URL", "")


def _key(settings: Settings) -> Secret | None:
    if settings.api_key_env and settings.api_key_file:
        raise UsageError("--conformance-api-key-env and --conformance-api-key-file are both given")
    if not (settings.api_key_env or settings.api_key_file):
        return None
    file = str(settings.api_key_file) if settings.api_key_file else None
    return target_files.found_key(os.environ, env=settings.api_key_env, file=file)


def _changes(settings: Settings, key: Secret | None) -> dict[str, Any]:
    claims = settings.claims
    given = {
        "model": settings.model,
        "claims": None if claims is None else tuple(each.strip() for each in claims.split(",") if each.strip()),
        "key": key,
        "concurrency": settings.concurrency,
        "rate": per_second(settings.rate) if settings.rate else None,
        "timeouts": timeouts(settings.timeout) if settings.timeout else None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _shared(found: Target, config: pytest.Config) -> Target:
    """
    A worker of pytest-xdist asks with its share of the rate, so that all of them keep to it.
    """
    workers = workers_of(config)
    return replace(found, rate=found.rate / workers) if found.rate and workers > 1 else found


def workers_of(config: pytest.Config) -> int:
    """
    How many processes share the work.
    """
    return int(getattr(config, "workerinput", {}).get("workercount", 1))


def is_worker(config: pytest.Config) -> bool:
    """
    Whether this process is a worker of pytest-xdist, which runs only what it is handed.
    """
    return hasattr(config, "workerinput")
