"""
``summary.md``: the scorecard for a pull request or a CI step, where target text is shown as text and does nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from conformance import __version__
from conformance.model import Disposition, Outcome, Scorecard, Standing, Verdict, Violation
from conformance.report import labels
from conformance.report.baseline import tally, worst
from conformance.report.text import duration, grouped, line, plural, shorten, visible

#: GitHub's comments end at 64 KiB.
_MOST = 60 * 1024

#: Findings of explored requests that are listed.
_ADVICE = 20

#: What can start markup, a table cell, HTML, a mention, an issue number or a link; entities work in HTML blocks too.
_ACTIVE = re.compile(r"[\\`*_\[\]<>#|~@&$]|(?<=www)\.|(?<=mailto):|(?<=xmpp):|:(?=//)")


def escaped(text: str) -> str:
    """
    Text from outside as inert Markdown on one line: no markup, table cell, link, mention or issue number.
    """
    return _ACTIVE.sub(lambda found: f"&#{ord(found[0])};", line(text))


def fenced(text: str) -> str:
    """
    A block of code, in a fence longer than any run of backticks in the text.
    """
    shown = visible(text, "\n")
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{shown}\n{fence}"


def code(text: str) -> str:
    """
    A span of code that no backtick or vertical bar inside can end.
    """
    shown = line(text)
    if set("`|") & set(shown):
        return f"<code>{escaped(shown)}</code>"
    return f"`{shown}`" if shown else ""


def render(card: Scorecard, *, report: str = "", standing: Standing | None = None) -> str:
    """
    The summary, at most 60 KiB of UTF-8; what does not fit is counted.

    ``report`` is where the report was written.  What a baseline knows (``standing``) is counted, what is new comes first.
    """
    head = "\n".join([*_head(card), *_standing(card, standing)]) + "\n"
    foot = "\n".join([*_advice(card), *_foot(card, report)]) + "\n"
    room = _MOST - len((head + foot).encode()) - 200
    shown = [each for each in card.violations if worst(each, standing) is not Disposition.KNOWN]
    body, left = "", len(shown)
    for violation in shown:
        block = "\n".join(_violation(violation)) + "\n"
        if len((body + block).encode()) > room:
            break
        body, left = body + block, left - 1
    more = f"\nand {plural(left, 'more finding')}, see the report.\n" if left else ""
    return head + body + more + foot


def table(cards: Sequence[tuple[Scorecard, Standing | None]]) -> str:
    """
    Several runs, a row each, in the order in which they come.
    """
    rows = ["| target | verdict | new | known | stale | inconclusive |", "| --- | --- | --: | --: | --: | --: |"]
    for card, standing in cards:
        sign = f"{labels.VERDICT_SYMBOLS[card.verdict]} {labels.words(card.verdict)}"
        open_ = len(card.outcomes().get(Outcome.INCONCLUSIVE, ()))
        counts = ["", "", ""]
        if standing is not None:
            order = (Disposition.NEW, Disposition.KNOWN, Disposition.UNEXPECTED_PASS)
            counts = [str(tally(card, standing)[each]) for each in order]
        rows.append(f"| {escaped(card.run.label or card.run.target)} | {sign} | {' | '.join(counts)} | {open_} |")
    return "\n".join([*rows, ""]) + "\n"


def _head(card: Scorecard) -> Iterator[str]:
    yield f"### {labels.VERDICT_SYMBOLS[card.verdict]} {escaped(labels.headline(card))}"
    yield ""
    yield labels.detail(card)
    yield ""
    yield "| profile | verdict | MUST | SHOULD | inconclusive | untested |"
    yield "| --- | --- | --: | --: | --: | --: |"
    for score in card.profiles:
        sign = f"{labels.VERDICT_SYMBOLS[score.verdict]} {labels.words(score.verdict)}"
        counts = ["", "", "", ""]
        if score.verdict is not Verdict.NOT_CLAIMED:
            must = score.counts["MUST"]
            held = "{}/{}".format
            counts = [held(*labels.at_stake(score)), held(*labels.at_stake(score, "SHOULD"))]
            counts += [str(len(must["inconclusive"])), str(len(must["untested"]))]
        yield f"| {escaped(labels.title(score, card))} | {sign} | " + " | ".join(counts) + " |"
    yield ""


def _standing(card: Scorecard, standing: Standing | None) -> Iterator[str]:
    """
    The run against its baseline: the counts, when the known expire, and which entries have nothing left to say.
    """
    if standing is None:
        return
    counts = tally(card, standing)
    words = {Disposition.UNEXPECTED_PASS: "stale"}
    said = [f"{count} {words.get(each, each.value)}" for each, count in counts.items()]
    first = min((entry.expires for entry, each in standing.entries if each is Disposition.KNOWN), default="")
    yield f"Against the baseline: {', '.join(said)}" + (f" (the first known expires {first})." if first else ".")
    yield ""
    for entry, disposition in standing.entries:
        if disposition is Disposition.UNEXPECTED_PASS:
            yield f"- stale: {code(entry.requirement)} holds now, remove the entry of line {entry.line}"
    yield ""


def _violation(violation: Violation) -> Iterator[str]:
    row = violation.requirement
    _, _, finding = violation.samples[0]
    sign = f"{labels.LEVEL_SYMBOLS[row.level]} {row.level}"
    cases = plural(len(violation.cases), "case")
    name, text = escaped(row.id), escaped(shorten(row.text, 200))
    yield f"<details><summary>{sign} <code>{name}</code> ({cases}): {text}</summary>"
    yield ""
    yield f"Who breaks: {escaped(row.breaks)}"
    yield ""
    place = f"at {finding.where}\n" if finding.where else ""
    first = labels.first_case(violation)
    yield fenced(
        f"expected {shorten(finding.expected, 500)}\nobserved {shorten(finding.observed, 500)}\n{place}{first}"
    )
    if labels.link(row.doc):
        yield ""
        yield f"Documentation: <{labels.link(row.doc)}>"
    yield ""
    yield "</details>"
    yield ""


def _advice(card: Scorecard) -> Iterator[str]:
    """
    What explored requests showed, which decides nothing.
    """
    if not card.explored:
        return
    yield escaped(labels.explored(card))
    yield ""
    for violation in card.advice[:_ADVICE]:
        sign = labels.LEVEL_SYMBOLS[violation.requirement.level]
        for case, _, finding in violation.samples:
            said = escaped(shorten(finding.message, 200))
            yield f"- {sign} {code(violation.requirement.id)}: {said}, {code(f'conformance replay {case}')}"
    if len(card.advice) > _ADVICE:
        yield f"- and {plural(len(card.advice) - _ADVICE, 'more finding')} in the report"
    yield ""


def _foot(card: Scorecard, report: str) -> Iterator[str]:
    for outcome, number, reasons in labels.undecided(card):
        more = f": {escaped(reasons)}" if reasons else ""
        yield f"- {labels.SYMBOLS[outcome]} {number} {labels.words(outcome)}{more}"
    yield ""
    contracts = ", ".join(f"{escaped(each.id)} {escaped(each.version)}" for each in card.contracts)
    said = [f"suite {escaped(__version__)}", contracts, plural(card.requests, "request"), duration(card.seconds)]
    if card.prompt_tokens or card.completion_tokens:
        said.append(f"{grouped(card.prompt_tokens)} + {grouped(card.completion_tokens)} tokens")
    yield " · ".join(said) + (f" · report: {code(report)}" if report else "")
