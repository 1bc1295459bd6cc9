"""
What pytest was told to do, in the words of a run's header.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import plan
from conformance.capture.amounts import seconds
from conformance.capture.target import Target
from conformance.pytest_plugin import endpoint
from conformance.pytest_plugin.settings import Settings


def choice_of(config: pytest.Config, settings: Settings) -> plan.Choice:
    """
    What was chosen, in the words of the command line, for the report's page on method.
    """
    words = [
        *([f"-k {config.option.keyword}"] if config.option.keyword else []),
        *([f"-m {config.option.markexpr}"] if config.option.markexpr else []),
        *(["--lf"] if config.getoption("lf", default=False) else []),
    ]
    return plan.Choice(
        contracts=settings.contract,
        profiles=settings.profile,
        expression=" ".join(words),
        # The suite's own cases are no choice of files.
        files=() if settings.contract else tuple(Path(each) for each in config.args),
    )


def limits_of(config: pytest.Config, settings: Settings, target: Target) -> plan.Limits:
    """
    What this process may spend, by the options or else by the target's own limits: all, or a worker's share.
    """
    workers = endpoint.workers_of(config)

    def share(amount: int | None) -> int | None:
        return None if amount is None else max(1, amount // workers)

    return plan.Limits(
        requests=share(settings.max_requests or target.max_requests),
        tokens=share(settings.max_tokens or target.max_tokens),
        seconds=seconds(settings.max_time) if settings.max_time else target.max_seconds,
    )


def command_of(config: pytest.Config) -> tuple[str, ...]:
    """
    The command line.
    """
    return ("pytest", *(str(each) for each in config.invocation_params.args))
