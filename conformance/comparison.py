"""
Runs joined: their folders become one comparison, written as a page, as data and as a summary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from conformance import facts, runs
from conformance.capture.secret import Secret
from conformance.errors import FileError, UsageError
from conformance.model import Scorecard
from conformance.report import compare, compare_data, compare_html, compare_markdown
from conformance.report.compare import Column, Comparison
from conformance.report.text import line
from conformance.report.views import CaseView
from conformance.views import of as view

#: A comparison of fewer is none.
FEWEST = 2


def folders(given: Iterable[Path]) -> tuple[Path, ...]:
    """
    The folders of runs that are named, each once; a folder that holds folders of runs stands for those, by name.

    Raises ``FileError`` for one that holds no run, and ``UsageError`` when fewer than two remain.
    """
    found = tuple(dict.fromkeys(each for path in given for each in _runs(path)))
    if len(found) < FEWEST:
        raise UsageError(
            "a comparison needs at least two runs\n  Name folders, as reports/<time>-<target>, or one that holds several."
        )
    return found


def _runs(path: Path) -> Sequence[Path]:
    if path.is_file() or (path / runs.RECORDING).is_file():
        return (path,)
    below = sorted(each.parent for each in path.glob(f"*/{runs.RECORDING}"))
    if not below:
        raise FileError(str(path), 0, "holds no run", "Name folders, as reports/<time>-<target>.")
    return below


def load(named: Sequence[Path]) -> Comparison:
    """
    The comparison of earlier runs, judged again, in the order of their folders.
    """
    return of([(runs.load(path), _folder(path)) for path in named])


def _folder(path: Path) -> str:
    return path.parent.name if path.is_file() else path.name


def of(cards: Sequence[tuple[Scorecard, str]]) -> Comparison:
    """
    The comparison of scorecards; the second of each pair tells runs of one target apart.
    """
    names = [card.run.label or card.run.target for card, _ in cards]
    often = Counter(names)
    unlike = [name if often[name] == 1 else f"{name} ({more})" for name, (_, more) in zip(names, cards, strict=True)]
    again = Counter(unlike)
    last = [name if again[name] == 1 else f"{name} #{number}" for number, name in enumerate(unlike, start=1)]
    return compare.compare(
        [Column(name=line(name), card=card, facts=facts.of(card)) for name, (card, _) in zip(last, cards, strict=True)]
    )


def write(folder: Path, made: Comparison, *, secrets: Iterable[Secret] = (), evidence: bool = True) -> tuple[Path, ...]:
    """
    Write ``compare.html`` (and ``evidence/`` where it has no room), ``compare.json``, ``compare.csv``, ``compare.md``.

    Without ``evidence`` no exchange is shown, only figures and short quotations of findings.  Raises ``SecretLeak``
    when a file would hold a secret.
    """
    known = tuple(secrets)
    texts: dict[str, str | bytes] = {
        **compare_html.pages(made, _views(made) if evidence else None),
        "compare.json": compare_data.render(made),
        "compare.csv": compare_data.table(made),
        "compare.md": compare_markdown.render(made, report="compare.html"),
    }
    for name, text in texts.items():
        runs.write_whole(folder / name, text, known)
    return tuple(folder / name for name in texts)


def _views(made: Comparison) -> Callable[[int, str], CaseView]:
    results = [{result.case.id: result for result in column.card.results} for column in made.columns]
    return lambda target, case: view(results[target][case])
