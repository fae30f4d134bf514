"""One version of an open text, and what is known of it: worked out when first asked for, and once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from dsl import ast
from dsl.catalogue import catalogue
from dsl.check import Checked, Libraries, check_library, check_strategy
from dsl.compile import compile_strategy, finish
from dsl.errors import Diagnostic, Severity, Source, Span, without_echoes
from dsl.lint import lint, unsilenced
from dsl.load import Loaded, too_deep
from dsl.lsp.memory import Memory
from dsl.lsp.outline import Outline, outline
from dsl.lsp.positions import Lines
from dsl.parts import ONLY_STRATEGY
from dsl.read import read_document
from dsl.source import MAX_BYTES, unprintable
from dsl.testing.cases import read_suite
from engine.plan.graph import Graph

TEST_ENDS = (".test.yaml", ".test.yml")
FOLDERS = ("strategies", "library", "lib")
"""Folders whose YAML files are taken for ours before they say `language:`."""


@dataclass(eq=False)
class Analysis:
    """A text by its path. `memory` is that of the document's versions, one after the other.

    `texts`: other files as they stand in the editor, by path; what is not in it is as it is on disk.
    """

    path: Path
    text: str
    encoding: str = "utf-16"
    memory: Memory = field(default_factory=Memory)
    texts: Mapping[Path, str] = field(default_factory=dict)

    @cached_property
    def lines(self) -> Lines:
        return Lines(self.text, self.encoding)

    @cached_property
    def outline(self) -> Outline:
        return outline(self.text)[0]

    @cached_property
    def kind(self) -> str:
        """strategy, library, test, or '' for YAML that is none of ours."""
        if len(self.text) > MAX_BYTES:
            return ""
        if self.path.name.endswith(TEST_ENDS):
            return "test"
        top = {entry.name for entry in self.outline.entries if len(entry.path) == 1}
        if "language" not in top and self.path.parent.name not in FOLDERS:
            return ""
        if top & ONLY_STRATEGY:
            return "strategy"
        named = self.path.parent.name in ("library", "lib") or top & {"define", "params", "let"}
        return "library" if named else "strategy"

    @cached_property
    def _read(self) -> tuple[ast.Document, list[Diagnostic]]:
        self.memory.turn()
        return read_document(self.text, kind=self.kind, path=str(self.path), sentences_by=self.memory.parse)

    @property
    def document(self) -> ast.Document:
        """The document as far as it can be read."""
        return self._read[0]

    @property
    def source(self) -> Source:
        return self.document.span.source

    @cached_property
    def libraries(self) -> dict[str, ast.Document]:
        """The libraries that `use:` names and that can be read, by id."""
        found = {}
        for text, _ in self.document.use:
            path = Path(os.path.normpath(self.path.parent / text))
            if path in self.texts or path.is_file():
                document, _ = read_document(self.texts.get(path, path), kind="library", path=str(path))
                found[document.id or path.stem] = document
        return found

    @cached_property
    def _checked(self) -> tuple[Checked | None, list[Diagnostic]]:
        document, found = self._read
        try:
            if document.kind == "strategy":
                checked, more = check_strategy(document, catalogue(), Libraries())
                return checked, without_echoes([*found, *more])
            return None, without_echoes([*found, *check_library(document, catalogue(), Libraries())])
        except RecursionError:
            return None, [*found, too_deep(document)]

    @property
    def checked(self) -> Checked | None:
        """The strategy as the checker understood it, also one with mistakes in it."""
        return self._checked[0] if self.kind == "strategy" else None

    @cached_property
    def mistakes(self) -> tuple[Diagnostic, ...]:
        """What reading and checking found."""
        if len(self.text) > MAX_BYTES and (self.path.parent.name in FOLDERS or "language:" in self.text[:4096]):
            message = f"the file has {len(self.text):,} characters; more than {MAX_BYTES:,} are not read"
            return (Diagnostic("yaml-syntax", message, Span(Source(str(self.path), self.text), 0, 0)),)
        if self.kind and self._strange:
            return self._strange
        if self.kind == "test":
            return self.mine(read_suite(self.path, self.text)[1])
        return self.mine(unsilenced(self._checked[1])) if self.kind else ()

    @cached_property
    def _strange(self) -> tuple[Diagnostic, ...]:
        """Where a character stands that no text file has: then nothing else of it is told."""
        return tuple(unprintable(Source(str(self.path), self.text.removeprefix("\ufeff"))))

    @cached_property
    def found(self) -> tuple[Diagnostic, ...]:
        """Everything that the text itself tells: mistakes, and what the lint rules find."""
        if self.kind not in ("strategy", "library") or self._strange:
            return self.mistakes
        document, (checked, told) = self.document, self._checked
        graph = Graph()
        try:
            sound = checked is not None and document.id and not any(f.severity is Severity.ERROR for f in told)
            rules = (compile_strategy(checked, graph, catalogue()),) if checked is not None and sound else ()
            good = {document.id: checked} if checked is not None and sound else {}
            loaded = Loaded(finish(graph, rules), told, (document,), good)
            return self.mine([*unsilenced(told), *lint(loaded, mistakes=told)])
        except RecursionError:
            return self.mine([*told, too_deep(document)])

    def mine(self, found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
        """Return the findings that are in this text, each once, in order of place."""
        mine = {(f.name, f.message, f.span.start, f.span.end): f for f in found if f.span.source.path == str(self.path)}
        return tuple(sorted(mine.values(), key=lambda finding: finding.span.start))
