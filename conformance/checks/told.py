"""
What a prompt of ours tells the model to say, and whether it was said whole; no rules.

Only prompts that leave the model nothing to choose are read: a text to repeat, numbers to count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from conformance.checks.subject import Subject
from conformance.model import JSON
from conformance.read import strictjson
from conformance.read.chat import Choice
from conformance.read.strictjson import as_list, as_object

_EXACTLY = re.compile(r"(?:reply with exactly|repeat exactly|repeat after me): ?", re.IGNORECASE)
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


def told(s: Subject) -> str:
    """
    The text that the model is told to repeat, up to the first stop sequence in it; nothing when it is not told.
    """
    prompt = last_user_text(s.asked)
    found = _EXACTLY.match(prompt)
    text = prompt[found.end() :] if found else ""
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
    if counted and text[-1:].isalnum() | (text[-1:] == ","):
        return counted[1] not in text
    form = as_object(s.asked.get("response_format")).get("type")
    return form in ("json_object", "json_schema") and text.startswith("{") and not strictjson.read_text(text).ok
