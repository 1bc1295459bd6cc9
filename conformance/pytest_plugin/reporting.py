"""
What pytest is shown: durations of exchanges instead of waiting, our words instead of tracebacks, and the run's folder.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import pytest

from conformance.capture.redaction import Redactor, secrets_of
from conformance.pytest_plugin import endpoint
from conformance.pytest_plugin.folder import CARRIED, Folder, Lines
from conformance.pytest_plugin.items import CaseItem
from conformance.pytest_plugin.told import ConformanceWarning, Told
from conformance.report import labels
from conformance.report.text import line, visible

#: What a case's item raises on purpose; anything else is a bug, whose traceback is wanted.
_OURS = (Told, ConformanceWarning, pytest.xfail.Exception)


class Reporting:
    """
    The hooks of reports; ``notes`` is the folder, a worker's lines, or None when nothing is kept.
    """

    def __init__(self, notes: Folder | Lines | None) -> None:
        """
        One a process.
        """
        self._notes = notes
        self._lost = False

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """
        Put the exchange's time and our own words into a case's report, and a worker's notes on top.
        """
        report = yield
        if not isinstance(item, CaseItem):
            return report
        report.duration = item.seconds(call.when)
        if call.excinfo is not None and isinstance(call.excinfo.value, _OURS):
            report.longrepr = _own_words(item, call.excinfo)
        if isinstance(self._notes, Lines):
            setattr(report, CARRIED, self._notes.take())
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """
        Take in what a worker noted.
        """
        carried = getattr(report, CARRIED, "")
        if carried and isinstance(self._notes, Folder):
            self._notes.carried(carried)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, error: object) -> None:
        """
        A worker of pytest-xdist that crashed took what it had heard with it.
        """
        self._lost = self._lost or error is not None

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """
        Finish the folder.
        """
        if isinstance(self._notes, Folder):
            stopped = session.shouldstop or session.shouldfail
            ended = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
            self._notes.finish(whole=ended and not stopped and not self._lost)

    def pytest_report_header(self, config: pytest.Config) -> str | None:
        """
        Who is asked, when the command line says it.
        """
        target = endpoint.found(config)
        if target is None:
            return None
        url = Redactor(secrets_of(target)).url(target.base_url)
        return (
            f"conformance: {line(target.label or target.name, 80)} at {line(url, 200)}, model {line(target.model, 80)}"
        )

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """
        The verdict, and where the report is.
        """
        notes = self._notes
        if not isinstance(notes, Folder) or notes.card is None or notes.ended is None:
            return
        terminalreporter.section("conformance")
        terminalreporter.line(visible(labels.headline(notes.card)))
        terminalreporter.line(visible(labels.detail(notes.card)))
        terminalreporter.line(f"report: {os.path.relpath(notes.path / 'report.html')}")


def _own_words(item: CaseItem, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:
    """
    The text of an exception of ours, standing at the case's line.

    pytest keeps such a representation whole on its way through pytest-xdist.
    """
    told = excinfo.value
    made = excinfo.getrepr(style="value")
    if made.reprcrash is not None:
        made.reprcrash.path, made.reprcrash.lineno = str(item.path), item.case.line
        made.reprcrash.message = told.headline if isinstance(told, Told) else str(told)
    return made
