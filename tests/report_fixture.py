"""
A small contract and a scorecard of one target that says hostile things in every place which a report shows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from conformance.model import (
    Attempt,
    Case,
    Chunk,
    Contract,
    Ending,
    Exchange,
    Expect,
    Finding,
    Level,
    Operation,
    Outcome,
    Profile,
    Request,
    Requirement,
    Result,
    RunInfo,
    Scorecard,
    Sent,
    State,
)
from conformance.report.scorecard import score

#: Everything that some format or other acts on.
HOSTILE = (
    "<script>window.PWNED=1</script><img src=x onerror=window.PWNED=2>\u202edetrevni\u200b\x1b[31mred\x00 ]]> "
    "``` ```` | @everyone #123 [x](javascript:alert(1)) **b** {{7*7}} {% x %} www.evil.example \ud800 ''\"$(reboot)`id`"
)

URL = "https://api.example.com/v1/chat/completions"


def requirement(name: str, level: Level = Level.MUST, profile: str = "core", **more: Any) -> Requirement:
    """
    A requirement ``t.<name>``.
    """
    fields: dict[str, Any] = {
        "text": f"The {name} is as documented.",
        "doc": "https://platform.openai.com/docs/api-reference/chat/create",
        "breaks": f"Clients that read the {name} stop.",
        "check": name,
    }
    return Requirement(id=f"t.{name}", level=level, profile=profile, **{**fields, **more})


def contract(*requirements: Requirement) -> Contract:
    """
    A contract ``t`` with two core profiles and three optional ones.
    """
    rows = requirements or (
        requirement("body"),
        requirement("id"),
        requirement("usage", Level.SHOULD),
        requirement("extra", Level.MAY),
        requirement("framing", profile="streaming"),
        requirement("index", profile="streaming"),
        requirement("arguments", profile="tools"),
        requirement("strict", profile="structured"),
        requirement("images", profile="vision"),
        requirement("training", excluded="No request can show it.", check=None),
    )
    return Contract(
        id="t",
        version="2026-08",
        title="Toy completions",
        sha256="ab" * 32,
        operations=(Operation(id="chat", method="POST", path="/chat/completions"),),
        profiles=(
            Profile(id="core", title="Core", core=True),
            Profile(id="streaming", title="Streaming", core=True),
            Profile(id="tools", title="Tool calling"),
            Profile(id="structured", title="Structured output"),
            Profile(id="vision", title="Vision", asked=False),
        ),
        requirements={row.id: row for row in rows},
        schemas={},
    )


def case(name: str, *needs: str, **more: Any) -> Case:
    """
    A case ``t.<name>``.
    """
    fields: dict[str, Any] = {"feature": "plain", "title": f"The case {name}", "request": Request(path="/c")}
    return Case(id=f"t.{name}", contract="t", needs=needs, **{**fields, **more})


def exchange(body: bytes = b'{"id": "x"}', **more: Any) -> Exchange:
    """
    A plain answer, or a stream when several ``chunks`` are given.
    """
    sent = Sent(
        method="POST",
        url=URL,
        headers=(("Authorization", "[redacted]"), ("Content-Type", "application/json")),
        body=json.dumps({"model": "m", "messages": [{"role": "user", "content": "It's"}]}).encode(),
    )
    fields: dict[str, Any] = {
        "sent": sent,
        "ending": Ending.COMPLETE,
        "status": 200,
        "headers": (("Content-Type", "application/json"), ("X-Note", "héllo")),
        "chunks": (Chunk(0.21, body),),
        "seconds": 0.25,
        "first_byte": 0.2,
    }
    return Exchange(**{**fields, **more})


def stream(events: int, **more: Any) -> Exchange:
    """
    A stream of so many events, one read each, 20 ms apart.
    """
    texts = [json.dumps({"choices": [{"index": 0, "delta": {"content": f"word{n} "}}]}) for n in range(events - 1)]
    chunks = tuple(
        Chunk(0.2 + 0.02 * number, f"data: {text}\n\n".encode()) for number, text in enumerate([*texts, "[DONE]"])
    )
    fields: dict[str, Any] = {
        "chunks": chunks,
        "headers": (("Content-Type", "text/event-stream"),),
        "seconds": 0.3 + 0.02 * events,
    }
    made = exchange(**{**fields, **more})
    body = json.dumps({"model": "m", "stream": True, "messages": []}).encode()
    return replace(made, sent=replace(made.sent, body=body))


def result(
    asked: Case, outcome: Outcome = Outcome.PASS, *findings: Finding, states: dict[str, str] | None = None, **more: Any
) -> Result:
    """
    A result of one attempt; ``states`` are by requirement without ``t.``.
    """
    merged = {f"t.{name}": State(state) for name, state in (states or {}).items()}
    attempts = more.pop("attempts", None)
    if attempts is None:
        attempts = (Attempt(exchange=more.pop("exchange", exchange()), findings=findings, states=merged),)
    return Result(case=asked, outcome=outcome, attempts=attempts, states=merged, **more)


def unsent(asked: Case, outcome: Outcome, cause: str) -> Result:
    """
    A result of a case that was never asked.
    """
    return Result(case=asked, outcome=outcome, cause=cause)


def finding(name: str, expected: str = "an integer", observed: str = "nothing", where: str = "") -> Finding:
    """
    A finding of the requirement ``t.<name>``.
    """
    return Finding(requirement=f"t.{name}", expected=expected, observed=observed, where=where)


def run(**more: Any) -> RunInfo:
    """
    The circumstances of a finished run.
    """
    fields: dict[str, Any] = {
        "target": "globex",
        "base_url": "https://api.example.com/v1",
        "model": "m-large",
        "started": "2026-11-23T14:02:00+00:00",
        "ended": "2026-11-23T14:08:12+00:00",
        "command": ("conformance", "run", "https://api.example.com/v1", "--model", "m-large"),
        "settings": {"jobs": "8", "timeout": "60 s", "seed": "7"},
    }
    return RunInfo(**{**fields, **more})


def results(text: str = HOSTILE) -> Sequence[Result]:
    """
    One result of every outcome; ``text`` is what the target says.
    """
    body = json.dumps({"id": text}).encode()
    index = finding("index", observed=text, where="event[30]/choices/0/index")
    expect = Expect(requirement="t.arguments")
    return (
        result(case("plain.good"), states={"body": "held", "id": "held"}),
        result(
            case(f'plain.bad["{text}"]', title=text),
            Outcome.FAIL,
            finding("id", "a string id", text, "/id"),
            states={"body": "held", "id": "violated"},
            exchange=exchange(body, headers=(("Content-Type", "text/html"), ("X-Evil", text)), error=text),
        ),
        result(
            case("stream.index", "streaming", feature="streaming"),
            Outcome.FAIL,
            *(index, finding("index", where="event[31]/choices/0/index")),
            states={"framing": "held", "index": "violated"},
            exchange=stream(90),
        ),
        result(
            case("plain.usage"),
            Outcome.WARN,
            finding("usage", "usage", "none", "/usage"),
            states={"usage": "violated", "id": "held"},
        ),
        result(case("plain.extra"), Outcome.INFO, finding("extra", where="/x"), states={"extra": "violated"}),
        result(
            case("tools.call", "tools", feature="tools", expect=expect),
            Outcome.INCONCLUSIVE,
            states={"arguments": "inconclusive"},
            cause="model-choice",
        ),
        result(case("structured.strict", "structured"), Outcome.UNSUPPORTED, cause="refused"),
        unsent(case("vision.image", "vision"), Outcome.NOT_APPLICABLE, "not claimed"),
        result(
            case("plain.lost"),
            Outcome.ERROR,
            cause="connect",
            exchange=exchange(status=None, headers=(), chunks=(), ending=Ending.CONNECT, error=text),
        ),
        unsent(case("plain.late"), Outcome.NOT_RUN, f"budget: {text}"),
    )


def card(text: str = HOSTILE, **more: Any) -> Scorecard:
    """
    The scorecard of ``results``; the target's name is hostile too.
    """
    fields: dict[str, Any] = {"target": f"globex {text}", **more}
    return score(results(text), [contract()], run(**fields), tokens=(12_345, 678))
