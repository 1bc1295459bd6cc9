"""
One case as an item of pytest: it waits for its own exchange and says what became of it.
"""

from __future__ import annotations

from typing import Protocol

import pytest

from conformance.contract import contracts
from conformance.errors import CheckCrashed, ConformanceError
from conformance.model import Case, Level, Outcome, Result
from conformance.pytest_plugin import endpoint, wording
from conformance.pytest_plugin.known import Held
from conformance.pytest_plugin.told import ConformanceWarning, ContractViolated, NoVerdictOnCase

_LEFT_OUT = frozenset({Outcome.UNSUPPORTED, Outcome.NOT_APPLICABLE, Outcome.NOT_RUN})
_UNDECIDED = frozenset({Outcome.INCONCLUSIVE, Outcome.ERROR})


class Asker(Protocol):
    """
    Who asks for the items, and knows how results are to be taken.
    """

    strict: bool
    stale: str

    def result(self, item: CaseItem) -> Result:
        """
        The result of an item's case, once it is there.
        """

    def held(self, result: Result) -> Held:
        """
        What the baseline says of a result.
        """

    def report_of(self, case: Case) -> str:
        """
        Where a case will stand in the report.
        """


AHEAD = pytest.StashKey[Asker]()


class CaseItem(pytest.Item):
    """
    One case.
    """

    case: Case
    #: What became of it; kept, so that a plugin that runs items again does not ask again.
    result: Result | None = None

    @classmethod
    def of(cls, parent: pytest.Collector, case: Case) -> CaseItem:
        """
        The item of a case.
        """
        made: CaseItem = cls.from_parent(parent, name=case.id)
        made.case = case
        return made

    def setup(self) -> None:
        """
        Wait; what has no verdict ends here, so that pytest counts it as an error and not as a failure.
        """
        if self.config.getoption("setuponly", default=False) or self.config.getoption("setupplan", default=False):
            return
        result = self._result()
        if result.outcome in _LEFT_OUT:
            raise pytest.skip.Exception(wording.reason(result), _use_item_location=True)
        if result.outcome in _UNDECIDED:
            raise NoVerdictOnCase(wording.reason(result), wording.undecided(result))

    def runtest(self) -> None:
        """
        Fail for a MUST, warn of a SHOULD, and expect what the baseline knows.
        """
        result, ahead = self._result(), self.config.stash[AHEAD]
        held, rows = ahead.held(result), contracts.load(self.case.contract).requirements
        fatal = (Level.MUST, Level.SHOULD) if ahead.strict else (Level.MUST,)
        found = [each for each, _ in wording.distinct(result.findings, fatal, rows)]
        new = [each for each in found if held.expects(each) is None]
        expected = [entry for entry in map(held.expects, found) if entry is not None]
        if expected and not new:
            pytest.xfail(wording.known(expected[0]))
        # With --runxfail the line above does nothing, and what was expected fails as well.
        if found:
            text = wording.violations(result, rows, {**held.known, **held.expired}, report=ahead.report_of(self.case))
            raise ContractViolated(wording.headline((new or found)[0], rows), text)
        self._warn(result, held)
        self._miss(held)

    def _warn(self, result: Result, held: Held) -> None:
        rows = contracts.load(self.case.contract).requirements
        for finding, _ in wording.distinct(result.findings, (Level.SHOULD,), rows):
            if held.expects(finding) is None:
                self.warn(ConformanceWarning(wording.headline(finding, rows)))

    def _miss(self, held: Held) -> None:
        """
        Speak of the violations that the baseline still expects and that are gone.
        """
        stale = self.config.stash[AHEAD].stale
        for entry in held.gone:
            said = wording.gone(entry)
            if stale == "fail":
                raise ContractViolated(said, f"[XPASS(strict)] {said}")
            if stale == "warn":
                self.warn(ConformanceWarning(said))

    def _result(self) -> Result:
        if self.result is None:
            ahead = self.config.stash[AHEAD]
            try:
                self.result = ahead.result(self)
            except CheckCrashed:
                raise
            except ConformanceError as problem:
                said = wording.ours(str(problem))
                raise NoVerdictOnCase(said.partition("\n")[0], said) from None
            contract = contracts.load(self.case.contract)
            self.user_properties += wording.properties(self.result, endpoint.target(self.config).name, contract)
        return self.result

    def seconds(self, when: str) -> float:
        """
        How long a phase took: waiting in the queue is nobody's time, and the exchanges are the call's.
        """
        result = self.result
        if result is None or when == "teardown":
            return 0.0
        told = "setup" if result.outcome in _UNDECIDED else "call"
        return sum(attempt.exchange.seconds for attempt in result.attempts) if when == told else 0.0

    def reportinfo(self) -> tuple[str, int, str]:
        """
        The line of the case, and its name with the target's.
        """
        return (
            str(self.path),
            max(self.case.line - 1, 0),
            f"{self.case.id} on {self.parent.name if self.parent else ''}",
        )
