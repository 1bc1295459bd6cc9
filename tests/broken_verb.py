"""
A verb of the command line with a bug.
"""

from __future__ import annotations

import click


@click.command()
def command() -> int:
    """
    Divide by nothing.
    """
    return 1 // 0
