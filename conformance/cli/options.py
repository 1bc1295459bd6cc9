"""
The options that say whom to ask, shared by the verbs that ask somebody.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from conformance import whom as who
from conformance.capture import targets as target_files
from conformance.capture.amounts import per_second, timeouts
from conformance.capture.secret import Secret
from conformance.capture.target import Target
from conformance.errors import UsageError

_Command = TypeVar("_Command", bound=Callable[..., Any])


def whom(command: _Command) -> _Command:
    """
    The options of a command that asks a target; they arrive as ``url, targets, target, group, model, ...``.
    """
    options = [
        click.argument("url", required=False, metavar="[URL]"),
        click.option(
            "--targets", metavar="FILE", help=f"Targets file (default: {who.TARGETS}, when a target is named)."
        ),
        click.option("-t", "--target", multiple=True, metavar="NAME", help="A target of the targets file; repeatable."),
        click.option("-g", "--group", metavar="NAME", help="A group of the targets file."),
        click.option("-m", "--model", metavar="NAME", help="The model to ask."),
        click.option("--claims", metavar="A,B", help="The features that the target says it has (default: undeclared)."),
        click.option("--api-key-env", metavar="NAME", help="Environment variable that holds the key."),
        click.option("--api-key-file", metavar="FILE", help="File that holds the key; - for standard input."),
        click.option("--api-key", hidden=True, expose_value=False, callback=_no_key_value),
        click.option("-j", "--jobs", type=click.IntRange(1, 512), metavar="N", help="Requests in flight (default: 8)."),
        click.option("--rate", metavar="R", help="Requests that start, as 60/m or 2/s (default: no limit)."),
        click.option("--timeout", metavar="S", help="Seconds until an answer must begin, as 60s (default: 60s)."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _no_key_value(_: click.Context, __: click.Parameter, value: str | None) -> None:
    if value is not None:
        raise UsageError(
            "a key on the command line stays in the shell's history and in process lists\n"
            "  export OPENAI_API_KEY=…, or use --api-key-env NAME or --api-key-file FILE."
        )


@contextmanager
def chosen(
    *,
    url: str | None,
    targets: str | None,
    target: tuple[str, ...],
    group: str | None,
    model: str | None,
    claims: str | None,
    api_key_env: str | None,
    api_key_file: str | None,
    jobs: int | None,
    rate: str | None,
    timeout: str | None,
) -> Iterator[tuple[Target, ...]]:
    """
    The targets that the options name, for the length of a block: the bundled reference provider where they name none.

    Raises ``UsageError`` or ``FileError`` for what does not fit.
    """
    key = _key(api_key_env, api_key_file)
    found = _from_file(targets, target, group, url)
    if not found:
        single = target_files.from_environment(os.environ, url=url, model=model or "", key=key)
        found = () if single is None else (single,)
    changes = _changes(model, claims, key, jobs, rate, timeout)
    if found:
        yield tuple(_checked(replace(each, **changes)) for each in found)
        return
    changes.pop("key", None)
    with who.bundled() as reference:
        yield (replace(reference, **changes),)


def one(found: tuple[Target, ...]) -> Target:
    """
    The only target; raises ``UsageError`` when there are several.
    """
    if len(found) > 1:
        raise UsageError(f"{len(found)} targets are named, and this asks one\n  Name one with --target.")
    return found[0]


def _from_file(path: str | None, names: tuple[str, ...], group: str | None, url: str | None) -> tuple[Target, ...]:
    if not (path or names or group):
        return ()
    if url:
        raise UsageError("a URL and a target of a file are both named\n  Leave one of them out.")
    known = who.from_file(Path(path or who.TARGETS))
    if not (names or group):
        names = tuple(known.entries)
    return known.choose(names, group)


def _key(env: str | None, file: str | None) -> Secret | None:
    if env and file:
        raise UsageError("--api-key-env and --api-key-file are both given\n  Leave one of them out.")
    if file == "-":
        value = sys.stdin.read().strip()
        if not value:
            raise UsageError("standard input holds no key")
        return Secret(value)
    return target_files.found_key(os.environ, env=env, file=file) if env or file else None


def _changes(
    model: str | None, claims: str | None, key: Secret | None, jobs: int | None, rate: str | None, timeout: str | None
) -> dict[str, Any]:
    names = None if claims is None else tuple(each.strip() for each in claims.split(",") if each.strip())
    given = {
        "model": model,
        "claims": names,
        "key": key,
        "concurrency": jobs,
        "rate": per_second(rate) if rate else None,
        "timeouts": timeouts(timeout) if timeout else None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _checked(target: Target) -> Target:
    if not target.model:
        raise UsageError(
            f"no model is named for {target.base_url}\n  Name one with --model; conformance doctor lists what it has."
        )
    return target
