"""
Measurements spread over processes, each with the recording of the provider without faults.

Not in ``__main__``, which the processes cannot import.
"""

from __future__ import annotations

import multiprocessing
import pickle
from collections.abc import Iterator, Mapping, Sequence

from conformance.board import Exchanges
from conformance.model import Case
from tests.verdicts.measure import Report, every_case, measure

_WANTED: tuple[Case, ...] = ()
_BEFORE: Mapping[str, Exchanges] = {}


def _begin(before: bytes) -> None:
    global _WANTED, _BEFORE
    _WANTED, _BEFORE = every_case(), pickle.loads(before)


def _one(name: str) -> tuple[str, Report]:
    return name, measure(name, _WANTED, _BEFORE)


def measured(names: Sequence[str], before: Mapping[str, Exchanges], processes: int) -> Iterator[tuple[str, Report]]:
    """
    The report of each name, as they come; what the provider answers without faults is handed to every process.
    """
    with multiprocessing.get_context("spawn").Pool(processes, _begin, (pickle.dumps(dict(before)),)) as pool:
        yield from pool.imap_unordered(_one, names)
