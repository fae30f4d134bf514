"""Completion: what the grammar, the schema and the document allow at the cursor."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsprotocol.types import CompletionItem, CompletionItemKind, MarkupContent, MarkupKind, Range, TextEdit

from dsl.expected import words
from dsl.lsp import describe, names, tests
from dsl.lsp.analysis import Analysis
from dsl.lsp.grammar_state import State, state
from dsl.lsp.snippets import pieces
from dsl.lsp.spot import Spot, spot
from dsl.parser import MAX_LENGTH
from dsl.schema import Field
from engine.domain.market import MARKET_FIELDS, Timeframe

TRIGGERS = (".", "@", '"')
TIMEFRAMES = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w")
_SYMBOL = re.compile(r"[@,\[\s][ ]*[\"']?([A-Z0-9]{2,12}/[A-Z0-9]{2,12}(?::[A-Z0-9]{2,12})?)\b")
_COMMENT = re.compile(r"(?:^|[ \t])#")
_NEAR, _FIELD, _FUNCTION, _WORD = "1", "2", "3", "4"
_KINDS = {
    "let": CompletionItemKind.Variable, "param": CompletionItemKind.Constant, "argument": CompletionItemKind.Variable,
    "condition": CompletionItemKind.Event, "object": CompletionItemKind.Module, "special": CompletionItemKind.Field,
    "field": CompletionItemKind.Field, "series": CompletionItemKind.Field,
}  # fmt: skip


def complete(analysis: Analysis, offset: int, *, whole: bool = False) -> list[CompletionItem]:
    """Return what can be written at a character; with `whole` also pieces with places to fill in."""
    if not analysis.kind:
        return []
    place = spot(analysis.text, offset, analysis.kind)
    if len(place.before) > MAX_LENGTH or _COMMENT.search(place.before):
        return []
    if place.section is not None:
        keys = [_key(field, place) for field in place.section.fields if field.name not in place.taken]
        return [*keys, *(pieces(place, not analysis.outline.entries) if whole else ())]
    if place.start:
        return [*_sentence(analysis, place, offset)]
    if analysis.kind == "test":
        return [*_of_tests(analysis, place)] if place.field is not None else []
    return [*_values(analysis, place)] if place.field is not None else []


def resolve(analysis: Analysis, item: CompletionItem, name: str) -> CompletionItem:
    """Add the page of a function, which is only read when it is looked at."""
    found = names.function(analysis, name)
    if found is not None:
        item.detail = found.signature
        item.documentation = _markdown(describe.page(found))
    return item


# -- keys and plain values --


def _key(field: Field, place: Spot) -> CompletionItem:
    nested = field.form in ("table", "tables", "named", "entries", "definitions") and not place.flow
    return CompletionItem(
        label=field.name,
        kind=CompletionItemKind.Property,
        detail="required" if field.required else None,
        documentation=_markdown(describe.key(field)),
        insert_text=f"{field.name}:" if nested else f"{field.name}: ",
        sort_text="0" if field.required else "1",
    )


def _of_tests(analysis: Analysis, place: Spot) -> Iterator[CompletionItem]:
    """Yield what a key of a test file may hold, or the conditions under `when`."""
    assert place.field is not None
    names_ = place.field.name == "when" and place.path[-1] == "when"
    seen = set()
    for text, about in tests.values(analysis, place):
        if text in seen:
            continue
        seen.add(text)
        yield CompletionItem(
            label=text,
            kind=_KINDS["condition"] if names_ else CompletionItemKind.Value,
            detail=about or None,
            insert_text=f"{text}: " if names_ else text,
        )


def _values(analysis: Analysis, place: Spot) -> Iterator[CompletionItem]:
    """Yield the values of a key that holds no sentence, or the names it is usual to write under it."""
    assert place.field is not None
    match place.field.name:
        case "timeframes":
            chosen: tuple[str, ...] = TIMEFRAMES
        case "symbols":
            chosen = _symbols(analysis)
        case "assume" if len(place.path) == 1:
            chosen = tuple(MARKET_FIELDS)
        case "use":
            folder = analysis.path.parent
            files = (p for p in [*folder.glob("*.yaml"), *folder.glob("*/*.yaml")] if ".test" not in p.name)
            chosen = tuple(sorted(p.relative_to(folder).as_posix() for p in files if p != analysis.path)[:100])
        case "id":
            chosen = (analysis.path.stem,)
        case "trust_training_span":
            chosen = ("true", "false")
        case _:
            chosen = place.field.examples if place.field.form in ("integer", "text") and len(place.path) < 4 else ()
    for text in chosen:
        yield CompletionItem(label=text, kind=CompletionItemKind.Value)


def _symbols(analysis: Analysis) -> tuple[str, ...]:
    return tuple(dict.fromkeys(match[1] for match in _SYMBOL.finditer(analysis.text)))


# -- sentences --


def _sentence(analysis: Analysis, place: Spot, offset: int) -> Iterator[CompletionItem]:
    here = state(place.start, place.before)
    if here.at:
        yield from _elsewhere(analysis, here, offset)
        return
    if here.base is not None:
        yield from _members(analysis, here)
        return
    if here.call is not None:
        yield from _arguments(analysis, here)
    if not place.before.strip() and place.field is not None and place.start not in ("expr", "condition", "exit"):
        for example in place.field.examples:
            yield CompletionItem(label=example, kind=CompletionItemKind.Snippet, sort_text=_NEAR)
    if {"NAME", "NUMBER"} <= here.accepts:
        for known in names.visible(analysis, place):
            near = known.kind in ("let", "param", "argument", "condition")
            yield CompletionItem(
                label=known.name,
                kind=_KINDS[known.kind],
                detail=f"{known.kind}  {known.detail}".rstrip(),
                documentation=known.about or None,
                sort_text=_NEAR if near else _FIELD,
            )
        for name in names.function_names(analysis):
            yield _function(name, offset, analysis.text)
    for word in words(here.accepts):
        yield CompletionItem(label=word, kind=CompletionItemKind.Keyword, sort_text=_WORD)


def _function(name: str, offset: int, text: str, full: str = "") -> CompletionItem:
    return CompletionItem(
        label=name,
        kind=CompletionItemKind.Function,
        insert_text=name if text.startswith("(", offset) else f"{name}(",
        sort_text=_FUNCTION,
        data=full or name,
    )


def _elsewhere(analysis: Analysis, here: State, offset: int) -> Iterator[CompletionItem]:
    """Yield timeframes and symbols after `@`."""
    quote = here.word[:1] if here.word[:1] in ("'", '"') else ""
    whole = analysis.lines.range(offset - len(here.word), offset)
    if not quote:
        frames = [Timeframe.parse(text) for text in TIMEFRAMES]
        own = [frame for entry in _own_frames(analysis) if (frame := _frame(entry)) is not None]
        for frame in frames:
            if all(frame.is_multiple_of(each) for each in own) and (len(own) != 1 or frame != own[0]):
                yield CompletionItem(label=frame.text, kind=CompletionItemKind.Unit, sort_text=f"{frame.ms:015}")
    for symbol in _symbols(analysis):
        text = f'"{symbol}"'
        closed = analysis.text.startswith(quote, offset) if quote else False
        edit = TextEdit(whole if not closed else _longer(analysis, whole, offset), text)
        yield CompletionItem(
            label=text, kind=CompletionItemKind.Constant, filter_text=quote + symbol + quote, text_edit=edit,
            sort_text="z",
        )  # fmt: skip


def _longer(analysis: Analysis, whole: Range, offset: int) -> Range:
    return Range(whole.start, analysis.lines.position(offset + 1))


def _own_frames(analysis: Analysis) -> list[str]:
    entries = [e for e in analysis.outline.entries if e.path[0] == "timeframes"]
    return [word for entry in entries for word in re.findall(r"\b\d+[smhdw]\b", entry.value)]


def _frame(text: str) -> Timeframe | None:
    try:
        return Timeframe.parse(text)
    except ValueError:
        return None


def _members(analysis: Analysis, here: State) -> Iterator[CompletionItem]:
    """Yield what stands after a `.`: members of an object or a library, outputs of a call or of a let."""
    base = here.base or ""
    for name, (detail, about) in names.members(analysis, base).items():
        if "(" in detail:
            yield _function(name, 0, "", f"{base}.{name}")
        else:
            kind = CompletionItemKind.Field
            yield CompletionItem(label=name, kind=kind, detail=detail, documentation=about or None)
    for name, kind_text in outputs(analysis, base):
        yield CompletionItem(label=name, kind=CompletionItemKind.Field, detail=kind_text)


def outputs(analysis: Analysis, base: str) -> list[tuple[str, str]]:
    """Return the outputs of a call, or of a let that is one, each with its unit; none where there is one value."""
    seen: set[str] = set()
    while "(" not in base:
        if base in seen or (entry := _let(analysis, base)) is None:
            return []
        seen.add(base)
        base = entry
    called = re.match(r"\s*([A-Za-z_][\w.]*)\s*\(", base)
    if called is None or not base.rstrip().endswith(")"):
        return []
    function = names.function(analysis, called[1])
    given = describe.gives(function) if function else []
    return [] if [name for name, _ in given] == ["value"] else given


def _let(analysis: Analysis, name: str) -> str | None:
    for entry in analysis.outline.entries:
        if entry.name == name and entry.path[-2:-1] == ("let",):
            return entry.value.split(" #")[0].strip().strip("\"'")
    return None


def _arguments(analysis: Analysis, here: State) -> Iterator[CompletionItem]:
    """Yield names of arguments that are not given yet, and the words an argument takes."""
    assert here.call is not None
    function = names.function(analysis, here.call.name)
    if function is None:
        return
    slot = next((s for s in function.slots if s.name == here.call.current), None)
    if slot is None and here.argument and here.call.index < len(function.slots):
        slot = function.slots[here.call.index]
    for choice in slot.choices if slot else ():
        yield CompletionItem(label=choice, kind=CompletionItemKind.EnumMember, sort_text="0")
    if here.argument:
        for other in function.slots[here.call.index if not here.call.named else 0 :]:
            if other.name not in here.call.named and function.kind != "builtin":
                yield CompletionItem(
                    label=f"{other.name}=", kind=CompletionItemKind.Variable, detail=other.text, sort_text=_NEAR + "~"
                )


def _markdown(text: str) -> MarkupContent:
    return MarkupContent(MarkupKind.Markdown, text)
