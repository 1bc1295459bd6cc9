"""
The columns of pytest-html's log (target, requirement, level, a link into our report) and the verdict; never a body.
"""

from __future__ import annotations

import json
import os
from html import escape
from pathlib import Path

import pytest

from conformance.model import Level
from conformance.pytest_plugin.folder import Folder, Lines
from conformance.pytest_plugin.settings import Settings
from conformance.report import labels, pytest_html
from conformance.report.text import visible


class Columns:
    """
    The hooks of pytest-html, which are nobody's when it is not there.
    """

    def __init__(self, config: pytest.Config, settings: Settings, notes: Folder | Lines | None) -> None:
        """
        ``settings`` say where the report is written, and ``notes`` know the verdict in the end.
        """
        self._config, self._output, self._notes = config, settings.output, notes

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """
        Our heads, before the last one, which holds links.
        """
        cells[-1:-1] = pytest_html.header() if self._output else pytest_html.header()[:-1]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        """
        Our cells; empty ones where the test is no case of ours.
        """
        told = dict(getattr(report, "user_properties", ()))
        if "conformance.case" not in told:
            cells[-1:-1] = ["<td></td>"] * (4 if self._output else 3)
            return
        ours = pytest_html.row(
            target=str(told["conformance.target"]),
            case=str(told["conformance.case"]),
            requirements=[(name, Level(level)) for name, level in json.loads(str(told["conformance.requirements"]))],
            report=self._report(),
        )
        cells[-1:-1] = ours if self._output else ours[:-1]
        # pytest-html writes names as they are, and a case may be called for any text that it sends.
        cells[1] = f'<td class="col-testId">{escape(report.nodeid)}</td>'

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """
        The verdict, with a link to where it is explained.
        """
        card = self._notes.card if isinstance(self._notes, Folder) else None
        if card is not None:
            words = escape(visible(labels.headline(card)))
            prefix.append(f'<p>{words}: <a href="{escape(self._report())}">report</a></p>')

    def _report(self) -> str:
        """
        Our report as seen from the log.
        """
        log = Path(os.path.expandvars(self._config.getoption("htmlpath", "") or "")).expanduser()
        return Path(os.path.relpath((self._output or Path()) / "report.html", (Path.cwd() / log).parent)).as_posix()
