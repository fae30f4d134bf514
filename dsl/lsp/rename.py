"""Rename a let, param, condition, argument or function wherever the document names it."""

from __future__ import annotations

from pathlib import Path

from dsl.check.names import SERIES, reserved
from dsl.document import Listing, Node, Scalar, Table, read_table
from dsl.errors import Span
from dsl.expressions import RESERVED
from dsl.lsp import symbols
from dsl.lsp.analysis import Analysis


class Refused(Exception):
    """A rename that cannot be done; the message says why."""


def prepare(analysis: Analysis, offset: int) -> Span:
    """Return the name at a character, which can be renamed. Raises Refused."""
    found = symbols.at(analysis.document, offset) if analysis.kind in ("strategy", "library") else None
    if found is None:
        raise Refused("only lets, params, conditions, and the functions and arguments of this file can be renamed")
    return found[1]


def rename(analysis: Analysis, offset: int, name: str) -> dict[Path, list[Span]]:
    """Return every place, by file, where the name at a character is to be replaced. Raises Refused."""
    prepare(analysis, offset)
    document = analysis.document
    found = symbols.at(document, offset)
    assert found is not None
    symbol = found[0]
    if not (name.isascii() and name.isidentifier() and name == name.lower()) or name.startswith("_"):
        raise Refused("a name has lower-case letters, digits and `_`, and begins with a letter")
    if name in RESERVED or (symbol.kind != "function" and name in reserved(SERIES)):
        raise Refused(f"`{name}` is a name of the language")
    scopes = {symbol.scope, symbols.EVERYWHERE}
    if symbol.scope == symbols.EVERYWHERE and symbol.kind != "function":
        scopes |= {other.scope for other in symbols.declared(document)}
    for other in symbols.declared(document):
        same_kind = (other.kind == "function") == (symbol.kind == "function")
        if other.name == name and other != symbol and same_kind and other.scope in scopes:
            raise Refused(f"`{name}` is already a {other.kind} here")
    if any(finding.name in ("syntax", "yaml-syntax") for finding in analysis.mistakes):
        raise Refused("mend the syntax errors first: names in a sentence that cannot be read would be missed")
    places = {analysis.path: symbols.everywhere(document, symbol)}
    if symbol.kind == "condition":
        places |= _in_tests(analysis.path, symbol)
    return places


def _in_tests(path: Path, symbol: symbols.Symbol) -> dict[Path, list[Span]]:
    """Return where the test file beside a strategy gives the verdict of a condition by name."""
    beside = path.with_name(f"{path.stem}.test.yaml")
    if not beside.is_file():
        return {}
    table, _, _ = read_table(beside)
    spans = [*_verdicts(table, symbol)] if table is not None else []
    return {beside: spans} if spans else {}


def _verdicts(node: Node, symbol: symbols.Symbol) -> list[Span]:
    if isinstance(node, Listing):
        return [span for item in node.items for span in _verdicts(item, symbol)]
    if not isinstance(node, Table):
        return []
    side, verdicts = node.get("side"), node.get("when")
    spans = [span for entry in node.entries.values() for span in _verdicts(entry.value, symbol)]
    if isinstance(verdicts, Table) and symbol.name in verdicts:
        mine = not isinstance(side, Scalar) or side.value == symbol.scope[1]
        spans += [verdicts.entries[symbol.name].key.span] if mine else []
    return spans
