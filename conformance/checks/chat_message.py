"""
Rules of the choices and their messages that a schema cannot say, streamed and plain.

Source: https://platform.openai.com/docs/api-reference/chat/object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conformance.checks.registry import check
from conformance.checks.subject import Subject, answered, asked, audio_asked, plain, readable
from conformance.checks.told import spoilt, stops, told, unstopped
from conformance.model import JSON, Evidence, Finding
from conformance.read.chat import Choice
from conformance.read.strictjson import as_list, as_object, is_int


def chat_plain(s: Subject) -> bool:
    """
    A plain chat completion came.
    """
    return answered(s) and plain(s)


def _messages(s: Subject) -> Iterator[tuple[str, dict[str, JSON]]]:
    for number, choice in enumerate(as_list(as_object(s.reply.value).get("choices"))):
        message = as_object(choice).get("message")
        if isinstance(message, dict):
            yield f"/choices/{number}/message", message


def _other_answer(message: Mapping[str, JSON]) -> bool:
    return any(message.get(name) for name in ("tool_calls", "function_call", "audio", "refusal"))


@check("openai-chat.message.content", when=chat_plain)
def always_has_content(s: Subject) -> Iterator[Finding]:
    """
    ``content`` is a required key of a message that answers with text.
    """
    for where, message in _messages(s):
        if "content" not in message and not _other_answer(message):
            yield Finding(expected="content", observed=f"only {sorted(message)}", where=f"{where}/content")


@check("openai-chat.message.content-beside-calls", when=lambda s: chat_plain(s) and _calls(s))
def has_content_beside_calls(s: Subject) -> Iterator[Finding]:
    """
    ``content`` is required, if only null, beside tool calls too.
    """
    for where, message in _messages(s):
        if "content" not in message and _other_answer(message):
            yield Finding(expected="content: null", observed="no such key", where=f"{where}/content")


def _calls(s: Subject) -> bool:
    return any(_other_answer(message) for _, message in _messages(s))


@check("openai-chat.message.content-null", when=lambda s: chat_plain(s) and not audio_asked(s))
def says_something(s: Subject) -> Iterator[Finding]:
    """
    ``content`` is null only where something else is the answer, or nothing could be written.
    """
    for choice in s.completion.choices:
        message = choice.message
        quiet = choice.finish_reason in ("length", "content_filter")
        if "content" in message and message["content"] is None and not _other_answer(message) and not quiet:
            where = f"/choices/{choice.index}/message/content"
            yield Finding(expected="text", observed="null, and no call or refusal", where=where)


def _number_of_choices(s: Subject) -> bool:
    n = s.asked.get("n")
    return answered(s) and s.valid and is_int(n) and isinstance(n, int) and n >= 1


@check("openai-chat.param.n", when=_number_of_choices, shows=Evidence.REQUEST)
def gives_as_many_choices_as_asked(s: Subject) -> Iterator[Finding]:
    """
    ``n`` is honoured: that many choices come, streamed or not.
    """
    n = s.asked["n"]
    indexes = {choice.index for choice in s.completion.choices}
    many = len(s.completion.choices) if not s.completion.streamed else len(indexes)
    if many != n and many > 0:
        yield Finding(expected=f"{n} choices", observed=str(many), where="/choices")
    elif isinstance(n, int):
        yield from _crowded(s, n)


def _crowded(s: Subject, most: int) -> Iterator[Finding]:
    """
    A chunk has no more choices than were asked for: it may hold several if ``n`` is greater than 1.
    """
    for event, chunk in s.chunks if s.completion.streamed else ():
        many = len(as_list(chunk.get("choices")))
        if many > most:
            yield Finding(expected=f"at most {most} in a chunk", observed=str(many), where=f"event[{event}]/choices")
            return


@check(
    "openai-chat.choices.default",
    when=lambda s: answered(s) and s.valid and bool(s.asked) and s.asked.get("n") is None,
    shows=Evidence.REQUEST,
)
def gives_one_choice_by_default(s: Subject) -> Iterator[Finding]:
    """
    ``n`` is 1 when it is not given.
    """
    indexes = {choice.index for choice in s.completion.choices}
    many = len(indexes) if s.completion.streamed else len(s.completion.choices)
    if many > 1:
        yield Finding(expected="one choice", observed=str(many), where="/choices")
    else:
        yield from _crowded(s, 1)


@check("openai-chat.choices.indexes", when=chat_plain)
def numbers_its_choices(s: Subject) -> Iterator[Finding]:
    """
    ``index`` runs from 0 without gaps or repetition.
    """
    given = [as_object(choice).get("index") for choice in as_list(as_object(s.reply.value).get("choices"))]
    if all(is_int(index) for index in given) and sorted(map(str, given)) != sorted(map(str, range(len(given)))):
        yield Finding(expected=f"indexes 0 to {len(given) - 1}", observed=str(given), where="/choices/*/index")


@check("openai-chat.choices.stream-indexes", when=lambda s: answered(s) and s.completion.streamed)
def numbers_its_streamed_choices(s: Subject) -> Iterator[Finding]:
    """
    The indexes of a stream's choices run from 0 without gaps.
    """
    n = s.asked.get("n")
    most = n if isinstance(n, int) and not isinstance(n, bool) else 1
    for choice in s.completion.choices:
        if not 0 <= choice.index < max(most, len(s.completion.choices)):
            where = f"event[{choice.deltas[0].event}]/choices/*/index"
            yield Finding(expected=f"an index below {most}", observed=str(choice.index), where=where)


@check("openai-chat.response.model-name", when=lambda s: answered(s) and bool(s.asked.get("model")))
def names_the_model_that_was_asked(s: Subject) -> Iterator[Finding]:
    """
    The model that answers is the one asked, or a dated version of it.
    """
    wanted, got = str(s.asked["model"]), s.completion.model
    if isinstance(got, str) and got and not got.split("/")[-1].startswith(wanted.rsplit("/", maxsplit=1)[-1]):
        yield Finding(expected=f"{wanted} or a version of it", observed=got, where="/model")


def _texts(s: Subject) -> list[Choice]:
    return [choice for choice in s.completion.choices if isinstance(choice.content, str)]


@check(
    "openai-chat.param.stop",
    when=lambda s: answered(s) and s.valid and bool(stops(s)) and bool(_texts(s)),
    shows=Evidence.REQUEST,
)
def stops_where_it_is_told(s: Subject) -> Iterator[Finding]:
    """
    The text never contains a stop sequence.
    """
    for choice in _texts(s):
        for stop in stops(s):
            if stop in (choice.content or ""):
                got = f"{stop!r} within {(choice.content or '')[-60:]!r}"
                yield Finding(
                    expected=f"an end before {stop!r}", observed=got, where=f"/choices/{choice.index}/message/content"
                )


def _plain_twin(s: Subject) -> list[tuple[str, list[Choice]]]:
    twins = []
    for name, peer in s.peers.items():
        other = asked(peer)
        mine = {key: value for key, value in s.asked.items() if key not in _STREAM_ONLY}
        theirs = {key: value for key, value in other.items() if key not in _STREAM_ONLY}
        ok = peer.status == 200 and not peer.is_stream and other.get("stream") is not True
        if ok and mine == theirs and peer.completion.choices and all(each.message for each in peer.completion.choices):
            twins.append((name, list(peer.completion.choices)))
    return twins


_STREAM_ONLY = {"stream", "stream_options"}


def _has_twin(s: Subject) -> bool:
    return readable(s) and s.completion.streamed and s.own and bool(_plain_twin(s))


@check("openai-chat.param.stop-streamed", when=lambda s: _has_twin(s) and bool(stops(s)))
def holds_back_a_stop_sequence(s: Subject) -> Iterator[Finding]:
    """
    A stream does not hand out the beginning of a stop sequence before it knows the rest.
    """
    for name, choices in _plain_twin(s):
        for mine, theirs in zip(s.completion.choices, choices, strict=False):
            extra = _leak(mine.content or "", theirs.content or "", stops(s))
            if extra:
                got = f"{extra!r} at the end"
                where = f"event[{mine.deltas[-1].event if mine.deltas else 0}]"
                yield Finding(expected=f"the same text as in {name}", observed=got, where=where)


def _leak(streamed: str, text: str, stops: list[str]) -> str:
    extra = streamed[len(text) :] if streamed.startswith(text) else ""
    return extra if extra and any(stop.startswith(extra) or extra in stop for stop in stops) else ""


@check("openai-chat.stream.equals-plain", when=lambda s: _has_twin(s) and _obeyed(s))
def streams_what_it_says(s: Subject) -> Iterator[Finding]:
    """
    The assembled stream is the plain answer, where the request forces the text.
    """
    for name, choices in _plain_twin(s):
        for mine, theirs in zip(s.completion.choices, choices, strict=False):
            leaked = _leak(mine.content or "", theirs.content or "", stops(s))
            if not mine.refusal and not leaked and spoilt(theirs.content or "", mine.content or ""):
                yield Finding(
                    expected=f"{(theirs.content or '')[:60]!r} as in {name}",
                    observed=repr((mine.content or "")[:60]),
                    where=f"/choices/{mine.index}/message/content",
                )


def _obeyed(s: Subject) -> bool:
    """
    The plain answer is the text that the model was told to repeat, up to a stop sequence or past it.
    """
    wanted = {told(s).strip().lower(), unstopped(s).strip().lower()} - {""}
    return any((choice.content or "").strip().lower() in wanted for _, choices in _plain_twin(s) for choice in choices)
