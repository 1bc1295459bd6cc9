"""
What becomes of a case: trouble on the way is never held against the contract, and one violation is one.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.board import Board, Circumstances
from conformance.contract import cases, contracts
from conformance.judge import judge
from conformance.model import JSON, Ending, Exchange, Expect, Outcome, Result, State
from conformance.read.reply import Reply
from tests.specimens import Specimen, ask, choice, chunk, completion, plain, refusal, streamed, text_chunks, usage

CONTRACT = contracts.load("openai-chat")
ANSWER = plain()
STREAM = streamed()


def _judged(specimen: Specimen, *exchanges: Exchange) -> Result:
    return judge(specimen.case, exchanges or [specimen.exchange], CONTRACT)


def _silent(ending: Ending) -> Exchange:
    return replace(ANSWER.exchange, ending=ending, status=None, headers=(), chunks=(), error="nothing came")


def _status(status: int) -> Exchange:
    return refusal(
        status, {"error": {"message": "Busy.", "type": "server_error", "param": None, "code": None}}
    ).exchange


def test_a_good_answer_passes() -> None:
    assert _judged(ANSWER).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("ending", "outcome", "cause"),
    [
        (Ending.CONNECT, Outcome.ERROR, "connect"),
        (Ending.TLS, Outcome.ERROR, "tls"),
        (Ending.RESET, Outcome.INCONCLUSIVE, "reset"),
        (Ending.CONNECT_TIMEOUT, Outcome.INCONCLUSIVE, "timeout"),
        (Ending.FIRST_BYTE_TIMEOUT, Outcome.INCONCLUSIVE, "timeout"),
        (Ending.TOTAL_TIMEOUT, Outcome.INCONCLUSIVE, "timeout"),
    ],
)
@pytest.mark.parametrize("specimen", [ANSWER, STREAM], ids=["plain", "streamed"])
def test_an_answer_that_never_came_violates_nothing(
    specimen: Specimen, ending: Ending, outcome: Outcome, cause: str
) -> None:
    result = _judged(specimen, _silent(ending))
    assert (result.outcome, result.cause) == (outcome, cause)
    assert result.findings == ()


@pytest.mark.parametrize(
    ("peers", "keyed", "outcome"),
    [
        ([401], True, Outcome.FAIL),
        ([200, 403], True, Outcome.FAIL),
        ([200], True, Outcome.NOT_APPLICABLE),
        ([429], True, Outcome.NOT_APPLICABLE),
        ([], True, Outcome.FAIL),
        ([401], False, Outcome.NOT_APPLICABLE),
    ],
)
def test_an_answer_without_a_key_is_held_against_a_target_that_refuses_other_keys(
    peers: list[int], keyed: bool, outcome: Outcome
) -> None:
    case = next(each for each in cases.load_contract("openai-chat") if each.id == "openai-chat.auth.no-key")
    others = {f"other-{at}": Reply(ANSWER.exchange if peer == 200 else _status(peer)) for at, peer in enumerate(peers)}
    result = judge(case, [ANSWER.exchange], CONTRACT, peers=others, keyed=keyed)
    assert result.outcome is outcome
    assert {each.requirement for each in result.findings} == (
        {"openai-chat.auth.missing-key"} if outcome is Outcome.FAIL else set()
    )


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_target_violates_nothing(status: int) -> None:
    result = _judged(ANSWER, _status(status))
    assert result.outcome is Outcome.INCONCLUSIVE
    assert State.VIOLATED not in result.states.values()


@pytest.mark.parametrize("trouble", [_silent(Ending.RESET), _status(429), _status(500)], ids=["reset", "429", "500"])
def test_trouble_that_a_later_attempt_did_not_show_is_forgotten(trouble: Exchange) -> None:
    result = _judged(ANSWER, trouble, replace(ANSWER.exchange, attempt=2, reason="transport"))
    assert result.outcome is Outcome.PASS


def test_a_violation_seen_once_is_a_violation_whatever_came_later() -> None:
    bad = plain(completion(id=None)).exchange
    result = _judged(ANSWER, bad, replace(ANSWER.exchange, attempt=2, reason="reachability"))
    assert (result.outcome, result.states["openai-chat.response.id"]) == (Outcome.FAIL, State.VIOLATED)


def test_a_stream_that_repeats_a_fault_for_ever_has_a_hundred_findings() -> None:
    chunks = [*text_chunks("a"), *(chunk() for _ in range(1000))]
    name = "openai-chat.stream.empty-choices"
    assert len([each for each in _judged(streamed(chunks)).findings if each.requirement == name]) == 100


def test_a_server_error_inside_a_stream_is_no_violation_of_what_was_streamed() -> None:
    error = {"message": "Overloaded.", "type": "server_error", "param": None, "code": None}
    result = _judged(streamed([*text_chunks("a")[:2], {"error": error}]))
    assert (result.outcome, result.cause) == (Outcome.INCONCLUSIVE, "server-error")


def test_a_server_error_that_never_vanishes_is_a_violation() -> None:
    result = _judged(ANSWER, _status(500), _status(500), _status(500))
    assert result.states["openai-chat.request.no-server-error"] is State.VIOLATED


def test_a_server_error_of_an_unsteady_target_proves_nothing() -> None:
    result = judge(ANSWER.case, [_status(500)] * 3, CONTRACT, unsteady=True)
    assert (result.outcome, result.cause, result.findings) == (Outcome.INCONCLUSIVE, "5xx", ())


def test_a_target_is_unsteady_when_its_server_errors_vanish() -> None:
    vanished, lasting = (_status(500), ANSWER.exchange), (_status(500), _status(500))
    for exchanges, unsteady in (([vanished] * 2 + [lasting], True), ([lasting] * 3, False), ([vanished], False)):
        board = Board({}, Circumstances(), {}, {str(n): each for n, each in enumerate(exchanges)})
        assert board.unsteady is unsteady


def test_an_answer_to_a_wrong_request_is_judged_for_being_one_alone() -> None:
    wrong = refusal(200, completion(choices=[]))
    case = replace(wrong.case, expect=replace(wrong.case.expect, requirement="openai-chat.request.temperature.range"))
    result = judge(case, [wrong.exchange], CONTRACT)
    assert {finding.requirement for finding in result.findings} == {"openai-chat.request.temperature.range"}


_LOST = {"not": {"type": "string", "pattern": "\ufffd"}}
_ECHO = Expect(
    requirement="openai-chat.unicode.echo",
    echo='é 北京 "quoted"',
    reply={"properties": {"choices": {"items": {"properties": {"message": {"properties": {"content": _LOST}}}}}}},
)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ('é 北京 "quoted"', Outcome.PASS),
        ('\ufffd \ufffd\ufffd\ufffd "quoted"', Outcome.WARN),
        ("host\ufffd plain", Outcome.INCONCLUSIVE),
    ],
    ids=["whole", "lost on the way", "written by the model"],
)
def test_characters_are_lost_only_where_the_text_came_back(text: str, outcome: Outcome) -> None:
    made = plain(completion(choice(0, text)), case={"expect": _ECHO})
    assert _judged(made).outcome is outcome


def _unsupported(param: str, code: str = "unsupported_parameter") -> Exchange:
    error = {"message": f"{param} is not supported with this model.", "type": "invalid_request_error"}
    return refusal(400, {"error": {**error, "param": param, "code": code}}).exchange


def _with(**members: JSON) -> Specimen:
    return plain(completion(), ask(**members))


@pytest.mark.parametrize(
    ("asked", "exchange"),
    [
        (_with(temperature=0), _unsupported("temperature", "unsupported_value")),
        (_with(logprobs=True), _unsupported("logprobs")),
    ],
    ids=["temperature", "logprobs"],
)
def test_what_only_some_models_have_may_be_refused(asked: Specimen, exchange: Exchange) -> None:
    assert _judged(asked, exchange).outcome is Outcome.UNSUPPORTED


@pytest.mark.parametrize(
    ("asked", "exchange"),
    [
        (_with(max_completion_tokens=9), _unsupported("max_completion_tokens")),
        (_with(temperature=0), _unsupported("temperature", "invalid_value")),
        (_with(), _unsupported("temperature")),
    ],
    ids=["every model has it", "another code", "not sent"],
)
def test_what_every_model_has_may_not_be_refused(asked: Specimen, exchange: Exchange) -> None:
    assert _judged(asked, exchange).outcome is Outcome.FAIL


def test_what_is_claimed_may_not_be_refused() -> None:
    case = _with(logprobs=True).case
    result = judge(case, [_unsupported("logprobs")], CONTRACT, claims=frozenset({"logprobs"}))
    assert result.outcome is Outcome.FAIL


def _long(prompt_tokens: int, text: str, requirement: str) -> Specimen:
    made = {**completion(), "usage": usage(prompt_tokens, 1)}
    wanted = {"properties": {"usage": {"properties": {"prompt_tokens": {"minimum": 150}}}}}
    expect = Expect(requirement=f"openai-chat.{requirement}", accepted=True, reply=wanted)
    return plain(made, ask(messages=[{"role": "user", "content": text}]), case={"expect": expect})


@pytest.mark.parametrize(
    ("others", "state"),
    [(10, State.INCONCLUSIVE), (1200, State.VIOLATED), (None, State.VIOLATED)],
    ids=["counts nothing", "counts other prompts", "compared with nothing"],
)
def test_a_small_count_is_held_against_the_history_where_a_single_message_is_counted(
    others: int | None, state: State
) -> None:
    short = _long(10, "Reply with exactly: ok", "history.kept")
    peer = _long(others or 0, "word " * 1200, "usage.whole-prompt")
    peers = {"long": Reply(peer.exchange)} if others is not None else {}
    assert judge(short.case, [short.exchange], CONTRACT, peers=peers).states["openai-chat.history.kept"] is state
    counted = judge(peer.case, [peer.exchange], CONTRACT).states["openai-chat.usage.whole-prompt"]
    assert counted is (State.HELD if others == 1200 else State.VIOLATED)
