"""Libraries that a document brings in with `use:`: read once, found by path, never in a circle."""

from __future__ import annotations

from pathlib import Path

from dsl import ast
from dsl.catalogue import of_definition
from dsl.check.params import constants
from dsl.check.scope import Env, Scope
from dsl.errors import Diagnostic, Severity, Span
from dsl.source import real


class Libraries:
    """Library documents by resolved path, kept for one run over many files."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[ast.Document, list[Diagnostic]]] = {}
        self._open: list[Path] = []

    def scopes(self, env: Env, document: ast.Document, taken: frozenset[str]) -> dict[str, Scope]:
        """Return the scope of each library under its id; what is wrong is told at its place in `use:`."""
        found: dict[str, Scope] = {}
        for text, span in document.use:
            opened = self._scope(env, Path(document.path).parent / text, text, span)
            if opened is None:
                continue
            name, scope = opened
            if name in taken or name in found:
                env.error(
                    "shadowed-name", f"the library's id `{name}` is already the name of something else", span, "",
                    "names of a library are written `id.name`: give it another id",
                )  # fmt: skip
                continue
            found[name] = scope
        return found

    def _scope(self, env: Env, path: Path, text: str, span: Span) -> tuple[str, Scope] | None:
        resolved = real(path)
        if resolved in self._open:
            loop = " -> ".join(p.name for p in [*self._open[self._open.index(resolved) :], resolved])
            env.error("circular-use", f"libraries use each other in a circle: {loop}", span)
            return None
        if not resolved.is_file():
            env.error("unknown-name", f"there is no file `{text}`", span, "", f"looked for {path}")
            return None
        document, findings = self._open_file(resolved, path)
        for finding in findings:
            env.world.findings.add(finding)
        if any(f.severity is Severity.ERROR for f in findings):
            env.error("unknown-name", f"the library `{text}` cannot be read", span)
            return None
        self._open.append(resolved)
        try:
            return document.id or path.stem, self.scope(env, document)
        finally:
            self._open.pop()

    def _open_file(self, resolved: Path, path: Path) -> tuple[ast.Document, list[Diagnostic]]:
        if resolved not in self._read:
            from dsl.read import read_document

            self._read[resolved] = read_document(path, kind="library")
        return self._read[resolved]

    def scope(self, env: Env, document: ast.Document) -> Scope:
        """Return the names that a library document gives to its definitions and its users."""
        bound = constants(env, document, {})
        libraries = self.scopes(env, document, frozenset({*bound, *document.lets}))
        functions = {name: of_definition(given, document.id) for name, given in document.defines.items()}
        return Scope(lets=document.lets, bound=bound, functions=functions, libraries=libraries, broken=document.broken)
