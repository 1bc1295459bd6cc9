"""
The judge takes what an httpx client got, read or streaming, and says what is wrong with it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from conformance.capture.response import heard
from conformance.errors import UsageError
from conformance.model import Evidence
from conformance.pytest_plugin import ConformanceWarning
from conformance.pytest_plugin.judging import Judge
from conformance.reference import server
from tests.plugin_endpoint import KEY, PLUGIN, Log, endpoint
from tests.specimens import GONE, ask, completion, edit

pytest_plugins = ["pytester"]
URL = "http://t.test/v1/chat/completions"
judge = Judge(strict=False)


def response(document: Any, asked: Any = None, url: str = URL, **more: Any) -> httpx.Response:
    request = httpx.Request("POST", url, json=asked or ask(), headers={"Authorization": f"Bearer {KEY}"})
    return httpx.Response(200, json=document, request=request, **more)


@pytest.fixture(scope="module")
def provider() -> Iterator[server.Provider]:
    with server.running() as made:
        yield made


BODY = {"model": "reference-1", "messages": [{"role": "user", "content": "hi"}]}


def test_a_good_response_has_no_findings(provider: server.Provider) -> None:
    assert judge(httpx.post(f"{provider.url}/chat/completions", json=BODY)) == ()


def test_a_good_stream_has_no_findings_though_nobody_has_read_it_yet(provider: server.Provider) -> None:
    asked = {**BODY, "stream": True}
    with httpx.stream("POST", f"{provider.url}/chat/completions", json=asked) as streaming:
        assert judge(streaming) == ()


def test_a_response_of_an_asynchronous_client_is_judged_once_it_is_read(provider: server.Provider) -> None:
    async def asked() -> httpx.Response:
        async with httpx.AsyncClient() as client, client.stream("GET", f"{provider.url}/models") as streaming:
            with pytest.raises(UsageError, match=r"await aread\(\)"):
                judge(streaming)
            await streaming.aread()
            return streaming

    assert judge(asyncio.run(asked())) == ()


def test_a_stream_that_others_have_iterated_over_cannot_be_judged_any_more(provider: server.Provider) -> None:
    with httpx.stream("GET", f"{provider.url}/models") as streaming:
        list(streaming.iter_lines())
        with pytest.raises(UsageError, match="before anybody iterates"):
            judge(streaming)


def test_a_violated_must_is_a_finding_of_its_requirement_and_place() -> None:
    (found,) = judge(response(edit(completion(), "/id", GONE)))
    assert (found.requirement, found.where) == ("openai-chat.response.id", "/id")


def test_a_violated_should_warns_unless_strict() -> None:
    made = response(edit(completion(), "/choices/0/message/refusal", GONE))
    with pytest.warns(ConformanceWarning, match="openai-chat.response.message.refusal"):
        assert judge(made) == ()
    assert [each.requirement for each in judge(made, strict=True)] == ["openai-chat.response.message.refusal"]
    assert judge(made, strict=True) == Judge(strict=True)(made)


def test_a_compressed_response_is_judged_by_what_it_says() -> None:
    import gzip

    data = gzip.compress(json.dumps(completion()).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", "Content-Length": str(len(data))}
    made = httpx.Response(200, content=data, headers=headers, request=response({}).request)
    assert judge(made) == ()


def test_times_and_the_wire_are_not_judged() -> None:
    assert not heard(response(completion())).exchange.shows & (Evidence.TIMES | Evidence.WIRE)


def test_a_call_that_no_contract_documents_needs_one_by_name() -> None:
    made = response(completion(), url="http://t.test/elsewhere")
    with pytest.raises(UsageError, match="no contract documents POST /elsewhere"):
        judge(made)
    assert judge(made, contract="openai-chat") == ()
    with pytest.raises(UsageError, match="has no request"):
        judge(httpx.Response(200, json=completion()))


def test_findings_never_hold_the_key_of_the_request() -> None:
    (found,) = judge(response(edit(completion(), "/object", f"echo {KEY}")))
    assert KEY not in repr(found) and "[redacted]" in found.observed


@pytest.fixture
def log() -> Iterator[Log]:
    with endpoint() as made:
        yield made


OWN = """
def test_own(conformance_target, conformance_client, NAME):
    body = {"model": conformance_target.model, "messages": [{"role": "user", "content": "SAY"}]}
    assert not NAME(conformance_client.post("/chat/completions", json=body))
"""


@pytest.mark.parametrize("name", ["judge", "conformance_judge"])
def test_own_tests_get_target_client_and_judge(
    pytester: pytest.Pytester, log: Log, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    pytester.makepyfile(OWN.replace("NAME", name).replace("SAY", "hi"))
    pytester.runpytest(*log.arguments).assert_outcomes(passed=1)
    assert (log.said, log.keys) == (["hi"], {f"Bearer {KEY}"})


def test_the_assertion_of_an_own_test_shows_the_findings_and_no_key(
    pytester: pytest.Pytester, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    pytester.makepyfile(OWN.replace("NAME", "judge").replace("SAY", "no id"))
    found = pytester.runpytest(*log.arguments, "-l", "-vv")
    found.stdout.fnmatch_lines(["*Finding(expected='the key id'*"])
    assert KEY not in found.stdout.str()


def test_the_judge_needs_no_option(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_own(judge, conformance_judge): assert judge is conformance_judge")
    pytester.runpytest(*PLUGIN).assert_outcomes(passed=1)


def test_a_target_that_nobody_named_is_an_error_that_says_how(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    pytester.makepyfile("def test_own(conformance_target): pass")
    found = pytester.runpytest(*PLUGIN)
    found.assert_outcomes(errors=1)
    found.stdout.fnmatch_lines(["*no endpoint is named*", "*--conformance-url URL*"])


OTHERS = {
    "a plugin": ("other", "import pytest\n@pytest.fixture\ndef judge(): return 'theirs'\n"),
    "a plugin under another name": (
        "other",
        "import pytest\n@pytest.fixture(name='judge')\ndef their_judge(): return 'theirs'\n",
    ),
    "a conftest": ("conftest", "import pytest\n@pytest.fixture\ndef judge(): return 'theirs'\n"),
}


@pytest.mark.parametrize("who", OTHERS)
def test_a_judge_of_others_stays_theirs(pytester: pytest.Pytester, who: str) -> None:
    name, code = OTHERS[who]
    pytester.makepyfile(**{name: code, "test_own": "def test_own(judge): assert judge == 'theirs'"})
    pytester.syspathinsert()
    pytester.runpytest(*PLUGIN, *(["-p", "other"] if name == "other" else [])).assert_outcomes(passed=1)
