"""
Whom to ask, for every entry point: targets of a file, and the bundled reference provider when nobody names another.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.capture import targets
from conformance.capture.secret import Secret
from conformance.capture.target import Target
from conformance.contract import strictyaml
from conformance.errors import FileError

#: Where targets are looked for when one is named and no file.
TARGETS = "targets.yaml"
#: The provider demands a key, so that requests without one can be tried; it opens nothing.
_KEY = "reference-key-of-no-value"


def from_file(path: Path) -> targets.Targets:
    """
    A targets file, checked; raises ``FileError`` with the line of what is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        hint = "Name another; conformance schema targets says what stands in one."
        raise FileError(
            str(path), 0, f"cannot be read: {getattr(problem, 'strerror', None) or problem}", hint
        ) from None
    document = strictyaml.read(text, str(path))
    return targets.from_mapping(document.value, document.line, str(path), os.environ)


#: What reports call the bundled reference provider.
LABEL = "the bundled reference provider"


@contextmanager
def bundled() -> Iterator[Target]:
    """
    The reference provider on a free loopback port for the length of a block.
    """
    # Here and not above, for the provider's libraries take longer to load than most commands run.
    from conformance.reference import server

    with server.running(api_key=_KEY) as provider:
        yield bundled_at(provider.url)


def bundled_at(url: str) -> Target:
    """
    The target for a reference provider that runs already, in this process or in another.
    """
    from conformance.reference import app

    return Target(
        name="reference",
        label=LABEL,
        base_url=url,
        model=app.MODEL,
        key=Secret(_KEY),
        claims=app.CLAIMS,
        models={"openai-embeddings": app.EMBEDDING_MODEL},
        contracts=("openai-chat", "openai-models", "openai-embeddings"),
    )
