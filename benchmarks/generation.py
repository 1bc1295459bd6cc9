"""
Writes docs/generation.md: what is generated, what it covers and finds, and how fast.

    python -m benchmarks.generation > docs/generation.md

Everything is asked within this process; no network, and no times but the rates at the end.
"""

from __future__ import annotations

import time
from collections import Counter

from conformance import generate
from conformance.contract import generation
from conformance.generate import breaks, families, listing, sites
from conformance.generate.chat_rules import RULES
from conformance.generate.choices import Dice
from conformance.model import Outcome
from conformance.reference import app
from tests.inprocess import EVERYTHING, InProcess
from tests.verdicts import figures, seldom

GROUND = generation.load("openai-chat")
SEEDS = range(10)
#: Explorations that are asked of every fault of few requests, which takes its time.
OTHERS = range(4)


def main():
    print(HEAD)
    print("\n".join(acceptance()))
    print("\n".join(laboratory()))
    print("\n".join(constraints()))
    print("\n".join(rates()))


def acceptance():
    yield "\n## What the reference provider says\n"
    yield "Fixed lists and first waves of explorations, with seeds 0 to 9, for a target that claims everything.\n"
    yield "| | requests | answered with 2xx | refused with 4xx | findings |"
    yield "| --- | --: | --: | --: | --: |"
    made = {"fixed": generate.fixed, "explore": lambda *a, **k: generate.explore(*a, **k).cases}
    for mode, make in made.items():
        for invalid in (False, True):
            yield _row(mode, make, invalid=invalid)


def _row(mode, make, *, invalid):
    counts = Counter()
    for seed in SEEDS:
        chosen = [case for case in make("openai-chat", seed=seed, claims=EVERYTHING) if case.invalid is invalid]
        peers = [case for case in make("openai-chat", seed=seed, claims=EVERYTHING) if case.invalid is not invalid]
        ask = InProcess(app.create(delay=0.0))
        ask(peers)
        for result in ask(chosen):
            status = result.attempts[0].exchange.status // 100
            counts.update({"all": 1, status: 1, "found": len(result.findings)})
    kind = "invalid" if invalid else "valid"
    return f"| {mode}, {kind} | {counts['all']:,} | {counts[2]:,} | {counts[4]:,} | {counts['found']} |"


def laboratory():
    rows = figures.read()["seldom"]
    found = figures.of_seldom(rows)
    yield "\n## Faults that a list of cases misses\n"
    yield f"{found['faults']} faults of the laboratory show in few requests: two parameters together, exactly at a limit, on one path"
    yield "alone, below the first level, in another spelling. `conformance serve --fault ID` shows them like any other, and"
    yield f"`conformance list faults` names them. No written case finds one; the fixed list finds {found['fixed']}, an exploration"
    yield f"{found['explored']} (seed 0, 500 requests, everything claimed), and reduces every one to a body whose members"
    yield "all matter. Of two requests that are compared both are reduced, and either alone is tried first; a body that is"
    yield "written in its own way is cut and written so again. [verdicts.md](verdicts.md#found-by-generated-requests) has each.\n"
    yield "By seed, since each draws other requests, of the first 500 alone:\n"
    yield "| seed | found | missed |"
    yield "| --: | --: | --- |"
    for seed in OTHERS:
        missed = seldom.missed(seed)
        yield f"| {seed} | {len(rows) - len(missed)} | {', '.join(f'`{name}`' for name in missed)} |"


