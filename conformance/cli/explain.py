"""
``conformance explain``: what a requirement or a case means, and where it stands.
"""

from __future__ import annotations

import difflib
import json
import shutil
from collections.abc import Iterator

import click

from conformance.cli import shown
from conformance.contract import cases, contracts
from conformance.errors import UsageError
from conformance.model import JSON, Case, Requirement
from conformance.report.cells import wrap

_EPILOG = """\b
Examples:
  conformance explain openai-chat.stream.done
  conformance explain openai-chat.tools.required
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("name", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(name: str, *, as_json: bool) -> int:
    """
    Say what a requirement or a case means, who breaks without it, and where
    it is documented.
    """
    rows = {row.id: row for each in contracts.names() for row in contracts.load(each).requirements.values()}
    known = {case.id: case for each in contracts.names() for case in cases.load_contract(each)}
    if name in rows:
        made: dict[str, JSON] = _requirement(rows[name], known)
    elif name in known:
        made = _case(known[name])
    else:
        near = difflib.get_close_matches(name, [*rows, *known], 3, 0.5)
        hint = f"Did you mean {', '.join(near)}?" if near else "See conformance list requirements."
        raise UsageError(f"there is no requirement and no case {name!r}\n  {hint}")
    if as_json:
        shown.data(made)
    else:
        click.echo("\n".join(_lines(made)))
    return 0


def _requirement(row: Requirement, known: dict[str, Case]) -> dict[str, JSON]:
    named: list[JSON] = [case.id for case in known.values() if case.expect and case.expect.requirement == row.id]
    judged = "nothing: " + row.excluded if row.excluded else ""
    if row.check:
        judged = f"the check {row.check}, on every exchange to which it applies"
    elif row.schema:
        judged = "the schema at " + ", ".join(row.schema)
    elif row.expect:
        judged = "what its cases expect"
    return {
        "requirement": row.id,
        "level": row.level.value,
        "text": row.text,
        "profile": row.profile,
        "breaks": row.breaks,
        "documentation": row.doc,
        "judged by": judged,
        "cases": named,
    }


def _case(case: Case) -> dict[str, JSON]:
    request = case.request
    return {
        "case": case.id,
        "title": case.title,
        "needs": list(case.needs),
        "request": f"{request.method} {request.path}",
        "headers": [f"{header}: {value}" for header, value in request.headers],
        "without": list(request.without),
        "body": request.body if request.raw is None else request.raw.decode(errors="backslashreplace"),
        "expects": _expects(case),
        "continues": case.after or "",
        "compared with": list(case.compare),
        "other wordings": list(case.again),
        "file": f"{case.file}:{case.line}",
    }


def _expects(case: Case) -> str:
    if case.expect is None:
        return "an answer under the rules of the contract" if not case.invalid else "a refusal"
    statuses = " or ".join(str(each) for each in case.expect.status)
    return case.expect.requirement + (f": {statuses}" if statuses else "")


def _lines(made: dict[str, JSON]) -> Iterator[str]:
    width = min(shutil.get_terminal_size().columns, 100)
    for name, value in made.items():
        if value in ("", [], None):
            continue
        text = value if isinstance(value, str) else ""
        if isinstance(value, list):
            text = ", ".join(str(each) for each in value[:20]) + (", ..." if len(value) > 20 else "")
        elif not isinstance(value, str):
            text = json.dumps(value, ensure_ascii=False)
        first, *rest = wrap(text, width, " " * 15) or [""]
        yield f"{name:<14} {first.strip()}"
        yield from rest
