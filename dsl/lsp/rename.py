"""Rename a let, param, condition, argument or function wherever it is named: here, in tests, in users of a library."""

from __future__ import annotations

from pathlib import Path

from dsl.check.names import SERIES, reserved
from dsl.errors import Span
from dsl.expressions import RESERVED
from dsl.lsp import across, symbols
from dsl.lsp.analysis import Analysis


class Refused(Exception):
    """A rename that cannot be done; the message says why."""


def prepare(analysis: Analysis, offset: int) -> Span:
    """Return the name at a character, which can be renamed. Raises Refused."""
    return _subject(analysis, offset)[2]


def _subject(analysis: Analysis, offset: int) -> tuple[Analysis, symbols.Symbol, Span]:
    found = across.subject(analysis, offset)
    if found is None:
        raise Refused("only lets, params, conditions, functions of a file of yours and their arguments can be renamed")
    return found


def rename(analysis: Analysis, offset: int, name: str) -> dict[Path, list[Span]]:
    """Return every place, by file, where the name at a character is to be replaced. Raises Refused."""
    home, symbol, _ = _subject(analysis, offset)
    if not (name.isascii() and name.isidentifier() and name == name.lower()) or name.startswith("_"):
        raise Refused("a name has lower-case letters, digits and `_`, and begins with a letter")
    if name in RESERVED or (symbol.kind != "function" and name in reserved(SERIES)):
        raise Refused(f"`{name}` is a name of the language")
    scopes = {symbol.scope, symbols.EVERYWHERE}
    if symbol.scope == symbols.EVERYWHERE and symbol.kind != "function":
        scopes |= {other.scope for other in symbols.declared(home.document)}
    for other in symbols.declared(home.document):
        same_kind = (other.kind == "function") == (symbol.kind == "function")
        if other.name == name and other != symbol and same_kind and other.scope in scopes:
            raise Refused(f"`{name}` is already a {other.kind} here")
    for text in {home.path: home, analysis.path: analysis}.values():
        if any(finding.name in ("syntax", "yaml-syntax") for finding in text.mistakes):
            raise Refused("mend the syntax errors first: names in a sentence that cannot be read would be missed")
    return across.everywhere(home, symbol, analysis.texts)
