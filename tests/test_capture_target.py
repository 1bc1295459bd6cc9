"""
A case is made ready as written, and a credential is never shown.
"""

from __future__ import annotations

import gzip
import itertools
import json
import pickle
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import coding
from conformance.capture.redaction import Redactor, guard, secrets_of, write_guarded
from conformance.capture.target import EarlierLacks, Secret, Target, prepare
from conformance.errors import SecretLeak
from conformance.model import JSON, Case, Chunk, Ending, Evidence, Exchange, Request, Sent

KEY = Secret("sk-very/secret+key")
TARGET = Target(name="t", base_url="https://h.test/v1", model="m", key=KEY)
CASE = Case(id="a", contract="c", feature="f", title="t", request=Request(path="/x"))
EARLIER: JSON = {"choices": [{"message": {"tool_calls": [{"id": "call_1"}]}}], "a/b": {"~": 1}}


def body(value: JSON, **options: object) -> JSON:
    case = replace(CASE, request=Request(path="/x", body=value))
    sent: JSON = json.loads(prepare(case, TARGET, unique="quux", **options).body)  # type: ignore[arg-type]
    return sent


FILLED: dict[str, tuple[JSON, JSON]] = {
    "the model": ("${model}", "m"),
    "within text": ("use ${model} now", "use m now"),
    "the word": ({"a": ["${unique}"]}, {"a": ["quux"]}),
    "a value of the earlier reply": ("${after./choices/0/message/tool_calls/0/id}", "call_1"),
    "a JSON value keeps its type": ("${after./choices/0/message}", {"tool_calls": [{"id": "call_1"}]}),
    "escapes of a pointer": ("${after./a~1b/~0}", 1),
    "a value within text": ("is ${after./a~1b}", 'is {"~":1}'),
    "an unknown name stays": ("${other} $model {model}", "${other} $model {model}"),
    "keys stay": ({"${model}": 1}, {"${model}": 1}),
}


@pytest.mark.parametrize("name", FILLED)
def test_variables_are_filled_in(name: str) -> None:
    written, expected = FILLED[name]
    assert body(written, earlier=EARLIER) == expected


def test_the_key_is_filled_in_headers_and_nowhere_else() -> None:
    request = Request(path="/x", headers=(("Authorization", "bearer ${key}x"),), body="${key}")
    sent = prepare(replace(CASE, request=request), TARGET, unique="quux")
    assert dict(sent.headers)["Authorization"] == f"bearer {KEY.reveal()}x"
    assert sent.body == b'"${key}"'


def test_without_a_key_nothing_is_left_of_it() -> None:
    request = Request(path="/x", headers=(("Authorization", "bearer ${key}"),))
    sent = prepare(replace(CASE, request=request), replace(TARGET, key=None), unique="quux")
    assert dict(sent.headers)["Authorization"] == "bearer"


def test_long_text_has_its_length_and_no_dull_run() -> None:
    text = body("${long:1000}")
    assert isinstance(text, str)
    assert (len(text), text[:12]) == (1000, "word1 word2 ")


@pytest.mark.parametrize("pointer", ["/choices/1", "/choices/x", "/nothing", "/choices/0/message/tool_calls/0/id/z"])
def test_what_the_earlier_reply_lacks_is_named(pointer: str) -> None:
    with pytest.raises(EarlierLacks) as error:
        body("${after." + pointer + "}", earlier=EARLIER)
    assert error.value.pointer == pointer


WORDINGS = {1: "first", 2: "second", 3: "third", 4: "third"}


@pytest.mark.parametrize("attempt", WORDINGS)
def test_later_attempts_word_the_last_user_message_anew(attempt: int) -> None:
    said = [{"role": "user", "content": "a"}, {"role": "user", "content": "first"}, {"role": "tool", "content": "b"}]
    case = replace(CASE, again=("second", "third"), request=Request(path="/x", body={"messages": said}))  # type: ignore[dict-item]
    sent = json.loads(prepare(case, TARGET, unique="u", attempt=attempt).body)
    assert [each["content"] for each in sent["messages"]] == ["a", WORDINGS[attempt], "b"]


def test_json_is_written_compactly_and_in_utf_8() -> None:
    case = replace(CASE, request=Request(path="/x", body={"a": ["é", 1.0]}))
    assert prepare(case, TARGET, unique="u").body == '{"a":["é",1.0]}'.encode()


