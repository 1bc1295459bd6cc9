"""
An endpoint for the tests of the pytest plugin: the last message says what it is to do, and it notes what was asked.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.metadata
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.capture_servers import plain, serving
from tests.specimens import GONE, completion, edit

# pytester forgets what a run within this process imported, and the same module a second time is another; not these.
for _name in (
    "anyio._backends._asyncio",
    "httpcore._backends.anyio",
    "conformance.capture.live",
    "conformance.pytest_plugin.awake",
    "conformance.pytest_plugin.judging",
    "conformance.reference.app",
    "conformance.reference.server",
):
    importlib.import_module(_name)

KEY = "sk-plugin-canary-0123456789"
ROOT = Path(__file__).parents[1]

_ENTRY = {each.name for each in importlib.metadata.entry_points(group="pytest11")}
_NAMED = () if "conformance" in _ENTRY else ("-p", "conformance.pytest_plugin")
#: How pytest is told of the plugin (not at all, where it is installed), and not to inherit our own warning filters.
# Hypothesis is imported anew by every run, which takes longer than the run itself; the order of items is what some tests are about.
PLUGIN = (
    *_NAMED,
    "-p",
    "no:hypothesispytest",
    "-p",
    "no:randomly",
    "-W",
    "default",
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
)

#: What a word in the message makes of a good completion.
EDITS: dict[str, tuple[str, Any]] = {
    "no id": ("/id", GONE),
    "no object": ("/object", GONE),
    "no refusal": ("/choices/0/message/refusal", GONE),
    "hostile": ("/object", "<script>alert(1)</script>\x1b[31m\u202e"),
}
#: What it refuses, and with which status.
REFUSALS = {"refuse": 400, "forbid": 401}

TOOLS = "tools: [{type: function, function: {name: f, parameters: {}}}], "


@dataclass
class Log:
    """
    What was asked, in the order in which it came; every answer takes ``seconds``.
    """

    url: str = ""
    seconds: float = 0.0
    said: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    @property
    def arguments(self) -> tuple[str, ...]:
        """
        The options that name the endpoint.
        """
        return (*PLUGIN, "--conformance-url", self.url, "--conformance-model", "m")

    @property
    def asked(self) -> list[str]:
        """
        What was asked besides the first small request.
        """
        return [each for each in self.said if each != "Say ok."]


@contextmanager
def endpoint(seconds: float = 0.0) -> Iterator[Log]:
    """
    The endpoint for the length of a block.
    """
    log = Log(seconds=seconds)

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        say = json.loads(body)["messages"][-1]["content"]
        log.said.append(say)
        log.keys |= {line[15:].decode() for line in head.split(b"\r\n") if line.lower().startswith(b"authorization")}
        await asyncio.sleep(log.seconds)
        writer.write(_reply(say, request))

    with serving(answer) as url:
        log.url = url
        yield log


def _reply(say: str, request: bytes) -> bytes:
    if say in REFUSALS:
        error = {"message": "No.", "type": "invalid_request_error", "param": "tools", "code": None}
        return plain(json.dumps({"error": error}).encode(), f"{REFUSALS[say]} Refused")
    made = completion()
    if "echo" in say:
        made = edit(made, "/object", request.decode())
    for word, (pointer, value) in EDITS.items():
        if word in say:
            made = edit(made, pointer, value)
    return plain(json.dumps(made).encode())


def file(*rows: str, feature: str = "mine") -> str:
    """
    A case file: each row is ``name: message``, and after a bar what else the case has.
    """
    lines = ["contract: openai-chat", f"feature: {feature}", "cases:"]
    for row in rows:
        head, _, more = row.partition(" | ")
        name, _, say = head.partition(": ")
        body = f'{{model: "${{model}}", messages: [{{role: user, content: "{say}"}}]}}'
        rest = f", {more}" if more else ""
        lines.append(f"  - {{id: openai-chat.{name}, title: About {name}., request: {{body: {body}}}{rest}}}")
    return "\n".join(lines) + "\n"
