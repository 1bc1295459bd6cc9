"""
Faults of requests that break the contract and are answered only on one path, or only below the first level.
"""

from __future__ import annotations

from conformance.reference.faults.accepted import refusal
from conformance.reference.faults.asks import When, streams
from conformance.reference.faults.fault import Answer, Asked, Fault, Forgive, Level
from conformance.reference.faults.parts import both, functions, number, objects, within
from conformance.reference.faults.rows import seldom


def _accepts(
    name: str, level: Level, requirement: str, title: str, matters: str, forgive: Forgive, *, beside: int = 0
) -> Fault:
    return seldom(
        f"accepts-{name}",
        level,
        f"request.{requirement}",
        f"{title} accepted",
        matters,
        beside=beside,
        also="request.same-verdict",
        forgive=forgive,
    )


def _of(place: str, when: When) -> Forgive:
    """
    The refusals that name a place, of certain requests.
    """
    named = refusal(place, ".*")

    def forgive(given: Answer, asked: Asked) -> bool:
        return named(given, asked) and when(asked)

    return forgive


def _always(_: Asked) -> bool:
    return True


def _up_to_three(name: str, least: float) -> When:
    return lambda asked: least < number(asked.body.get(name)) <= 3


def _names_an_unknown(asked: Asked) -> bool:
    name = within(asked.body, "function_call").get("name")
    return isinstance(name, str) and bool(objects(asked.body.get("functions")))


def _sound_at_the_top(asked: Asked) -> bool:
    """
    Parameters, none of them strict, whose mistake is below the first level.
    """
    schemas = [within(each, "parameters") for each in functions(asked.body) if each.get("strict") is not True]
    found = [each.get("type") == "object" and isinstance(each.get("properties"), dict) for each in schemas]
    return bool(found) and all(found)


# fmt: off
FAULTS: tuple[Fault, ...] = (
    _accepts("penalty-streamed", "SHOULD", "presence-penalty.range", "a presence_penalty up to 3 of a stream is", "presence_penalty stream", _of("presence_penalty", both(streams, _up_to_three("presence_penalty", 2)))),
    _accepts("bias-streamed", "SHOULD", "logit-bias.range", "a bias outside its range in the request of a stream is", "logit_bias stream", _of(r"logit_bias\..*", streams)),
    _accepts("function-call-streamed", "MAY", "functions.call-values", "a function_call of an unknown function in the request of a stream is", "functions function_call stream", _of("function_call", both(streams, _names_an_unknown))),
    _accepts("any-place", "MAY", "web-search-options.values", "any place in web_search_options is", "web_search_options", _of(r"web_search_options\.user_location\.approximate\..*", _always)),
    _accepts("nested-parameters", "SHOULD", "tools.parameters", "what is no schema, below the first level of a function's parameters, is", "tools", _of(r"tools\[\d+\]\.function\.parameters", _sound_at_the_top)),
    _accepts("later-tools", "SHOULD", "tools.item", "anything behind the first tool is", "tools", _of(r"tools\[[1-9]\d*\].*", _always)),
)
# fmt: on
