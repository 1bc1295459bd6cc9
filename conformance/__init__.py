"""
A contract conformance suite for LLM HTTP APIs.
"""

__version__ = "0.1.0"
