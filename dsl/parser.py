"""Text -> expressions and sentences of dsl.ast, or findings with a place.

The grammar is `grammar.lark`. lark is imported when the first text is parsed, and its tables are kept in the
user's cache folder under a name that changes with the grammar.
"""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dsl import ast
from dsl.errors import Diagnostic, Source
from dsl.place import Text

if TYPE_CHECKING:
    from lark import Lark

STARTS = (
    "expr", "condition", "param", "stop", "target", "entry", "exit", "trail", "cooldown", "duration", "schedule",
    "gaps", "label", "bounds", "signature",
)  # fmt: skip
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
        tree = grammar().parse(text.value, start=start)
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


def _too_deep(tree: Any) -> Any:
    """Return a tree below MAX_DEPTH levels, or None."""
    level, depth = [tree], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            return level[0]
        level = [child for node in level for child in node.children if hasattr(child, "meta")]
    return None


@lru_cache(maxsize=1)
def grammar() -> Lark:
    """Return the parser: from the cache folder if it is there, else built from the grammar (and kept)."""
    from lark import Lark

    text = (Path(__file__).parent / "grammar.lark").read_text(encoding="utf-8")
    path = _cache_path(text)
    if path is not None and (known := _load(path)) is not None:
        return known
    built = Lark(
        text, parser="lalr", lexer="contextual", start=list(STARTS), propagate_positions=True, maybe_placeholders=True
    )
    if path is not None:
        _keep(built, path)
    return built


def _cache_path(text: str) -> Path | None:
    """Return where the tables of this grammar are kept, in a folder that only this user can write; None: nowhere."""
    import hashlib

    import lark
    from platformdirs import user_cache_path

    version = f"{lark.__version__} {sys.version_info[:2]} {' '.join(STARTS)}"
    name = hashlib.sha256(f"{version}\n{text}".encode()).hexdigest()[:24]
    folder = user_cache_path("signal-engine") / "grammar"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError:
        return None
    if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
        return None
    return folder / f"{name}.tables"


def _load(path: Path) -> Lark | None:
    import pickle

    from lark import Lark

    try:
        with path.open("rb") as file:
            return Lark.load(file)
    except (OSError, pickle.PickleError, EOFError, ValueError, KeyError, AttributeError, TypeError, ImportError):
        return None


def _keep(built: Lark, path: Path) -> None:
    """Write the tables beside and move them into place, so that nobody reads half a file."""
    import tempfile

    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            built.save(file)
        os.replace(file.name, path)
    except OSError:
        return
