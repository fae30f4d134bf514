"""Where an expression stands: the names it can see, the candles it is read on, and who is told of mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dsl import ast
from dsl.catalogue import Catalogue, Function
from dsl.check.terms import Term
from dsl.errors import Diagnostic, Severity, Span
from dsl.units import Type
from engine.domain.market import Timeframe

Note = tuple[Span, str]
Lets = Mapping[str, tuple[ast.Key, ast.Expr]]


class Findings:
    """Diagnostics in the order found; the same one at the same place is told once."""

    def __init__(self) -> None:
        self.list: list[Diagnostic] = []
        self._seen: set[tuple[str, str, int, int]] = set()

    def add(self, found: Diagnostic) -> None:
        key = (found.name, found.span.source.path, found.span.start, found.span.end)
        if key not in self._seen:
            self._seen.add(key)
            self.list.append(found)

    @property
    def failed(self) -> bool:
        return any(d.severity is Severity.ERROR for d in self.list)


@dataclass
class Scope:
    """The names of one document, or of one use of a definition.

    `bound` are arguments and params, `functions` those the document itself defines, `libraries` what
    `use:` brought in by id, `broken` names that could not be read, `states` the lets of a definition that are
    computed from candle to candle, `outputs` their terms.
    """

    lets: Lets = field(default_factory=dict)
    bound: dict[str, Term] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)
    libraries: Mapping[str, Scope] = field(default_factory=dict)
    conditions: Mapping[str, Term] = field(default_factory=dict)
    model: ast.ModelBlock | None = None
    features: tuple[tuple[str, Term], ...] = ()
    outer: Scope | None = None
    broken: frozenset[str] = frozenset()
    states: tuple[str, ...] = ()
    outputs: Mapping[str, Term] | None = None
    memo: dict[tuple[object, ...], Term] = field(default_factory=dict)
    running: list[str] = field(default_factory=list)

    def names(self) -> set[str]:
        own = {*self.lets, *self.bound, *self.conditions}
        return own | self.outer.names() if self.outer else own


@dataclass
class World:
    """What one run of the checker shares: the catalogue, the external series, the findings."""

    catalogue: Catalogue
    findings: Findings
    series: Mapping[str, Type]
    visit: Callable[[Env, ast.Expr], Term]
    uses: dict[tuple[object, ...], Term] = field(default_factory=dict)
    defining: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Env:
    """One place: `frames` are the timeframes it is evaluated on (empty: not known).

    `position`: position fields may stand here. `confidence`: so may `confidence` and the names of conditions.
    `windowed` names the function that looks back over this expression. `site` is where the user called
    the definition we are in: mistakes inside are told there.
    """

    world: World
    scope: Scope
    frames: tuple[Timeframe, ...] = ()
    position: bool = False
    confidence: bool = False
    windowed: str = ""
    site: Span | None = None
    within: str = ""

    def visit(self, expr: ast.Expr) -> Term:
        return self.world.visit(self, expr)

    def inside(self, name: str) -> Env:
        """Return the place of an argument of a function that looks back."""
        return self if self.windowed or not name else replace(self, windowed=name)

    def error(
        self,
        name: str,
        message: str,
        span: Span,
        label: str = "",
        help: str = "",
        notes: Sequence[Note] = (),
    ) -> None:
        self.report(Severity.ERROR, name, message, span, label, help, notes)

    def report(
        self,
        severity: Severity,
        name: str,
        message: str,
        span: Span,
        label: str = "",
        help: str = "",
        notes: Sequence[Note] = (),
    ) -> None:
        if self.site is not None:
            notes = ((span, label or message), *notes)
            message, label, span = f"in `{self.within}`: {message}", "", self.site
        self.world.findings.add(Diagnostic(name, message, span, severity, label, help, tuple(notes)))


def suggest(word: str, known: Iterable[str]) -> str:
    """Return `did you mean ...?` with up to four names near `word`, or ''."""
    from rapidfuzz.distance import DamerauLevenshtein

    plain = word.lower()
    allowed = 1 if len(plain) <= 4 else 2 if len(plain) <= 7 else 3
    near = []
    for name in set(known):
        slips = DamerauLevenshtein.distance(plain, name.lower(), score_cutoff=allowed)
        if slips <= allowed and slips < max(len(plain), len(name)):
            near.append((slips, name))
    if not near:
        near = [(9, name) for name in set(known) if len(plain) >= 3 and name.lower().startswith(plain)]
    found = [f"`{name}`" for _, name in sorted(near)[:4]]
    if not found:
        return ""
    return f"did you mean {', '.join(found[:-1])} or {found[-1]}?" if len(found) > 1 else f"did you mean {found[0]}?"
