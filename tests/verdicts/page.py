"""
``docs/verdicts.md`` out of the figures alone: for a stranger who asks why this tool should be trusted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.reference import faults as laboratory
from tests.verdicts.mutations import LEGAL

_AREAS = {
    "envelope": "The envelope: identity, time, model, choices",
    "messages": "The message and its text",
    "streaming": "Streams, chunk by chunk",
    "framing": "Streams, byte by byte",
    "transport": "HTTP and JSON",
    "toolcalls": "Tool calls: identity and choice",
    "toolarguments": "Tool calls: arguments and ends",
    "logprobs": "Log probabilities",
    "counts": "Token counts",
    "failures": "Refusals and errors",
    "ignored": "Parameters and messages that are ignored",
    "refused": "Good requests that are refused",
    "accepted": "Bad requests that are accepted",
    "company": "What shows in a certain company alone",
    "isolation": "Between requests",
    "endpoints": "Keys, models, embeddings",
    "extras": "Sound, deprecated functions, custom tools, and what nobody asked for",
    "corners": "What shows in a corner only",
    "vectors": "Embeddings: values, places, counts",
}
_HEAD = """\
# Why trust these verdicts?

A conformance suite is worth what its verdicts are worth. This page measures them: how many known faults the suite
finds, under which requirement, what else it then reports, and how often it objects to what is legal.
`make verdicts` makes the page and [verdicts.json](verdicts.json) anew; tests hold the figures.
"""
_METHOD = """\
## How it is measured

**The server is right, except for one thing.** The bundled reference provider implements the contract and shares no
code with what judges it. A raw HTTP server stands before it and makes one change: a key left out of every chunk, a
blank line too few, a byte behind the last one, `n` ignored, a second finish reason. Everything else stays as it was,
to the byte. `conformance serve --fault ID` serves any of them, several at once if you like, so that you can look for
yourself: `conformance list faults`.

**The suite does not know.** No check and no case knows a fault by name. Every fault is asked all the cases whose
answer it changes, over a socket, and judged like any other target.

**Where the faults come from.** {observed} are entries of a catalogue of deviations that were reported of real servers
and gateways, or of variations of them; the others were thought up where it was thin. Servers have two code paths, so
a fault that can occur in plain answers or in streams alone is shown in either alone.

**What counts.** A fault is *found* when the very requirement that it breaks is reported, at the level that the
contract gives it: a MUST fails the target, a SHOULD warns. Anything else that is reported beside it is *collateral*:
true, as a rule (text that is sent twice is not the text of the plain answer), but a second finding for one cause.
A fault that is reported under other requirements alone counts as missed.

**What is legal.** {variants} peculiarities that HTTP, JSON, server-sent events or the contract allow, from line ends
to honest refusals of optional features, are measured the same way. Any MUST or SHOULD reported of one is a false alarm.

## What the figures do not say

