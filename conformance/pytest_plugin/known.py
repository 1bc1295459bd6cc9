"""
One case's result held against the baseline: what is expected of it, and what is gone.

The whole run is held against it once more when its folder is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import pytest

from conformance import runs
from conformance.contract import baselines, contracts
from conformance.model import Baseline, Disposition, Entry, Finding, Result, RunInfo
from conformance.pytest_plugin import endpoint
from conformance.pytest_plugin.settings import Settings
from conformance.report import baseline as standing_of
from conformance.report.scorecard import signature


def _none() -> Mapping[str, Entry]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """
    What a baseline says of one result; nothing, when there is none.
    """

    #: The entries that expect a violation, by its signature.
    known: Mapping[str, Entry] = field(default_factory=_none)
    #: Those whose day has passed: the violation is new again.
    expired: Mapping[str, Entry] = field(default_factory=_none)
    #: Entries that speak of this case alone, and whose violation is gone.
    gone: tuple[Entry, ...] = ()

    def expects(self, finding: Finding) -> Entry | None:
        """
        The entry that expects a violation.
        """
        return self.known.get(signature(finding))


_BASELINE = pytest.StashKey[Baseline]()


def baseline(config: pytest.Config) -> Baseline | None:
    """
    The baseline that is given, or the target's own once the target is known; raises ``FileError``.
    """
    if _BASELINE not in config.stash:
        target = endpoint.found(config)
        path = Settings.read(config).baseline or (Path(target.baseline) if target and target.baseline else None)
        if path is None:
            return None
        config.stash[_BASELINE] = baselines.load(path)
    return config.stash[_BASELINE]


def hold(result: Result, baseline: Baseline | None, info: RunInfo, today: str) -> Held:
    """
    Hold one result against a baseline; ``today`` is an ISO day in UTC.
    """
    if baseline is None:
        return Held()
    card = runs.score([result], [contracts.load(result.case.contract)], info)
    standing = standing_of.stand(card, baseline, today)
    entries = {mark: entry for (mark, _), entry in standing.knowing.items()}
    marks = {mark: disposition for (mark, _), disposition in standing.findings.items()}
    return Held(
        known={mark: entry for mark, entry in entries.items() if marks[mark] is Disposition.KNOWN},
        expired={mark: entry for mark, entry in entries.items() if marks[mark] is Disposition.EXPIRED},
        # Of an entry for several cases, one case alone cannot say that its violation is gone.
        gone=tuple(
            entry
            for entry, disposition in standing.entries
            if disposition is Disposition.UNEXPECTED_PASS and entry.cases == (result.case.id,)
        ),
    )
