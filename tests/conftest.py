"""
How properties are searched: the same examples in every run, unless one asks for more of them by
``--hypothesis-profile=long``.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "same",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("long", settings.get_profile("same"), derandomize=False, max_examples=20_000)
settings.load_profile("same")
