"""Files -> one plan and every finding. A bad file never stops the good ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dsl import ast
from dsl.catalogue import Catalogue, catalogue
from dsl.check import Checked, Libraries, check_library, check_strategy
from dsl.compile import Placer, compile_strategy, finish
from dsl.errors import Diagnostic, Severity, Source, Span, without_echoes
from dsl.lint import impossible
from dsl.units import Type
from engine.domain.market import Timeframe
from engine.domain.strategy import Frame, Gaps, Plan, StrategyRules
from engine.plan.graph import Graph

Values = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Loaded:
    """What came of some files: the plan of the good strategies, all findings, every document that could be read.

    `checked` holds the good strategies by id, `failed` the paths of strategies that were not loaded.
    """

    plan: Plan
    diagnostics: list[Diagnostic]
    documents: tuple[ast.Document, ...]
    checked: Mapping[str, Checked] = field(default_factory=dict)
    failed: tuple[str, ...] = ()

    @property
    def errors(self) -> list[Diagnostic]:
        return [d for d in self.diagnostics if d.severity is Severity.ERROR]


class _Loader:
    def __init__(
        self, functions: Catalogue, values: Values, series: Mapping[str, Type], *, compiled: bool = True
    ) -> None:
        self.functions, self.values, self.series, self.compiled = functions, values, series, compiled
        self.graph = Graph()
        self.libraries = Libraries()
        self.diagnostics: list[Diagnostic] = []
        self.documents: list[ast.Document] = []
        self.rules: dict[str, StrategyRules] = {}
        self.checked: dict[str, Checked] = {}
        self.failed: list[str] = []
        self._told: set[tuple[str, str, str, int, int]] = set()

    def file(self, path: Path) -> None:
        from dsl.read import read_document

        if not path.exists():
            self._tell("missing-file", f"there is no file {path}", Span(Source(str(path), ""), 0, 0))
            self.failed.append(str(path))
            return
        document, findings = read_document(path)
        self.documents.append(document)
        if document.kind == "library":
            self._library(document, findings)
            return
        self.strategy(document, findings)

    def _library(self, document: ast.Document, findings: list[Diagnostic]) -> None:
        try:
            findings = without_echoes(findings + check_library(document, self.functions, self.libraries))
        except RecursionError:
            findings = [*findings, too_deep(document)]
        self._add(findings)

    def strategy(self, document: ast.Document, findings: list[Diagnostic]) -> None:
        """Check what could be read; compile it if nothing at all is wrong with it."""
        try:
            self._strategy(document, findings)
        except RecursionError:
            self._add([*findings, too_deep(document)])
            self.failed.append(document.path)

    def _strategy(self, document: ast.Document, findings: list[Diagnostic]) -> None:
        values = self.values.get(document.id, {})
        checked, found = check_strategy(document, self.functions, self.libraries, values=values, series=self.series)
        findings = without_echoes(findings + found)
        if not values and not _failed(findings):
            findings += impossible(checked)
        if document.id in self.checked:
            span = document.id_span or document.span
            other = self.checked[document.id].document.path
            findings.append(Diagnostic("shadowed-name", f"the id `{document.id}` is that of {other} too", span))
        self._add(findings)
        if _failed(findings) or not document.id:
            self.failed.append(document.path)
            return
        if self.compiled:
            self.rules[document.id] = compile_strategy(checked, self.graph, self.functions)
        self.checked[document.id] = checked

    def result(self) -> Loaded:
        plan = finish(self.graph, tuple(self.rules.values()))
        return Loaded(plan, self.diagnostics, tuple(self.documents), self.checked, tuple(self.failed))

    def _add(self, findings: list[Diagnostic]) -> None:
        """Keep findings in order of place; those of a library that several strategies use are told once."""
        for found in sorted(findings, key=lambda d: (d.span.source.path, d.span.start)):
            key = (found.name, found.message, found.span.source.path, found.span.start, found.span.end)
            if key not in self._told:
                self._told.add(key)
                self.diagnostics.append(found)

    def _tell(self, name: str, message: str, span: Span) -> None:
        self.diagnostics.append(Diagnostic(name, message, span))


def too_deep(document: ast.Document) -> Diagnostic:
    """Return the finding of a document whose lets or definitions stand on each other without end."""
    message = "its lets and definitions are built on each other too deeply"
    return Diagnostic("syntax", message, document.id_span or document.span, help="shorten the longest chain of lets")


def _failed(findings: Sequence[Diagnostic]) -> bool:
    return any(found.severity is Severity.ERROR for found in findings)


def load(
    paths: Sequence[Path | str],
    *,
    values: Values | None = None,
    series: Mapping[str, Type] | None = None,
    compiled: bool = True,
) -> Loaded:
    """Load strategies and libraries from files and folders (their *.yaml; not *.test.yaml).

    values: per strategy id, values in place of the defaults of its params. series: external series besides the
    known ones. A strategy with an error is not in the plan; its findings are told. compiled: False leaves the plan
    empty, for who asks only what is wrong.
    """
    loader = _Loader(catalogue(), values or {}, series or {}, compiled=compiled)
    for path in strategy_files(paths):
        loader.file(path)
    return loader.result()


def plan_of(checked: Checked) -> Plan:
    """Return the plan of one good strategy alone."""
    graph = Graph()
    return finish(graph, (compile_strategy(checked, graph, catalogue()),))


def load_document(document: ast.Document, findings: list[Diagnostic], *, values: Values | None = None) -> Loaded:
    """Load one strategy that has been read already (from an editor's text, say)."""
    loader = _Loader(catalogue(), values or {}, {})
    loader.documents.append(document)
    loader.strategy(document, findings)
    return loader.result()


def strategy_files(paths: Sequence[Path | str]) -> list[Path]:
    """Return the files to load: those named, and of folders every .yaml that is no test, sorted."""
    files: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            files += sorted(
                p
                for p in path.glob("*.y*ml")
                # Reading a pipe that nobody writes to would never end.
                if p.suffix in (".yaml", ".yml") and ".test" not in p.suffixes and not p.is_fifo()
            )
        else:
            files.append(path)
    return list(dict.fromkeys(files))


def load_expression(
    text: str,
    timeframe: str,
    *,
    symbol: str | None = None,
    gaps: Gaps | None = None,
    lets: ast.Document | None = None,
    series: Mapping[str, Type] | None = None,
) -> tuple[Plan, int | None, list[Diagnostic]]:
    """Compile one expression on one timeframe: the plan, its node (None if it is wrong) and the findings.

    `symbol` fixes the frame to that symbol. `lets`: a document whose params and lets it may name. Several outputs
    are an error that names them.
    """
    from dataclasses import replace

    from dsl.check import operators
    from dsl.check.document import world
    from dsl.check.params import constants
    from dsl.check.scope import Env, Scope
    from dsl.parser import parse_expression

    graph, functions = Graph(), catalogue()
    expr, findings = parse_expression(text)
    if expr is None:
        return Plan((), ()), None, findings
    frame = Frame(Timeframe.parse(timeframe), symbol, gaps or Gaps())
    shared = world(functions, series)
    env = Env(shared, Scope(), (frame.timeframe,))
    if lets is not None:
        env = replace(env, scope=Scope(lets=lets.lets, bound=constants(env, lets, {}), broken=lets.broken))
    term = env.visit(expr)
    if not term.type.is_bool:
        term = operators.proper(env, operators.number(env, term))
    findings = without_echoes(findings + shared.findings.list)
    if _failed(findings):
        return Plan((), ()), None, findings
    placer = Placer(graph, functions, {})
    node = placer.place(term, frame)
    return Plan(graph.plan_nodes(), ()), node, findings
