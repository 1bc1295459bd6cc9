"""
The end of a run as text for a terminal: verdict, profiles, findings, and what is no verdict.  It prints nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.model import Level, ProfileScore, Scorecard, Verdict, Violation
from conformance.report import cells, labels
from conformance.report.text import duration, grouped, line, plural, visible

#: More violations of a MUST than this are left to the report, and more others in one line each.
_MOST = 12

_ASCII = str.maketrans(
    {
        "✓": "+",
        "✗": "x",
        "—": "-",
        "·": "-",
        "…": "...",
        "⟨": "<",
        "⟩": ">",
        "’": "'",
        "“": '"',
        "”": '"',
        "→": "->",
        "\u202f": " ",
    }
)
_COLOURS = {"red": "31", "yellow": "33", "green": "32", "dim": "2", "bold": "1"}
_HEADS = {
    Verdict.FAILS: ("FAIL", "red"),
    Verdict.WARNINGS: ("WARN", "yellow"),
    Verdict.CONFORMS: ("PASS", "green"),
    Verdict.INCOMPLETE: ("OPEN", "yellow"),
    Verdict.NOT_CLAIMED: ("----", "dim"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paper:
    """
    How wide the terminal is and what it can show.
    """

    width: int
    colour: bool
    ascii: bool

    def plain(self, text: str) -> str:
        """
        The text in the characters that the terminal has.
        """
        return plain(text) if self.ascii else visible(text)

    def tinted(self, text: str, colour: str) -> str:
        """
        The text in a colour, when colours are wanted.
        """
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self.colour and text else text

    def wrapped(self, text: str, indent: str = "", colour: str = "") -> list[str]:
        """
        The text in lines that fit.
        """
        lines = cells.wrap(self.plain(text), self.width, indent)
        return [self.tinted(each, colour) for each in lines] if colour else lines


def plain(text: str, keep: str = "") -> str:
    """
    The text in ASCII: our signs by their likes, everything else by its number; ``keep`` as ``text.visible`` takes it.
    """
    shown = visible(text, keep).translate(_ASCII)
    return "".join(each if each.isascii() else f"<U+{ord(each):04X}>" for each in shown)


def render(
    card: Scorecard,
    *,
    width: int = 80,
    colour: bool = False,
    ascii: bool = False,
    report: str = "",
    exit_code: int | None = None,
    reason: str = "",
) -> str:
    """
    The summary of a run, ending in a line feed; no line is wider than ``width`` cells (at least 20).

    ``colour`` allows ANSI colours, ``ascii`` asks for nothing but ASCII, ``report`` is where the report was written.
    """
    paper = _Paper(width=max(width, 20), colour=colour, ascii=ascii)
    lines = list(_head(card, paper))
    lines += _profiles(card, paper)
    lines += _findings(card, paper)
    lines += _advice(card, paper)
    lines += _undecided(card, paper)
    lines += _end(card, paper, report)
    if exit_code is not None:
        lines += paper.wrapped(f"Exit {exit_code}" + (f": {line(reason)}" if reason else ""))
    return "\n".join(lines) + "\n"


def _head(card: Scorecard, paper: _Paper) -> Iterator[str]:
    word, colour = _HEADS[card.verdict]
    yield from paper.wrapped(f"{word} {labels.headline(card)}", colour=colour)
    yield from paper.wrapped(labels.detail(card), "     ")
    yield ""


def _profiles(card: Scorecard, paper: _Paper) -> Iterator[str]:
    """
    A line a profile, under the contract's title where there are several.
    """
    longest = max((cells.width(line(score.profile.title)) for score in card.profiles), default=0)
    column = min(longest + 4, paper.width // 2)
    for contract in card.contracts:
        if len(card.contracts) > 1:
            yield from paper.wrapped(line(contract.title), "  ", "bold")
        for score in card.profiles:
            if score.contract == contract.id:
                yield from _profile(score, column, paper)


def _profile(score: ProfileScore, column: int, paper: _Paper) -> Iterator[str]:
    sign = labels.VERDICT_SYMBOLS[score.verdict]
    if score.verdict is Verdict.NOT_CLAIMED:
        said = "not claimed"
    else:
        said = " · ".join([labels.count(score), labels.words(score.verdict), *labels.remarks(score)])
    name = cells.pad(cells.fit(paper.plain(f"{sign} {line(score.profile.title)}"), column, ""), column)
    first, *rest = cells.wrap(paper.plain(said), paper.width, " " * (column + 2))
    yield "  " + paper.tinted(name, _HEADS[score.verdict][1]) + first[column + 2 :]
    yield from rest


def _findings(card: Scorecard, paper: _Paper) -> Iterator[str]:
    grave = [each for each in card.violations if each.requirement.level is Level.MUST]
    light = [each for each in card.violations if each.requirement.level is not Level.MUST]
    for violation in grave[:_MOST]:
        yield ""
        yield from _violation(violation, paper)
    if light:
        yield ""
    for violation in light[:_MOST]:
        row, (_, _, finding) = violation.requirement, violation.samples[0]
        said = f"{labels.LEVEL_SYMBOLS[row.level]} {row.level} {row.id} ({plural(len(violation.cases), 'case')})"
        yield from paper.wrapped(said, "  ", "yellow" if row.level is Level.SHOULD else "dim")
        yield from paper.wrapped(line(finding.message, 160), "    ")
    left = len(grave[_MOST:]) + len(light[_MOST:])
    if left:
        yield ""
        yield from paper.wrapped(f"and {plural(left, 'more finding')} in the report", "  ")


def _violation(violation: Violation, paper: _Paper) -> Iterator[str]:
    row = violation.requirement
    _, _, finding = violation.samples[0]
    yield from paper.wrapped(f"{labels.LEVEL_SYMBOLS[row.level]} {row.level} {row.id}", "  ", "red")
    where = f" at {line(finding.where, 120)}" if finding.where else ""
    yield from paper.wrapped(line(row.text, 300), "    ")
    yield from paper.wrapped(f"expected {line(finding.expected, 200)}{where}", "    ")
    yield from paper.wrapped(f"got {line(finding.observed, 200)}", "    ")
    yield from paper.wrapped(f"breaks: {line(row.breaks, 200)}", "    ")
    yield from paper.wrapped(labels.first_case(violation), "    ")
    yield from paper.wrapped(f"conformance explain {row.id}", "    ", "dim")


def _advice(card: Scorecard, paper: _Paper) -> Iterator[str]:
    """
    What explored requests showed, which decides nothing: the smallest request of each.
    """
    if not card.explored:
        return
    yield ""
    yield from paper.wrapped(labels.explored(card), colour="bold")
    for violation in card.advice[:_MOST]:
        row = violation.requirement
        said = f"{labels.LEVEL_SYMBOLS[row.level]} {row.level} {row.id} ({plural(len(violation.cases), 'request')})"
        yield from paper.wrapped(said, "  ", "yellow")
        for case, _, finding in violation.samples:
            yield from paper.wrapped(line(finding.message, 160), "    ")
            yield from paper.wrapped(labels.titled(card, case), "    ")
            yield from paper.wrapped(f"conformance replay {case}", "    ", "dim")
    if len(card.advice) > _MOST:
        yield from paper.wrapped(f"and {plural(len(card.advice) - _MOST, 'more finding')} in the report", "  ")
    if card.advice:
        yield from paper.wrapped(
            "conformance pin ID writes one as a case file, which decides from then on", "  ", "dim"
        )


def _undecided(card: Scorecard, paper: _Paper) -> Iterator[str]:
    rows = labels.undecided(card)
    if not rows:
        return
    yield ""
    yield "Not a verdict on the target:"
    for outcome, number, reasons in rows:
        more = f" ({reasons})" if reasons else ""
        yield from paper.wrapped(f"{labels.SYMBOLS[outcome]} {number} {labels.words(outcome)}{more}", "  ")


def _end(card: Scorecard, paper: _Paper, report: str) -> Iterator[str]:
    yield ""
    said = [plural(card.requests, "request"), duration(card.seconds)]
    if card.prompt_tokens or card.completion_tokens:
        said.append(f"{grouped(card.prompt_tokens)} + {grouped(card.completion_tokens)} tokens")
    yield from paper.wrapped(" · ".join(said))
    if report:
        yield from paper.wrapped(f"report: {report}")
