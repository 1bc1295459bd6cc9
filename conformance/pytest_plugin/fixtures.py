"""
Fixtures for tests that others write: the target, a client for it, and the judge of what it answers.

They work without any case file; nothing of the suite is imported before a test asks for one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.capture.response import Client
    from conformance.capture.target import Target
    from conformance.pytest_plugin.judging import Judge


@pytest.fixture(scope="session")
def conformance_target(pytestconfig: pytest.Config) -> Target:
    """The endpoint that --conformance-url or --conformance-target names."""
    from conformance.errors import ConformanceError
    from conformance.pytest_plugin import endpoint, wording

    try:
        return endpoint.target(pytestconfig)
    except ConformanceError as problem:
        pytest.fail(wording.ours(str(problem)), pytrace=False)


@pytest.fixture
def conformance_client(conformance_target: Target) -> Iterator[Client]:
    """An httpx client with the target's base URL and credentials."""
    from conformance.capture import response

    with response.client(conformance_target) as client:
        yield client


@pytest.fixture(scope="session")
def conformance_judge(pytestconfig: pytest.Config) -> Judge:
    """Judges an httpx response by the contract that documents its call, and returns the findings."""
    from conformance.pytest_plugin import judging
    from conformance.pytest_plugin.settings import Settings

    return judging.Judge(strict=Settings.read(pytestconfig).strict)
