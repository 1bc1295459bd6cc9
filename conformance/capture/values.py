"""
Cases and exchanges as JSON values and back, byte for byte: the lines of a recording.

What has its default is left out.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any

from conformance.model import Case, Chunk, Ending, Evidence, Exchange, Expect, Request, RunInfo, Sent

#: A JSON object on its way in; it becomes a value of the model before it leaves this module.
Object = Mapping[str, Any]


def case_to_json(case: Case) -> dict[str, Any]:
    """
    A case as a JSON object, with everything needed to judge again.
    """
    out = _changed(case)
    out["request"] = _changed(case.request)
    if case.request.raw is not None:
        out["request"]["raw"] = _bytes_to_json(case.request.raw)
    if case.expect is not None:
        out["expect"] = _changed(case.expect)
    return out


def case_from_json(value: Object) -> Case:
    """
    The case that ``case_to_json`` was given; raises KeyError, TypeError or ValueError for anything else.
    """
    request = dict(value["request"])
    if "raw" in request:
        request["raw"] = _bytes_from_json(request["raw"])
    if "headers" in request:
        request["headers"] = _pairs(request["headers"])
    expect = dict(value["expect"]) if value.get("expect") is not None else None
    return Case(
        **{
            **_tuples(value, "needs", "compare", "again"),
            "request": Request(**_tuples(request, "without")),
            "expect": Expect(**_tuples(expect, "status")) if expect is not None else None,
        }
    )


def exchange_to_json(exchange: Exchange) -> dict[str, Any]:
    """
    An exchange as a JSON object; bodies are text where they are UTF-8, else base64.
    """
    out = _changed(exchange)
    out["sent"] = _changed(exchange.sent)
    if exchange.sent.body:
        out["sent"]["body"] = _bytes_to_json(exchange.sent.body)
    out["ending"] = exchange.ending.value
    if exchange.chunks:
        out["chunks"] = [{"at": chunk.at, **_bytes_to_json(chunk.data)} for chunk in exchange.chunks]
    if exchange.raw:
        out["raw"] = _bytes_to_json(exchange.raw)
    if "shows" in out:
        out["shows"] = [each.name for each in exchange.shows]
    return out


def exchange_from_json(value: Object) -> Exchange:
    """
    The exchange that ``exchange_to_json`` was given; raises KeyError, TypeError or ValueError for anything else.
    """
    sent = dict(value["sent"])
    if "body" in sent:
        sent["body"] = _bytes_from_json(sent["body"])
    sent["headers"] = _pairs(sent.get("headers", ()))
    return Exchange(
        **{
            **value,
            "sent": Sent(**sent),
            "ending": Ending(value["ending"]),
            "headers": _pairs(value.get("headers", ())),
            "chunks": tuple(Chunk(each["at"], _bytes_from_json(each)) for each in value.get("chunks", ())),
            "shows": _evidence(value["shows"]) if "shows" in value else Evidence.ALL,
            "raw": _bytes_from_json(value["raw"]) if "raw" in value else b"",
        }
    )


def run_to_json(run: RunInfo) -> dict[str, Any]:
    """
    The circumstances of a run as a JSON object.
    """
    out = _changed(run)
    out["settings"] = dict(run.settings)
    return out


def run_from_json(value: Object) -> RunInfo:
    """
    The run that ``run_to_json`` was given; raises KeyError, TypeError or ValueError for anything else.
    """
    known = {each.name for each in fields(RunInfo)}
    kept = _tuples({name: each for name, each in value.items() if name in known}, "claims", "command")
    if "contracts" in kept:
        kept["contracts"] = tuple((id_, version, sha) for id_, version, sha in kept["contracts"])
    return RunInfo(**kept)


_DEFAULTS = {
    kind: tuple((each.name, each.default) for each in fields(kind))
    for kind in (Case, Request, Expect, Exchange, Sent, RunInfo)
}


def _changed(value: Any) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, default in _DEFAULTS[type(value)]:
        now = getattr(value, name)
        if default is MISSING or (now is not default and (type(now) is not type(default) or now != default)):
            out[name] = now
    return out


def _tuples(value: Object, *names: str) -> dict[str, Any]:
    return {name: tuple(each) if name in names and isinstance(each, list) else each for name, each in value.items()}


def _pairs(rows: Iterable[Iterable[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, text) for name, text in rows)


def _evidence(names: Iterable[str]) -> Evidence:
    shown = Evidence.NONE
    for name in names:
        shown |= Evidence[name]
    return shown


def _bytes_to_json(data: bytes) -> dict[str, str]:
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _bytes_from_json(value: Object) -> bytes:
    if "text" in value:
        return str(value["text"]).encode()
    return base64.b64decode(value["base64"], validate=True)
