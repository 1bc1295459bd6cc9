"""
The command line: ``conformance VERB``.  Argument handling only; what a verb does is done by the layers below.

A verb's module is imported when the verb is used, so that ``conformance --help`` starts fast.
"""

from __future__ import annotations

import difflib
import gc
import importlib
import sys
import traceback
from typing import Any

import click

from conformance import __version__
from conformance.errors import ConformanceError

#: Every verb with its module and its line of help, in the order of ``--help``.
VERBS = {
    "run": ("conformance.cli.run", "Ask an endpoint and judge what it answers."),
    "check": ("conformance.cli.check", "Judge recorded traffic offline: recordings, HAR, VCR, JSON lines."),
    "doctor": ("conformance.cli.doctor", "Look at an endpoint step by step before any verdict."),
    "compare": ("conformance.cli.compare", "Put several runs side by side in one matrix."),
    "gate": ("conformance.cli.gate", "Hold finished runs against a baseline of known violations."),
    "diff": ("conformance.cli.diff", "Say what changed between two runs or two targets."),
    "baseline": ("conformance.cli.baseline", "Write, prune and check the file of known violations."),
    "report": ("conformance.cli.report", "Write the reports of earlier runs again."),
    "list": ("conformance.cli.listing", "List cases, requirements, profiles, targets, contracts."),
    "explain": ("conformance.cli.explain", "Say what a requirement or a case means, and where it stands."),
    "replay": ("conformance.cli.replay", "Ask one case again, and say what changed."),
    "pin": ("conformance.cli.pin", "Write a case that was found as a case file."),
    "bundle": ("conformance.cli.bundle", "Bundle a finished run, so that somebody else can verify it."),
    "verify": ("conformance.cli.verify", "Verify a bundle: judge its recording again, believe nothing else."),
    "serve": ("conformance.cli.serve", "Serve the bundled reference provider."),
    "init": ("conformance.cli.init", "Write a targets file, an empty baseline and a CI workflow."),
    "schema": ("conformance.cli.schema", "Print the JSON Schema of one of our formats."),
}

_EPILOG = """\b
Examples:
  conformance run                                   the bundled reference provider
  OPENAI_API_KEY=... conformance run https://host/v1 --model m
  conformance check traffic.har                     judge what was recorded
  conformance explain openai-chat.stream.done
"""


class Verbs(click.Group):
    """
    A group whose commands are imported when they are used.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """
        The verbs, in their order.
        """
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """
        The command of a verb: ``command`` in its module.
        """
        del ctx
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(VERBS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """
        As click does, with the nearest verb for one that does not exist.
        """
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in VERBS:
            near = difflib.get_close_matches(name, VERBS, 1)
            hint = f" Did you mean {near[0]}?" if near else " See conformance --help."
            ctx.fail(f"there is no command {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """
        The verbs with their help, without importing any.
        """
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in VERBS.items()])


@click.group(cls=Verbs, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="conformance")
def cli() -> None:
    """
    Say with evidence whether an LLM endpoint keeps the contract its documentation promises.
    """


def _trace(problem: Exception) -> str:
    """
    Keep the stack trace of a bug of ours in a file that nobody else may read, and say which.
    """
    import tempfile

    with tempfile.NamedTemporaryFile("w", prefix="conformance-", suffix=".txt", delete=False, encoding="utf-8") as file:
        file.write("".join(traceback.format_exception(problem)))
    return file.name


def collect_less() -> None:
    """
    Let the garbage collector look less often: a run keeps what it hears, and walking that again and again finds nothing.
    """
    gc.set_threshold(100_000, 20, 20)


def main(arguments: list[str] | None = None) -> int:
    """
    Run a command and give its exit code; every mistake of ours or of the user's ends in words.

    Codes: 0 conforms, 1 violated, 2 usage, 3 no verdict, 4 stale baseline, 5 nothing tested, 70 our bug, 130 interrupted.
    """
    collect_less()
    try:
        code: Any = cli.main(arguments, prog_name="conformance", standalone_mode=False)
    except click.ClickException as problem:
        problem.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return 130
    except ConformanceError as problem:
        click.echo(f"conformance: {problem}", err=True)
        return problem.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 141
    except Exception as problem:  # noqa: BLE001  Whatever else is raised is our bug, and must not look like a verdict.
        path = _trace(problem)
        click.echo(f"conformance: {type(problem).__name__}: {problem}", err=True)
        click.echo(f"  This is a bug in conformance, not in the endpoint; please report it with {path}.", err=True)
        return 70
    return code if isinstance(code, int) else 0
