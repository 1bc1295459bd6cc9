"""
The pytest plugin: one item a case, asked ahead of the item that waits for it.  Argument handling only.

Without an option of ours it registers options and fixtures and does nothing else: it imports nothing of the suite.
"""

from __future__ import annotations

import pytest

from conformance.pytest_plugin import options
from conformance.pytest_plugin.fixtures import conformance_client, conformance_judge, conformance_target
from conformance.pytest_plugin.told import ConformanceWarning

__all__ = ["ConformanceWarning", "conformance_client", "conformance_judge", "conformance_target"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """
    Our options and settings, all of them prefixed: others own the short names.
    """
    options.add(parser)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """
    Wake up when an option or a setting of ours is given.
    """
    # A SHOULD warns in projects as well that make errors of all warnings; -W on the command line comes after this.
    config.addinivalue_line("filterwarnings", f"default::{ConformanceWarning.__module__}.ConformanceWarning")
    if options.given(config):
        from conformance.pytest_plugin import awake

        awake.register(config)


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """
    Lend the short name ``judge`` to our fixture, where nobody else has it.
    """
    if not _fixtures(session, "judge"):
        from conformance.pytest_plugin import short

        session.config.pluginmanager.register(short, "conformance-judge")


def _fixtures(session: pytest.Session, name: str) -> object:
    """
    What all plugins say of a fixture; they are known when the session starts, and pytest has no public way to ask.
    """
    manager = session._fixturemanager  # noqa: SLF001
    try:
        return manager.getfixturedefs(name, session)
    except AttributeError:
        # pytest 8.0 wants the id of a node.
        return manager.getfixturedefs(name, session.nodeid)  # type: ignore[arg-type]
