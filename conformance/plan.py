"""
One target's whole run, planned before anything is sent and then performed: asked, recorded, judged, scored.

Planning touches nothing; performing writes the recording as exchanges complete.  Reports are ``runs.write``'s.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from conformance import generated, run, runs
from conformance.capture import budget, engine, recording
from conformance.capture.redaction import Redactor, secrets_of
from conformance.capture.target import Target
from conformance.contract import cases as case_files
from conformance.contract import contracts as contract_files
from conformance.contract import selection
from conformance.errors import NothingChosen, NoVerdict, UsageError
from conformance.model import Case, Contract, Outcome, Result, RunInfo, Scorecard

#: Asked when neither the command nor the target names a contract.
DEFAULT = ("openai-chat",)


class Watcher(Protocol):
    """
    Whoever shows how a run goes on.
    """

    def start(self, stats: Callable[[], engine.Stats]) -> None:
        """
        Asking begins; ``stats`` says where the engine stands, from any thread.
        """

    def result(self, result: Result) -> None:
        """
        Another case is judged.
        """


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Performed:
    """
    A run that came to its end, one way or another.
    """

    card: Scorecard
    #: Why it ended early, if it did.
    stopped: KeyboardInterrupt | NoVerdict | None = None


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


def perform(
    plan: Plan,
    folder: Path,
    *,
    resume: bool = False,
    watcher: Watcher | None = None,
    source: Callable[[], engine.Source] | None = None,
    on_stop: Callable[[Callable[[], None]], None] | None = None,
) -> Performed:
    """
    Ask, record in ``folder`` and judge; what was recorded there before is not asked again with ``resume``.

    ``on_stop`` is given a function that ends the run early from another thread.
    Raises ``UsageError`` when the folder holds another run, ``SecretLeak`` and ``CheckCrashed`` for bugs of ours; an
    interrupt and refused credentials end the run early and come back in the value.
    """
    info = information(plan)
    recorder, before = _recorder(plan, info, folder / runs.RECORDING, resume=resume)
    made: list[Result] = []
    stopped: KeyboardInterrupt | NoVerdict | None = None
    asking = run.run(
        plan.cases,
        {contract.id: contract for contract in plan.contracts},
        source or (lambda: live(plan.target)),
        circumstances=runs.circumstances(info),
        on_exchange=recorder.append,
        on_start=watcher.start if watcher is not None else None,
        on_result=watcher.result if watcher is not None else None,
        on_stop=on_stop,
        spending=budget.Budget(requests=plan.limits.requests, tokens=plan.limits.tokens, seconds=plan.limits.seconds),
        recorded=before,
        explore=plan.generated.go_on if plan.generated.explorations else None,
    )
    try:
        made.extend(asking)
    except (KeyboardInterrupt, NoVerdict) as problem:
        stopped = problem
    except BaseException:
        recorder.close(complete=False, ended=now())
        raise
    info = replace(info, ended=now(), complete=_complete(made), trouble=_trouble(made, stopped))
    for result in made:
        if not result.attempts:
            recorder.skip(result.case, result.outcome, result.cause)
    recorder.close(complete=info.complete, ended=info.ended, trouble=info.trouble)
    # What had come when everything was stopped is in the recording, whether or not its turn had come here.
    card = runs.score(made, plan.contracts, info) if stopped is None else runs.load(folder)
    return Performed(card=card, stopped=stopped)


def new_folder(root: Path, name: str) -> Path:
    """
    A folder for a run that does not exist yet: the time in UTC and the target's name.
    """
    first = root / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{plain(name)}"
    path, number = first, 2
    while path.exists():
        path, number = first.with_name(f"{first.name}-{number}"), number + 1
    return path


def plain(name: str) -> str:
    """
    A target's name as a file system takes it.
    """
    kept = "".join(each if each.isascii() and (each.isalnum() or each in "._-") else "-" for each in name)
    return kept.strip(".-")[:60] or "target"


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


def information(plan: Plan) -> RunInfo:
    """
    The circumstances of a run that begins now, without secrets.
    """
    target = plan.target
    choice = {
        "contracts": ", ".join(plan.choice.contracts),
        "profiles": ", ".join(plan.choice.profiles or plan.target.profiles),
        "expression": plan.choice.expression,
        "cases": ", ".join(plan.choice.ids),
        "files": ", ".join(str(path) for path in plan.choice.files),
        "max-requests": str(plan.limits.requests or ""),
        "max-tokens": str(plan.limits.tokens or ""),
        "max-time": f"{plan.limits.seconds:g} s" if plan.limits.seconds else "",
    }
    settings = {
        "concurrency": str(target.concurrency),
        "rate": "" if target.rate is None else f"{target.rate:g}/s",
        "time-outs": (
            f"connect {target.timeouts.connect:g} s, first byte {target.timeouts.first_byte:g} s, "
            f"idle {target.timeouts.idle:g} s, total {target.timeouts.total:g} s"
        ),
        "key": "sent" if target.key else "none",
        "planned": str(len(plan.cases)),
        **choice,
        **plan.settings,
    }
    redactor = Redactor(secrets_of(target))
    return RunInfo(
        target=target.name,
        base_url=redactor.url(target.base_url),
        model=target.model,
        label=target.label,
        claims=target.claims,
        contracts=tuple((each.id, each.version, each.sha256) for each in plan.contracts),
        started=now(),
        command=tuple(redactor.text(word) for word in plan.command),
        settings={name: redactor.text(value) for name, value in settings.items() if value},
    )


def _recorder(
    plan: Plan, info: RunInfo, path: Path, *, resume: bool
) -> tuple[recording.Recorder, dict[str, run.Exchanges]]:
    secrets = secrets_of(plan.target)
    if not resume:
        try:
            return recording.create(path, info, secrets), {}
        except FileExistsError:
            raise UsageError(
                f"{path} exists\n  Continue it with --resume {path.parent}, or name another folder with -o."
            ) from None
    recorder, kept = recording.resume(path, secrets)
    before = kept.header
    if (before.base_url, before.model, before.contracts) != (info.base_url, info.model, info.contracts):
        recorder.abandon()
        raise UsageError(
            f"{path.parent} holds a run of {before.model} at {before.base_url}, or of another version of the contract\n"
            "  Resume with the same target, model and suite version."
        )
    exchanges: dict[str, run.Exchanges] = {}
    for case, exchange in kept.pairs:
        exchanges[case.id] = (*exchanges.get(case.id, ()), exchange)
    # What was never answered is asked again.
    return recorder, {name: each for name, each in exchanges.items() if each[-1].status is not None}


def live(target: Target) -> engine.Source:
    """
    The target itself, over the network.
    """
    # Here and not above, for planning should not wait for httpx.
    from conformance.capture.live import Live

    return Live(target)


def _complete(made: Sequence[Result]) -> bool:
    return not any(result.outcome is Outcome.NOT_RUN and not result.case.advisory for result in made)


def _trouble(made: Sequence[Result], stopped: KeyboardInterrupt | NoVerdict | None) -> str:
    if isinstance(stopped, NoVerdict):
        return stopped.cause
    if isinstance(stopped, KeyboardInterrupt) or any(result.cause == "interrupted" for result in made):
        return "interrupted"
    return "budget" if any(result.cause.startswith("budget") and not result.case.advisory for result in made) else ""


def now() -> str:
    """
    The time in UTC, ISO 8601.
    """
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
