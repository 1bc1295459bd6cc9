"""
What is heard, on its way to the run's folder: written here, or handed by a worker of pytest-xdist to its controller.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from pathlib import Path

import pytest

from conformance import performing, plan, runs
from conformance.capture import recording
from conformance.capture.redaction import secrets_of
from conformance.capture.secret import Secret
from conformance.capture.values import case_from_json, case_to_json, exchange_from_json, exchange_to_json
from conformance.contract import contracts, selection
from conformance.model import Case, Exchange, Level, Outcome, Result, RunInfo, Scorecard
from conformance.pytest_plugin import chosen, endpoint, known
from conformance.pytest_plugin.settings import Settings
from conformance.report import baseline as standing_of
from conformance.report import exits

#: The attribute of a report that carries a worker's lines; pytest-xdist sends what is text.
CARRIED = "conformance_heard"


class Lines:
    """
    A worker's notes, as JSON text, until the next report takes them along.
    """

    def __init__(self) -> None:
        """
        Empty.
        """
        self._lines: deque[str] = deque()
        self._contracts: tuple[str, ...] = ()

    def begin(self, made: plan.Plan, _: RunInfo) -> None:
        """
        The worker begins to ask.
        """
        self._contracts = tuple(contract.id for contract in made.contracts)

    def append(self, case: Case, exchange: Exchange) -> None:
        """
        Note an exchange; called on the engine's thread.
        """
        self._lines.append(json.dumps({"case": case_to_json(case), "exchange": exchange_to_json(exchange)}))

    def skip(self, result: Result) -> None:
        """
        Note that nothing was sent for a case.
        """
        row = {"unasked": case_to_json(result.case), "outcome": result.outcome.value, "cause": result.cause}
        self._lines.append(json.dumps(row))

    def take(self) -> str:
        """
        Everything noted since the last time, as one text; empty when there is nothing.
        """
        lines = []
        while self._lines:
            lines.append(self._lines.popleft())
        return json.dumps({"contracts": self._contracts, "lines": lines}) if lines else ""


class Folder:
    """
    A run's folder, written by the one process that is no worker: as exchanges come, and finished with the session.
    """

    def __init__(self, path: Path, settings: Settings, config: pytest.Config) -> None:
        """
        Raises ``pytest.UsageError`` when the folder holds a run already.
        """
        if (path / runs.RECORDING).exists():
            raise pytest.UsageError(f"{path} holds a run already, which is never written over: name another folder")
        self.path, self._settings, self._config = path, settings, config
        self._recorder: recording.Recorder | None = None
        self._secrets: tuple[Secret, ...] = ()
        self._unasked: dict[str, tuple[Case, Outcome, str]] = {}
        self._trouble = ""
        #: How the run ended, once it has.
        self.card: Scorecard | None = None
        self.ended: exits.Exit | None = None

    def begin(self, made: plan.Plan, info: RunInfo) -> None:
        """
        Begin the recording.
        """
        self._secrets = secrets_of(made.target)
        self._recorder = recording.create(self.path / runs.RECORDING, info, self._secrets)

    def append(self, case: Case, exchange: Exchange) -> None:
        """
        Record an exchange; called on the engine's thread.
        """
        if self._recorder is not None:
            self._recorder.append(case, exchange)

    def skip(self, result: Result) -> None:
        """
        Note that nothing was sent for a case.
        """
        self._unasked[result.case.id] = (result.case, result.outcome, result.cause)

    def end(self, rest: Iterable[Result], trouble: str) -> None:
        """
        What became of everything that was planned, and why the run ended early, if it did.
        """
        self._trouble = trouble
        for result in rest:
            if not result.attempts:
                self.skip(result)
        if not trouble and any(cause.startswith("budget") for _, _, cause in self._unasked.values()):
            self._trouble = "budget"

    def carried(self, text: str) -> None:
        """
        Take in what a worker noted.
        """
        data, config = json.loads(text), self._config
        if self._recorder is None:
            target = endpoint.target(config)
            made = plan.Plan(
                target=target,
                contracts=tuple(contracts.load(name) for name in data["contracts"]),
                cases=(),
                choice=chosen.choice_of(config, self._settings),
                limits=chosen.limits_of(config, self._settings, target),
                command=chosen.command_of(config),
                settings={"workers": "pytest-xdist"},
            )
            self.begin(made, performing.information(made))
        for row in map(json.loads, data["lines"]):
            if "unasked" in row:
                case = case_from_json(row["unasked"])
                self._unasked[case.id] = (case, Outcome(row["outcome"]), row["cause"])
            else:
                self.append(case_from_json(row["case"]), exchange_from_json(row["exchange"]))

    def finish(self, *, whole: bool) -> None:
        """
        Close the recording and write the reports; ``whole`` says that pytest came to its end.
        """
        if self._recorder is None:
            return
        whole = whole and not any(outcome is Outcome.NOT_RUN for _, outcome, _ in self._unasked.values())
        for row in self._unasked.values():
            self._recorder.skip(*row)
        self._recorder.close(complete=whole, ended=runs.now(), trouble=self._trouble)
        card = runs.load(self.path)
        stale = exits.Stale(self._settings.stale)
        baseline = known.baseline(self._config)
        standing = None if baseline is None else standing_of.stand(card, baseline, card.run.ended[:10])
        self.card = card
        self.ended = exits.decide(
            card,
            standing,
            fail_on=Level.SHOULD if self._settings.strict else Level.MUST,
            stale=stale,
            requested=[name for name in self._settings.profile if name != selection.SMOKE],
            interrupted=self._trouble == "interrupted",
        )
        runs.write(
            self.path,
            card,
            secrets=self._secrets,
            exit_code=self.ended.code,
            reason=self.ended.reason,
            standing=standing,
            stale=stale,
        )
