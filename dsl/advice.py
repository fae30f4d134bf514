"""What to say about a text that cannot be parsed."""

from __future__ import annotations

from typing import Any

from dsl.errors import Diagnostic
from dsl.place import Text


def explain(start: str, text: Text, error: Any) -> Diagnostic:
    """Say in English where reading stopped and what was expected there."""
    at = (
        len(text.value)
        if getattr(error, "token", None) is not None and error.token.type == "$END"
        else error.pos_in_stream
    )
    return Diagnostic("syntax", "this cannot be read here", text.at(at, at + 1))
