"""
The judge of responses that others' clients got: what a test of their own asserts.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

from conformance import run
from conformance.capture.foreign import Foreign
from conformance.capture.response import Response, heard
from conformance.contract import contracts
from conformance.errors import UsageError
from conformance.model import Contract, Finding, Level
from conformance.pytest_plugin import wording
from conformance.pytest_plugin.told import ConformanceWarning


class Judge:
    """
    ``judge(response)`` gives the findings: empty when the answer keeps the contract.
    """

    def __init__(self, *, strict: bool) -> None:
        """
        ``strict`` gives violated SHOULDs back as well, instead of warning of them.
        """
        self._strict = strict

    def __call__(
        self, response: Response, *, contract: str | None = None, strict: bool | None = None
    ) -> tuple[Finding, ...]:
        """
        What is wrong with a response, read or still streaming.

        ``contract`` names the contract; without it the path of the call says which.
        Raises ``UsageError`` for a call that no contract documents, and for a stream that nobody can read any more.
        """
        came = heard(response)
        chosen = _contract(came, contract)
        path = contracts.below(came.exchange.sent.method, came.exchange.sent.url, chosen)
        case = replace(came.case, contract=chosen.id, request=replace(came.case.request, path=path))
        result, *_ = run.judged([(case, came.exchange)], {chosen.id: chosen}, circumstances=run.Circumstances())
        rows = chosen.requirements
        fatal = (Level.MUST, Level.SHOULD) if (self._strict if strict is None else strict) else (Level.MUST,)
        if Level.SHOULD not in fatal:
            for finding, _ in wording.distinct(result.findings, (Level.SHOULD,), rows):
                warnings.warn(ConformanceWarning(wording.headline(finding, rows)), stacklevel=2)
        return tuple(each for each in result.findings if rows[each.requirement].level in fatal)


def _contract(came: Foreign, name: str | None) -> Contract:
    if name is not None:
        return contracts.load(name)
    sent = came.exchange.sent
    found = contracts.for_url(sent.method, sent.url)
    if found is None:
        raise UsageError(
            f"no contract documents {sent.method} {came.case.request.path}\n"
            f"  Name one, as judge(response, contract={contracts.names()[0]!r})."
        )
    return found
