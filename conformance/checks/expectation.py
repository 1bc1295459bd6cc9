"""
What one case alone demands: a refusal, an acceptance, a status, the shape of the reply.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks import validators
from conformance.checks.subject import BUSY, Subject, asked, streamed, succeeded, whole
from conformance.checks.told import blotted, last_user_text
from conformance.model import JSON, Case, Expect, Finding, Unobserved
from conformance.read.strictjson import as_object

#: Statuses that refuse a request for what is wrong with it.
_REFUSALS = frozenset({400, 404, 405, 413, 415, 422})
#: Characters of a message that is surely long, and the most of them that make a token of any tokeniser.
_LONG, _MOST = 5000, 20
#: Statuses that refuse a key.
KEY_REFUSED = frozenset({400, 401, 403})


def about_keys(case: Case) -> bool:
    """
    The case asks without a key, with a wrong one, or with the right one in an odd way.
    """
    return case.expect is not None and case.expect.requirement.startswith(f"{case.contract}.auth.")


def at_stake(s: Subject) -> bool:
    """
    The case's expectation can be judged by this reply: the target was neither busy nor broken.
    """
    status = s.reply.status
    if s.case.expect is None or status is None:
        return False
    if status in BUSY and status not in s.case.expect.status:
        return _names_the_model(s)
    if status >= 500 and status not in s.case.expect.status:
        return False
    return not _refused_otherwise(s)


def _refused_otherwise(s: Subject) -> bool:
    """
    No answer was given, although the status is 200: an error in the body, or a stream without any chunk.
    """
    if streamed(s):
        return s.reply.error_packet is not None or (s.case.invalid and not s.reply.chunks)
    return succeeded(s) and bool(as_object(s.reply.value).get("error"))


def _names_the_model(s: Subject) -> bool:
    """
    A busy server's status, but the message speaks of the very model that does not exist.
    """
    model = s.asked.get("model")
    message = str((s.reply.error or {}).get("message", ""))
    return s.case.invalid and isinstance(model, str) and len(model) > 8 and model in message


def judge(s: Subject) -> Iterator[Finding | Unobserved]:
    """
    The findings of the case's own requirement.
    """
    expect = s.case.expect
    if expect is None:
        return
    status = s.reply.status or 0
    # A firewall before the API answers 403 to what looks odd to it; 401 says that a good key is none.
    forbidden = status == 403 or (status == 401 and not s.case.invalid)
    if forbidden and status not in expect.status and not about_keys(s.case):
        yield Unobserved("auth", f"the target answered {status}")
    elif expect.refusal is not None or expect.status:
        yield from _status(s, expect, status)
    elif expect.accepted and not 200 <= status < 300:
        message = str((s.reply.error or {}).get("message", ""))[:160]
        yield Finding(expected="a 2xx answer", observed=f"{status} {message}".strip(), where="status")
    if 200 <= status < 300 and whole(s):
        yield from _reply(s, expect)


def _status(s: Subject, expect: Expect, status: int) -> Iterator[Finding]:
    wanted = set(expect.status) or _REFUSALS
    if status not in wanted:
        said = " or ".join(str(each) for each in sorted(expect.status)) or "a 4xx refusal"
        yield Finding(expected=said, observed=_observed(s, status), where="status")
        return
    code = (s.reply.error or {}).get("code")
    # Without an error object there is no place for a code; that is another requirement's finding.
    if expect.code is not None and status >= 400 and s.reply.error is not None and code != expect.code:
        yield Finding(expected=f"code {expect.code!r}", observed=repr(code), where="/error/code")


def _observed(s: Subject, status: int) -> str:
    if 200 <= status < 300:
        return f"{status} and an answer"
    message = str((s.reply.error or {}).get("message", ""))[:120]
    return f"{status} {message}".strip()


def assembled(s: Subject) -> JSON:
    """
    The reply as a case's ``reply`` schema sees it: a plain chat completion, or the body of another contract.
    """
    chat = s.operation is not None and s.operation.chunk is not None
    return dict(s.completion.as_json()) if chat else s.reply.value


def _reply(s: Subject, expect: Expect) -> Iterator[Finding | Unobserved]:
    if isinstance(expect.reply, dict) and (expect.echo is None or _came_back(s, expect.echo)):
        problem = validators.first_error(expect.reply, assembled(s))
        if problem and "usage" in as_object(expect.reply.get("properties")) and _counts_no_prompt(s):
            yield Unobserved("usage", "the target does not count a prompt of one message either")
        elif problem:
            yield Finding(expected=str(expect.reply.get("description", "the reply of the case")), observed=problem)
    if expect.echo is not None and not any(expect.echo in text for text in _texts(s)):
        yield Unobserved("model-choice", "the model did not repeat the text")


def _counts_no_prompt(s: Subject) -> bool:
    """
    A long message of a user, which nobody drops, was not counted in what this is compared with.

    So that a small count says nothing of other messages.
    """
    for peer in s.peers.values():
        written = len(last_user_text(asked(peer)))
        counted = as_object(as_object(peer.value).get("usage")).get("prompt_tokens")
        if written >= _LONG and isinstance(counted, int) and counted * _MOST < written:
            return True
    return False


def _texts(s: Subject) -> list[str]:
    return [choice.content or "" for choice in s.completion.choices]


def _came_back(s: Subject, echo: str) -> bool:
    """
    The model repeated the text, whatever became of its characters beyond ASCII on the way.

    A model may write U+FFFD of its own, where a token is a part of a character and the next is no other part of it.
    """
    return any(blotted(echo) in blotted(text) for text in _texts(s))
