"""
Faults that show in a certain company alone: on one path, at a limit, beside another parameter, below the first level.
"""

from __future__ import annotations

import json
from typing import Any

from conformance.reference.faults.accepted import refusal
from conformance.reference.faults.asks import is_chat, refusing, replaced, streams, without
from conformance.reference.faults.fault import STREAM, Answer, Asked, Fault, Forgive, Object
from conformance.reference.faults.parts import (
    both,
    form,
    functions,
    given,
    messages,
    nodes,
    number,
    objects,
    of_functions,
    several,
    text,
    tools,
    within,
)
from conformance.reference.faults.rows import fault
from conformance.reference.faults.streamedits import delta


def _results_reordered(asked: Asked) -> bool:
    called: list[str] = []
    answered: list[str] = []
    for message in messages(asked):
        if calls := objects(message.get("tool_calls")):
            called, answered = [str(each.get("id")) for each in calls], []
        if message.get("role") == "tool":
            answered.append(str(message.get("tool_call_id")))
            if answered != called[: len(answered)] and answered[-1] in called:
                return True
    return False


def _definitions(asked: Asked) -> bool:
    return any("$ref" in node for node in nodes(form(asked.body)))


def _types_in_a_list(asked: Asked) -> bool:
    found = (node for each in functions(asked.body) for node in nodes(each.get("parameters")))
    return any(isinstance(node.get("type"), list) for node in found)


def _four_stops(asked: Asked) -> bool:
    stop = asked.body.get("stop")
    return isinstance(stop, list) and len(stop) == 4


def _model_later(asked: Asked) -> bool:
    """
    The model is not the first member: a router that reads no further does not find it.
    """
    return "model" in asked.body and next(iter(json.loads(asked.raw))) != "model"


def _streamed(place: str) -> Forgive:
    named = refusal(place, ".*")
    return lambda answer, asked: is_chat(asked) and asked.streams and named(answer, asked)


def _kinds_of_tools(asked: Asked) -> bool:
    return {text(each.get("type")) for each in tools(asked)} >= {"function", "custom"}


def _image_first(asked: Asked) -> bool:
    """
    An image stands before the text that asks about it, or alone.
    """
    contents = (objects(each.get("content")) for each in messages(asked) if each.get("role") == "user")
    return any(parts and parts[0].get("type") == "image_url" for parts in contents)


def _plane_lost(answer: Answer, asked: Asked) -> Answer:
    """
    Signs outside the basic plane are cut in two where each token has its log probability.
    """

    def lose(made: Object) -> None:
        if isinstance(made.get("content"), str):
            made["content"] = "".join("\ufffd" if ord(sign) > 0xFFFF else sign for sign in made["content"])

    return delta(lose)(answer, asked) if asked.body.get("logprobs") is True else answer


def _in_ascii(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("ascii", "replace").decode()
    if isinstance(value, list):
        return [_in_ascii(each) for each in value]
    return {_in_ascii(name): _in_ascii(each) for name, each in value.items()} if isinstance(value, dict) else value


def _long_value(asked: Asked) -> bool:
    return any(len(text(each)) == 512 for each in within(asked.body, "metadata").values())


_CRASH, _BROKEN = "request.no-server-error", "Internal Server Error"

# fmt: off
FAULTS: tuple[Fault, ...] = (
    fault("breaks-on-results-reordered", "MUST", _CRASH, "results of tools in another order than their calls give 500", instead=refusing(_results_reordered, _BROKEN, 500)),
    fault("breaks-on-choices-beside-tools", "MUST", _CRASH, "several choices with tools give 500", instead=refusing(both(several, given("tools")), _BROKEN, 500)),
    fault("breaks-on-many-tools", "MUST", _CRASH, "more than 64 tools give 500", instead=refusing(lambda asked: len(tools(asked)) > 64, _BROKEN, 500)),
    fault("breaks-on-definitions-streamed", "MUST", _CRASH, "a reference in the schema of a streamed answer gives 500", instead=refusing(both(streams, _definitions), _BROKEN, 500)),
    fault("breaks-on-types-in-a-list", "MUST", _CRASH, "a list of types in a function's parameters gives 500", instead=refusing(_types_in_a_list, _BROKEN, 500)),
    fault("breaks-on-empty-stream-options", "MUST", _CRASH, "empty stream_options give 500", instead=refusing(lambda asked: asked.body.get("stream_options") == {}, _BROKEN, 500)),
    fault("breaks-on-mixed-tools", "MUST", _CRASH, "functions and custom tools together give 500", instead=refusing(_kinds_of_tools, _BROKEN, 500)),
    fault("breaks-on-indented-body", "MUST", _CRASH, "a body that is indented gives 500", instead=refusing(lambda asked: b"\n" in asked.raw, _BROKEN, 500)),
    fault("refuses-large-seed", "SHOULD", "request.seed.accepted", "a seed of more than 53 bits is refused", instead=refusing(lambda asked: abs(number(asked.body.get("seed"))) > 2**53, "seed: no safe integer.")),
    fault("refuses-long-metadata", "MUST", "request.metadata.accepted", "a value of metadata of 512 characters is refused", instead=refusing(_long_value, "metadata: at most 511 characters.")),
    fault("refuses-four-stops-streamed", "SHOULD", "request.stop", "four stop sequences of a stream are refused", instead=refusing(both(streams, _four_stops), "stop: at most 3.")),
    fault("refuses-image-first", "MUST", "request.answered", "an image before the text is refused", instead=refusing(_image_first, "content: text must come first."), also="error.names-param"),
    fault("refuses-no-alternatives", "MUST", "request.answered", "top_logprobs 0 is refused", instead=refusing(lambda asked: asked.body.get("top_logprobs") == 0 and given("logprobs")(asked), "top_logprobs must be at least 1.")),
    fault("refuses-model-later", "SHOULD", "request.same-answer", "a body whose first member is not the model is refused", instead=refusing(_model_later, "Missing required parameter: 'model'."), also="request.answered"),
    fault("refuses-escaped-pairs", "MUST", "request.answered", "a sign that is escaped as a pair of surrogates is refused", instead=refusing(lambda asked: b"\\ud83d" in asked.raw, "Invalid unicode escape.")),
    fault("usage-of-several-ignored", "MUST", "usage.streamed", "include_usage is ignored for several choices", ask=replaced("stream_options", lambda _: {}, when=both(several, given("stream_options"))), paths=(STREAM,), also="usage.null-elsewhere"),
    fault("usage-beside-format-ignored", "MUST", "usage.streamed", "include_usage is ignored beside response_format", ask=replaced("stream_options", lambda _: {}, when=given("response_format", "stream_options")), paths=(STREAM,), also="usage.null-elsewhere"),
    fault("logprobs-of-several-ignored", "MUST", "logprobs.given", "logprobs are ignored for several choices", ask=without("logprobs", "top_logprobs", when=several)),
    fault("tools-in-ascii", "MUST", "tools.arguments-strict", "text outside ASCII in a function's parameters is replaced by question marks", ask=of_functions(_in_ascii), also="tools.arguments-schema"),
    fault("signs-beside-logprobs-lost", "SHOULD", "stream.equals-plain", "signs outside the basic plane are lost from streams with log probabilities", edit=_plane_lost, paths=(STREAM,), also="logprobs.bytes"),
    fault("accepts-temperature-streamed", "SHOULD", "request.temperature.range", "a temperature out of its range is accepted for a stream", forgive=_streamed("temperature")),
    fault("accepts-stops-streamed", "SHOULD", "request.stop.count", "more than four stop sequences are accepted for a stream", forgive=_streamed("stop")),
)
# fmt: on
