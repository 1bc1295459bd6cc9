"""
A planned run performed: asked, recorded as exchanges complete, judged and scored.  Reports are ``runs.write``'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from conformance import run, runs
from conformance.capture import budget, engine, recording
from conformance.capture.redaction import Redactor, secrets_of
from conformance.capture.target import Target
from conformance.errors import NoVerdict, UsageError
from conformance.model import Outcome, Result, RunInfo, Scorecard
from conformance.plan import Plan


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
class Performed:
    """
    A run that came to its end, one way or another.
    """

    card: Scorecard
    #: Why it ended early, if it did.
    stopped: KeyboardInterrupt | NoVerdict | None = None


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
        recorder.close(complete=False, ended=runs.now())
        raise
    info = replace(info, ended=runs.now(), complete=_complete(made), trouble=_trouble(made, stopped))
    for result in made:
        if not result.attempts:
            recorder.skip(result.case, result.outcome, result.cause)
    recorder.close(complete=info.complete, ended=info.ended, trouble=info.trouble)
    # What had come when everything was stopped is in the recording, whether or not its turn had come here.
    card = runs.score(made, plan.contracts, info) if stopped is None else runs.load(folder)
    return Performed(card=card, stopped=stopped)


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
        started=runs.now(),
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
