"""
The plugin at work: everything that it registers when an option or a setting of ours is given.
"""

from __future__ import annotations

import pytest

from conformance import plan
from conformance.capture.amounts import seconds
from conformance.contract import contracts, paths
from conformance.errors import ConformanceError
from conformance.model import Level
from conformance.pytest_plugin import endpoint, known, options, wording
from conformance.pytest_plugin.ahead import Ahead
from conformance.pytest_plugin.collecting import KNOWN, Collecting
from conformance.pytest_plugin.columns import Columns
from conformance.pytest_plugin.folder import Folder, Lines
from conformance.pytest_plugin.items import AHEAD
from conformance.pytest_plugin.reporting import Reporting
from conformance.pytest_plugin.settings import Settings


def register(config: pytest.Config) -> None:
    """
    Register our hooks; raises ``pytest.UsageError`` for what does not fit, before anything is collected.
    """
    settings = Settings.read(config)
    try:
        _check(config, settings)
        known.baseline(config)
    except ConformanceError as problem:
        raise pytest.UsageError(wording.ours(str(problem))) from None
    notes = _notes(config, settings)
    ahead = Ahead(config, settings, notes)
    config.stash[AHEAD] = ahead
    hooks = (
        Collecting(config, settings.profile),
        ahead,
        Reporting(notes),
        endpoint.Sharing(config, reference=settings.reference),
        Columns(config, settings, notes),
    )
    for each in hooks:
        config.pluginmanager.register(each, f"conformance-{type(each).__name__.lower()}")
    config.addinivalue_line("markers", "conformance(level, feature): a case of an endpoint's contract")
    for name in (*(level.value.lower() for level in Level), *_profiles()):
        config.stash[KNOWN].register(config, name)


def _profiles() -> dict[str, None]:
    return {profile.id: None for name in contracts.names() for profile in contracts.load(name).profiles}


def _check(config: pytest.Config, settings: Settings) -> None:
    """
    Look at what was given, as far as it costs nothing; who is asked is found now when the command line names it.
    """
    plan.check_profiles(settings.profile, map(contracts.load, settings.contract or contracts.names()))
    if settings.max_time:
        seconds(settings.max_time)
    if settings.contract:
        given = config.args if config.args_source is pytest.Config.ArgsSource.ARGS else []
        config.args = [*given, *(str(paths.folder("cases") / name) for name in settings.contract)]
    if options.on_command_line(config) and endpoint.named(config):
        plan.check_claims(endpoint.target(config).claims or ())


def _notes(config: pytest.Config, settings: Settings) -> Folder | Lines | None:
    if settings.output is None:
        return None
    return Lines() if endpoint.is_worker(config) else Folder(settings.output, settings, config)
