"""What a lint rule is, what it looks at, and how it walks a document."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property

from dsl import ast
from dsl.check.checked import Checked
from dsl.check.terms import Term
from dsl.errors import Diagnostic, Severity, Span
from engine.domain.strategy import Plan


@dataclass(frozen=True, slots=True)
class Before:
    """A strategy as it was at a commit: its version, and the hash of what it did."""

    commit: str
    version: str
    hash: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What the tests of a strategy look at. `sides`: those of which a signal is expected.

    `lacks`: by (side, condition) the verdicts, `true` and `false`, that no test saw; empty where they were not run.
    """

    sides: frozenset[str]
    lacks: Mapping[tuple[str, str], tuple[str, ...]]


@dataclass(frozen=True)
class Subject:
    """A document, and what the checker made of it: None where it has mistakes, or is a library.

    `whole` holds the strategy compiled; without it `compiled` makes its plan when a rule asks. `today` is the day that
    history reaches up to. `before`: the strategy as it was, where that is known; `seen`: what its tests look at, where
    it has any.
    """

    document: ast.Document
    checked: Checked | None = None
    whole: Plan | None = None
    today: datetime.date = datetime.date.max
    before: Before | None = None
    seen: Seen | None = None
    tuned: dict[tuple[int, int, int], bool] = field(default_factory=dict, repr=False, compare=False)
    """What dsl.lint._truth has found of terms already."""
    compiled: Callable[[Checked], Plan] | None = None

    @cached_property
    def plan(self) -> Plan | None:
        """The plan that the strategy is in."""
        if self.whole is not None or self.checked is None or self.compiled is None:
            return self.whole
        return self.compiled(self.checked)

    @cached_property
    def expressions(self) -> tuple[ast.Expr, ...]:
        """Every expression of the document with all expressions under it, outermost first."""
        return tuple(within(self.document))

    @cached_property
    def names(self) -> frozenset[str]:
        """Every bare name that its expressions refer to."""
        return frozenset(expr.name for expr in self.expressions if isinstance(expr, ast.Name))

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """Every term written in the document itself that its rules reach, each once."""
        seen: set[tuple[int, int, int]] = set()
        found: list[Term] = []
        for root in self.roots:
            _collect(root, self.document.span.source.path, seen, found)
        return tuple(found)

    @cached_property
    def roots(self) -> tuple[Term, ...]:
        """The whole expressions of a good strategy: conditions, exits, levels, features."""
        return tuple(_roots(self.checked)) if self.checked else ()

    def owns(self, span: Span) -> bool:
        """Return whether a place is in this document, and not in a library that it uses."""
        return span.source.path == self.document.span.source.path


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its `name` in findings (the file's name with hyphens), its `group`, and what it finds."""

    name: str
    group: str
    about: str
    find: Callable[[Subject], Iterator[Diagnostic]]
    severity: Severity = Severity.WARNING


def within(given: object) -> list[ast.Expr]:
    """Return every expression in any part of a document with all expressions under it, outermost first."""
    found: list[ast.Expr] = []
    left = [given]
    while left:
        here = left.pop()
        if isinstance(here, ast.Expr):
            found.append(here)
        if isinstance(here, dict):
            left.extend(reversed(here.values()))
        elif isinstance(here, tuple):
            left.extend(reversed(here))
        else:
            left.extend(getattr(here, name) for name in _parts(type(here)))
    return found


def _parts(kind: type) -> tuple[str, ...]:
    """Return the names of the fields that may hold expressions, last first."""
    if kind not in _PARTS:
        open_ones = is_dataclass(kind) and not issubclass(kind, ast.Key | Span)
        plain = ("str", "float", "bool", "int")
        names = [f.name for f in fields(kind) if f.type not in plain] if open_ones else []
        _PARTS[kind] = tuple(name for name in reversed(names) if name not in ("span", "source", "broken"))
    return _PARTS[kind]


_PARTS: dict[type, tuple[str, ...]] = {}


def names_used(given: object) -> set[str]:
    """Return every bare name that the expressions of a part refer to."""
    return {expr.name for expr in within(given) if isinstance(expr, ast.Name)}


def _roots(checked: Checked) -> Iterator[Term]:
    if checked.where is not None:
        yield checked.where
    for _, feature in checked.features:
        yield feature
    for side in checked.sides:
        yield from (c.term for c in side.conditions)
        yield from (t for t in (side.fire, side.confidence, side.entry.price) if t is not None)
        yield from (level.term for level, _ in side.entry.adds)
        places = [p for p in (side.stop, *(t.place for t in side.targets)) if p is not None]
        for place in places:
            yield place.level.term
            yield from (bound.term for bound in place.clamp or ())
        yield from (t.then.term for t in side.targets if t.then is not None and t.then.term is not None)
        yield from (e.term for e in side.exits)
        yield from (t.level.term for t in side.trails)


def _collect(term: Term, path: str, seen: set[tuple[int, int, int]], found: list[Term]) -> None:
    key = (term.same, term.span.start, term.span.end)
    if key in seen:
        return
    seen.add(key)
    if term.span.source.path == path:
        found.append(term)
    for argument in term.args:
        _collect(argument, path, seen, found)
