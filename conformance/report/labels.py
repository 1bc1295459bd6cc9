"""
The words and signs under which outcomes, verdicts and causes are shown, and the sentences made of them.

A sign never stands without its word; none of this decides anything.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from conformance.model import Level, Outcome, ProfileScore, RunInfo, Scorecard, State, Verdict, Violation
from conformance.report.text import grouped, line, plural, visible

SYMBOLS = {
    Outcome.PASS: "✓",
    Outcome.FAIL: "✗",
    Outcome.WARN: "!",
    Outcome.INFO: "i",
    Outcome.UNSUPPORTED: "—",
    Outcome.NOT_APPLICABLE: "n/a",
    Outcome.INCONCLUSIVE: "?",
    Outcome.ERROR: "E",
    Outcome.NOT_RUN: "·",
}

MEANINGS = {
    Outcome.PASS: "Every requirement at stake was exercised and held in every attempt.",
    Outcome.FAIL: "A MUST was violated in at least one attempt, with evidence.",
    Outcome.WARN: "No MUST was violated, a SHOULD was.",
    Outcome.INFO: "Behaviour that the contract leaves open, recorded as a fact.",
    Outcome.UNSUPPORTED: "Refused in a documented way. Fails a profile only when the feature is core or claimed.",
    Outcome.NOT_APPLICABLE: "The target does not claim it; nothing was sent.",
    Outcome.INCONCLUSIVE: "Asked, but the state that the rule speaks of never occurred, or rate limits, "
    "server errors and time-outs ate all attempts.",
    Outcome.ERROR: "The network, the credentials or the suite failed. Says nothing about the target.",
    Outcome.NOT_RUN: "Planned but not sent: budget spent or interrupted.",
}

VERDICT_SYMBOLS = {
    Verdict.CONFORMS: "✓",
    Verdict.WARNINGS: "!",
    Verdict.INCOMPLETE: "?",
    Verdict.FAILS: "✗",
    Verdict.NOT_CLAIMED: "—",
}

LEVEL_SYMBOLS = {Level.MUST: "✗", Level.SHOULD: "!", Level.MAY: "i"}

STATE_SYMBOLS = {
    State.HELD.value: "✓",
    State.VIOLATED.value: "✗",
    State.INCONCLUSIVE.value: "?",
    "untested": "·",
    "noted": "i",
}

CHANGE_MEANINGS = {
    "new": "not seen before",
    "expired": "accepted once, but its day has passed",
    "flaky": "seen in every attempt before, now in some",
    "unexpected-pass": "the baseline says that it is violated, and it holds",
    "fixed": "exercised again, and it holds",
    "known": "seen before and still there",
    "unobserved": "not exercised this time, so that nothing is known",
}

_LINK = re.compile(r"https://[A-Za-z0-9][A-Za-z0-9.-]*(?:/[A-Za-z0-9._~/?#=&%+-]*)?")

_CAUSES = {
    "model-choice": "the model chose otherwise",
    "rate-limit": "rate limit (429)",
    "timeout": "time-out",
    "5xx": "server error (5xx)",
    "busy": "the target was busy",
    "server-error": "the target reported a server error",
    "truncated": "the connection ended early",
    "malformed": "malformed HTTP",
    "reset": "connection reset",
    "connect": "no connection",
    "tls": "TLS failed",
    "auth": "credentials refused",
    "silent": "the target stopped answering",
    "unreachable": "the target cannot be reached",
    "interrupted": "interrupted",
    "budget": "the budget was spent",
    "premise": "the case before it gave nothing to continue with",
    "refused": "refused with a documented error",
    "model": "not every model has the parameter, and this one refuses it with the documented code",
}


def first_case(violation: Violation) -> str:
    """
    ``1 case: openai-chat.plain.short`` or ``12 cases, first openai-chat.plain.short``.
    """
    number = len(violation.cases)
    return f"{plural(number, 'case')}{', first' if number > 1 else ':'} {line(violation.samples[0][0], 120)}"


def link(url: str) -> str:
    """
    A URL of our requirements that may be linked: https and harmless in every format; else nothing.
    """
    return url if _LINK.fullmatch(url) else ""


def quoted(word: str) -> str:
    """
    One word of a shell, with what hides in it shown.
    """
    return shlex.quote(line(word))


def words(value: Verdict | Outcome) -> str:
    """
    ``does not conform`` for ``does-not-conform``.
    """
    return value.value.replace("-", " ")


def cause(name: str) -> str:
    """
    A cause in words; one that we do not know is shown as it is.
    """
    return _CAUSES.get(name, line(name, 80))


def at_stake(score: ProfileScore, level: str = "MUST") -> tuple[int, int]:
    """
    How many requirements held, and of how many that were at stake.
    """
    rows = score.counts[level]
    return len(rows["held"]), len(rows["held"]) + len(rows["violated"]) + len(rows["inconclusive"])


def count(score: ProfileScore) -> str:
    """
    ``41/43 MUST``, or ``2/2 SHOULD`` where no MUST was at stake.
    """
    for level in ("MUST", "SHOULD"):
        held, whole = at_stake(score, level)
        if whole:
            return f"{held}/{whole} {level}"
    return "0/0 MUST"


def remarks(score: ProfileScore) -> list[str]:
    """
    What else is to be said of a profile: ``1 SHOULD violated``, ``3 inconclusive``, ``5 untested``.
    """
    must, should = score.counts["MUST"], score.counts["SHOULD"]
    said = [
        (len(should["violated"]), "SHOULD violated"),
        (len(must["inconclusive"]), "MUST inconclusive"),
        (len(must["untested"]), "MUST untested"),
    ]
    return [f"{number} {what}" for number, what in said if number]


def title(score: ProfileScore, card: Scorecard) -> str:
    """
    The title of a profile, with its contract where the card has several.
    """
    if len(card.contracts) < 2:
        return line(score.profile.title)
    contract = next((each.title for each in card.contracts if each.id == score.contract), score.contract)
    return line(f"{contract}: {score.profile.title}")


def headline(card: Scorecard) -> str:
    """
    The verdict in one sentence, which answers whether the target conforms.
    """
    name = line(card.run.label or card.run.target, 60)
    if card.verdict is Verdict.FAILS:
        failed = [title(score, card) for score in card.profiles if score.verdict is Verdict.FAILS]
        more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
        return f"{name} does not conform: {', '.join(failed[:3])}{more}"
    if card.verdict is Verdict.WARNINGS:
        return f"{name} conforms, with warnings"
    if card.verdict is Verdict.CONFORMS:
        return f"{name} conforms"
    return f"{name}: no verdict, the run is incomplete"


def detail(card: Scorecard) -> str:
    """
    The counts behind the headline.
    """
    judged = [score for score in card.profiles if score.verdict is not Verdict.NOT_CLAIMED]
    broken = sum(len(score.counts["MUST"]["violated"]) for score in judged)
    unmet = sum(len(score.counts["SHOULD"]["violated"]) for score in judged)
    stake = sum(at_stake(score)[1] for score in judged)
    open_ = sum(len(score.counts["MUST"]["inconclusive"]) for score in judged)
    said = [f"{broken} of {plural(stake, 'MUST requirement')} at stake {'is' if broken == 1 else 'are'} violated."]
    if stake and not broken and not open_:
        said = [f"All {grouped(stake)} MUST requirements at stake held."]
    if unmet:
        said.append(f"{plural(unmet, 'SHOULD requirement')} {'is' if unmet == 1 else 'are'} not met.")
    if open_:
        said.append(f"{plural(open_, 'MUST requirement')} could not be decided.")
    if not card.run.complete:
        said.append("The run was not finished.")
    if card.run.trouble:
        said.append(f"Trouble: {cause(card.run.trouble)}.")
    return " ".join(said)


def undecided(card: Scorecard) -> list[tuple[Outcome, int, str]]:
    """
    What is no verdict on the target: outcome, number of cases, and the reasons with their numbers.
    """
    grouped = card.outcomes()
    rows = []
    for outcome in (
        Outcome.INCONCLUSIVE,
        Outcome.ERROR,
        Outcome.NOT_RUN,
        Outcome.UNSUPPORTED,
        Outcome.NOT_APPLICABLE,
    ):
        results = grouped.get(outcome, ())
        reasons = Counter(cause(result.cause) for result in results if result.cause)
        if results:
            ordered = sorted(reasons.items(), key=lambda each: (-each[1], each[0]))
            said = [name if number == len(results) else f"{name}: {number}" for name, number in ordered]
            rows.append((outcome, len(results), ", ".join(said)))
    return rows


def listed(words: Sequence[str], most: int) -> str:
    """
    ``a, b, c and 4 more``.
    """
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def when(moment: str) -> str:
    """
    ``2026-11-23 14:02 UTC`` for a time in ISO 8601; what is none stays as it is.
    """
    try:
        return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError):
        return line(moment, 60)


def reproduce(run: RunInfo) -> str:
    """
    The command line of the run, as words of a shell.
    """
    return visible(shlex.join(run.command))


def explored(card: Scorecard) -> str:
    """
    How many requests were explored and what came of it, in a sentence.
    """
    made = plural(len(card.explored), "generated request")
    found = plural(len(card.advice), "finding") if card.advice else "nothing found"
    return f"Explored {made}: {found}. These advise and decide nothing until they are pinned.{_loosely(card)}"


#: What a contract leaves open of schemas without ``strict``: told as a rate.
_LOOSE = ("tools.arguments-schema", "structured.schema-loose")


def _loosely(card: Scorecard) -> str:
    """
    How often schemas were kept that need not be, over all explored answers; nothing where there was none.
    """
    states = [
        state for result in card.explored for name, state in result.states.items() if name.partition(".")[2] in _LOOSE
    ]
    kept, seen = states.count(State.HELD), len(states) - states.count(State.INCONCLUSIVE)
    return f" Schemas without strict were kept in {kept} of {plural(seen, 'answer')}." if seen else ""


def titled(card: Scorecard, case: str) -> str:
    """
    The title of an explored case.
    """
    return next((line(each.case.title, 200) for each in card.explored if each.case.id == case), "")
