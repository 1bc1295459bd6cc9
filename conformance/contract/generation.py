"""
What requests of a contract are generated from: its request schema and ``schemas/<contract>/generation.yaml``.

The file says which profile each part of a request belongs to, which requirement each constraint is, and gives small
valid requests that hold every constraint.  How requests are made of it is for the generators.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from conformance.contract import contracts, paths, strictyaml
from conformance.errors import FileError
from conformance.model import JSON, Contract, Operation

_KEYS = {"operation", "defaults", "profiles", "rare", "constraints", "params", "exemplars"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """
    The ground that the generators of one contract stand on.  Pointers lead into ``schema``.
    """

    contract: Contract
    operation: Operation
    schema: dict[str, JSON]
    #: The documented value of a parameter that is left out.
    defaults: Mapping[str, JSON]
    #: Pointer to the profile that the place belongs to.
    profiles: Mapping[str, str]
    #: Pointers to what is documented for certain models alone.
    rare: tuple[str, ...]
    #: Pointer to the requirement that the constraint is.
    constraints: Mapping[str, str]
    #: Pointer to the parameter that a refusal names, where it is not the place that is wrong.
    params: Mapping[str, str]
    #: Parts of request bodies, to be laid over the smallest one.
    exemplars: tuple[dict[str, JSON], ...]


@cache
def load(name: str) -> Generation | None:
    """
    What there is for a contract; None when nothing is generated for it.  Raises ``FileError`` for a wrong file.
    """
    path = paths.folder("schemas") / name / "generation.yaml"
    if not path.is_file():
        return None
    document = strictyaml.read(path.read_text(encoding="utf-8"), paths.shown(path))
    contract = contracts.load(name)
    return _Reading(document, contract).generation()


@dataclass(frozen=True)
class _Reading:
    document: strictyaml.Document
    contract: Contract

    def generation(self) -> Generation:
        head = self.document.value
        if not isinstance(head, dict) or set(head) != _KEYS:
            raise self.document.wrong("", f"the keys must be {', '.join(sorted(_KEYS))}")
        operation = self._operation(head["operation"])
        return Generation(
            contract=self.contract,
            operation=operation,
            schema=self.contract.schemas[operation.request or ""],
            defaults=self._mapping("defaults"),
            profiles=self._names("profiles", {profile.id for profile in self.contract.profiles}),
            rare=tuple(str(each) for each in self._list("rare")),
            constraints=self._names(
                "constraints", {row.id for row in self.contract.requirements.values() if row.expect}
            ),
            params={place: str(name) for place, name in self._mapping("params").items()},
            exemplars=tuple(each for each in self._list("exemplars") if isinstance(each, dict)),
        )

    def _operation(self, name: JSON) -> Operation:
        for operation in self.contract.operations:
            if operation.id == name and operation.request:
                return operation
        raise self.document.wrong("/operation", f"there is no operation {name!r} with a request schema")

    def _mapping(self, key: str) -> Mapping[str, JSON]:
        value = self.document.value[key]  # type: ignore[call-overload, index]
        if not isinstance(value, dict):
            raise self.document.wrong(f"/{key}", "expected a mapping here")
        return value

    def _list(self, key: str) -> Sequence[JSON]:
        value = self.document.value[key]  # type: ignore[call-overload, index]
        if not isinstance(value, list):
            raise self.document.wrong(f"/{key}", "expected a list here")
        return value

    def _names(self, key: str, known: set[str]) -> Mapping[str, str]:
        made = {place: str(name) for place, name in self._mapping(key).items()}
        for place, name in made.items():
            if name not in known:
                raise self._unknown(f"/{key}/" + place.replace("~", "~0").replace("/", "~1"), name, known)
        return made

    def _unknown(self, pointer: str, name: str, known: set[str]) -> FileError:
        near = difflib.get_close_matches(name, known, 1)
        return self.document.wrong(pointer, f"there is no {name!r} here", f"Did you mean {near[0]}?" if near else "")