def constraints():
    """
    Every documented constraint of a request, and how many of the fixed list break it.
    """
    broken, known = Counter(), {case.id for case in generate.fixed("openai-chat", claims=EVERYTHING)}
    for made in listing.neighbours(GROUND, EVERYTHING, Dice(0)):
        if families.invalid(GROUND, made).id in known:
            broken.update({each.site.at for each in breaks.broken(GROUND.schema, made.body)} | {made.constraint})
    every = sites.sites(GROUND.schema)
    yield "\n## Constraints\n"
    yield f"{len(every)} constraints of request.json and {len(RULES)} rules between its fields, with the number of requests of the"
    yield f"fixed list (seed 0, {len(known)} requests, everything claimed) that break each; {_zero(broken, every)} at zero.\n"
    yield "| constraint | broken by | requirement | level |"
    yield "| --- | --: | --- | --- |"
    for site in every:
        yield _constraint(f"`{site.at}`", broken[site.at], sites.owner(GROUND.constraints, ("",), site.at))
    for rule in RULES:
        yield _constraint(rule.name, broken[rule.name], rule.requirement)


def _zero(broken, every):
    count = sum(not broken[name] for name in [*(site.at for site in every), *(rule.name for rule in RULES)])
    return count or "none"


def _constraint(name, count, requirement):
    row = GROUND.contract.requirements[requirement]
    return f"| {name} | {count} | {row.id.removeprefix('openai-chat.')} | {row.level.value} |"


def rates():
    yield "\n## Rates\n"
    yield "In seconds of one core, without a network: the endpoint is the slow part.\n"
    yield "| step | examples a second of computing |"
    yield "| --- | --: |"
    timed = time.process_time()
    exploration = generate.explore("openai-chat", claims=EVERYTHING)
    drawn = time.process_time() - timed
    timed = time.process_time()
    listed = len(generate.fixed("openai-chat", claims=EVERYTHING))
    fixed = time.process_time() - timed
    ask = InProcess(app.create(delay=0.0))
    ask(exploration.cases)
    timed = time.process_time()
    judged = ask(exploration.cases)
    judging = time.process_time() - timed
    assert all(result.outcome is Outcome.PASS for result in judged)
    count = len(exploration.cases)
    yield f"| drawing an exploration of {count} requests | {count / drawn:,.0f} |"
    yield f"| drawing the fixed list of {listed} requests | {listed / fixed:,.0f} |"
    yield f"| judging their answers | {count / judging:,.0f} |"
    yield f"| drawing and judging | {count / (drawn + judging):,.0f} |"


HEAD = """# Generated requests

Written by `python -m benchmarks.generation`.

`conformance run --generate fixed` adds a list of requests that is the same for the same version of the suite and the
same `--seed`; it decides like any written case. `--generate explore` asks up to 500 requests that nobody wrote, and up
to half as many again to reduce what they show; its findings advise and decide nothing until `conformance pin ID` writes
one as a case file. Only what the target claims is generated, and core.

| kind | what is asked | what must hold |
| --- | --- | --- |
| valid requests | every documented parameter, alone and with many others, half of them streamed | answered, or refused with the envelope (a SHOULD); never a 5xx; every check of the contract |
| invalid neighbours | one documented constraint is broken at a time, at every depth | refused with 4xx and the envelope, at the level of that constraint; never a 5xx; alike streamed and not |
| twins | the same request streamed, with several choices, with a default written out, with other white space (tabs, CRLF, around the body), order or escapes (of letters, of a solidus, in capitals), with a larger limit, with a stop sequence | the same text, shape and count of the prompt; no less under a larger limit; no stop sequence |
| generated schemas | tools and answers under random schemas, two thirds of them in the strict subset | strict ones are kept (a MUST); of others it is noted |

Hypothesis draws a third of what is valid; it likes to repeat and vary what it drew before. Dice draw the rest, spread
evenly: of 120 requests drawn by Hypothesis alone, with three seeds, 4, 4 and 13 had tools, where 16 were meant to. Of
twelve rolls that one is asked in which most pairs of parameters, or of a schema's keywords, meet for the first time
(pairwise testing); every third is any roll, for a large request tells less of a target that refuses one part of it. What
is found is reduced by cutting the body, not by shrinking the decisions that it was drawn from: with Hypothesis' shrinker
nine of the faults below took 15 to 177 seconds and 58 to 179 requests each after the first wave, and more was left over;
cutting takes 1 to 180 requests and a few seconds, the requests among them."""


if __name__ == "__main__":
    main()
