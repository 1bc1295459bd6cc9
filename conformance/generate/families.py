"""
Generated requests as cases: a family is one request, or several whose answers are compared.

An id is made of what is asked and expected, so that the same request is the same case in every run.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TypeAlias

from conformance.contract.generation import Generation
from conformance.generate import profiles
from conformance.generate.breaks import Neighbour
from conformance.model import EXPLORED, JSON, Case, Expect, Request

Family: TypeAlias = tuple[Case, ...]
Body: TypeAlias = dict[str, JSON]

#: Where a generated case says that it comes from.
SOURCE = "generated"
#: The feature of the fixed list.
FIXED = "generated"

_VALIDATION = "validation"


def canonical(value: JSON) -> str:
    """
    A JSON value as text, the same however its members are ordered.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def valid(
    ground: Generation, body: Body, *, title: str = "", raw: bytes | None = None, compare: tuple[str, ...] = ()
) -> Case:
    """
    The case of a request that keeps the contract: it is answered, or refused with the envelope.
    """
    row = "openai-chat.request.combined-rare" if profiles.rare(ground, body) else "openai-chat.request.combined"
    return _named(
        Case(
            id="",
            contract=ground.contract.id,
            feature=FIXED,
            title=title or _titled(body),
            request=_request(ground, body, raw),
            needs=profiles.needs(ground, body),
            expect=Expect(requirement=row, accepted=True),
            compare=compare,
            file=SOURCE,
        )
    )


def invalid(ground: Generation, made: Neighbour, *, compare: tuple[str, ...] = ()) -> Case:
    """
    The case of a request that breaks one constraint: it is refused with the envelope.
    """
    return _named(
        Case(
            id="",
            contract=ground.contract.id,
            feature=FIXED,
            title=f"Refused, for it breaks a constraint: {made.constraint}.",
            request=_request(ground, made.body, None),
            needs=(_VALIDATION, *made.needs),
            expect=Expect(requirement=made.requirement, refusal="invalid_request_error", param=made.param or None),
            invalid=True,
            compare=compare,
            file=SOURCE,
        )
    )


def explored(family: Family) -> Family:
    """
    The family under the names of what is explored.
    """
    names: dict[str, str] = {}
    made: list[Case] = []
    for case in family:
        compare = tuple(names.get(each, each) for each in case.compare)
        made.append(_named(replace(case, feature=EXPLORED, compare=compare)))
        names[case.id] = made[-1].id
    return tuple(made)


def renamed(ground: Generation, case: Case, body: Body, *, raw: bytes | None = None) -> Case:
    """
    The same case with another body, and so another name.
    """
    changed = replace(case, request=replace(case.request, body=body, raw=raw))
    if case.invalid:
        return _named(changed)
    title = case.title if case.compare else _titled(body)
    return _named(replace(changed, title=title, needs=profiles.needs(ground, body)))


def _request(ground: Generation, body: JSON, raw: bytes | None) -> Request:
    return Request(method=ground.operation.method, path=ground.operation.path, body=body, raw=raw)


def _named(case: Case) -> Case:
    expect = case.expect
    parts: list[JSON] = [case.request.body, [*case.compare], expect.requirement if expect else None, case.invalid]
    digest = hashlib.sha256(canonical(parts).encode() + (case.request.raw or b"")).hexdigest()[:12]
    return replace(case, id=f"{case.contract}.{case.feature}.{digest}")


def _titled(body: Body) -> str:
    names = [name for name in body if name not in ("model", "messages")]
    return f"A generated request with {', '.join(names) if names else 'messages alone'}."
