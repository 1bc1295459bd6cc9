"""
What every page of ours is made with: the template engine, style and script, and the policy that allows nothing else.

Every text goes through ``visible`` and the template engine's escaping.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from conformance import __version__
from conformance.model import Finding, Level, Outcome, Verdict
from conformance.report import labels, links
from conformance.report.text import duration, grouped, line, plural, shorten, visible

if TYPE_CHECKING:
    from jinja2 import Environment

#: Characters beyond which evidence goes beside the page; browsers take larger files badly.
SOFT_CAP = 5 * 1024 * 1024

_POLICY = (
    "default-src 'none'; style-src '{style}'; script-src '{script}'; img-src data:; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


@cache
def environment() -> Environment:
    """
    The template engine, with everything that our templates use.
    """
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.PackageLoader("conformance.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalized,
    )
    made.globals.update(labels=labels, links=links, Outcome=Outcome, Verdict=Verdict, Level=Level)
    made.globals.update(plural=plural, grouped=grouped, duration=duration, distinct=_distinct, suite=__version__)
    made.filters.update(line=line, short=shorten)
    return made


def assets(styles: Sequence[str], scripts: Sequence[str]) -> dict[str, Any]:
    """
    The style, the script and the policy of a page, for its template: our own files joined, allowed by their hashes.
    """
    style = "".join(_asset(name) for name in styles)
    script = '"use strict";\n(() => {\n' + "".join(_asset(name) for name in scripts) + "})();\n"
    policy = _POLICY.format(style=_hash(style), script=_hash(script))
    return {"style": style, "script": script, "policy": policy}


def _finalized(value: Any) -> Any:
    from markupsafe import Markup

    return visible(value, "\n") if isinstance(value, str) and not isinstance(value, Markup) else value


def _distinct(samples: Sequence[tuple[str, int, Finding]]) -> list[tuple[str, int, Finding]]:
    """
    The samples that say something which none before them said.
    """
    first: dict[str, tuple[str, int, Finding]] = {}
    for sample in samples:
        first.setdefault(sample[2].message, sample)
    return list(first.values())


@cache
def _asset(name: str) -> str:
    from importlib.resources import files

    return files("conformance.report").joinpath("templates", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
