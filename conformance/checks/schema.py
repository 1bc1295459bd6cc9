"""
The documented schemas, applied to every body and to every chunk.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from conformance.checks import places
from conformance.checks.subject import Subject, plain, streamed
from conformance.model import JSON, Contract, Finding
from conformance.read.strictjson import as_object

#: So many findings of one requirement in one exchange say enough.
_ENOUGH = 3


@dataclass(frozen=True, slots=True)
class Compiled:
    """
    A schema of a contract, ready to judge.
    """

    validator: jsonschema_rs.Validator
    places: places.Places


_COMPILED: dict[tuple[str, str, str], Compiled] = {}


def compiled(contract: Contract, name: str) -> Compiled:
    """
    The compiled schema ``name`` of a contract; compiled once.
    """
    key = (contract.id, contract.sha256, name)
    if key not in _COMPILED:
        validator = jsonschema_rs.validator_for(contract.schemas[name])
        _COMPILED[key] = Compiled(validator, places.of(contract, name))
    return _COMPILED[key]


def documents(s: Subject) -> Iterator[tuple[str, str, JSON]]:
    """
    What of a reply is judged: the schema's name, where it stands, the value.
    """
    operation = s.operation
    error = operation.error if operation else _any_error(s.contract)
    if operation and operation.response and plain(s):
        yield operation.response, "", s.reply.value
    elif operation and operation.chunk and streamed(s):
        for event, chunk in s.chunks:
            yield operation.chunk, f"event[{event}]", chunk
    elif error and (s.reply.status or 0) >= 400 and isinstance(as_object(s.reply.value).get("error"), dict):
        yield error, "", s.reply.value


def _any_error(contract: Contract) -> str | None:
    return next((operation.error for operation in contract.operations if operation.error), None)


def judge(s: Subject) -> dict[str, list[Finding]]:
    """
    Every schema requirement at stake with its findings; an empty list means that it held.
    """
    judged: dict[str, list[Finding]] = {}
    before: frozenset[str] = frozenset()
    for name, where, value in documents(s):
        schema = compiled(s.contract, name)
        stake = schema.places.at_stake(value)
        if stake is not before:  # the chunks of a stream are alike
            judged.update((requirement, []) for requirement in stake if requirement not in judged)
            before = stake
        # Nearly every document is valid, and to know that alone is cheaper.
        for error in () if schema.validator.is_valid(value) else schema.validator.iter_errors(value):
            owner = schema.places.owner(error.schema_path, _missing(error))
            if owner is None:
                raise LookupError(f"no requirement owns {name}#/{'/'.join(map(str, error.schema_path))}")
            found = judged.setdefault(owner, [])
            if len(found) < _ENOUGH:
                found.append(_finding(error, where))
    return judged


def _missing(error: jsonschema_rs.ValidationError) -> str | None:
    return str(error.kind.property) if isinstance(error.kind, Kind.Required) else None


def _finding(error: jsonschema_rs.ValidationError, where: str) -> Finding:
    path = [*error.instance_path]
    missing = _missing(error)
    if missing is not None:
        path.append(missing)
    pointer = where + "".join(f"/{step}" for step in path)
    observed = "no such key" if missing is not None else _short(error.instance)
    return Finding(expected=_wanted(error), observed=observed, where=pointer or "/")


#: What each limit of a schema says before its number.
_LIMITS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
    "minLength": "a length of at least",
    "minItems": "items: at least",
    "maxItems": "items: at most",
}


def _wanted(error: jsonschema_rs.ValidationError) -> str:
    match error.kind:
        case Kind.Required(property=name):
            return f"the key {name}"
        case Kind.Type(types=types):
            return " or ".join(str(each) for each in types)
        case Kind.Enum(options=options):
            return f"one of {_short(options)}"
        case Kind.Constant(expected_value=value):
            return _short(value)
        case kind if kind.name in _LIMITS:
            return f"{_LIMITS[kind.name]} {_short(kind.as_dict()['limit'])}"
    return error.message[:120]


def _short(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)[:100]