def test_a_lone_surrogate_is_sent_as_an_escape() -> None:
    case = replace(CASE, request=Request(path="/x", body={"a": "\ud800"}))
    assert prepare(case, TARGET, unique="u").body == b'{"a":"\\ud800"}'


@given(st.binary(max_size=40))
def test_raw_bytes_are_sent_as_they_are(raw: bytes) -> None:
    case = replace(CASE, request=Request(path="/x", raw=raw))
    assert prepare(case, TARGET, unique="u").body == raw


def test_variables_of_a_raw_body_are_filled_in() -> None:
    case = replace(CASE, request=Request(path="/x", raw=b'\xff{"model":"${model}",'))
    assert prepare(case, TARGET, unique="u").body == b'\xff{"model":"m",'


URLS = {
    "https://h.test/v1": "https://h.test/v1/x",
    "https://h.test/v1/": "https://h.test/v1/x",
    "https://h.test": "https://h.test/x",
    "https://h.test/v1?api-version=1": "https://h.test/v1/x?api-version=1",
}


@pytest.mark.parametrize("base_url", URLS)
def test_paths_are_put_below_the_base_url(base_url: str) -> None:
    assert prepare(CASE, replace(TARGET, base_url=base_url), unique="u").url == URLS[base_url]


def names(request: Request, target: Target = TARGET) -> dict[str, str]:
    return dict(prepare(replace(CASE, request=request), target, unique="u").headers)


def test_the_credential_comes_last_among_the_defaults() -> None:
    headers = names(Request(path="/x", body={}))
    assert list(headers) == ["Content-Type", "Accept", "Accept-Encoding", "User-Agent", "Authorization"]
    assert headers["Authorization"] == "Bearer sk-very/secret+key"


def test_a_case_replaces_and_drops_headers() -> None:
    request = Request(
        path="/x", body={}, headers=(("accept", "a"), ("Authorization", "Bearer wrong")), without=("content-type",)
    )
    assert names(request) == {
        "Accept-Encoding": "identity",
        "User-Agent": "conformance/0.1.0",
        "accept": "a",
        "Authorization": "Bearer wrong",
    }


def test_a_case_may_go_without_a_credential() -> None:
    assert "Authorization" not in names(Request(path="/x", without=("Authorization",)))


def test_a_target_adds_its_headers() -> None:
    target = replace(TARGET, headers=(("X-Region", "eu"), ("Authorization", "Basic abc")))
    assert names(Request(path="/x"), target)["Authorization"] == "Basic abc"


def test_a_contract_may_have_a_model_of_its_own() -> None:
    target = replace(TARGET, models={"c": "other"})
    case = replace(CASE, request=Request(path="/x", body="${model}"))
    assert prepare(case, target, unique="u").body == b'"other"'


