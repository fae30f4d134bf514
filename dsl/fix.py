"""Mend what can be mended: apply the edits that findings carry, and prove each before it stays.

An edit that is said to keep the meaning stays if the document says the same, with turned comparisons and double
negations set aside, and makes the same plan. One that mends an error stays if the error is gone and the file can
still be read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from dsl import ast
from dsl.errors import Diagnostic, Fix, Severity, Source, Span
from dsl.fmt import TESTS, format_source
from dsl.fmt_layout import CannotLayOut, canonical
from dsl.load import Loaded, load_document, too_deep
from dsl.read import read_document
from engine.domain.strategy import Plan

MAX_ROUNDS = 40
_MEANT = re.compile(r"did you mean `([^`,]+)`\?")
_LOWER = re.compile(r"write `([a-z_][a-z0-9_]*)`")
_WHOLE = re.compile(r"write `([A-Z0-9]+/[A-Z0-9:]+|[0-9]+[smhdw])`")
"""A symbol or a timeframe, as it is written here."""
_SLIPS = frozenset(("syntax", "wrong-arguments"))
_NAMES = frozenset(("unknown-name", "unknown-function", "unknown-output"))
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


@dataclass(frozen=True)
class Mended:
    """What came of one file. applied: the findings that were mended, in the order in which that was done."""

    path: str
    before: str
    after: str
    applied: tuple[Diagnostic, ...] = ()

    @property
    def changed(self) -> bool:
        return self.after != self.before


def with_fix(finding: Diagnostic) -> Diagnostic:
    """Return a finding with its edit, where the only name that was probably meant is one slip of the pen away.

    A slip in a digit is not one: `ema5` may be `ema50`, or something that is not there yet.
    """
    if finding.fix is not None:
        return finding
    word, meant = finding.span.text, _MEANT.fullmatch(finding.help)
    if finding.name in _NAMES and meant and _one_slip(word, meant[1]):
        return replace(finding, fix=Fix(finding.span, meant[1]))
    if finding.name in _SLIPS and meant and _one_slip(word, meant[1]):
        return replace(finding, fix=Fix(finding.span, meant[1]))
    whole = _WHOLE.fullmatch(finding.help)
    if finding.name == "wrong-type" and whole and "\n" not in word:
        return replace(finding, fix=Fix(finding.span, whole[1]))
    lower = _LOWER.fullmatch(finding.help)
    if finding.name == "syntax" and lower and word != lower[1] and word.lower() == lower[1]:
        return replace(finding, fix=Fix(finding.span, lower[1]))
    return finding


def _one_slip(word: str, meant: str) -> bool:
    from rapidfuzz.distance import DamerauLevenshtein

    digits = [re.sub(r"[^0-9]", "", text) for text in (word, meant)]
    return digits[0] == digits[1] and DamerauLevenshtein.distance(word, meant, score_cutoff=1) == 1


def not_formatted(source: Source) -> Diagnostic | None:
    """Return a remark with the edit that formats a text; None where it is formatted, or cannot be."""
    try:
        if canonical(source) == source.text:
            return None
    except CannotLayOut:
        return None
    formatted = format_source(source)
    if not formatted.changed:
        return None
    old, new = formatted.before, formatted.after
    start = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    least = min(len(old), len(new)) - start
    tail = next((i for i in range(least) if old[len(old) - 1 - i] != new[len(new) - 1 - i]), least)
    span = Span(source, start, len(old) - tail)
    place = Span(source, start, min(span.end, max(start, (old + "\n").index("\n", start))))
    message = "the file is not in its canonical form"
    fix = Fix(span, new[start : len(new) - tail], same=True)
    return Diagnostic("not-formatted", message, place, Severity.INFO, help="run `engine fmt`", fix=fix)


def remarks(paths: Iterable[Path | str]) -> list[Diagnostic]:
    """Return a remark for every file that is not in its canonical form."""
    from dsl.source import read_source

    told = []
    for path in map(Path, paths):
        source, found = read_source(path)
        remark = None if found else not_formatted(source)
        told += [remark] if remark else []
    return told


def mend_file(path: Path, *, lint: bool = True) -> Mended:
    """Return a file with everything mended that can be. lint: warnings and the layout too. Nothing is written."""
    from dsl.source import read_source

    source, found = read_source(path)
    if found or str(path).endswith(TESTS):
        return Mended(str(path), source.text, source.text)
    return mend(source, lint=lint)


def mend(source: Source, *, lint: bool = True) -> Mended:
    """Return a text with everything mended that can be; see mend_file."""
    now, applied, refused = source, list[Diagnostic](), set[tuple[str, str]]()
    for _ in range(MAX_ROUNDS):
        found = findings(now, lint=lint)
        choice = _choose(now, found, refused)
        if not choice:
            break
        after = _proved(now, found, choice, lint)
        if after is None and len(choice) > 1:
            choice = choice[:1]
            after = _proved(now, found, choice, lint)
        if after is None:
            refused.add((choice[0].name, choice[0].message))
        else:
            now = after
            applied += choice
    return Mended(source.path, source.text, now.text, tuple(applied))


def findings(source: Source, *, lint: bool = True) -> list[Diagnostic]:
    """Return what is wrong with a text, each finding with its edit. lint: warnings and remarks too."""
    loaded = _loaded(source)
    found = [with_fix(finding) for finding in loaded.diagnostics]
    if lint:
        from dsl.lint import lint as rules
        from dsl.lint import unsilenced

        remark = not_formatted(source) if not loaded.errors else None
        found = [*unsilenced([*found, *([remark] if remark else [])]), *rules(loaded)]
    return found


def _loaded(source: Source) -> Loaded:
    document, found = read_document(source.text, path=source.path)
    if document.kind != "library":
        return load_document(document, found)
    if not any(finding.severity is Severity.ERROR for finding in found):
        from dsl.catalogue import catalogue
        from dsl.check import Libraries, check_library

        try:
            found = [*found, *check_library(document, catalogue(), Libraries())]
        except RecursionError:
            found = [*found, too_deep(document)]
    return Loaded(Plan((), ()), found, (document,))


def _choose(source: Source, found: Sequence[Diagnostic], refused: set[tuple[str, str]]) -> list[Diagnostic]:
    """Return findings to mend at once: errors first, then what keeps the meaning, and the layout last."""
    own = [f for f in found if f.fix and f.fix.span.source.text == source.text and f.span.source.path == source.path]
    own = [f for f in own if (f.name, f.message) not in refused]
    errors = [f for f in own if f.fix and not f.fix.same]
    broken = any(f.severity is Severity.ERROR for f in found)
    layout = [f for f in own if f.name == "not-formatted"]
    choice, end = list[Diagnostic](), -1
    for finding in sorted(errors or ([] if broken else [f for f in own if f not in layout] or layout), key=_place):
        if finding.fix and finding.fix.span.start >= end:
            choice.append(finding)
            end = finding.fix.span.end
    return choice


def _place(finding: Diagnostic) -> tuple[int, int]:
    assert finding.fix is not None
    return finding.fix.span.start, -finding.fix.span.end


def applied(text: str, fixes: Iterable[Fix]) -> str:
    """Return a text with edits made that do not overlap."""
    for fix in sorted(fixes, key=lambda fix: fix.span.start, reverse=True):
        text = text[: fix.span.start] + fix.text + text[fix.span.end :]
    return text


def _proved(source: Source, found: Sequence[Diagnostic], choice: Sequence[Diagnostic], lint: bool) -> Source | None:
    """Return the text with the findings mended, or None where that cannot be proved to be right."""
    fixes = [finding.fix for finding in choice if finding.fix]
    after = Source(source.path, applied(source.text, fixes))
    if all(fix.same for fix in fixes):
        return after if _says(source) == _says(after) is not None else None
    left = Counter((finding.name, finding.message) for finding in findings(after, lint=lint))
    here = Counter((finding.name, finding.message) for finding in found)
    mended = Counter((finding.name, finding.message) for finding in choice)
    gone = all(left[key] <= here[key] - count for key, count in mended.items())
    unread = sum(n for (name, _), n in left.items() if name == "yaml-syntax")
    return after if gone and unread <= sum(n for (name, _), n in here.items() if name == "yaml-syntax") else None


# -- meaning --


def _says(source: Source) -> tuple[object, str] | None:
    """Return what a text says, however it is put, and the hash of its plan; None where it has errors."""
    document, found = read_document(source.text, path=source.path)
    plain = _plain(document)
    loaded = _loaded(source)
    if loaded.errors or document.kind == "library":
        return None if loaded.errors else (_shape(plain), "")
    return _shape(plain), load_document(plain, found).plan.hash


def _plain(given: Any) -> Any:
    """Return a part of a document with every comparison turned the plain way and no negation twice.

    In three-valued logic, too, `3 > x` is `x < 3`, `not not a` is `a` and `not (a != b)` is `a == b`.
    """
    if isinstance(given, Span):
        return given
    if isinstance(given, dict):
        return {key: _plain(value) for key, value in given.items()}
    if isinstance(given, tuple):
        return tuple(_plain(item) for item in given)
    if not is_dataclass(given) or isinstance(given, type):
        return given
    made = replace(given, **{f.name: _plain(getattr(given, f.name)) for f in fields(given)})
    if isinstance(made, ast.Binary) and made.op in _TURNED and _literal(made.left) and not _literal(made.right):
        return replace(made, op=_TURNED[made.op], left=made.right, right=made.left)
    if isinstance(made, ast.Unary) and made.op == "not":
        inner = made.operand
        if isinstance(inner, ast.Unary) and inner.op == "not":
            return inner.operand
        if isinstance(inner, ast.Binary) and inner.op == "!=":
            return replace(inner, op="==")
    return made


def _literal(expr: ast.Expr) -> bool:
    return isinstance(expr, ast.Number) or (isinstance(expr, ast.Unary) and _literal(expr.operand))


def _shape(given: object) -> object:
    """Return a part of a document without its places."""
    if isinstance(given, Span):
        return None
    if isinstance(given, dict):
        return tuple((key, _shape(value)) for key, value in given.items())
    if isinstance(given, tuple):
        return tuple(_shape(item) for item in given)
    if is_dataclass(given) and not isinstance(given, type):
        return type(given).__name__, *(_shape(getattr(given, f.name)) for f in fields(given))
    return given
