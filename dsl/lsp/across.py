"""Names across files: conditions in the tests beside a strategy, and what the users of a library call of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from dsl import ast
from dsl.document import read_table
from dsl.errors import Source, Span
from dsl.lsp import symbols, tests
from dsl.lsp.analysis import FOLDERS, Analysis
from dsl.lsp.symbols import EVERYWHERE, Symbol
from dsl.lsp.walk import expressions
from dsl.read import read_document

MOST_FILES = 2_000
"""Files that are looked through for users of a library."""


def subject(analysis: Analysis, offset: int) -> tuple[Analysis, Symbol, Span] | None:
    """Return the declared name at a character, with the text that declares it and where it stands here."""
    if analysis.kind == "test":
        return _of_test(analysis, offset)
    if analysis.kind not in ("strategy", "library"):
        return None
    found = symbols.at(analysis.document, offset)
    if found is not None:
        return analysis, *found
    for library, name, span in _uses(analysis.document):
        document = analysis.libraries.get(library)
        if document is None or not span.start <= offset <= span.end:
            continue
        source = document.span.source
        home = Analysis(Path(source.path), source.text, analysis.encoding, texts=analysis.texts)
        symbol = next((s for s in symbols.declared(home.document) if s.name == name and s.scope == EVERYWHERE), None)
        return (home, symbol, span) if symbol is not None else None
    return None


def definition(analysis: Analysis, offset: int) -> Span | None:
    """Return where the name at a character is declared: here, in another file, or in the standard library."""
    if analysis.kind in ("strategy", "library"):
        return symbols.definition(analysis, offset)
    found = subject(analysis, offset)
    if found is not None:
        return found[1].span
    named = next((e for e in analysis.outline.entries if e.path == ("strategy",)), None)
    path = tests.strategy_path(analysis) if analysis.kind == "test" else None
    if path is None or named is None or not named.value_start <= offset <= named.value_start + len(named.value):
        return None
    return symbols.top(path) if path.is_file() else None


def _of_test(analysis: Analysis, offset: int) -> tuple[Analysis, Symbol, Span] | None:
    for side, name, span in tests.verdicts(Source(str(analysis.path), analysis.text)):
        if span.start <= offset <= span.end and (home := tests.strategy(analysis)) is not None:
            for symbol in symbols.declared(home.document):
                mine = symbol.kind == "let" or (symbol.kind == "condition" and side in (None, symbol.scope[1]))
                if symbol.name == name and mine:
                    return home, symbol, span
    return None


def _uses(document: ast.Document) -> Iterator[tuple[str, str, Span]]:
    """Yield (library, name, place of the name) for each name of a library that a document reads or calls."""
    for expr in expressions(document):
        if isinstance(expr, ast.Call) and "." in expr.name:
            library, _, name = expr.name.partition(".")
            place = expr.name_span
            yield library, name, Span(place.source, place.end - len(name), place.end)
        elif isinstance(expr, ast.Attribute) and isinstance(expr.base, ast.Name):
            yield expr.base.name, expr.name, expr.name_span


def everywhere(home: Analysis, symbol: Symbol, texts: Mapping[Path, str]) -> dict[Path, list[Span]]:
    """Return where a name is declared and used, by file, in order of place. `texts`: files as the editor has them."""
    places = {home.path: symbols.everywhere(home.document, symbol)}
    if home.kind == "library" and (symbol.scope == EVERYWHERE or symbol.kind == "argument"):
        places |= _of_users(home, symbol, texts)
    elif symbol.kind in ("condition", "let") and home.kind == "strategy":
        beside = home.path.with_name(f"{home.path.stem}.test.yaml")
        text = tests.text_of(beside, texts)
        spans = _of_tests(Source(str(beside), text), symbol) if text is not None else []
        places |= {beside: spans} if spans else {}
    return places


def here(analysis: Analysis, home: Analysis, symbol: Symbol) -> list[Span]:
    """Return where a name is declared and used in one text."""
    if home is analysis:
        return symbols.everywhere(home.document, symbol)
    if analysis.kind == "test":
        return _of_tests(Source(str(analysis.path), analysis.text), symbol)
    return [*_named(analysis.document, home.document.id or home.path.stem, symbol)]


def _of_tests(source: Source, symbol: Symbol) -> list[Span]:
    """Return where a test file gives the verdict of a name."""
    side = symbol.scope[1] if symbol.kind == "condition" else None
    given = [(of, span) for of, name, span in tests.verdicts(source) if name == symbol.name]
    return sorted((span for of, span in given if of in (None, side) or side is None), key=lambda span: span.start)


def _of_users(home: Analysis, symbol: Symbol, texts: Mapping[Path, str]) -> dict[Path, list[Span]]:
    found = {}
    for path in _candidates(home.path):
        document = _user(path, home.path, texts)
        if document is None:
            continue
        name = home.document.id or home.path.stem
        spans = [*_named(document, name, symbol)]
        if spans:
            found[path] = sorted(spans, key=lambda span: span.start)
    return found


def _named(document: ast.Document, library: str, symbol: Symbol) -> Iterator[Span]:
    if symbol.kind != "argument":
        yield from (span for of, name, span in _uses(document) if (of, name) == (library, symbol.name))
        return
    for expr in expressions(document):
        if isinstance(expr, ast.Call) and expr.name == f"{library}.{symbol.scope[1]}":
            yield from (a.name_span for a in expr.args if a.name == symbol.name and a.name_span is not None)


def _candidates(library: Path) -> Iterator[Path]:
    """Yield the YAML files that may use a library: those beside it, above its folder of libraries, and below them."""
    base = library.parent.parent if library.parent.name in FOLDERS[1:] else library.parent
    seen = 0
    for folder, inner, files in os.walk(base):
        inner[:] = sorted(name for name in inner if not name.startswith(".") and name != "node_modules")
        for name in sorted(files):
            if name.endswith((".yaml", ".yml")) and Path(folder) / name != library:
                seen += 1
                if seen > MOST_FILES:
                    return
                yield Path(folder) / name


def _user(path: Path, library: Path, texts: Mapping[Path, str]) -> ast.Document | None:
    """Return a document that uses a library; None where it does not."""
    text = tests.text_of(path, texts)
    if text is None or "use" not in text or library.name not in text:
        return None
    table, _, _ = read_table(Source(str(path), text))
    if table is None or "use" not in table:
        return None
    document, _ = read_document(text, path=str(path))
    used = any((path.parent / name).resolve() == library.resolve() for name, _ in document.use)
    return document if used else None
