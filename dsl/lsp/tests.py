"""Findings of a test file, as it stands in the editor."""

from __future__ import annotations

from pathlib import Path

from dsl.errors import Diagnostic
from dsl.testing.cases import read_suite


def examine(path: Path, text: str) -> list[Diagnostic]:
    """Return what is wrong with a test file."""
    return read_suite(path, text)[1]
