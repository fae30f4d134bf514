"""What is shown under a condition: the values that were compared, with their text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dsl.check.terms import Term, term

_COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})


def parts(given: Term) -> tuple[Term, ...]:
    """Return the numbers a condition compares, each once; those in another frame as they are seen from here.

    A number that was written needs no telling; one that a param stands for does. So does the verdict of a named
    part: of alternatives it tells which one held.
    """
    found: dict[tuple[int, str], Term] = {}
    for part in _walk(given, set()):
        if part is given and given.type.is_bool:
            continue
        written = part.op == "const" and not part.text.isidentifier()
        if not written and not part.held and not part.uncertain:
            found.setdefault((part.same, part.text if part.op == "const" else ""), part)
    return tuple(found.values())


def _walk(given: Term, seen: set[int]) -> Iterator[Term]:
    if given.same in seen:
        return
    seen.add(given.same)
    if not given.type.is_bool:
        yield given
        return
    if given.text.isidentifier() and given.op != "const":
        yield given
    if given.op == "at":
        for inner in _walk(given.args[0], set()):
            if inner.op != "const":
                yield replace(term("at", (inner,), inner.type, inner.span, given.params), shown=inner.shown)
    elif given.shown is not None:
        for argument in given.shown:
            yield from _walk(argument, seen)
    else:
        for argument in given.args:
            if given.op in _COMPARISONS or argument.type.is_bool:
                yield from _walk(argument, seen)
