"""
``targets.yaml`` and the environment read as targets; keys are looked up only for targets that are chosen.

The YAML itself is read elsewhere: what comes here is a JSON value, and a function that knows its lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance.capture.amounts import nearest, per_second, seconds, timeouts
from conformance.capture.secret import Secret
from conformance.capture.target import Target
from conformance.capture.targetscheck import TOP, Check, Line
from conformance.errors import FileError, UsageError
from conformance.model import JSON

__all__ = ["Targets", "found_key", "from_environment", "from_mapping", "per_second", "seconds", "timeouts"]


#: The group that every file has.
ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """
    A targets file, checked; ``choose`` makes targets of its entries.
    """

    path: str
    entries: Mapping[str, Mapping[str, Any]]
    groups: Mapping[str, tuple[str, ...]]
    prices: Mapping[str, Any]
    environ: Mapping[str, str]
    line: Line

    def choose(self, names: Iterable[str] = (), group: str | None = None) -> tuple[Target, ...]:
        """
        The targets of these names and of a group (``all``: every one), each once, in order.

        Raises ``UsageError`` for a name or a group that the file does not have, ``FileError`` for a key that is not there.
        """
        wanted = list(names)
        if group == ALL and group not in self.groups:
            wanted += self.entries
        elif group is not None:
            if group not in self.groups:
                raise UsageError(f"{self.path} has no group {group!r}{nearest(group, self.groups)}")
            wanted += self.groups[group]
        return tuple(self._target(name) for name in dict.fromkeys(wanted))

    def _target(self, name: str) -> Target:
        if name not in self.entries:
            raise UsageError(f"{self.path} has no target {name!r}{nearest(name, self.entries)}")
        entry, place = self.entries[name], f"/targets/{name}"
        return Target(
            name=name,
            base_url=entry["base_url"],
            model=entry.get("model", ""),
            key=self._key(entry.get("api_key"), f"{place}/api_key"),
            headers=tuple(
                (header, self._header(value, f"{place}/headers/{header}"))
                for header, value in entry.get("headers", {}).items()
            ),
            claims=tuple(entry["claims"]) if "claims" in entry else None,
            concurrency=entry.get("concurrency", 8),
            rate=per_second(entry["rate"]) if "rate" in entry else None,
            timeouts=timeouts(entry.get("timeout")),
            models=entry.get("models", {}),
            profiles=tuple(entry.get("profiles", ())),
            contracts=tuple(entry.get("contracts") or ([entry["dialect"]] if "dialect" in entry else [])),
            label=entry.get("label", ""),
            baseline=self._beside(_str(entry.get("baseline"))) or "",
            max_requests=entry.get("max_requests"),
            max_tokens=entry.get("max_tokens"),
            max_seconds=seconds(entry["max_time"]) if "max_time" in entry else None,
        )

    def _key(self, value: JSON | None, place: str) -> Secret | None:
        if not isinstance(value, dict):
            return None
        try:
            return found_key(self.environ, env=_str(value.get("env")), file=self._beside(_str(value.get("file"))))
        except UsageError as problem:
            raise FileError(self.path, self.line(place), str(problem)) from None

    def _header(self, value: JSON, place: str) -> str:
        if isinstance(value, dict):
            secret = self._key(value, place)
            return secret.reveal() if secret else ""
        return str(value)

    def _beside(self, file: str | None) -> str | None:
        # As written in the file, so relative to it and not to where the command runs.
        return str(Path(self.path).parent / Path(file).expanduser()) if file else None


def from_mapping(document: JSON, line: Line, path: str, environ: Mapping[str, str]) -> Targets:
    """
    Check a targets file; raises ``FileError`` with the line of the first thing that is wrong.

    ``line`` gives the line of a JSON Pointer; ``environ`` is where keys are looked up once a target is chosen.
    """
    check = Check(path, line)
    top = check.mapping(document, "", TOP)
    if top.get("version") != 1:
        check.fail("/version", "version must be 1")
    defaults = check.target(top.get("defaults", {}), "/defaults")
    targets = check.mapping(top.get("targets", {}), "/targets")
    entries = {name: {**defaults, **check.target(entry, f"/targets/{name}")} for name, entry in targets.items()}
    for name, entry in entries.items():
        if "base_url" not in entry:
            check.fail(f"/targets/{name}", f"the target {name!r} has no base_url")
    groups = check.mapping(top.get("groups", {}), "/groups")
    for name, members in groups.items():
        check.group(name, members, entries)
    return Targets(
        path=path,
        entries=entries,
        groups={name: tuple(members) for name, members in groups.items()},
        prices=check.mapping(top.get("prices", {}), "/prices"),
        environ=environ,
        line=line,
    )


def from_environment(
    environ: Mapping[str, str],
    *,
    url: str | None = None,
    model: str = "",
    name: str | None = None,
    key: Secret | None = None,
) -> Target | None:
    """
    The target that a URL or ``OPENAI_BASE_URL`` names, with the key of ``OPENAI_API_KEY``; None when neither names one.

    Raises ``UsageError`` for an address that is no http or https URL.
    """
    base_url = url or environ.get("OPENAI_BASE_URL")
    if not base_url:
        return None
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{base_url!r} is no http or https URL\n  Give it in full, as https://host/v1.")
    value = environ.get("OPENAI_API_KEY", "")
    named = (("OpenAI-Organization", "OPENAI_ORG_ID"), ("OpenAI-Project", "OPENAI_PROJECT_ID"))
    return Target(
        name=name or parts.hostname,
        base_url=base_url,
        model=model,
        key=key or (Secret(value) if value else None),
        headers=tuple((header, environ[variable]) for header, variable in named if environ.get(variable)),
    )


def found_key(environ: Mapping[str, str], *, env: str | None = None, file: str | None = None) -> Secret:
    """
    The key in an environment variable or in a file; raises ``UsageError`` when there is none.
    """
    if env is not None:
        if not environ.get(env):
            raise UsageError(f"the environment variable {env} is not set\n  export {env}=… and run again.")
        return Secret(environ[env].strip())
    try:
        value = Path(file or "").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(f"the key file {file} cannot be read: {problem}") from None
    if not value:
        raise UsageError(f"the key file {file} is empty")
    return Secret(value)


def _str(value: object) -> str | None:
    return value if isinstance(value, str) else None
