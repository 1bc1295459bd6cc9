"""
Rules of embeddings that a schema cannot say: a vector for each input, and the same one however it is asked for.

Source: https://platform.openai.com/docs/api-reference/embeddings (``input``, ``encoding_format``, ``data``, ``usage``).
"""

from __future__ import annotations

import base64
import binascii
import math
import struct
from collections.abc import Iterator

from conformance.checks.registry import check
from conformance.checks.subject import Subject, asked, plain
from conformance.model import JSON, Evidence, Finding
from conformance.read.reply import Reply
from conformance.read.strictjson import as_list, as_object, is_int

#: Vectors of one text differ a little from answer to answer, where numbers are rounded or summed in another order.
_ALIKE = 0.9
#: Numbers of a vector are far smaller, and reckoning with larger ones would overflow.
_MOST = 1e100


def _inputs(request: dict[str, JSON]) -> list[JSON]:
    """
    What is to be embedded: texts, or arrays of token numbers.
    """
    given = request.get("input")
    if isinstance(given, str):
        return [given]
    return [given] if isinstance(given, list) and given and all(map(is_int, given)) else as_list(given)


def _entries(reply: Reply) -> list[dict[str, JSON]]:
    return [entry for entry in as_list(as_object(reply.value).get("data")) if isinstance(entry, dict)]


def _usage(reply: Reply) -> dict[str, JSON]:
    return as_object(as_object(reply.value).get("usage"))


def _numbers(value: JSON) -> list[float]:
    """
    A vector that was sent as numbers; empty when it was not.
    """
    numbers = [each for each in as_list(value) if isinstance(each, (int, float)) and not isinstance(each, bool)]
    sound = len(numbers) == len(as_list(value)) and all(abs(each) < _MOST for each in numbers)
    return [float(each) for each in numbers] if sound else []


def _decoded(value: JSON) -> bytes | None:
    """
    A vector that was sent as base64, as bytes; None when it was not, which is another requirement's finding.
    """
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else None
    except (binascii.Error, ValueError):
        return None


def _likeness(left: list[float], right: list[float]) -> float:
    """
    The cosine of the angle between two vectors; zeros, which have none, are another requirement's finding.
    """
    scale = math.sqrt(sum(a * a for a in left)) * math.sqrt(sum(b * b for b in right))
    return sum(a * b for a, b in zip(left, right, strict=True)) / scale if scale else 1.0


def _by_text(reply: Reply) -> dict[str, JSON]:
    """
    What came for each text of a request, put in place by its index; nothing where the indexes do not tell.
    """
    inputs = _inputs(asked(reply))
    found = {str(entry.get("index")): entry.get("embedding") for entry in _entries(reply)}
    if set(found) != set(map(str, range(len(inputs)))):
        return {}
    return {text: found[str(place)] for place, text in enumerate(inputs) if isinstance(text, str)}


def _wants_base64(s: Subject) -> bool:
    return s.asked.get("encoding_format") == "base64"


def _embedded(s: Subject) -> bool:
    return plain(s) and s.valid and bool(_inputs(s.asked)) and bool(_entries(s.reply))


def _peers(s: Subject) -> Iterator[tuple[str, Reply]]:
    """
    The answers to the same request but for what was to be embedded and how it was to be written down.
    """
    for name, peer in s.peers.items():
        if peer.status == 200 and asked(peer).get("dimensions") == s.asked.get("dimensions"):
            yield name, peer


@check("embeddings.count", when=_embedded, shows=Evidence.REQUEST)
def gives_every_input_its_vector(s: Subject) -> Iterator[Finding]:
    """
    As many vectors come as there are inputs, with the indexes 0 to n-1.
    """
    wanted = len(_inputs(s.asked))
    indexes = [entry.get("index") for entry in _entries(s.reply)]
    if len(indexes) != wanted:
        yield Finding(expected=f"{wanted} vectors", observed=str(len(indexes)), where="/data")
    elif all(map(is_int, indexes)) and {str(each) for each in indexes} != set(map(str, range(wanted))):
        yield Finding(expected=f"the indexes 0 to {wanted - 1}", observed=str(indexes)[:80], where="/data/*/index")


@check("embeddings.numbers", when=lambda s: _embedded(s) and not _wants_base64(s), shows=Evidence.REQUEST)
def gives_numbers_unless_told_otherwise(s: Subject) -> Iterator[Finding]:
    """
    A vector is a list of numbers, which is the default, unless base64 was asked for.
    """
    for number, entry in enumerate(_entries(s.reply)):
        if isinstance(entry.get("embedding"), str):
            yield Finding(expected="a list of numbers", observed="a text", where=f"/data/{number}/embedding")
            return


