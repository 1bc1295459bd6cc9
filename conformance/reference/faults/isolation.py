"""
Faults between requests: answers that meet, identities used twice, what is left of an earlier request.
"""

from __future__ import annotations

import copy
import json
import re
import zlib
from dataclasses import replace

from conformance.reference.faults.edits import is_completion, message, plain
from conformance.reference.faults.fault import PLAIN, STREAM, Answer, Asked, Fault, Object
from conformance.reference.faults.rows import fault
from conformance.reference.faults.streamedits import chunks, chunks_of, deltas, event, is_stream


def _alike(asked: Asked) -> tuple[object, ...] | None:
    """
    What simple requests have in common that may be mistaken for each other.
    """
    given = asked.body.get("messages")
    simple = asked.body.keys() <= {"model", "stream", "messages"} and isinstance(given, list) and len(given) == 1
    return ("held", asked.streams) if simple and asked.memory.get("in flight", 0) > 1 else None


def _swapped(given: Answer, asked: Asked) -> Answer:
    """
    One of two simultaneous requests is given the answer of the other.
    """
    kind = _alike(asked)
    if kind is None or given.status != 200:
        return given
    held = asked.memory.get(str(kind))
    asked.memory[str(kind)] = given
    return held or given


def _mixed(given: Answer, asked: Asked) -> Answer:
    """
    A chunk of a simultaneous stream is among the chunks.
    """
    kind = _alike(asked)
    if kind is None or not is_stream(given) or len(given.parts) < 4:
        return given
    held = asked.memory.get("mixed")
    asked.memory["mixed"] = given
    if held is None:
        return given
    return replace(given, parts=(*given.parts[:2], held.parts[1], *given.parts[2:]))


def _mixed_words(given: Answer, asked: Asked) -> Answer:
    """
    The text of a simultaneous stream is among the text, under the right identity.
    """
    kind = _alike(asked)
    if kind is None or not is_stream(given):
        return given
    held = asked.memory.get("words", "")
    made = chunks_of(given)
    texts = [choice["delta"] for choice in deltas(made) if choice["delta"].get("content")]
    asked.memory["words"] = "".join(each["content"] for each in texts)
    if not held or not texts:
        return given
    texts[-1]["content"] += " " + held
    return replace(given, parts=(*map(event, made), given.parts[-1]))


def _constant_id(made: Object) -> None:
    made["id"] = "chatcmpl-0"


def _constant_ids(made: list[Object]) -> list[Object]:
    return [{**each, "id": "chatcmpl-0"} for each in made]


def _id_of_prompt(given: Answer, asked: Asked) -> Answer:
    name = f"chatcmpl-{zlib.crc32(json.dumps(asked.body.get('messages')).encode()):08x}"
    stamped = plain(lambda made: made.update(id=name))(given, asked)
    return chunks(lambda made: [{**each, "id": name} for each in made])(stamped, asked)


def _remembers(given: Answer, asked: Asked) -> Answer:
    """
    What one conversation was told is known in the next.
    """
    text = asked.raw.decode("utf-8", "replace")
    told = re.search(r"My code word is (\w+)", text)
    if told and "What is my code word" not in text:
        asked.memory["code word"] = told[1]
    known = asked.memory.get("code word")
    if known and "If you do not know it" in text and is_completion(given):
        return message(lambda said: said.update(content=f"It is {known}."))(given, asked)
    return given


def _tail_of_aborted(given: Answer, asked: Asked) -> Answer:
    """
    After a long stream the next short answer begins with its tail, once.
    """
    if is_stream(given) and len(given.parts) > 900:
        asked.memory["tail"] = "15, 16, 17 "
        return given
    simple = asked.body.keys() <= {"model", "stream", "messages"} and "storm" in asked.raw.decode("utf-8", "replace")
    tail = asked.memory.get("tail") if simple else None
    if not tail:
        return given
    if is_stream(given):
        return chunks(lambda made: _begun(made, tail))(given, asked)
    return plain(lambda made: made["choices"][0]["message"].update(content=tail + " calm"))(given, asked)


def _begun(made: list[Object], words: str) -> list[Object]:
    extra = copy.deepcopy(made[1])
    extra["choices"][0]["delta"] = {"content": words}
    return [made[0], extra, *made[1:]]


# fmt: off
FAULTS: tuple[Fault, ...] = (
    fault("answers-swapped", "MUST", "isolation.answers", "simultaneous requests are given each other's answers", edit=_swapped, also="isolation.ids", steady=False, entry="concurrency-responses-mixed"),
    fault("streams-mixed", "MUST", "stream.same-id", "a chunk of another stream comes among the chunks", edit=_mixed, paths=(STREAM,), also="isolation.answers stream.equals-plain stream.role-once stream.same-created", steady=False, entry="concurrency-stream-frames-interleaved"),
    fault("streams-mixed-words", "MUST", "isolation.answers", "the text of another stream comes among the text", edit=_mixed_words, paths=(STREAM,), also="stream.equals-plain unicode.echo", steady=False, entry="concurrency-responses-mixed"),
    fault("id-constant.plain", "SHOULD", "isolation.ids", "every plain answer has the same id", edit=plain(_constant_id), paths=(PLAIN,)),
    fault("id-constant.stream", "SHOULD", "isolation.ids", "every stream has the same id", edit=chunks(_constant_ids), paths=(STREAM,)),
    fault("id-of-prompt", "SHOULD", "isolation.ids", "the same prompt gets the same id, as from a cache", edit=_id_of_prompt, also="request.same-answer"),
    fault("state-leaks", "MUST", "isolation.stateless", "a conversation knows what another was told", edit=_remembers, paths=(PLAIN,), steady=False, entry="state-leak-between-requests"),
    fault("abort-leaves-a-tail", "MUST", "isolation.after-abort", "after an aborted stream answers begin with its tail", edit=_tail_of_aborted, also="stream.equals-plain", steady=False, entry="lifecycle-abort-poisons-next"),
)
# fmt: on
