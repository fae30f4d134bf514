"""The parser that lark makes of `grammar.lark`.

Its tables are kept in the user's cache folder under a name that changes with the grammar, so that a command need not
build them again.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from dsl.cache import keep, kept

if TYPE_CHECKING:
    from lark import Lark

STARTS = (
    "expr", "condition", "param", "stop", "target", "entry", "exit", "trail", "cooldown", "duration", "schedule",
    "gaps", "label", "bounds", "signature",
)  # fmt: skip


@lru_cache(maxsize=1)
def grammar() -> Lark:
    """Return the parser: from the cache folder if it is there, else built from the grammar (and kept)."""
    import lark

    text = (Path(__file__).parent / "grammar.lark").read_text(encoding="utf-8")
    made_from = f"{lark.__version__} {' '.join(STARTS)}\n{text}"
    known = kept("grammar", made_from, lark.Lark.load)
    if known is not None:
        return known
    built = lark.Lark(
        text, parser="lalr", lexer="contextual", start=list(STARTS), propagate_positions=True, maybe_placeholders=True
    )
    keep("grammar", made_from, built.save)
    return built
