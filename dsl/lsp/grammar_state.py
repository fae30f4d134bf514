"""What the grammar accepts after the beginning of a sentence: the state of the parser at the cursor."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from dsl.grammar import grammar

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_AT = re.compile(r"@[ \t]*([\"'][^\"']*|[0-9]*[a-z]*)\Z")
_RESTARTS = re.compile(r"\b(?:and|or|not|must|if|then|else|between|above|below|crosses)\b|[(,]|[-+*/<>]=?|[=!]=")
_OPEN = re.compile(r"\"[^\"]*\"?|'[^']*'?|[()\[\],]")
_CALLED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?)[ \t]*\Z")
_MEMBER = re.compile(r"\.[ \t]*\Z")


@dataclass(frozen=True, slots=True)
class Within:
    """The call that a place is in: the function, which argument, and the names given to others before."""

    name: str
    index: int
    named: tuple[str, ...]
    current: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """`accepts`: terminals of the grammar. `word`: what is being written; `base`: the text before a `.`, else None."""

    accepts: frozenset[str]
    word: str
    base: str | None = None
    at: bool = False
    call: Within | None = None
    argument: bool = False


def state(start: str, before: str) -> State:
    """Return the state of the grammar at the end of `before`, which begins a sentence `start`."""
    target = _AT.search(before)
    if target is not None:
        return State(frozenset(["TIMEFRAME", "STRING"]), target[1], at=True)
    match = _WORD.search(before)
    word = match[0] if match else ""
    done = before[: len(before) - len(word)]
    if done[-1:].isalnum():
        return State(frozenset(), word)
    call = within(done)
    argument = call is not None and done.rstrip()[-1:] in ("(", ",")
    dot = _MEMBER.search(done)
    if dot is not None:
        return State(frozenset(["NAME"]), word, base_before(done[: dot.start()]), call=call)
    return State(accepted(start, done), word, call=call, argument=argument)


def accepted(start: str, done: str) -> frozenset[str]:
    """Return the terminals that may follow; where something before is wrong, those that may follow its last part."""
    from lark.exceptions import UnexpectedInput

    tries = [(start, 0), *(("expr", match.end()) for match in reversed([*_RESTARTS.finditer(done)][-3:]))]
    for begin, at in tries:
        parser: Any = grammar().parse_interactive(done[at:], start=begin)
        try:
            parser.exhaust_lexer()
            return frozenset(parser.accepts())
        except UnexpectedInput:
            continue
    return frozenset()


def within(before: str) -> Within | None:
    """Return the innermost call that is open at the end of a text."""
    stack: list[tuple[str, int, list[int]]] = []
    for match in _OPEN.finditer(before):
        sign = match[0]
        if sign in "([":
            stack.append((sign, match.start(), [match.end()]))
        elif sign in ")]" and stack:
            stack.pop()
        elif sign == "," and stack:
            stack[-1][2].append(match.end())
    while stack:
        sign, at, starts = stack.pop()
        called = _CALLED.search(before[:at]) if sign == "(" else None
        if called is not None:
            parts = [before[a:b] for a, b in zip(starts, [*starts[1:], len(before)], strict=True)]
            named = [re.match(r"\s*([a-z_]\w*)\s*=(?!=)", part) for part in parts]
            last = named[-1]
            return Within(called[1], len(starts) - 1, tuple(m[1] for m in named if m), last[1] if last else "")
    return None


def base_before(text: str) -> str:
    """Return what a `.` at the end of a text belongs to: a name, or a call with its parentheses."""
    text = text.rstrip()
    if not text.endswith(")"):
        match = _CALLED.search(text)
        return match[1] if match else ""
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(text[at], 0)
        if depth == 0:
            called = _CALLED.search(text[:at])
            return (called[1] if called else "") + text[at:]
    return ""
