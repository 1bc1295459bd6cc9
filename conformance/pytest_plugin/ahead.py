"""
The engine ahead of the items: it asks what was chosen while pytest goes from item to item, and stops when pytest stops.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from functools import cached_property

import pytest

from conformance import performing, plan, runs
from conformance.asking import Asking, asking
from conformance.capture import budget, doctor
from conformance.capture.target import Target
from conformance.contract import contracts, selection
from conformance.errors import NoVerdict
from conformance.model import Case, Result, RunInfo
from conformance.pytest_plugin import chosen, endpoint, known
from conformance.pytest_plugin.collecting import KNOWN
from conformance.pytest_plugin.folder import Folder, Lines
from conformance.pytest_plugin.items import CaseItem
from conformance.pytest_plugin.settings import Settings
from conformance.report import links


class Ahead:
    """
    Everything that one process of pytest asks.
    """

    def __init__(self, config: pytest.Config, settings: Settings, notes: Folder | Lines | None) -> None:
        """
        ``notes`` take what is heard; nothing is asked, and nobody looked up, before the first item waits.
        """
        self._config, self._settings, self._notes = config, settings, notes
        self.strict, self.stale = settings.strict, settings.stale
        self._items: Sequence[CaseItem] = ()
        self._plan: plan.Plan | None = None
        self._info: RunInfo | None = None
        self._asking: Asking | None = None
        self._stopped: NoVerdict | None = None
        self._started = False
        self._open = ExitStack()

    @cached_property
    def target(self) -> Target:
        """
        Who is asked.
        """
        return endpoint.target(self._config)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """
        Let the engine work for as long as pytest does; by now it is known which cases were chosen.
        """
        # The controller of pytest-xdist collects nothing.
        self._items = [item for item in getattr(session, "items", ()) if isinstance(item, CaseItem)]
        cause = "stopped"
        try:
            return (yield)
        except KeyboardInterrupt:
            cause = "interrupted"
            raise
        finally:
            self._end(cause)

    def result(self, item: CaseItem) -> Result:
        """
        The result of an item's case, once it is there.

        Raises ``NoVerdict`` for the first item that learns of a target which cannot be asked; the others are not run.
        """
        try:
            asked = self._asking or self._begin()
            if self._stopped is not None:
                return asked.stop([item.case], self._stopped.cause)[0]
            asked.start([each.case for each in self._next(item)])
            result = asked.result(item.case)
        except NoVerdict as problem:
            self._stopped = self._stopped or problem
            raise
        if self._notes is not None and not result.attempts:
            self._notes.skip(result)
        return result

    def held(self, result: Result) -> known.Held:
        """
        What the baseline says of a result.
        """
        baseline = known.baseline(self._config)
        if baseline is None or self._info is None:
            return known.Held()
        return known.hold(result, baseline, self._info, self._info.started[:10])

    def report_of(self, case: Case) -> str:
        """
        Where a case will stand in the report; nothing when none is written.
        """
        if self._settings.output is None:
            return ""
        return os.path.relpath(self._settings.output / "report.html") + links.case(case.id)

    def _begin(self) -> Asking:
        made = self._planned()
        known.baseline(self._config)
        info = performing.information(made)
        self._plan, self._info = made, info
        # A target that is not there is not asked; what was planned is then not run, and that is noted as well.
        source = asking(
            made.cases,
            {contract.id: contract for contract in made.contracts},
            lambda: performing.live(made.target),
            circumstances=runs.circumstances(info),
            on_exchange=self._notes.append if self._notes is not None else None,
            spending=budget.Budget(
                requests=made.limits.requests, tokens=made.limits.tokens, seconds=made.limits.seconds
            ),
        )
        if self._notes is not None:
            self._notes.begin(made, info)
        self._asking = self._open.enter_context(source)
        doctor.ask_first(made.target, made.contracts[0].id)
        return self._asking

    def _end(self, cause: str) -> None:
        """
        Ask no more, and note what was planned and never sent.
        """
        trouble = self._stopped.cause if self._stopped is not None else ""
        with self._open:
            if self._asking is None or self._plan is None:
                return
            rest = self._asking.stop(self._plan.cases, trouble or cause)
            if isinstance(self._notes, Folder):
                self._notes.end(rest, trouble or ("interrupted" if cause == "interrupted" else ""))

    def _planned(self) -> plan.Plan:
        offered = self._config.stash[KNOWN].cases
        items = {item.case.id: item.case for item in self._items}
        drawn = selection.with_premises(tuple(offered.values()), set(items))
        cases = (*items.values(), *(case for name, case in offered.items() if name in drawn and name not in items))
        names = dict.fromkeys(case.contract for case in cases)
        return plan.Plan(
            target=self.target,
            contracts=tuple(contracts.load(name) for name in names),
            cases=cases,
            choice=chosen.choice_of(self._config, self._settings),
            limits=chosen.limits_of(self._config, self._settings, self.target),
            command=chosen.command_of(self._config),
        )

    def _next(self, item: CaseItem) -> Sequence[CaseItem]:
        """
        What may be sent now: everything, unless pytest may stop at a failure or others are handed their share.
        """
        if endpoint.is_worker(self._config):
            return [item]
        stops = self._config.getoption("maxfail", 0) or self._config.getoption("stepwise", default=False)
        if not stops:
            started, self._started = self._started, True
            return [item] if started else self._items
        place = next(number for number, each in enumerate(self._items) if each is item)
        return self._items[place : place + self.target.concurrency]
