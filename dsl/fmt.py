"""The canonical form of strategies, libraries and test files, proved to mean the same before it is written.

dsl.fmt_layout sets blanks, line breaks and quotes; here the result is compared with the original: the same words in
every sentence, the same text everywhere else, and the same plan. What cannot be proved is not written.
"""

from __future__ import annotations

import codecs
import difflib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dsl.document import Listing, Node, Scalar, Table, read_table
from dsl.errors import Diagnostic, Severity, Source, Span
from dsl.fmt_layout import CannotLayOut, canonical, section_of
from dsl.fmt_sentences import kinds, texts

BOM = "\ufeff"
"""The mark that some editors put before a text; the canonical form has none."""
TESTS = (".test.yaml", ".test.yml")


@dataclass(frozen=True)
class Formatted:
    """What came of one file. `after` is `before` where nothing is to be done or nothing may be done.

    findings: why it may not: the errors of the file, or that the meaning could not be proved to stay.
    """

    path: str
    before: str
    after: str
    findings: tuple[Diagnostic, ...] = ()

    @property
    def changed(self) -> bool:
        return self.after != self.before


@dataclass(frozen=True)
class Meaning:
    """What a file says. `errors`: then it says nothing; `plan`: the hash of a strategy's plan, else ''."""

    errors: tuple[Diagnostic, ...]
    words: object = None
    plan: str = ""


def files(paths: Sequence[Path | str]) -> list[Path]:
    """Return the files to format: those named, and of folders every .yaml, tests included, sorted."""
    found: list[Path] = []
    for path in map(Path, paths):
        found += sorted(p for p in path.glob("*.y*ml") if p.suffix in (".yaml", ".yml")) if path.is_dir() else [path]
    return list(dict.fromkeys(found))


def format_file(path: Path) -> Formatted:
    """Return the canonical form of a file. Nothing is written."""
    from dsl.source import read_source

    source, found = read_source(path)
    if found:
        return Formatted(str(path), source.text, source.text, tuple(found))
    with path.open("rb") as file:
        marked = file.read(3) == codecs.BOM_UTF8
    return format_source(Source(source.path, f"{BOM}{source.text}") if marked else source)


def format_source(source: Source) -> Formatted:
    """Return the canonical form of a text; unchanged, with the findings, where it has errors."""
    before = meaning(source)
    if before.errors:
        return Formatted(source.path, source.text, source.text, before.errors)
    try:
        after = Source(source.path, canonical(Source(source.path, source.text.removeprefix(BOM))))
    except CannotLayOut as reason:
        return Formatted(source.path, source.text, source.text, (_refusal(source, f"not formatted: {reason}"),))
    if after.text != source.text and meaning(after) != before:
        finding = _refusal(source, "not formatted: the canonical layout could not be proved to mean the same")
        return Formatted(source.path, source.text, source.text, (finding,))
    return Formatted(source.path, source.text, after.text)


def _refusal(source: Source, message: str) -> Diagnostic:
    return Diagnostic("not-formatted", message, Span(source, 0, 0))


def meaning(source: Source) -> Meaning:
    """Return what a text says, and the plan it makes; or the errors that keep it from saying anything."""
    table, _, found = read_table(source)
    if table is None or _errors(found):
        return Meaning(_errors(found))
    section = section_of(source.path, table)
    words = _words(table, kinds(table, section))
    if section is None:
        return Meaning(_errors(_of_tests(source)), words)
    findings, plan = _plan(source)
    return Meaning(_errors(findings), words, plan)


def _errors(found: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(finding for finding in found if finding.severity is Severity.ERROR)


def _words(node: Node, given: dict[int, str]) -> object:
    """Return a document as nested tuples: sentences as their words, texts without blanks at the end."""
    if isinstance(node, Scalar):
        kind = given.get(node.text.start, "")
        return texts(kind, node.value) if kind else (node.value.rstrip(), node.empty)
    if isinstance(node, Table):
        return tuple((_words(entry.key, given), _words(entry.value, given)) for entry in node.entries.values())
    return ("list", *(_words(item, given) for item in node.items)) if isinstance(node, Listing) else None


def _plan(source: Source) -> tuple[list[Diagnostic], str]:
    from dsl.catalogue import catalogue
    from dsl.check import Libraries, check_library
    from dsl.load import load_document, too_deep
    from dsl.read import read_document

    document, findings = read_document(source.text, path=source.path)
    if document.kind != "library":
        loaded = load_document(document, findings)
        return loaded.diagnostics, loaded.plan.hash
    if _errors(findings):
        return findings, ""
    try:
        return [*findings, *check_library(document, catalogue(), Libraries())], ""
    except RecursionError:
        return [*findings, too_deep(document)], ""


def _of_tests(source: Source) -> list[Diagnostic]:
    """Return the findings of a test file as it is on disk; a text that is nowhere is only read."""
    from dsl.testing.cases import read_suite

    path = Path(source.path)
    return read_suite(path)[1] if path.is_file() else []


def difference(before: str, after: str, path: str) -> str:
    """Return a unified diff of two texts of one file; empty where they are the same."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    lines = difflib.unified_diff(old, new, f"a/{path.lstrip('/')}", f"b/{path.lstrip('/')}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def write(path: Path, text: str) -> None:
    """Write a file in one step: whoever reads it sees the old text or the new one. Raises OSError."""
    real = path.resolve()
    mode = real.stat().st_mode & 0o777
    handle, name = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, real)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
