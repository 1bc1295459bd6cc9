"""
Refusals that are no violation: of a feature that nobody claims, and of a parameter that not every model has.

Source: https://platform.openai.com/docs/guides/reasoning (parameters that reasoning models lack) and
https://platform.openai.com/docs/api-reference/chat/create.
"""

from __future__ import annotations

from conformance.checks.subject import BUSY
from conformance.model import Case, Contract
from conformance.read.reply import Reply
from conformance.read.strictjson import as_object, as_text

#: What the documentation lets a model do without, and the feature by which a target claims it all the same.
#: Reasoning models have neither sampling parameters nor log probabilities, and the o-series no max_tokens and no stop.
_OF_SOME_MODELS = {
    **dict.fromkeys(("temperature", "top_p", "frequency_penalty", "presence_penalty", "logit_bias", "seed"), ""),
    **dict.fromkeys(("max_tokens", "stop", "parallel_tool_calls", "verbosity", "reasoning_effort", "prediction"), ""),
    **dict.fromkeys(("logprobs", "top_logprobs"), "logprobs"),
}
#: The codes by which OpenAI's own models refuse a parameter that they lack.
_LACKING = frozenset({"unsupported_parameter", "unsupported_value"})


def excused(case: Case, reply: Reply, contract: Contract, claims: frozenset[str] | None) -> str:
    """
    Why the refusal of a good request is no violation: ``refused``, ``model``, or nothing where it is one.

    ``claims`` are the features that the target says it has (None: it says nothing).
    """
    if _of_a_feature(case, reply, contract, claims):
        return "refused"
    return "model" if _of_a_parameter(case, reply, claims) else ""


def _of_a_feature(case: Case, reply: Reply, contract: Contract, claims: frozenset[str] | None) -> bool:
    """
    A documented refusal of a feature that is neither core nor claimed.
    """
    needs = set(case.needs) - {profile.id for profile in contract.profiles if profile.core}
    if case.invalid or not needs or needs <= (claims or frozenset()):
        return False
    status = reply.status or 0
    if status in (404, 405, 501):
        return True
    return 400 <= status < 500 and status not in BUSY | {401, 403} and reply.error is not None


def _of_a_parameter(case: Case, reply: Reply, claims: frozenset[str] | None) -> bool:
    """
    A parameter was sent that not every model has, and is refused by its name.
    """
    error, status = reply.error or {}, reply.status or 0
    name = error.get("param")
    if (
        case.invalid
        or not 400 <= status < 500
        or as_text(error.get("code")) not in _LACKING
        or not isinstance(name, str)
    ):
        return False
    feature = _OF_SOME_MODELS.get(name)
    return feature is not None and feature not in (claims or ()) and name in as_object(case.request.body)
