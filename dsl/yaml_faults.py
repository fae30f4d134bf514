"""What a YAML parser complains about, in the words of someone who writes strategies."""

from __future__ import annotations

import re
from typing import Any

from dsl.errors import Diagnostic, Source, Span


def explain(source: Source, error: Any) -> Diagnostic:
    """Turn the error of the C parser into a finding; the slower parser in Python is asked for its clearer words."""
    import yaml

    try:
        for _ in yaml.parse(source.text, Loader=yaml.SafeLoader):
            pass
    except yaml.YAMLError as clearer:
        error = clearer
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    at = min(mark.index if mark is not None else 0, len(source.text))
    problem = str(getattr(error, "problem", "") or error).split("\n")[0]
    return _finding(source, at, problem, error)


def _finding(source: Source, at: int, problem: str, error: Any) -> Diagnostic:
    return Diagnostic("yaml-syntax", problem, Span(source, at, min(at + 1, len(source.text))))
