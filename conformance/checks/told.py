"""
What a prompt of ours tells the model to say, and whether it was said whole; no rules.

Only prompts that leave the model nothing to choose are read: a text to repeat, numbers to count.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping

from conformance.checks.subject import Subject
from conformance.model import JSON
from conformance.read import strictjson
from conformance.read.chat import Choice
from conformance.read.strictjson import as_list, as_object

_EXACTLY = re.compile(r"(?:reply with exactly|repeat exactly|repeat after me): ?", re.IGNORECASE)
#: What a model may leave out of a text that it repeats, or put around it.
_AROUND = string.punctuation + string.whitespace
#: What is beyond ASCII, and may be lost to a wrong encoding.
BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_COUNT = re.compile(r"count from \d+ to (\d+)\b", re.IGNORECASE)


def last_user_text(body: Mapping[str, JSON]) -> str:
    """
    The text of the last user message, or nothing.
    """
    messages = body.get("messages")
    for message in reversed(messages if isinstance(messages, list) else []):
        if isinstance(message, dict) and message.get("role") == "user":
            content = message.get("content")
            return content if isinstance(content, str) else ""
    return ""


#: By these extensions of vLLM and SGLang a client asks to see the stop sequence.
_SHOWN = ("include_stop_str_in_output", "no_stop_trim")


def stops(s: Subject) -> list[str]:
    """
    The stop sequences of the request, which are not to be seen in the answer.
    """
    if any(s.asked.get(name) is True for name in _SHOWN):
        return []
    stop = s.asked.get("stop")
    given = [stop] if isinstance(stop, str) else as_list(stop)
    return [each for each in given if isinstance(each, str) and each]


def unstopped(s: Subject) -> str:
    """
    The text that the model is told to repeat, whole; nothing when it is not told.
    """
    prompt = last_user_text(s.asked)
    found = _EXACTLY.match(prompt)
    return prompt[found.end() :] if found else ""


def told(s: Subject) -> str:
    """
    The text that the model is told to repeat, up to the first stop sequence in it; nothing when it is not told.
    """
    text = unstopped(s)
    ends = [at for stop in stops(s) if (at := text.find(stop)) >= 0]
    return text[: min(ends)] if ends else text


def said_whole(s: Subject, choice: Choice) -> bool:
    """
    The choice is exactly the text that was told.
    """
    wanted = told(s).strip()
    return bool(wanted) and (choice.content or "").strip() == wanted


def broken_off(s: Subject, choice: Choice) -> bool:
    """
    The text surely goes on: a count has not come to its end, JSON that was asked for is not complete.
    """
    text = (choice.content or "").strip()
    counted = _COUNT.match(last_user_text(s.asked))
    if counted:
        return _counts(text) and counted[1] not in text
    form = as_object(s.asked.get("response_format")).get("type")
    return form in ("json_object", "json_schema") and text.startswith("{") and not strictjson.read_text(text).ok


def _counts(text: str) -> bool:
    """
    A count from 1 and nothing else, whose last number may be cut: not what a model says in place of it.
    """
    numbers = [int(each) for each in re.findall(r"\d{1,9}", text)]
    whole = numbers[:-1] or numbers
    return bool(re.fullmatch(r"[\d\s,]+", text)) and whole == list(range(1, len(whole) + 1))


def spoilt(wanted: str, said: str) -> bool:
    """
    A text is what was wanted but for what a stream does to it: pieces that are lost, doubled or out of their order.

    What a model says in place of it, or puts around it, is not.
    """
    if wanted.strip(_AROUND) == said.strip(_AROUND):
        return False
    lost = not said or (len(wanted) < 2 * len(said) and _within(said, wanted))
    return lost or _doubled(wanted, said) or sorted(wanted) == sorted(said) or _mangled(wanted, said)


def _mangled(wanted: str, said: str) -> bool:
    """
    Characters beyond ASCII are U+FFFD, and all else is as it was wanted.
    """
    return "\ufffd" in said and blotted(wanted) == blotted(said)


def blotted(text: str) -> str:
    """
    The text with U+FFFD for every run of characters beyond ASCII: what a wrong encoding leaves of it.
    """
    return BEYOND_ASCII.sub("\ufffd", text)


def _within(less: str, more: str) -> bool:
    """
    All characters of a text are found in another, in their order.
    """
    left = iter(more)
    return all(each in left for each in less)


def _doubled(wanted: str, said: str) -> bool:
    """
    One piece of the text is said twice in a row.
    """
    more = len(said) - len(wanted)
    same = next(
        (at for at, (a, b) in enumerate(zip(wanted, said, strict=False)) if a != b), min(len(wanted), len(said))
    )
    return (
        0 < more <= same
        and said[same + more :] == wanted[same:]
        and said[same - more : same + more] == 2 * said[same : same + more]
    )
