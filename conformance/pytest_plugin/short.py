"""
The short name of the judge, registered where no other plugin has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.pytest_plugin.judging import Judge


@pytest.fixture(scope="session")
def judge(conformance_judge: Judge) -> Judge:
    """The same as conformance_judge."""
    return conformance_judge
