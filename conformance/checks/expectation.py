"""
What one case alone demands: a refusal, an acceptance, a status, the shape of the reply.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks import validators
from conformance.checks.subject import BUSY, Subject, streamed
from conformance.model import JSON, Expect, Finding, Unobserved

#: Statuses that refuse a request for what is wrong with it.
_REFUSALS = frozenset({400, 404, 405, 413, 415, 422})


def at_stake(s: Subject) -> bool:
    """
    The case's expectation can be judged by this reply: the target was neither busy nor broken.
    """
    status = s.reply.status
    if s.case.expect is None or status is None or status in BUSY:
        return False
    if status >= 500 and status not in s.case.expect.status:
        return False
    in_stream = streamed(s) and s.reply.error_packet is not None
    return not in_stream


def judge(s: Subject) -> Iterator[Finding | Unobserved]:
    """
    The findings of the case's own requirement.
    """
    expect = s.case.expect
    if expect is None:
        return
    status = s.reply.status or 0
    if status in (401, 403) and status not in expect.status:
        yield Unobserved("auth", f"the target answered {status}")
    elif expect.refusal is not None or expect.status:
        yield from _status(s, expect, status)
    elif expect.accepted and not 200 <= status < 300:
        message = str((s.reply.error or {}).get("message", ""))[:160]
        yield Finding(expected="a 2xx answer", observed=f"{status} {message}".strip(), where="status")
    if 200 <= status < 300:
        yield from _reply(s, expect)


def _status(s: Subject, expect: Expect, status: int) -> Iterator[Finding]:
    wanted = set(expect.status) or _REFUSALS
    if status not in wanted:
        said = " or ".join(str(each) for each in sorted(expect.status)) or "a 4xx refusal"
        yield Finding(expected=said, observed=_observed(s, status), where="status")
        return
    code = (s.reply.error or {}).get("code")
    if expect.code is not None and status >= 400 and code != expect.code:
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
    if isinstance(expect.reply, dict):
        problem = validators.first_error(expect.reply, assembled(s))
        if problem:
            yield Finding(expected=str(expect.reply.get("description", "the reply of the case")), observed=problem)
    if expect.echo is not None:
        texts = [choice.content or "" for choice in s.completion.choices]
        if not any(expect.echo in text for text in texts):
            yield Unobserved("model-choice", "the model did not repeat the text")
