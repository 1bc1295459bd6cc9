"""
A run's folder: its recording judged again, and every report that is made of it.

The recording is the one source of truth, so that what is judged live and what is judged again years later agree.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from conformance import facts, generate, run
from conformance.capture import recording
from conformance.capture.redaction import guard, write_guarded
from conformance.capture.secret import Secret
from conformance.contract import contracts
from conformance.errors import FileError
from conformance.judge import not_asked
from conformance.model import Contract, Outcome, Result, RunInfo, Scorecard, Standing
from conformance.report import badge, ctrf, diff, html, junit, markdown, packing, results, sarif, scorecard
from conformance.report.exits import Stale
from conformance.views import Views

RECORDING = "recording.jsonl"
#: What reports can be written as, beside ``results.json``.
FORMATS = ("html", "junit", "md", "badge", "ctrf", "sarif")
#: What is written unless other formats are named.
USUAL = FORMATS[:4]


def load(folder: Path) -> Scorecard:
    """
    The scorecard of an earlier run, judged again from its recording (a folder or the file itself).

    Raises ``FileError`` when there is no readable recording.
    """
    path = folder / RECORDING if folder.is_dir() else folder
    if not path.is_file():
        raise FileError(
            str(path), 0, "there is no recording here", "Name the folder of a run, as reports/<time>-<target>."
        )
    return judged(recording.read(path))


def judged(kept: recording.Recording) -> Scorecard:
    """
    A recording's exchanges judged, and scored with what was never sent.
    """
    info = kept.header
    known = {name: contracts.load(name) for name, _, _ in info.contracts}
    around = circumstances(info)
    made = run.judged(kept.pairs, known, circumstances=around)
    asked = {result.case.id for result in made}
    rest = [not_asked(case, outcome, cause) for case, outcome, cause in kept.unasked if case.id not in asked]
    return score([*made, *rest], tuple(known.values()), info)


def circumstances(info: RunInfo) -> run.Circumstances:
    """
    What judging needs to know of a target, as a run's header states it.
    """
    claims = None if info.claims is None else frozenset(info.claims)
    return run.Circumstances(claims=claims, keyed=info.settings.get("key") != "none")


def score(made: Sequence[Result], known: Sequence[Contract], info: RunInfo) -> Scorecard:
    """
    The scorecard of results, with the tokens that the target counted.
    """
    ordered = sorted(made, key=lambda result: result.case.id)
    causes = {name: tuple(case.id for case in cases) for name, cases in generate.smallest(ordered).items()}
    return scorecard.score(ordered, known, info, tokens=run.tokens(ordered), causes=causes)


def write(
    folder: Path,
    card: Scorecard,
    *,
    secrets: Iterable[Secret] = (),
    exit_code: int = 0,
    reason: str = "",
    standing: Standing | None = None,
    stale: Stale = Stale.FAIL,
    earlier: Scorecard | None = None,
    formats: Collection[str] = USUAL,
) -> None:
    """
    Write ``results.json`` and the reports of some formats; each file whole or not at all.

    Evidence for which the page has no room goes to ``evidence/``; a badge is written as JSON and as an image.
    ``earlier`` is a run of the same target, for the page to say what changed since.  Raises ``SecretLeak`` when one would hold a secret.
    """
    known = tuple(secrets)
    makers: Mapping[str, Callable[[], Mapping[str, str | bytes]]] = {
        "html": lambda: _pages(card, earlier, standing),
        "junit": lambda: {"junit.xml": junit.render(card, standing=standing, stale=stale)},
        "md": lambda: {"summary.md": markdown.render(card, report="report.html", standing=standing)},
        "badge": lambda: _badge(card),
        "ctrf": lambda: {"ctrf.json": ctrf.render(card, standing=standing, stale=stale)},
        "sarif": lambda: {"results.sarif": sarif.render(card, standing=standing)},
    }
    data = results.render(card, exit_code=exit_code, reason=reason, standing=standing)
    write_whole(folder / "results.json", data, known)
    for form in FORMATS:
        if form in formats:
            for name, text in makers[form]().items():
                write_whole(folder / name, text, known)


def write_whole(path: Path, data: str | bytes, known: Sequence[Secret]) -> None:
    """
    Write a file whole or not at all; raises ``SecretLeak`` when it, or what a page packs, holds a secret.
    """
    if isinstance(data, str):
        # What a page packs is looked at as well: a secret in it would not show.
        for block in packing.opened(data):
            guard(block, known, str(path))
    write_guarded(path, data, known)


def _badge(card: Scorecard) -> dict[str, str | bytes]:
    made = badge.badge(card)
    return {"badge.json": badge.endpoint(made), "badge.svg": badge.svg(made)}


def _pages(card: Scorecard, earlier: Scorecard | None, standing: Standing | None) -> dict[str, str]:
    shown, found = Views(card), facts.of(card)
    if earlier is not None:
        changed = diff.between(earlier, card)
        return html.pages(card, shown, facts=found, changes=changed, earlier=Views(earlier))
    return html.pages(card, shown, facts=found, changes=None if standing is None else diff.against(card, standing))


def unasked(made: Iterable[Result]) -> list[tuple[Result, Outcome, str]]:
    """
    The results for which nothing was sent.
    """
    return [(result, result.outcome, result.cause) for result in made if not result.attempts]


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


def now() -> str:
    """
    The time in UTC, ISO 8601.
    """
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
