"""
Every rule of every contract; importing the package fills the registry.
"""

from conformance.checks import (
    chat_audio,
    chat_created,
    chat_equivalence,
    chat_finish,
    chat_functions,
    chat_isolation,
    chat_logprobs,
    chat_message,
    chat_stream,
    chat_structured,
    chat_text,
    chat_tool_arguments,
    chat_tool_choice,
    chat_tools,
    chat_usage,
    failure,
    http,
    json_text,
    stream,
    stream_end,
)
from conformance.checks.registry import REGISTRY, Check
from conformance.checks.subject import Subject

__all__ = [
    "REGISTRY",
    "Check",
    "Subject",
    "chat_audio",
    "chat_created",
    "chat_equivalence",
    "chat_finish",
    "chat_functions",
    "chat_isolation",
    "chat_logprobs",
    "chat_message",
    "chat_stream",
    "chat_structured",
    "chat_text",
    "chat_tool_arguments",
    "chat_tool_choice",
    "chat_tools",
    "chat_usage",
    "failure",
    "http",
    "json_text",
    "stream",
    "stream_end",
]
