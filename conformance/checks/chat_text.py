"""
Rules of text that passes through the server: what goes in as UTF-8 comes out as it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from conformance.checks.registry import check
from conformance.checks.subject import Subject, answered
from conformance.checks.told import BEYOND_ASCII, last_user_text
from conformance.model import Evidence, Finding
from conformance.read.chat import Choice


def _garbled(text: str) -> list[str]:
    """
    What a text becomes when its UTF-8 is read as Latin-1 or as Windows-1252.
    """
    raw = text.encode("utf-8", "replace")
    return [raw.decode("latin-1"), raw.decode("cp1252", "ignore")]


def _written(choice: Choice) -> Iterator[tuple[str, str]]:
    yield f"/choices/{choice.index}/message/content", choice.content or ""
    for number, call in enumerate(choice.tool_calls):
        value = call.arguments_value.value
        text = call.arguments if value is None else json.dumps(value, ensure_ascii=False)
        yield f"/choices/{choice.index}/message/tool_calls/{number}/function/arguments", text


@check(
    "openai-chat.unicode.mojibake",
    when=lambda s: answered(s) and BEYOND_ASCII.search(last_user_text(s.asked)) is not None,
    shows=Evidence.REQUEST | Evidence.VALUES,
)
def decodes_once(s: Subject) -> Iterator[Finding]:
    """
    The prompt's words do not come back with their UTF-8 read as another encoding.
    """
    prompt = last_user_text(s.asked)
    for choice in s.completion.choices:
        for where, text in _written(choice):
            for word in set(BEYOND_ASCII.findall(prompt)):
                found = next((each for each in _garbled(word) if each not in prompt and each in text), None)
                if found is not None and len(found) > 1:
                    yield Finding(expected=repr(word[:40]), observed=repr(found[:40]), where=where)
                    return
