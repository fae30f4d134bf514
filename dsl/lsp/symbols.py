"""Where the names of a document are declared, and where each is used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dsl import ast
from dsl.catalogue import catalogue
from dsl.errors import Source, Span
from dsl.lsp import names
from dsl.lsp.analysis import Analysis
from dsl.lsp.walk import expressions
from dsl.read import read_document
from engine.indicators import PRIMITIVES

Scope = tuple[str, str]
EVERYWHERE: Scope = ("", "")


@dataclass(frozen=True, slots=True)
class Symbol:
    """A declared name. kind: let, param, condition, argument or function; scope: (side or `define`, its name)."""

    name: str
    kind: str
    span: Span
    scope: Scope = EVERYWHERE


def declared(document: ast.Document) -> Iterator[Symbol]:
    """Yield every name that a document declares."""
    for name, (key, _) in document.params.items():
        yield Symbol(name, "param", key.span)
    for name, (key, _) in document.lets.items():
        yield Symbol(name, "let", key.span)
    for side in document.sides:
        for name, (key, _) in side.when.items():
            yield Symbol(name, "condition", key.span, ("side", side.side))
    for own, definition in document.defines.items():
        yield Symbol(own, "function", _head(definition.signature.span, own))
        for argument in definition.signature.params:
            yield Symbol(argument.name, "argument", _head(argument.span, argument.name), ("define", own))
        for name, (key, _) in definition.lets.items():
            yield Symbol(name, "let", key.span, ("define", own))


def _head(span: Span, name: str) -> Span:
    return Span(span.source, span.start, span.start + len(name))


def uses(document: ast.Document) -> Iterator[tuple[Symbol, Span]]:
    """Yield every use of a name that the document declares, with what it is."""
    known = {(symbol.scope, symbol.name): symbol for symbol in declared(document)}
    for scope, part in _parts(document):
        for expr in expressions(part):
            symbol: Symbol | None = None
            if isinstance(expr, ast.Name):
                symbol = known.get((scope, expr.name)) or known.get((EVERYWHERE, expr.name))
                span = expr.span
                if symbol is not None and symbol.kind == "function":
                    symbol = None
            elif isinstance(expr, ast.Call):
                symbol = known.get((EVERYWHERE, expr.name))
                span = expr.name_span
                if symbol is not None and symbol.kind != "function":
                    symbol = None
                yield from _named(known, expr)
            if symbol is not None:
                yield symbol, span


def _named(known: dict[tuple[Scope, str], Symbol], call: ast.Call) -> Iterator[tuple[Symbol, Span]]:
    """Yield the arguments that a call of a function of this document gives by name."""
    for argument in call.args:
        symbol = known.get((("define", call.name), argument.name or ""))
        if symbol is not None and symbol.kind == "argument" and argument.name_span is not None:
            yield symbol, argument.name_span


def _parts(document: ast.Document) -> Iterator[tuple[Scope, Any]]:
    yield EVERYWHERE, (document.lets, document.assume, document.universe, document.model)
    for side in document.sides:
        yield ("side", side.side), (side.fire, side.confidence)
        yield EVERYWHERE, (side.when, side.entry, side.stop, side.targets, side.exits, side.trails)
    for name, definition in document.defines.items():
        yield EVERYWHERE, tuple(argument.default for argument in definition.signature.params)
        yield ("define", name), (definition.lets, definition.returns)


def at(document: ast.Document, offset: int) -> tuple[Symbol, Span] | None:
    """Return the declared name at a character, and where it stands there."""
    for symbol in declared(document):
        if symbol.span.start <= offset <= symbol.span.end:
            return symbol, symbol.span
    return next(((s, span) for s, span in uses(document) if span.start <= offset <= span.end), None)


def everywhere(document: ast.Document, symbol: Symbol) -> list[Span]:
    """Return where a name is declared and used, in order of place."""
    spans = [symbol.span, *(span for found, span in uses(document) if found == symbol)]
    return sorted(spans, key=lambda span: span.start)


def definition(analysis: Analysis, offset: int) -> Span | None:
    """Return where the name at a character is declared: here, in a library, or in the standard library."""
    document = analysis.document
    for text, span in document.use:
        if span.start <= offset <= span.end:
            path = analysis.path.parent / text
            return top(path) if path.is_file() else None
    found = at(document, offset)
    if found is not None:
        return found[0].span
    for expr in expressions(document):
        if isinstance(expr, ast.Call) and expr.name_span.start <= offset <= expr.name_span.end:
            return _function(analysis, expr.name)
        if isinstance(expr, ast.Attribute) and isinstance(expr.base, ast.Name):
            library = names.libraries(analysis).get(expr.base.name)
            if library is not None and expr.span.start <= offset <= expr.span.end:
                return _in_library(library, expr.name if offset >= expr.name_span.start else "")
    return None


def _in_library(library: ast.Document, name: str) -> Span:
    for symbol in declared(library):
        if symbol.name == name and symbol.scope == EVERYWHERE:
            return symbol.span
    return library.id_span or library.span


def _function(analysis: Analysis, name: str) -> Span | None:
    """Return where a function is written: its definition, or the declaration of a primitive."""
    library, _, short = name.rpartition(".")
    if library:
        used = names.libraries(analysis).get(library)
        return _in_library(used, short) if used else None
    if name in PRIMITIVES:
        import engine.indicators

        return top(Path(engine.indicators.__file__).parent / f"{name}.py", "PRIMITIVE")
    path = catalogue().folder / f"{name}.yaml"
    if not name.isidentifier() or not path.is_file():
        return None
    document, _ = read_document(path, kind="library")
    return _in_library(document, name)


def top(path: Path, word: str = "") -> Span:
    """Return the beginning of a file, or of the first line in it that begins with a word."""
    source = Source(str(path), path.read_text(encoding="utf-8", errors="replace"))
    start = max(0, source.text.find(f"\n{word}") + 1) if word else 0
    return Span(source, start, start + len(word))
