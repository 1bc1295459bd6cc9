"""
What generated requests find of the faults that show in few requests, which the written cases miss.

All is asked within this process, and only what a fault changes is asked again: the rest is answered, and judged, as by
the provider without faults.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from conformance import generate
from conformance.board import Exchanges
from conformance.generate import advice, chat_request
from conformance.generate.exploring import Exploration
from conformance.model import Case, Exchange, Result
from conformance.read.reply import Reply
from conformance.reference import app
from conformance.reference.faults import SELDOM, Fault
from tests.inprocess import EVERYTHING, InProcess, faulty, judged
from tests.verdicts.measure import changes
from tests.verdicts.measure import measure as measured


class Usual:
    """
    The provider without faults: each case is asked and judged once.
    """

    def __init__(self) -> None:
        self._ask = InProcess(app.create(delay=0.0))
        self._results: dict[str, Result] = {}

    def result(self, case: Case) -> Result:
        """
        The verdict on a case.
        """
        if case.id not in self._results:
            (self._results[case.id],) = self._ask([case])
        return self._results[case.id]

    def exchange(self, case: Case) -> Exchange:
        """
        What is answered to a case.
        """
        return self.result(case).attempts[-1].exchange


class Faulty:
    """
    The provider with one fault, for an exploration to ask; ``asked`` counts every case once.
    """

    def __init__(self, fault: Fault, usual: Usual) -> None:
        self._fault, self._usual = fault, usual
        self._ask = InProcess(faulty(app.create(delay=0.0), [fault]))
        self._changed: dict[str, Exchange] = {}
        self.asked: dict[str, Case] = {}

    def __call__(self, cases: Sequence[Case]) -> list[Result]:
        for case in cases:
            if case.id not in self.asked:
                self.asked[case.id] = case
                if changes(self._fault, self._usual.exchange(case), {}):
                    self._changed[case.id] = self._ask([case])[0].attempts[-1].exchange
        return [self._judged(case) for case in cases]

    def _judged(self, case: Case) -> Result:
        if not {case.id, *case.compare} & self._changed.keys():
            return self._usual.result(case)
        peers = {name: Reply(self._of(self.asked[name])) for name in case.compare if name in self.asked}
        return judged(case, self._of(case), peers)

    def _of(self, case: Case) -> Exchange:
        return self._changed.get(case.id) or self._usual.exchange(case)


def shows(result: Result, fault: Fault) -> bool:
    """
    A verdict names the requirement that a fault breaks, or another that says the same of it.
    """
    return bool({finding.requirement for finding in result.findings} & {fault.requirement, *fault.also})


@cache
def _usual() -> Usual:
    return Usual()


@cache
def _fixed() -> tuple[Case, ...]:
    return generate.fixed("openai-chat", claims=EVERYTHING)


@cache
def explored() -> Exploration:
    """
    The exploration that is measured: seed 0, everything claimed.
    """
    return generate.explore("openai-chat", claims=EVERYTHING)


def smallest(ask: Faulty, fault: Fault) -> Case | None:
    """
    After an exploration the smallest request that shows a fault, out of those that a report would tell.
    """
    told = [case for found in generate.smallest(ask(list(ask.asked.values()))).values() for case in found]
    return min((case for case in told if shows(ask([case])[0], fault)), key=advice.size, default=None)


def holds_only_what_matters(case: Case, fault: Fault) -> bool:
    """
    A request has the members without which a fault does not show, and no more than may be beside them.
    """
    needed, body = fault.needed, case.request.body
    if needed is None or not isinstance(body, dict):
        return False
    members = body.keys() - {"model", "messages"}
    return members >= set(needed.members) and len(members) <= len(needed.members) + needed.beside


def written(name: str, wanted: Sequence[Case], before: Mapping[str, Exchanges]) -> list[str]:
    """
    The requirements that the written cases find broken; none, or the fault belongs to those that they find.
    """
    return list(measured(name, wanted, before).violated)


def rows(wanted: Sequence[Case], before: Mapping[str, Exchanges]) -> dict[str, dict[str, Any]]:
    """
    The rows of all faults; ``before`` is what the provider answers the written cases without faults.
    """
    return {name: {**measure(name), "written": written(name, wanted, before)} for name in SELDOM}


def again(name: str) -> tuple[bool, int | None]:
    """
    Whether the fixed list finds a fault, and the first request of the exploration that does.
    """
    fault = SELDOM[name]
    listed = any(shows(each, fault) for each in Faulty(fault, _usual())(_fixed()))
    return listed, _first(Faulty(fault, _usual())(explored().cases), fault)


def _first(results: Sequence[Result], fault: Fault) -> int | None:
    return next((number for number, result in enumerate(results, start=1) if shows(result, fault)), None)


def missed(seed: int) -> list[str]:
    """
    What the first wave of an exploration with another seed does not find.
    """
    asked = generate.explore("openai-chat", seed=seed, claims=EVERYTHING).cases
    return [name for name, fault in SELDOM.items() if _first(Faulty(fault, _usual())(asked), fault) is None]


def measure(name: str) -> dict[str, Any]:
    """
    The row of one fault: what finds it, after how many requests, and the smallest request that is told.
    """
    fault, exploration = SELDOM[name], explored()
    listed, first = again(name)
    ask = Faulty(fault, _usual())
    exploration.shrink(ask(exploration.cases), ask)
    case = smallest(ask, fault)
    return {
        "title": fault.title,
        "level": fault.level,
        "requirement": fault.requirement,
        "fixed": listed,
        "first": first,
        "asked": len(ask.asked),
        "bytes": None if case is None else len(_written(case)),
        "request": "" if case is None else _shown(case),
        "reduced": case is not None and holds_only_what_matters(case, fault),
    }


def _written(case: Case) -> bytes:
    return case.request.raw or json.dumps(case.request.body, ensure_ascii=False, separators=(",", ":")).encode()


def _shown(case: Case) -> str:
    """
    What a request says beside the simplest one; all of it, when that is how it is written.
    """
    if case.request.raw is not None:
        return json.dumps(case.request.raw.decode(), ensure_ascii=False)
    body, least = case.request.body, chat_request.smallest()
    members = body.items() if isinstance(body, dict) else ()
    more = {name: value for name, value in members if name not in least or least[name] != value}
    return json.dumps(more, ensure_ascii=False)
