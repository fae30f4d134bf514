"""Conditions in a follower's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from templates.figures import readable


def explain(condition: Mapping[str, Any]) -> str:
    """Return what a condition says, with the values under it."""
    values = ", ".join(f"{part['text']} {readable(part['value'])}" for part in condition.get("parts") or ())
    return f"{condition['text']}" + (f" ({values})" if values else "")
