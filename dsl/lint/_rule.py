"""What a lint rule is, what it looks at, and how it walks a document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass

from dsl import ast
from dsl.check.checked import Checked
from dsl.check.terms import Term
from dsl.errors import Diagnostic, Severity


@dataclass(frozen=True, slots=True)
class Subject:
    """A document, and what the checker made of it: None where it has mistakes, or is a library."""

    document: ast.Document
    checked: Checked | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its `name` in findings (the file's name with hyphens), its `group`, and what it finds."""

    name: str
    group: str
    about: str
    find: Callable[[Subject], Iterator[Diagnostic]]
    severity: Severity = Severity.WARNING


def expressions(document: ast.Document) -> Iterator[ast.Expr]:
    """Yield every expression of a document with all expressions under it, outermost first."""
    yield from _under(document)


def _under(given: object) -> Iterator[ast.Expr]:
    if isinstance(given, ast.Expr):
        yield given
    if is_dataclass(given) and not isinstance(given, type):
        for field in fields(given):
            if field.name not in ("span", "source"):
                yield from _under(getattr(given, field.name))
    elif isinstance(given, dict):
        for value in given.values():
            yield from _under(value)
    elif isinstance(given, tuple):
        for item in given:
            yield from _under(item)


def within(given: object) -> Iterator[ast.Expr]:
    """Yield every expression in any part of a document."""
    yield from _under(given)


def names_used(given: object) -> set[str]:
    """Return every bare name that the expressions of a part refer to."""
    return {expr.name for expr in _under(given) if isinstance(expr, ast.Name)}


def terms(subject: Subject) -> Iterator[Term]:
    """Yield every term written in the document itself that its rules reach, each once."""
    checked = subject.checked
    if checked is None:
        return
    seen: set[tuple[int, int]] = set()
    roots = [*([checked.where] if checked.where else []), *(term for _, term in checked.features)]
    for side in checked.sides:
        roots += [c.term for c in side.conditions] + [e.term for e in side.exits]
        roots += [t for t in (side.fire, side.confidence) if t is not None]
    for root in roots:
        yield from _terms(root, subject.document.span.source.path, seen)


def _terms(term: Term, path: str, seen: set[tuple[int, int]]) -> Iterator[Term]:
    key = (term.same, term.span.start)
    if key in seen:
        return
    seen.add(key)
    if term.span.source.path == path:
        yield term
    for argument in term.args:
        yield from _terms(argument, path, seen)
