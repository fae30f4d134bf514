"""Hover: what the word under the cursor is."""

from __future__ import annotations

import re

from lsprotocol.types import Hover, MarkupContent, MarkupKind

from dsl import ast
from dsl.catalogue import Function
from dsl.lsp import describe, names, tests
from dsl.lsp.analysis import Analysis
from dsl.lsp.completion import outputs
from dsl.lsp.grammar_state import state
from dsl.lsp.spot import SENTENCES, Spot, spot
from dsl.lsp.walk import innermost
from dsl.parser import MAX_LENGTH

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COMMENT = re.compile(r"(?:^|\s)#[^\n\r]*\Z")


def hover(analysis: Analysis, offset: int) -> Hover | None:
    """Return what is known of the word at a character."""
    if not analysis.kind:
        return None
    start, end = word_at(analysis, offset)
    if start == end or _COMMENT.search(analysis.lines.line(analysis.lines.number(start))[: _column(analysis, start)]):
        return None
    text = _text(analysis, start, end, spot(analysis.text, end, analysis.kind))
    return Hover(MarkupContent(MarkupKind.Markdown, text), analysis.lines.range(start, end)) if text else None


def word_at(analysis: Analysis, offset: int) -> tuple[int, int]:
    """Return the word around a character (or ending at it); an empty one where there is none."""
    lines = analysis.lines
    number = lines.number(min(offset, len(analysis.text)))
    begin = lines.starts[number]
    for match in _WORD.finditer(lines.line(number)):
        if begin + match.start() <= offset <= begin + match.end():
            return begin + match.start(), begin + match.end()
    return offset, offset


def _column(analysis: Analysis, offset: int) -> int:
    return offset - analysis.lines.starts[analysis.lines.number(offset)]


def _text(analysis: Analysis, start: int, end: int, place: Spot) -> str:
    word = analysis.text[start:end]
    if place.section is not None:
        field = place.section.by_name.get(word)
        return describe.key(field) if field else ""
    if analysis.kind == "test":
        known = dict(tests.conditions(analysis)) if place.field is not None and place.field.name == "when" else {}
        return f"`{word}` {known[word]}" if word in known else ""
    if place.field is not None and not place.start and place.field.name in SENTENCES and place.before == word:
        return named(analysis, place, word)
    if not place.start or len(place.before) > MAX_LENGTH:
        return ""
    here = state(place.start, place.before)
    if here.word != word or here.at:
        return ""
    if here.base is not None:
        return _member(analysis, here.base, word, start, end)
    if re.match(r"[ \t]*\(", analysis.text[end : end + 20]) and (function := names.function(analysis, word)):
        return describe.page(function, _warm(analysis, function, start))
    return named(analysis, place, word)


def named(analysis: Analysis, place: Spot, word: str) -> str:
    """Return what a bare name is: a let, param, condition or field."""
    document = analysis.document
    if word in document.lets and place.path[:1] != ("define",):
        return describe.let(analysis, word, document.lets[word][1])
    if word in document.params:
        return describe.param(word, document.params[word][1])
    for known in names.visible(analysis, place):
        if known.name == word:
            detail = f" {known.kind}: `{known.detail}`" if known.detail else f" {known.kind}"
            return "\n\n".join(part for part in (f"`{word}`{detail}", known.about) if part)
    for side in document.sides:
        if place.path[:2] == (side.side, "when") and word in side.when:
            return _condition(word, side.when[word][1])
    return ""


def _condition(name: str, given: ast.Condition) -> str:
    weight = "must hold" if given.must else f"weight {1 if given.weight is None else given.weight:g}"
    return f"```\n{name}: {' '.join(given.span.text.split())}\n```\n\nA condition: {weight}."


def _member(analysis: Analysis, base: str, word: str, start: int, end: int) -> str:
    found = names.members(analysis, base).get(word)
    if found is not None:
        function = names.function(analysis, f"{base}.{word}")
        if function is not None and "(" in found[0]:
            return describe.page(function, _warm(analysis, function, start))
        return "\n\n".join(part for part in (f"`{base}.{word}` {found[0]}", found[1]) if part)
    for name, given in outputs(analysis, base):
        if name == word:
            return f"`.{name}` {given}"
    return ""


def _warm(analysis: Analysis, function: Function, at: int) -> tuple[int, int] | None:
    """Return the warm-up of the call as it is written, on the strategy's first timeframe."""
    from dsl.load import load_expression

    if function.kind == "builtin" or function.library:
        return None
    node = innermost(analysis.document, at, ast.Call)
    if node is None or not isinstance(node, ast.Call) or node.name != function.name:
        return None
    frame = analysis.document.timeframes[0][0] if analysis.document.timeframes else "1h"
    output = "" if function.outputs[0].name == "value" else f".{function.outputs[0].name}"
    lets = analysis.document if analysis.kind == "strategy" else None
    try:
        plan, index, _ = load_expression(node.span.text + output, frame, lets=lets)
    except (RecursionError, LookupError):
        return None
    return (plan.nodes[index].defined, plan.nodes[index].converged) if index is not None else None