@check("embeddings.length", when=_embedded)
def gives_vectors_of_one_length(s: Subject) -> Iterator[Finding]:
    """
    The length of a vector depends on the model, and so is the same for every input.
    """
    lengths = {len(vector) for vector in (_numbers(entry.get("embedding")) for entry in _entries(s.reply)) if vector}
    if len(lengths) > 1:
        yield Finding(expected="vectors of one length", observed=str(sorted(lengths)), where="/data/*/embedding")


@check("embeddings.same-vector", when=_embedded, shows=Evidence.REQUEST)
def gives_a_text_the_same_vector(s: Subject) -> Iterator[Finding]:
    """
    A text has nearly the same vector whenever it is asked for, alone or among others.
    """
    for name, peer in _peers(s):
        others = _by_text(peer)
        for text, value in _by_text(s.reply).items():
            mine, other = _numbers(value), _numbers(others.get(text))
            if mine and other and (len(mine) != len(other) or _likeness(mine, other) < _ALIKE):
                got = f"{len(mine)} numbers that point elsewhere"
                yield Finding(expected=f"about the vector of {text[:40]!r} in {name}", observed=got, where="/data")
                return


@check("embeddings.distinct", when=_embedded, shows=Evidence.REQUEST)
def tells_texts_apart(s: Subject) -> Iterator[Finding]:
    """
    Different texts have different vectors, and none is nothing but zeros.
    """
    seen: dict[tuple[float, ...], str] = {}
    for text, value in _by_text(s.reply).items():
        vector = tuple(_numbers(value))
        if not vector:
            continue
        if not any(vector):
            yield Finding(expected=f"a vector of {text[:40]!r}", observed="zeros", where="/data/*/embedding")
            return
        if vector in seen:
            got = f"that of {seen[vector][:40]!r}"
            yield Finding(expected=f"another vector for {text[:40]!r}", observed=got, where="/data/*/embedding")
            return
        seen[vector] = text


@check("embeddings.base64-floats", when=lambda s: _embedded(s) and _wants_base64(s), shows=Evidence.REQUEST)
def packs_floats_as_libraries_unpack_them(s: Subject) -> Iterator[Finding]:
    """
    base64 holds 32-bit floats, little end first: those that come as numbers when they are asked for so.
    """
    for text, value in _by_text(s.reply).items():
        problem = _packing_problem(value, [_numbers(_by_text(peer).get(text)) for _, peer in _peers(s)])
        if problem:
            yield Finding(expected="32-bit floats, little end first", observed=problem, where="/data/*/embedding")
            return


def _packing_problem(value: JSON, others: list[list[float]]) -> str:
    data = _decoded(value)
    if not data:
        return ""
    if len(data) % 4:
        return f"{len(data)} bytes"
    numbers = [number for (number,) in struct.iter_unpack("<f", data)]
    if not all(map(math.isfinite, numbers)):
        return "a number that is none"
    for other in others:
        if other and len(other) != len(numbers):
            return f"{len(numbers)} numbers, and {len(other)} when asked for as numbers"
        if other and _likeness(numbers, other) < _ALIKE:
            return "other numbers than when asked for as numbers"
    return ""


@check("embeddings.usage.total", when=lambda s: _embedded(s) and _counted(s))
def adds_up_its_tokens(s: Subject) -> Iterator[Finding]:
    """
    Nothing is generated, so that the total is the prompt.
    """
    prompt, total = _usage(s.reply).get("prompt_tokens"), _usage(s.reply).get("total_tokens")
    if is_int(total) and total != prompt:
        yield Finding(expected=f"total_tokens {prompt}", observed=str(total), where="/usage/total_tokens")


def _counted(s: Subject) -> bool:
    return is_int(_usage(s.reply).get("prompt_tokens"))


@check("embeddings.usage.counts", when=lambda s: _embedded(s) and _counted(s), shows=Evidence.REQUEST)
def counts_what_was_embedded(s: Subject) -> Iterator[Finding]:
    """
    ``prompt_tokens`` counts every input: at least one token for a text, and as many as were given by number.
    """
    inputs = _inputs(s.asked)
    least = sum(len(each) if isinstance(each, list) else 1 for each in inputs)
    counted = _usage(s.reply).get("prompt_tokens")
    if isinstance(counted, int) and counted < max([least, *_of_peers(s, inputs)]):
        wanted = f"at least {max([least, *_of_peers(s, inputs)])} tokens"
        yield Finding(expected=wanted, observed=str(counted), where="/usage/prompt_tokens")


def _of_peers(s: Subject, inputs: list[JSON]) -> Iterator[int]:
    """
    What some of the inputs cost in an answer to them alone, and one token for each of the others.
    """
    for _, peer in _peers(s):
        others, cost = _inputs(asked(peer)), _usage(peer).get("prompt_tokens")
        if isinstance(cost, int) and others and all(each in inputs for each in others):
            yield cost + len(inputs) - len(others)
