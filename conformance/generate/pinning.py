"""
A case as a case file, so that what was found once is asked in every run.

The file keeps the published schema of case files.  Requests stand in it as JSON, which is YAML.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

from conformance.model import JSON, Case

#: The feature of what was pinned.
PINNED = "pinned"


def identity(case: Case) -> str:
    """
    The id of a case once it is pinned.
    """
    return f"{case.contract}.{PINNED}.{case.id.rsplit('.', 1)[-1]}"


def write(case: Case, others: Sequence[Case], title: str) -> str:
    """
    The text of a case file: the case under a title, after those that it is compared with.
    """
    lines = [f"contract: {case.contract}", f"feature: {PINNED}", "cases:"]
    for each in (*others, case):
        lines += _case(each, title if each is case else each.title)
    return "\n".join(lines) + "\n"


def _case(case: Case, title: str) -> list[str]:
    rows: list[tuple[str, JSON]] = [("title", title)]
    rows += [("needs", [*case.needs])] if case.needs else []
    rows.append(("request", _request(case)))
    rows += [("compare", [_pinned(case, name) for name in case.compare])] if case.compare else []
    rows += [("again", [*case.again])] if case.again else []
    rows += [("invalid", True)] if case.invalid else []
    rows += [("expect", _expect(case))] if case.expect is not None else []
    return [f"  - id: {identity(case)}", *(f"    {name}: {_json(value)}" for name, value in rows)]


def _pinned(case: Case, name: str) -> str:
    return f"{case.contract}.{PINNED}.{name.rsplit('.', 1)[-1]}"


def _request(case: Case) -> JSON:
    request = case.request
    made: dict[str, JSON] = {}
    if request.method != "POST":
        made["method"] = request.method
    made["path"] = request.path
    if request.headers:
        made["headers"] = dict(request.headers)
    if request.without:
        made["without"] = [*request.without]
    if request.raw is None:
        return {**made, "body": request.body}
    try:
        return {**made, "raw": request.raw.decode()}
    except UnicodeDecodeError:
        return {**made, "raw_base64": base64.b64encode(request.raw).decode()}


def _expect(case: Case) -> JSON:
    expect = case.expect
    if expect is None:
        return None
    made: dict[str, JSON] = {"requirement": expect.requirement}
    for name in ("refusal", "param", "code", "reply", "echo"):
        value = getattr(expect, name)
        if value is not None:
            made[name] = value
    if expect.accepted:
        made["accepted"] = True
    if expect.status:
        made["status"] = [*expect.status]
    return made


def _json(value: JSON) -> str:
    return "".join(each if _plain(each) else _escaped(each) for each in json.dumps(value, ensure_ascii=False))


def _plain(sign: str) -> bool:
    # YAML breaks lines at some, and refuses others, that JSON lets stand in a text.
    return sign == " " or sign.isprintable()


def _escaped(sign: str) -> str:
    return f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}"