SHOWN = {
    "repr": repr,
    "str": str,
    "format": lambda each: f"{each}",
    "of a target": lambda each: repr(replace(TARGET, key=each)),
    "of a request": lambda each: repr(prepare(CASE, replace(TARGET, key=each), unique="u")),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_secret_is_never_shown(name: str) -> None:
    assert "sk-very" not in SHOWN[name](KEY)


def test_a_secret_is_never_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(TARGET)


SPELLINGS = {
    "as it is": b"sk-very/secret+key",
    "in a URL": b"sk-very%2Fsecret%2Bkey",
    "in a URL, small": b"sk-very%2fsecret%2bkey",
    "in JSON with an escaped slash": b"sk-very\\/secret+key",
    "base64": b"c2stdmVyeS9zZWNyZXQra2V5",
    "base64 of user:secret": b"dXNlcjpzay12ZXJ5L3NlY3JldCtrZXk=",
    "base64 of u:secret": b"dTpzay12ZXJ5L3NlY3JldCtrZXk=",
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_of_a_secret_is_taken_out(name: str) -> None:
    hidden = Redactor([KEY]).body(b"<" + SPELLINGS[name] + b">")
    assert b"[redacted]" in hidden
    assert SPELLINGS[name][8:16] not in hidden


@given(st.lists(st.integers(0, 60), max_size=6), st.integers(0, 20), st.integers(0, 20))
def test_reads_keep_their_number_and_times_and_no_secret(cuts: list[int], before: int, after: int) -> None:
    whole = b"a" * before + KEY.reveal().encode() + b"b" * after + KEY.reveal().encode()
    edges = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    chunks = tuple(Chunk(float(i), whole[a:b]) for i, (a, b) in enumerate(itertools.pairwise(edges)))
    hidden = Redactor([KEY]).chunks(chunks)
    assert [each.at for each in hidden] == [each.at for each in chunks]
    assert b"".join(each.data for each in hidden) == b"a" * before + b"[redacted]" + b"b" * after + b"[redacted]"


def test_an_exchange_is_redacted_in_every_part() -> None:
    key = KEY.reveal()
    sent = Sent(
        method="POST", url=f"https://u:p@h.test/?key=abc&x={key}", headers=(("X-Api-Key", "k"),), body=key.encode()
    )
    exchange = Exchange(
        sent=sent, ending=Ending.RESET, headers=(("Set-Cookie", "a=b"), ("X-Echo", key), ("X-Fine", "1")), error=key
    )
    assert Redactor([KEY]).exchange(exchange) == Exchange(
        sent=Sent(
            method="POST",
            url="https://[redacted]@h.test/?key=[redacted]&x=[redacted]",
            headers=(("X-Api-Key", "[redacted]"),),
            body=b"[redacted]",
        ),
        ending=Ending.RESET,
        headers=(("Set-Cookie", "[redacted]"), ("X-Echo", "[redacted]"), ("X-Fine", "1")),
        error="[redacted]",
    )


@pytest.mark.parametrize("stated", ["gzip", "deflate", "br", "GZIP", "gzip, br", "identity, deflate"])
def test_a_secret_inside_a_coded_body_is_taken_out(stated: str) -> None:
    codings = coding.names([("Content-Encoding", stated)])
    body = coding.apply(codings, b"key " + KEY.reveal().encode() + b"!")
    exchange = Exchange(
        sent=Sent(method="POST", url="u"),
        ending=Ending.COMPLETE,
        headers=(("Content-Encoding", stated),),
        chunks=(Chunk(0.1, body[:9]), Chunk(0.2, body[9:])),
    )
    hidden = Redactor([KEY]).exchange(exchange)
    assert coding.undo(codings, [each.data for each in hidden.chunks]).data == b"key [redacted]!"
    assert not hidden.shows & (Evidence.BYTES | Evidence.WIRE | Evidence.TIMES)
    assert Redactor([Secret("another-secret")]).exchange(exchange) == exchange


@pytest.mark.parametrize(
    "hide",
    [
        pytest.param(lambda data: gzip.compress(b"x") + gzip.compress(data), id="in a second member"),
        pytest.param(lambda data: gzip.compress(data + bytes(9999))[:-20], id="in a body that was cut"),
        pytest.param(lambda data: gzip.compress(data) + b"xy", id="before bytes that are no gzip"),
    ],
)
def test_a_secret_is_taken_out_of_a_body_that_is_coded_badly(hide: Callable[[bytes], bytes]) -> None:
    body = hide(KEY.reveal().encode())
    exchange = Exchange(
        sent=Sent(method="POST", url="u"),
        ending=Ending.COMPLETE,
        headers=(("Content-Encoding", "gzip"),),
        chunks=(Chunk(0.1, body),),
    )
    (hidden,) = Redactor([KEY]).exchange(exchange).chunks
    assert b"[redacted]" in coding.undo(("gzip",), [hidden.data]).data


def test_a_stand_in_for_no_key_blots_nothing_out() -> None:
    assert Redactor([Secret("x"), Secret("EMPTY")]).body(b"x EMPTY") == b"x EMPTY"


def test_credential_headers_of_a_target_are_secrets_too() -> None:
    target = replace(TARGET, headers=(("Authorization", "Bearer abcdefgh"), ("X-Region", "europe-west")))
    assert secrets_of(target) == (KEY, Secret("abcdefgh"))


def test_a_guarded_file_is_written_whole_or_not_at_all(tmp_path) -> None:  # type: ignore[no-untyped-def]
    write_guarded(tmp_path / "a" / "b.txt", "fine", [KEY])
    with pytest.raises(SecretLeak):
        write_guarded(tmp_path / "a" / "b.txt", "c2stdmVyeS9zZWNyZXQra2V5", [KEY])
    assert [(each.name, each.read_text()) for each in (tmp_path / "a").iterdir()] == [("b.txt", "fine")]


def test_the_guard_names_the_file() -> None:
    with pytest.raises(SecretLeak, match=r"report\.html"):
        guard("…" + KEY.reveal(), [KEY], "report.html")
