"""
Real traffic of others is judged as it was when its findings were last read, and OpenAI's own breaks no MUST.

The recordings are no part of this project; without them these tests skip.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from conformance import offline
from conformance.contract import contracts
from conformance.judge import judge
from conformance.model import Case, Chunk, Ending, Evidence, Exchange, Request, Sent, State
from tests import recorded, recount


@pytest.fixture(scope="module")
def judged() -> Mapping[str, offline.Judged]:
    folder = recorded.folder()
    if folder is None:
        pytest.skip("the recorded traffic is not at hand; CONFORMANCE_TRAFFIC may name its folder")
    return offline.judge([folder / recorded.SHAPES])


def test_every_recorded_exchange_is_judged(judged: Mapping[str, offline.Judged]) -> None:
    assert sum(len(each.results) for each in judged.values()) == 875
    assert [name for name, each in judged.items() if each.left_out] == []


def test_nobody_who_owns_the_contract_breaks_a_must_without_an_explanation(
    judged: Mapping[str, offline.Judged],
) -> None:
    assert recorded.owners(recorded.rows(judged)) - recorded.EXPLAINED.keys() == set()


def test_the_findings_of_every_vendor_are_those_that_were_read(judged: Mapping[str, offline.Judged]) -> None:
    """
    ``python -m tests.recorded --shapes`` shows what is new, ``--renew`` accepts it.
    """
    kept = json.loads(recorded.TABLE.read_text(encoding="utf-8"))
    assert recorded.counts(recorded.rows(judged)) == kept


def test_a_second_count_without_the_suite_s_code_agrees(judged: Mapping[str, offline.Judged]) -> None:
    counts = recorded.counts(recorded.rows(judged))
    folder = recorded.folder()
    assert folder is not None
    again = recount.count(folder / recorded.SHAPES)
    assert again == {name: counts.get(name, {}) for name in again}


#: What the single recorded answers violate.
ANSWERS: dict[str, set[str]] = {
    "chat-alibaba-tool-call.json": {"response.message.refusal"},
    "chat-alibaba-tool-call.jsonl": {"stream.finish-reason-key"},
    "chat-azure-filter-first.jsonl": set(),
    "chat-deepseek-tool-call.json": {"response.message.refusal"},
    "chat-deepseek-tool-call.jsonl": set(),
    "chat-groq-tool-call.json": {
        "message.content-beside-calls",
        "response.message.refusal",
        "response.service-tier",
    },
    "chat-groq-tool-call.jsonl": set(),
    "chat-mistral-reasoning.jsonl": {"chunk.delta.content"},
    "chat-mistral-tool-call.json": {
        "message.content-beside-calls",
        "response.message.refusal",
        "response.tool-calls.type",
    },
    "chat-mistral-tool-call.jsonl": {"chunk.tool-calls.index", "tools.first-fragment"},
    "chat-moonshot.jsonl": {"chunk.object"},
    "chat-openai-error-400.json": set(),
    "chat-openai-text.json": set(),
    "chat-openai-text.jsonl": set(),
    "chat-perplexity-text.jsonl": {"chunk.object", "stream.finish-reason-key", "stream.role-once"},
    "chat-xai-tool-call.json": {"usage.reasoning", "usage.total"},
    "chat-xai-tool-call.jsonl": {"stream.finish-reason-key", "usage.reasoning", "usage.total"},
}
#: Of these only the first and the last events were kept.
SHORTENED = {"chat-openai-text.jsonl", "chat-deepseek-tool-call.jsonl"}


def violated(body: bytes, *, status: int = 200, cut: bool = False) -> set[str]:
    stream = body.startswith(b"data:")
    exchange = Exchange(
        sent=Sent(method="POST", url="https://api.example/v1/chat/completions"),
        ending=Ending.CUT if cut else Ending.COMPLETE,
        status=status,
        headers=(("Content-Type", "text/event-stream" if stream else "application/json"),),
        chunks=(Chunk(0.0, body),),
        shows=Evidence.VALUES,
    )
    request = Request(path="/chat/completions")
    case = Case(id="recorded.file", contract="openai-chat", feature="recorded", title="", request=request)
    states = judge(case, [exchange], contracts.load("openai-chat")).states
    return {name.removeprefix("openai-chat.") for name, state in states.items() if state is State.VIOLATED}


def events(lines: str) -> bytes:
    return "".join(f"data: {line}\n\n" for line in [*lines.splitlines(), "[DONE]"] if line.strip()).encode()


def document(name: str) -> str:
    folder = recorded.documents()
    if folder is None:
        pytest.skip("the published documents are not at hand; they lie beside the folder CONFORMANCE_TRAFFIC names")
    return (folder / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ANSWERS)
def test_a_recorded_answer_violates_what_it_is_known_for(name: str) -> None:
    text = document(f"recorded/{name}")
    body = events(text) if name.endswith("l") else text.encode()
    assert violated(body, status=400 if "error" in name else 200, cut=name in SHORTENED) == ANSWERS[name]


#: The documented examples, two of them older than a key which has been required since.
EXAMPLES: dict[str, set[str]] = {
    "Default": set(),
    "Image input": set(),
    "Streaming": set(),
    "Functions": {"response.message.refusal"},
    "Logprobs": {"response.message.refusal", "response.logprobs.refusal"},
}


@pytest.mark.parametrize("title", EXAMPLES)
def test_a_documented_example_violates_nothing_but_what_came_after_it(title: str) -> None:
    examples = json.loads(document("openai-documented-examples.json"))["POST /chat/completions"]
    text = next(each["response"] for each in examples if each["title"] == title)
    chunks = "\n".join(line for line in text.splitlines() if line.startswith("{"))
    assert violated(events(chunks) if "chat.completion.chunk" in text else text.encode()) == EXAMPLES[title]
