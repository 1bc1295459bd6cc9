"""
Case files as pytest's files, and one item a case: which are ours, how they are marked, and on what they may build.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conformance import runs
from conformance.capture.target import Target
from conformance.contract import cases as case_files
from conformance.contract import contracts, paths, selection
from conformance.errors import ConformanceError, FileError
from conformance.model import Case, Level
from conformance.pytest_plugin import endpoint, options, wording
from conformance.pytest_plugin.items import CaseItem

#: The two keys, at the beginning of a line, that make a YAML file a case file.
_OURS = [re.compile(rb"^[\"']?" + key + rb"[\"']?\s*:", re.MULTILINE) for key in (b"contract", b"cases")]


def is_ours(path: Path) -> bool:
    """
    Whether a file holds cases of ours; any other YAML is somebody else's and left alone.
    """
    if path.suffix not in (".yaml", ".yml"):
        return False
    try:
        text = path.read_bytes()
    except OSError:
        return False
    return all(key.search(text) for key in _OURS)


@dataclass(slots=True)
class Known:
    """
    Every case of a session's files, and of those beside them.
    """

    #: The file that each collected case came from.
    files: dict[str, Path] = field(default_factory=dict)
    #: What a chain or a comparison may name besides, by id.
    cases: dict[str, Case] = field(default_factory=dict)
    markers: set[str] = field(default_factory=set)
    #: Why nobody can be asked.
    mistake: str = ""
    _folders: dict[Path, tuple[Case, ...]] = field(default_factory=dict)

    def add(self, path: Path, made: tuple[Case, ...]) -> None:
        """
        Take the cases of a file in; raises ``FileError`` for an id that another file has.
        """
        contract = contracts.load(made[0].contract)
        own = {case.id for case in made}
        beyond = any(case.group or ({*case.compare, case.after} - own - {None}) for case in made)
        # Reading the suite's own cases takes a tenth of a second, which few files need.
        offered = self._others(path, contract.id) if beyond else []
        others = {case.id: case for case in offered if case.id not in own}
        case_files.check(made, contract, tuple(others.values()))
        for case in made:
            first = self.files.setdefault(case.id, path)
            if first != path:
                raise FileError(case.file, case.line, f"the id {case.id} stands twice", f"First in {first}.")
        self.cases = {**others, **self.cases, **{case.id: case for case in made}}

    def register(self, config: pytest.Config, name: str) -> str:
        """
        Register a marker and give the name under which it is.
        """
        # One that takes arguments does something: a feature called timeout must not become pytest-timeout's.
        if any(line.startswith(f"{name}(") for line in config.getini("markers")):
            name = f"conformance-{name}"
        if name not in self.markers:
            self.markers.add(name)
            config.addinivalue_line("markers", f"{name}: a profile, a level or a feature of cases")
        return name

    def _others(self, path: Path, contract: str) -> list[Case]:
        suite = case_files.load_contract(contract)
        folder = path.parent
        if folder == paths.folder("cases") / contract:
            return list(suite)
        if folder not in self._folders:
            self._folders[folder] = tuple(_all(each for each in sorted(folder.iterdir()) if is_ours(each)))
        return [*suite, *(case for case in self._folders[folder] if case.contract == contract)]


def _all(files: Iterator[Path]) -> Iterator[Case]:
    for path in files:
        # A file that is wrong says so where it is collected.
        with suppress(ConformanceError):
            yield from case_files.load(path)


KNOWN = pytest.StashKey[Known]()


class CaseFile(pytest.File):
    """
    A case file.
    """

    def collect(self) -> Iterator[Endpoint]:
        """
        The endpoint that the cases are asked of.
        """
        try:
            made = case_files.load(self.path)
            self.config.stash[KNOWN].add(self.path, made)
        except ConformanceError as problem:
            raise self.CollectError(wording.ours(str(problem))) from None
        try:
            yield Endpoint.of(self, made, endpoint.target(self.config))
        except ConformanceError as problem:
            if endpoint.is_worker(self.config):
                raise self.CollectError(wording.ours(str(problem))) from None
            # One mistake of the session, which is told once and not at every file.
            self.config.stash[KNOWN].mistake = wording.ours(str(problem))


class Endpoint(pytest.Collector):
    """
    The target, between file and case: the same case of another target is another test.
    """

    cases: tuple[Case, ...]

    @classmethod
    def of(cls, parent: CaseFile, cases: tuple[Case, ...], target: Target) -> Endpoint:
        """
        The cases of a file, to be asked of a target.
        """
        made: Endpoint = cls.from_parent(parent, name=runs.plain(target.name))
        made.cases = cases
        return made

    def collect(self) -> Iterator[CaseItem]:
        """
        One item a case, with its markers.
        """
        for case in self.cases:
            item = CaseItem.of(self, case)
            # -k finds words of the title as well, as it does on our own command line.
            item.extra_keyword_matches.add(case.title)
            self._mark(item)
            yield item

    def _mark(self, item: CaseItem) -> None:
        case, config = item.case, self.config
        for name in markers(case):
            item.add_marker(config.stash[KNOWN].register(config, name))
        item.add_marker(pytest.mark.conformance(level=str(level_of(case)), feature=case.feature))
        if (case.group or case.after or case.compare) and config.pluginmanager.hasplugin("xdist"):
            # What belongs together is asked once when --dist loadgroup keeps it in one process.
            item.add_marker(pytest.mark.xdist_group(self.path.stem))
        if any(line.startswith("flaky(") for line in config.getini("markers")):
            # One violation is a violation: plugins that run failed tests again are told not to.
            item.add_marker(pytest.mark.flaky(condition=False))


def markers(case: Case) -> tuple[str, ...]:
    """
    The names by which ``-m`` chooses a case: its profiles, its feature and its level.
    """
    words = [*selection.profiles_of(case), case.feature, level_of(case).lower()]
    return tuple(dict.fromkeys(re.sub(r"[^\w-]+", "-", word).strip("-_") or "unnamed" for word in words))


def level_of(case: Case) -> Level:
    """
    The level of the requirement that a case is about; without one, of what every answer must keep.
    """
    if case.expect is None:
        return Level.MUST
    return contracts.load(case.contract).requirements[case.expect.requirement].level


class Collecting:
    """
    The hooks of collection.
    """

    def __init__(self, config: pytest.Config, profiles: tuple[str, ...]) -> None:
        """
        ``profiles`` are those that are asked for; none means all.
        """
        self._profiles = profiles
        config.stash[KNOWN] = Known()

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> CaseFile | None:
        """
        Take case files, once somebody is named to ask.
        """
        config = parent.config
        if not is_ours(file_path) or not (endpoint.named(config) or options.on_command_line(config)):
            return None
        made: CaseFile = CaseFile.from_parent(parent, path=file_path)
        return made

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """
        Leave out the cases of profiles that neither an option nor the target asks for.

        Raises ``pytest.UsageError`` when there are cases and nobody to ask.
        """
        if config.stash[KNOWN].mistake:
            raise pytest.UsageError(config.stash[KNOWN].mistake)
        target = endpoint.found(config)
        wanted = self._profiles or (target.profiles if target is not None else ())
        if not wanted:
            return
        cases = [item.case for item in items if isinstance(item, CaseItem)]
        chosen = {case.id for case in cases if selection.in_profiles(case, set(wanted))}
        left = [item for item in items if not isinstance(item, CaseItem) or item.case.id in chosen]
        config.hook.pytest_deselected(items=[item for item in items if item not in left])
        items[:] = left
