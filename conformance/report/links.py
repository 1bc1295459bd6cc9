"""
Permanent links into the pages: fragments made of ids alone, the same from run to run.
"""

from __future__ import annotations

from urllib.parse import quote

from conformance.report.text import line


def key(name: str) -> str:
    """
    The name by which pages know a case: visible, on one line.
    """
    return line(name)


def case(name: str, target: str = "") -> str:
    """
    The fragment of a case's page: ``#case=openai-chat.plain.short``, with the target where a page shows several.
    """
    made = f"#case={_quoted(key(name))}"
    return f"{made}&target={_quoted(target)}" if target else made


def requirement(name: str) -> str:
    """
    The fragment of everything that is known about a requirement.
    """
    return f"#requirement-{_quoted(name)}"


def finding(signature: str) -> str:
    """
    The fragment of a finding.
    """
    return f"#finding-{_quoted(signature)}"


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="backslashreplace")
