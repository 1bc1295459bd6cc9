"""
What may stand in ``targets.yaml``; every complaint names its line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlsplit

from conformance.capture.amounts import nearest, per_second, seconds, timeouts
from conformance.capture.redaction import credential_header
from conformance.errors import FileError, UsageError
from conformance.model import JSON

TOP = ("version", "defaults", "targets", "groups", "prices")
_TARGET: dict[str, type | tuple[type, ...]] = {
    "base_url": str,
    "api_key": (dict, str, type(None)),
    "model": str,
    "models": dict,
    "claims": list,
    "headers": dict,
    "label": str,
    "baseline": str,
    "profiles": list,
    "dialect": str,
    "contract": str,
    "contracts": list,
    "concurrency": int,
    "rate": (str, int, float),
    "timeout": (str, int, float, dict),
    "max_requests": int,
    "max_tokens": int,
    "max_time": (str, int, float),
}
_TIMEOUTS = ("connect", "first_byte", "idle", "total")
_KEY_FORM = "Name where the key is: api_key: {env: NAME}, {file: PATH} or none; a key is never written into the file."

#: The line of a JSON Pointer in the file.
Line = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Check:
    """
    Complaints about one file.
    """

    path: str
    line: Line

    def fail(self, place: str, problem: str, remedy: str = "") -> NoReturn:
        """
        Raise ``FileError`` about a place.
        """
        raise FileError(self.path, self.line(place), problem, remedy)

    def mapping(self, value: JSON, place: str, known: Iterable[str] | None = None) -> dict[str, Any]:
        """
        A mapping whose keys are known; raises ``FileError``.
        """
        if not isinstance(value, dict):
            self.fail(place, f"{place or 'the file'} must be a mapping")
        for name in value:
            if known is not None and name not in known:
                self.fail(f"{place}/{name}", f"unknown key {name!r}{nearest(name, known)}")
        return value

    def target(self, value: JSON, place: str) -> dict[str, Any]:
        """
        One entry of ``targets``, or the defaults.
        """
        entry = self.mapping(value, place, _TARGET)
        for name, each in entry.items():
            if name == "api_key":
                self.key(each, f"{place}/{name}")
            elif not isinstance(each, _TARGET[name]) or isinstance(each, bool):
                self.fail(f"{place}/{name}", f"{name} has the wrong type")
            elif isinstance(each, list) and not all(isinstance(item, str) for item in each):
                self.fail(f"{place}/{name}", f"{name} must be a list of names")
        self.address(entry, place)
        self.amounts(entry, place)
        for name, each in entry.get("headers", {}).items():
            self.header(name, each, f"{place}/headers/{name}")
        return entry

    def key(self, value: JSON, place: str) -> None:
        """
        Where a key is, never the key.
        """
        if value is None or value == "none":
            return
        if not isinstance(value, dict):
            self.fail(place, "api_key holds a key", _KEY_FORM)
        self.mapping(value, place, ("env", "file"))
        if len(value) != 1 or not all(isinstance(each, str) for each in value.values()):
            self.fail(place, "api_key names one place", _KEY_FORM)

    def header(self, name: str, value: JSON, place: str) -> None:
        """
        A header's value, which must not be a credential.
        """
        if isinstance(value, dict):
            self.key(value, place)
        elif not isinstance(value, str | int | float) or isinstance(value, bool):
            self.fail(place, f"the header {name} must be a text")
        elif credential_header(name):
            self.fail(place, f"the header {name} holds a credential", f"Write {name}: {{env: NAME}} or {{file: PATH}}.")

    def address(self, entry: Mapping[str, Any], place: str) -> None:
        """
        The base URL is one.
        """
        if "base_url" not in entry:
            return
        parts = urlsplit(entry["base_url"])
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            self.fail(f"{place}/base_url", "base_url is no http or https URL", "Give it in full, as https://host/v1.")

    def amounts(self, entry: Mapping[str, Any], place: str) -> None:
        """
        Numbers, rates and durations can be read.
        """
        for name in ("concurrency", "max_requests", "max_tokens"):
            if entry.get(name, 1) < 1:
                self.fail(f"{place}/{name}", f"{name} must be at least 1")
        timeout = entry.get("timeout")
        if isinstance(timeout, dict):
            self.mapping(timeout, f"{place}/timeout", _TIMEOUTS)
        for name, reading in (("rate", per_second), ("timeout", timeouts), ("max_time", seconds)):
            try:
                reading(entry[name]) if name in entry else None
            except UsageError as problem:
                self.fail(f"{place}/{name}", str(problem))

    def group(self, name: str, members: JSON, entries: Mapping[str, object]) -> None:
        """
        A group names targets that exist.
        """
        if not isinstance(members, list):
            self.fail(f"/groups/{name}", f"the group {name!r} must be a list of targets")
        for number, member in enumerate(members):
            if not isinstance(member, str) or member not in entries:
                self.fail(f"/groups/{name}/{number}", f"no target {member!r}{nearest(str(member), entries)}")
