"""Text -> expressions and sentences of dsl.ast, or findings with a place.

lark is imported when the first text is parsed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from dsl import ast
from dsl.errors import Diagnostic, Source
from dsl.grammar import STARTS, grammar
from dsl.place import Text

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "STARTS", "parse", "parse_expression"]

MAX_LENGTH = 4_000
MAX_DEPTH = 100


def parse_expression(text: str | Text, path: str = "<expression>") -> tuple[ast.Expr | None, list[Diagnostic]]:
    """Read one expression: a bare string, or a scalar's text with its place in a file."""
    return parse("expr", text if isinstance(text, Text) else Text.of(Source(path, text)))


def parse(start: str, text: Text) -> tuple[Any, list[Diagnostic]]:
    """Read `text` as the sentence `start` of the grammar.

    Returns what dsl.ast has for it, or None when it cannot be read; findings of either kind in order of place.
    """
    from lark.exceptions import UnexpectedInput

    from dsl.advice import explain
    from dsl.sentences import Sentences

    if len(text.value) > MAX_LENGTH:
        message = f"this text has {len(text.value):,} characters; more than {MAX_LENGTH:,} are not read"
        return None, [Diagnostic("syntax", message, text.at(0, 1), help="name its parts under `let:`")]
    try:
        tree = _tree(start, text.value)
    except UnexpectedInput as error:
        return None, [explain(start, text, error)]
    deep = _too_deep(tree)
    if deep is not None:
        message = f"this expression is nested more than {MAX_DEPTH} deep"
        span = text.at(deep.meta.start_pos, deep.meta.end_pos)
        return None, [Diagnostic("syntax", message, span, help="name its parts under `let:`")]
    found: list[Diagnostic] = []
    result = Sentences(text, found).build(tree)
    return result, sorted(found, key=lambda finding: finding.span.start)


@lru_cache(maxsize=4096)
def _tree(start: str, value: str) -> Any:
    """Return lark's tree of a text, which nobody changes; strategies say much of the same in the same words."""
    return grammar().parse(value, start=start)


def _too_deep(tree: Any) -> Any:
    """Return a tree below MAX_DEPTH levels, or None."""
    level, depth = [tree], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            return level[0]
        level = [child for node in level for child in node.children if hasattr(child, "meta")]
    return None