The model behind the provider is a toy: it does what it is told. A real one may refuse to, and then the suite says
*inconclusive*, not more. Faults that take a model of a certain kind, a gateway with a failing server behind it, or
minutes of waiting are not simulated; [they are listed](#not-simulated) with the reason. Faults that nobody has thought
of are not measured, but for [what can be counted out](#what-nobody-wrote-down) and, by way of trial, for [what no
written case finds](#found-by-generated-requests). Real servers are: [fifteen of
them](real-servers.md), and [4,473 recorded exchanges](recorded.md) of 46 vendors, OpenAI's own first, in which every
finding was read.
"""


def _percent(part: int, whole: int) -> str:
    return f"{part} of {whole}" + (f" ({100 * part // whole} %)" if whole else "")


def headline(figures: Mapping[str, Any]) -> str:
    """
    The figures in a few lines.
    """
    found = figures["figures"]
    must, should = found["MUST"], found["SHOULD"]
    return (
        f"MUST {_percent(must['found'], must['faults'])}, SHOULD {_percent(should['found'], should['faults'])}, "
        f"collateral {found['collateral_median']:g} in the median, "
        f"{found['alarms']} false alarms on {found['variants']} legal variants, "
        f"smoke {_percent(must['smoke'], must['faults'])}"
    )


def holds(figures: Mapping[str, Any]) -> bool:
    """
    Whether the figures are what they have to be.
    """
    found, cost = figures["figures"], figures["profiles"]
    complete = all(found[grade]["found"] == found[grade]["faults"] for grade in ("MUST", "SHOULD"))
    seldom = found["seldom"]
    generated = seldom["explored"] == seldom["reduced"] == seldom["faults"] and not seldom["written"]
    quick = 2 * found["MUST"]["smoke"] >= found["MUST"]["faults"] and cost["smoke"]["requests"] <= 10
    quiet = found["alarms"] == 0 and found["collateral_median"] <= 1
    return complete and generated and quiet and quick and cost["core"]["requests"] <= 60


def render(figures: Mapping[str, Any]) -> str:
    """
    The page.
    """
    return "\n".join(_page(figures)) + "\n"


def _page(figures: Mapping[str, Any]) -> Iterator[str]:
    yield _HEAD
    yield from _answer(figures)
    observed = sum(bool(row["catalogue"]) for row in figures["faults"].values())
    yield _METHOD.format(observed=observed, variants=figures["figures"]["variants"])
    yield from _costs(figures)
    yield from _evidence(figures)
    yield from _mutations(figures)
    yield from _faults(figures)
    yield from _seldom(figures)
    yield from _variants(figures)
    yield from _left_out(figures)


def _answer(figures: Mapping[str, Any]) -> Iterator[str]:
    found = figures["figures"]
    must, should, may = found["MUST"], found["SHOULD"], found["MAY"]
    total = sum(found[grade]["faults"] for grade in ("MUST", "SHOULD", "MAY"))
    exact = sum(found[grade]["exact"] for grade in ("MUST", "SHOULD", "MAY"))
    yield "## The figures\n"
    yield "| | |"
    yield "| --- | --- |"
    yield f"| Faults that break a MUST, found as the right requirement | **{_percent(must['found'], must['faults'])}** |"
    yield f"| Faults that break a SHOULD, warned of as the right requirement | **{_percent(should['found'], should['faults'])}** |"
    yield f"| Peculiarities that deserve a note (MAY), noted | {_percent(may['found'], may['faults'])} |"
    yield f"| Faults reported as that one requirement and nothing else | {_percent(exact, total)} |"
    yield f"| Findings beside the right one, in the median fault | **{found['collateral_median']:g}** |"
    yield f"| False alarms on {found['variants']} legal variants | **{found['alarms']}** |"
    yield "| False alarms on the provider without faults | **0** |"
    seldom = found["seldom"]
    yield (
        "| Faults that only [generated requests](#found-by-generated-requests) find, found by `--generate explore` | "
        f"**{_percent(seldom['explored'], seldom['faults'])}** |"
    )
    unclaimed = must["unclaimed"] + should["unclaimed"]
    yield (
        "| Faults found by plain `conformance run URL`, without saying what the target claims | "
        f"{_percent(unclaimed, must['faults'] + should['faults'])} |"
    )
    yield (
        f"| Faults that break a MUST, found by the {figures['profiles']['smoke']['requests']} requests of "
        f"`--profile smoke` | **{_percent(must['smoke'], must['faults'])}** |"
    )
    yield ""
    yield (
        "Without claims, the refusal of an optional feature is no fault, and images, sounds, files, reasoning and the "
        "deprecated functions are not asked for at all; what is found with claims only is marked † below.\n"
    )


def _costs(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## What it costs\n"
    yield (
        "Requests of each profile of the chat contract, with all that they are compared with, and tokens as ceilings: "
        "what the requests allow, not what a target writes. `conformance list cases` says what each request is for.\n"
    )
    yield "| profile | requests | prompt tokens | completion tokens, at most |"
    yield "| --- | --: | --: | --: |"
    for name, cost in figures["profiles"].items():
        numbers = f"{cost['requests']} | {cost['prompt_tokens']:,} | {cost['completion_tokens']:,}"
        yield f"| `{name}` | {numbers} |"
    yield ""
    yield (
        "Most prompt tokens of `validation` are two prompts of 1.2 million characters that no context should hold. "
        "Whatever a case's answer shows is judged by every requirement that applies, so few requests serve many.\n"
    )
    yield (
        "`smoke` was chosen from this measurement: the simplest request first, then the one that finds the most faults, "
        "then the one that finds the most of the rest, and so on, among those that are short, need one optional "
        "feature at most and no luck with the model; then it was frozen in the case files.\n"
    )


_SHOWN = (
    "text-after-finish",
    "tool-index-one-based.stream",
    "tool-index-one-based",
    "leftover.stream",
    "usage-cached-apart.plain",
    "sse-log-line",
    "finish-twice.stop",
)


def _evidence(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## What a finding says\n"
    yield "Where it is (pointer, event, byte), what was expected, what came, and who breaks. A few of those below:\n"
    yield "| fault | finding |"
    yield "| --- | --- |"
    for name in _SHOWN:
        row = figures["faults"].get(name)
        if row:
            yield f"| {row['title']} | {_cell(row['finding'])} |"
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _mutations(figures: Mapping[str, Any]) -> Iterator[str]:
    counts = figures["mutations"].values()
    changes, reported = sum(each["changes"] for each in counts), sum(each["reported"] for each in counts)
    yield "## What nobody wrote down\n"
    yield (
        f"Tables of faults hold what somebody thought of. So every member of {len(counts)} answers (with text, tool "
        "calls, log probabilities, two choices; of a refusal, a list of models, embeddings) is removed, made null, "
        "emptied, negated, broken into a fraction, wrapped in an array, and replaced by a value of every other type: "
        "in a stream everywhere, in the second chunk that has it, and in the last. "
        f"**Of {changes:,} changes {reported:,} are reported**, and the other {changes - reported:,}, which are these, "
        "leave the contract whole:\n"
    )
    yield "| member | changes | why it is legal |"
    yield "| --- | --- | --- |"
    for member, (silent, reason) in LEGAL.items():
        yield f"| `{member}` | {', '.join(silent.split())} | {reason} |"
    yield ""


def _short(requirement: str) -> str:
    return requirement.removeprefix("openai-chat.")


def _faults(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## Every fault\n"
    yield (
        "*Found by* counts the cases whose answer shows the requirement broken; *beside it* is collateral. "
        "Requirements stand without `openai-chat.`; `conformance explain` says what each is.\n"
    )
    for table in laboratory.TABLES:
        name = table.__name__.rpartition(".")[2]
        yield f"### {_AREAS[name]}\n"
        yield "| fault | what is wrong | requirement | level | found by | beside it |"
        yield "| --- | --- | --- | --- | --: | --- |"
        for fault in table.FAULTS:
            yield _row(fault.id, figures["faults"][fault.id])
        yield ""


def _row(name: str, row: Mapping[str, Any]) -> str:
    beside = ", ".join(f"`{_short(each)}`" for each in row["collateral"][:4])
    more = len(row["collateral"]) - 4
    beside += f" and {more} more" if more > 0 else ""
    by = {"missed": "**missed**", "elsewhere": "**found elsewhere**"}.get(row["verdict"], str(row["cases"]))
    mark = "" if row["unclaimed"] or by.startswith("*") else " †"
    requirement = f"`{_short(row['requirement'])}`"
    return f"| `{name}` | {_cell(row['title'])} | {requirement} | {row['level']} | {by}{mark} | {beside} |"


def _seldom(figures: Mapping[str, Any]) -> Iterator[str]:
    found = figures["figures"]["seldom"]
    yield "## Found by generated requests\n"
    yield (
        f"{found['faults']} faults that show in few requests: two parameters together, exactly at a limit, on one path "
        "alone, below the first level, in another spelling. No written case finds any of them. `--generate fixed` "
        f"finds {found['fixed']} by its one list of 300 requests (seed 0, everything claimed); `--generate explore` "
        f"finds {found['explored']} within its first 500 (*after* is the first that shows it, *asked* all, reducing "
        "included), and reduces each to a request that holds only what matters. Another seed misses a few of them, "
        "and finds others. [generation.md](generation.md) says how.\n"
    )
    for table in laboratory.SELDOM_TABLES:
        yield f"### {_SELDOM_AREAS[table.__name__.rpartition('.')[2]]}\n"
        yield "| fault | what is wrong | requirement | level | fixed | explored after | asked | bytes | smallest request, beside the simplest one |"
        yield "| --- | --- | --- | --- | --- | --: | --: | --: | --- |"
        for fault in table.FAULTS:
            yield _seldom_row(fault.id, figures["seldom"][fault.id])
        yield ""


_SELDOM_AREAS = {
    "seldom_broken": "Requests that end in an internal error",
    "seldom_refused": "Good requests that are refused, seldom",
    "seldom_ignored": "Parameters, and parts of schemas, that are ignored, seldom",
    "seldom_accepted": "Bad requests that are accepted, seldom",
}


def _seldom_row(name: str, row: Mapping[str, Any]) -> str:
    listed = "found" if row["fixed"] else ""
    after = "**missed**" if row["first"] is None else row["first"]
    text = row["request"] if len(row["request"]) <= 160 else row["request"][:157] + "..."
    shown = _cell(text).replace("`", "'")
    requirement = f"`{_short(row['requirement'])}` | {row['level']}"
    found = f"{listed} | {after} | {row['asked']} | {row['bytes'] or ''}"
    return f"| `{name}` | {_cell(row['title'])} | {requirement} | {found} | `{shown}` |"


def _variants(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## Every legal variant\n"
    yield "| variant | what is peculiar | why it is legal | false alarms |"
    yield "| --- | --- | --- | --- |"
    for name, row in figures["variants"].items():
        alarms = ", ".join(f"**`{_short(each)}`**" for each in row["alarms"]) or "none"
        alarms += f" (a warning of {', '.join(f'`{_short(each)}`' for each in row['warned'])})" if row["warned"] else ""
        yield f"| `{name}` | {_cell(row['title'])} | {_cell(row['because'])} | {alarms} |"
    yield ""


def _left_out(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## Not simulated\n"
    yield "Entries of the catalogue that are no fault of the laboratory, and why.\n"
    yield "| entry | reason |"
    yield "| --- | --- |"
    for name, reason in figures["not_simulated"].items():
        yield f"| `{name}` | {_cell(reason)} |"
