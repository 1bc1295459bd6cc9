"""
Contracts read from ``schemas/<contract>/``: operations, profiles, schemas, requirements.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from conformance.contract import paths, strictyaml
from conformance.errors import FileError, UsageError
from conformance.model import JSON, Contract, Level, Operation, Profile, Requirement

_ROW = {"id", "level", "text", "doc", "profile", "breaks", "check", "schema", "expect", "excluded"}
_OPERATION = {"id", "method", "path", "request", "response", "chunk", "error"}
_PROFILE = {"id", "title", "core", "asked"}


def names() -> tuple[str, ...]:
    """
    The ids of all contracts, the first contract first.
    """
    found = sorted(path.parent.name for path in paths.folder("schemas").glob("*/contract.yaml"))
    return tuple(sorted(found, key=lambda name: (name != "openai-chat", name)))


@cache
def load(name: str) -> Contract:
    """
    Load a contract; raises ``UsageError`` for an unknown one and ``FileError`` for a mistake in its files.
    """
    folder = paths.folder("schemas") / name
    if not (folder / "contract.yaml").is_file():
        near = difflib.get_close_matches(name, names(), 1)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(names())}."
        raise UsageError(f"there is no contract {name!r}\n  {hint}")
    document = _document(folder / "contract.yaml")
    head = _mapping(document, "", {"id", "version", "title", "operations", "profiles"})
    schemas = _schemas(folder)
    profiles = tuple(_profile(document, number) for number in range(_count(document, head, "profiles")))
    return Contract(
        id=str(head["id"]),
        version=str(head["version"]),
        title=str(head["title"]),
        sha256=_digest(folder),
        operations=tuple(_operation(document, number) for number in range(_count(document, head, "operations"))),
        profiles=profiles,
        requirements=_requirements(folder, str(head["id"]), {profile.id for profile in profiles}),
        schemas=schemas,
    )


def for_url(method: str, url: str) -> Contract | None:
    """
    The contract that documents a call, found by the end of the URL's path.
    """
    path = urlsplit(url).path.rstrip("/")
    for name in names():
        for operation in load(name).operations:
            if operation.method == method and _ends(path, operation.path):
                return load(name)
    return None


def _ends(path: str, pattern: str) -> bool:
    wanted, given = pattern.strip("/").split("/"), path.strip("/").split("/")[-len(pattern.strip("/").split("/")) :]
    return len(wanted) == len(given) and all(w.startswith("{") or w == g for w, g in zip(wanted, given, strict=True))


def below(method: str, url: str, contract: Contract) -> str:
    """
    The part of a URL's path below the base URL, where the contract documents it; else the whole path.
    """
    path = urlsplit(url).path.rstrip("/")
    for operation in contract.operations:
        if operation.method == method and _ends(path, operation.path):
            steps = len(operation.path.strip("/").split("/"))
            return "/" + "/".join(path.strip("/").split("/")[-steps:])
    return path


def _document(path: Path) -> strictyaml.Document:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise FileError(paths.shown(path), 0, f"cannot be read: {problem}") from None
    return strictyaml.read(text, paths.shown(path))


def _at(value: JSON, pointer: str) -> JSON:
    for step in pointer.strip("/").split("/") if pointer else []:
        value = value[int(step)] if isinstance(value, list) else value[step] if isinstance(value, dict) else None
    return value


def _mapping(document: strictyaml.Document, pointer: str, allowed: set[str]) -> dict[str, JSON]:
    value = _at(document.value, pointer)
    if not isinstance(value, dict):
        raise document.wrong(pointer, "expected a mapping here")
    for key in value:
        if key not in allowed:
            near = difflib.get_close_matches(key, allowed, 1)
            hint = f"Did you mean {near[0]}?" if near else f"Known keys: {', '.join(sorted(allowed))}."
            raise document.wrong(f"{pointer}/{key}", f"unknown key {key!r}", hint)
    return value


def _count(document: strictyaml.Document, head: dict[str, JSON], key: str) -> int:
    value = head.get(key)
    if not isinstance(value, list):
        raise document.wrong(f"/{key}", f"expected a list {key!r}")
    return len(value)


def _text(value: JSON) -> str | None:
    return value if isinstance(value, str) else None


def _operation(document: strictyaml.Document, number: int) -> Operation:
    row = _mapping(document, f"/operations/{number}", _OPERATION)
    return Operation(
        id=str(row["id"]),
        method=str(row["method"]),
        path=str(row["path"]),
        request=_text(row.get("request")),
        response=_text(row.get("response")),
        chunk=_text(row.get("chunk")),
        error=_text(row.get("error")),
    )


def _profile(document: strictyaml.Document, number: int) -> Profile:
    row = _mapping(document, f"/profiles/{number}", _PROFILE)
    return Profile(
        id=str(row["id"]),
        title=str(row.get("title", row["id"])),
        core=row.get("core") is True,
        asked=row.get("asked") is not False,
    )


def _schemas(folder: Path) -> dict[str, dict[str, JSON]]:
    schemas: dict[str, dict[str, JSON]] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            schemas[path.stem] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as problem:
            raise FileError(paths.shown(path), getattr(problem, "lineno", 0), f"not JSON: {problem}") from None
    return schemas


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.json"), *folder.glob("*.yaml")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _requirements(folder: Path, contract: str, profiles: set[str]) -> dict[str, Requirement]:
    made: dict[str, Requirement] = {}
    document = _document(folder / "requirements.yaml")
    head = _mapping(document, "", {"requirements"})
    for number in range(_count(document, head, "requirements")):
        row = _requirement(document, f"/requirements/{number}", contract, profiles)
        if row.id in made:
            raise document.wrong(f"/requirements/{number}", f"the requirement {row.id} stands twice")
        made[row.id] = row
    return made


def _requirement(document: strictyaml.Document, pointer: str, contract: str, profiles: set[str]) -> Requirement:
    row = _mapping(document, pointer, _ROW)
    for key in ("id", "level", "text", "doc", "profile", "breaks"):
        if not isinstance(row.get(key), str):
            raise document.wrong(pointer, f"a requirement needs the text {key!r}")
    if not str(row["id"]).startswith(f"{contract}."):
        raise document.wrong(f"{pointer}/id", f"the id must begin with {contract}.")
    if row["level"] not in list(Level):
        raise document.wrong(f"{pointer}/level", f"unknown level {row['level']!r}", "Use MUST, SHOULD or MAY.")
    if row["profile"] not in profiles:
        raise document.wrong(f"{pointer}/profile", f"unknown profile {row['profile']!r}", ", ".join(sorted(profiles)))
    judged = [key for key in ("check", "schema", "expect", "excluded") if row.get(key)]
    if len(judged) != 1:
        raise document.wrong(pointer, "exactly one of check, schema, expect and excluded must say who judges it")
    places = row.get("schema")
    return Requirement(
        id=str(row["id"]),
        level=Level(str(row["level"])),
        text=str(row["text"]),
        doc=str(row["doc"]),
        profile=str(row["profile"]),
        breaks=str(row["breaks"]),
        check=_text(row.get("check")),
        schema=tuple(str(place) for place in (places if isinstance(places, list) else [places] if places else [])),
        expect=row.get("expect") is True,
        excluded=_text(row.get("excluded")),
    )
