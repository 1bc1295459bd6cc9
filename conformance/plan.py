"""
One target's whole run, planned before anything is sent: which cases of which contracts, and what they may cost.

Planning touches nothing; ``performing`` does what was planned.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from conformance import generated, run
from conformance.capture.target import Target
from conformance.contract import cases as case_files
from conformance.contract import contracts as contract_files
from conformance.contract import selection
from conformance.errors import NothingChosen, UsageError
from conformance.model import Case, Contract

#: Asked when neither the command nor the target names a contract.
DEFAULT = ("openai-chat",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    What a run may cost at most; None: no limit.
    """

    requests: int | None = None
    tokens: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """
    Which cases are wanted; nothing given means all.
    """

    contracts: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    expression: str = ""
    ids: tuple[str, ...] = ()
    #: Files or folders with further cases, in place of the suite's own.
    files: tuple[Path, ...] = ()

    @property
    def narrowed(self) -> bool:
        """
        Something was left out on purpose, so that the run certifies nothing.
        """
        return bool(self.profiles or self.expression or self.ids or self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    Everything that decides what a run asks and how it is judged.
    """

    target: Target
    contracts: tuple[Contract, ...]
    cases: tuple[Case, ...]
    choice: Choice
    limits: Limits = Limits()
    #: The command line without secrets.
    command: tuple[str, ...] = ()
    #: Anything else for the method page.
    settings: Mapping[str, str] = field(default_factory=dict)
    #: The cases that were generated, which are among ``cases`` as well.
    generated: generated.Added = field(default_factory=generated.Added)

    @property
    def asked(self) -> tuple[Case, ...]:
        """
        The cases that will be sent: those whose features the target claims or leaves open.
        """
        known = {contract.id: contract for contract in self.contracts}
        claims = None if self.target.claims is None else frozenset(self.target.claims)
        return tuple(case for case in self.cases if run.applicable(case, known[case.contract], claims))


def make(
    target: Target,
    choice: Choice,
    *,
    limits: Limits = Limits(),
    command: Sequence[str] = (),
    wish: generated.Wish = generated.NOTHING,
    **settings: str,
) -> Plan:
    """
    Choose contracts and cases for a target; raises ``UsageError`` or ``FileError`` for what does not exist.
    """
    extra = [case for path in choice.files for case in _files(path)]
    names = choice.contracts or tuple(dict.fromkeys(case.contract for case in extra)) or target.contracts or DEFAULT
    known = tuple(contract_files.load(name) for name in names)
    check_claims(target.claims or ())
    check_profiles(choice.profiles, known)
    offered = extra or [case for contract in known for case in case_files.load_contract(contract.id)]
    chosen = selection.select(
        offered, profiles=choice.profiles or target.profiles, expression=choice.expression, ids=choice.ids
    )
    # What is wrong on purpose comes last: a target that it throws off its feet has answered everything else by then.
    cases = tuple(sorted(chosen, key=lambda case: case.invalid))
    added = _generated(wish, target, known, choice, limits, cases)
    if not chosen and not added.cases:
        raise NothingChosen("no case is left to ask\n  Widen --profile, --case or -k; see conformance list cases.")
    return Plan(
        target=target,
        contracts=known,
        cases=(*cases, *sorted(added.cases, key=lambda case: case.invalid)),
        choice=choice,
        limits=Limits(
            requests=limits.requests or target.max_requests,
            tokens=limits.tokens or target.max_tokens,
            seconds=limits.seconds or target.max_seconds,
        ),
        command=tuple(command),
        settings={**wish.settings, **settings},
        generated=added,
    )


def _generated(
    wish: generated.Wish,
    target: Target,
    known: Sequence[Contract],
    choice: Choice,
    limits: Limits,
    cases: Sequence[Case],
) -> generated.Added:
    claims = None if target.claims is None else frozenset(target.claims)
    room = None if limits.requests is None else limits.requests - len(cases)
    widest = frozenset(choice.profiles or target.profiles) - {selection.SMOKE}
    return generated.add(wish, known, claims=claims, room=room, widest=widest)


def _files(path: Path) -> list[Case]:
    found = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    if not found:
        raise UsageError(f"{path} has no case file\n  Case files end in .yaml; see conformance schema case.")
    made = [case for each in found for case in case_files.load(each)]
    for name in dict.fromkeys(case.contract for case in made):
        case_files.check([case for case in made if case.contract == name], contract_files.load(name))
    return made


def check_claims(claims: Iterable[str]) -> None:
    """
    Raise ``UsageError`` for a feature that no contract knows.
    """
    _check_known(claims, {p.id for n in contract_files.names() for p in contract_files.load(n).profiles}, "feature")


def check_profiles(profiles: Iterable[str], known: Iterable[Contract]) -> None:
    """
    Raise ``UsageError`` for a profile that none of these contracts has.
    """
    ids = {profile.id for contract in known for profile in contract.profiles}
    _check_known(profiles, ids | {selection.SMOKE}, "profile")


def _check_known(names: Iterable[str], known: set[str], kind: str) -> None:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(sorted(known))}."
            raise UsageError(f"there is no {kind} {name!r}\n  {hint}")
