"""
``conformance init``: the files with which a project begins to hold an endpoint to its contract.
"""

from __future__ import annotations

import json
import re
from importlib import metadata, resources
from pathlib import Path
from urllib.parse import urlsplit

import click

from conformance import __version__
from conformance.errors import UsageError
from conformance.report import baseline_text

_CI = {
    "github": ("github.yml", ".github/workflows/conformance.yml"),
    "gitlab": ("gitlab.yml", ".gitlab-ci.yml"),
    "jenkins": ("Jenkinsfile", "Jenkinsfile"),
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")

_EPILOG = """\b
Examples:
  conformance init --url https://host/v1 --model m --name acme
  conformance init --ci gitlab
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.option("--url", default="http://127.0.0.1:8000/v1", metavar="URL", help="The base URL, with its /v1.")
@click.option("-m", "--model", default="my-model", metavar="NAME", help="The model to ask.")
@click.option("--name", default="local", metavar="NAME", help="What the target is called.")
@click.option("--api-key-env", "key", default="OPENAI_API_KEY", metavar="NAME", help="The variable that holds the key.")
@click.option(
    "--ci", type=click.Choice([*_CI, "none"]), default="github", help="Whose workflow is written (default: github)."
)
@click.option("--package", default=None, metavar="REQ", help="What pip installs the suite from in CI.")
def command(url: str, model: str, name: str, key: str, ci: str, package: str | None) -> int:
    """
    Write a targets file, an empty baseline and a CI workflow.

    Nothing is asked, and no file is written over.
    """
    _check(url, name, key)
    source = _source() if package is None else package
    if re.search(r"[\s'\"`$\\{}]", source):
        raise UsageError(
            f"{source!r} would need quoting in a workflow\n  Write a path or a URL, as git+https://host/o/n@v1."
        )
    words = {"NAME": name, "URL": json.dumps(url), "MODEL": json.dumps(model), "KEY": key, "VERSION": __version__}
    files = {
        "targets.yaml": _filled("targets.yaml", words),
        "conformance-baseline.yaml": baseline_text.EMPTY,
        ".gitignore": "reports/\n",
    }
    if ci in _CI:
        starter, path = _CI[ci]
        files[path] = _filled(starter, {**words, "PACKAGE": source})
    for path, text in files.items():
        _write(Path(path), text)
    _next(name, ci, source)
    return 0


def _check(url: str, name: str, key: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{url!r} is no http or https URL\n  Give it in full, as https://host/v1.")
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a target\n  Use letters, digits, dots, dashes and underscores.")
    if not _VARIABLE.fullmatch(key):
        raise UsageError(f"{key!r} is no name of an environment variable\n  Name the variable, not the key.")


def _filled(starter: str, words: dict[str, str]) -> str:
    text = (resources.files("conformance.cli") / "starters" / starter).read_text(encoding="utf-8")
    return re.sub(r"@([A-Z]+)@", lambda found: words.get(found[1], found[0]), text)


def _write(path: Path, text: str) -> None:
    if path.exists():
        click.echo(f"kept     {path} (it exists)")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    click.echo(f"written  {path}")


def _source() -> str:
    """
    What this installation came from, where another machine could get it as well; else nothing.
    """
    try:
        stated = json.loads(metadata.distribution("conformance").read_text("direct_url.json") or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        return ""
    commit = stated.get("vcs_info", {}).get("commit_id", "")
    if commit and stated["vcs_info"].get("vcs") == "git":
        return f"git+{stated['url']}@{commit}"
    url = str(stated.get("url", ""))
    return url if url.startswith("https://") else ""


def _next(name: str, ci: str, source: str) -> None:
    click.echo(f"\nNext:\n  conformance doctor --targets targets.yaml --target {name}")
    click.echo(f"  conformance run --targets targets.yaml --target {name}")
    if ci in _CI and not source:
        click.echo(f"  name in {_CI[ci][1]} what pip installs conformance from (CONFORMANCE)")
