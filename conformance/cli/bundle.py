"""
``conformance bundle``: a finished run as an archive that somebody else can verify.
"""

from __future__ import annotations

import re
from pathlib import Path

import click

from conformance import certify, runs
from conformance.capture.redaction import write_guarded
from conformance.errors import UsageError
from conformance.report import bundle, labels
from conformance.report.statement import VALID_DAYS, Issuer

_EPILOG = """\b
Examples:
  conformance run --targets targets.yaml --target acme -o reports/certify
  conformance bundle reports/certify --organization "Acme Inc." --contact api@acme.test

\b
Signing is left to tools made for it:
  cosign sign-blob --bundle acme.sigstore.json bundle-acme-2026-11-25.tar
  gpg --armor --detach-sign bundle-acme-2026-11-25.tar
"""

_BRANCHES = re.compile(
    r"(refs/.*|heads/.*|main|master|trunk|develop|dev|head|latest|nightly|stable|edge)", re.IGNORECASE
)


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--set", "names", multiple=True, metavar="SET", help="A frozen requirement set (default: the newest).")
@click.option("--organization", default="", metavar="NAME", help="Who makes the statement.")
@click.option("--project", default="", metavar="NAME", help="The product.")
@click.option("--url", default="", metavar="URL", help="Where the product is described.")
@click.option("--product-version", "version", default="", metavar="V", help="Its version; no branch.")
@click.option("--contact", default="", metavar="ADDRESS", help="Whom to ask.")
@click.option(
    "--valid-days",
    default=VALID_DAYS,
    type=click.IntRange(1, certify.MOST_DAYS),
    metavar="N",
    help=f"For how long the observation is worth something (default: {VALID_DAYS}).",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="The archive to write.")
def command(
    folder: Path,
    names: tuple[str, ...],
    organization: str,
    project: str,
    url: str,
    version: str,
    contact: str,
    valid_days: int,
    output: Path | None,
) -> int:
    """
    Bundle a finished run: statement, recording, results, report, checksums.

    The run must be whole: no filter, no baseline, nothing lost, no MUST that
    held only sometimes.  The statement is self-tested: whoever runs this makes
    it, and signs it with a tool of their own.
    """
    if _BRANCHES.fullmatch(version):
        raise UsageError(
            f"{version!r} is a branch, and a statement is about one version\n  Name a release or a commit."
        )
    issuer = Issuer(organization=organization, project=project, url=url, version=version, contact=contact)
    data = certify.make(folder, names=names, issuer=issuer, valid_days=valid_days)
    made = certify.verify(data)
    name = f"bundle-{runs.plain(made.card.run.target)}-{made.card.run.ended[:10]}.tar"
    path = output or Path(name)
    if path.exists():
        raise UsageError(f"{path} exists\n  Name another file with -o, or remove it.")
    write_guarded(path, data, ())
    click.echo(f"{path}: {labels.headline(made.card)} (self-tested, valid until {made.valid_until})")
    click.echo(f"sha256:{bundle.digest(data)}")
    return 0
