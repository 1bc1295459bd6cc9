"""
Legal peculiarities: what a server may do, so that a suite must keep quiet about it.
"""

from __future__ import annotations

from conformance.reference.faults import legal_answers, legal_servers, legal_streams, legal_vectors
from conformance.reference.faults.fault import Variant

VARIANTS: tuple[Variant, ...] = (
    *legal_servers.VARIANTS,
    *legal_streams.VARIANTS,
    *legal_answers.VARIANTS,
    *legal_vectors.VARIANTS,
)
