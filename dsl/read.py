"""A file -> the syntax tree of a whole document, with every finding of its shape and its sentences.

Reading never stops at the first problem: each part is read for itself, and what could be read is in the document.
Whether names exist and units fit is asked later.
"""

from __future__ import annotations

from pathlib import Path

from dsl import ast
from dsl.definitions import DefinitionReader
from dsl.document import Entry, Listing, Scalar, Table, Unread, read_table
from dsl.errors import Diagnostic, Source, Span
from dsl.markets import meant_timeframe, not_a_rhythm, not_a_symbol
from dsl.parser import parse
from dsl.parts import ONLY_STRATEGY, SIDES, Parse, frozen, section_of
from dsl.schema import LIBRARY, STRATEGY


def read_document(
    given: Path | str, *, kind: str = "", path: str = "<text>", sentences_by: Parse = parse
) -> tuple[ast.Document, list[Diagnostic]]:
    """Read a strategy or a library from a file (a Path) or from a text (a str, named `path` in findings).

    kind: `strategy` or `library`; without it the keys tell. sentences_by: in place of dsl.parser.parse, where one
    remembers what it has parsed. Returns what could be read, and the findings in order of
    place.
    """
    where = given if isinstance(given, Path) else Source(path, given)
    table, source, found = read_table(where)
    kind = kind or _kind(table)
    reader = _DocumentReader(found)
    reader.sentences_by = sentences_by
    if table is None:
        document = ast.Document(kind, source.path, Span(source, 0, 0))
    else:
        document = reader.document(table, source, kind)
    return document, sorted(found, key=lambda finding: (finding.span.source is not source, finding.span.start))


def _kind(table: Table | None) -> str:
    if table is None or any(key in ONLY_STRATEGY for key in table.entries):
        return "strategy"
    return "library" if any(key in table for key in ("define", "params", "let")) else "strategy"


class _DocumentReader(DefinitionReader):
    """Reads the parts of a document, one method each."""

    def document(self, table: Table, source: Source, kind: str) -> ast.Document:
        section = STRATEGY if kind == "strategy" else LIBRARY
        top = next(iter(table.entries.values())).key.span if table.entries else Span(source, 0, 0)
        parts = self.section(table, section, top)
        self._language(parts)
        broken: set[str] = set()
        named = {
            key: self.named(parts.get(key), start, f"`{key}`", broken)
            for key, start in (("assume", "expr"), ("params", "param"), ("let", "expr"))
        }
        id_entry = parts.get("id")
        sides = [self._side(side, parts[side]) for side in SIDES if side in parts]
        if kind == "strategy" and not sides:
            self.refuse("missing-key", "a strategy needs a side: `long:` or `short:`", top)
        return ast.Document(
            kind=kind,
            path=source.path,
            span=table.span,
            id=self._id(id_entry, kind, source),
            id_span=id_entry.value.span if id_entry else None,
            name=self.written(parts, "name"),
            version=self.written(parts, "version"),
            version_span=parts["version"].value.span if "version" in parts else None,
            # One that cannot be read stands as something: that it is there must not be denied.
            about=self.written(parts, "about") or ("?" if "about" in parts else ""),
            schedule=self.sentence(parts.get("schedule"), "schedule", "`schedule`"),
            timeframes=self._timeframes(parts.get("timeframes")),
            gaps=self.sentence(parts.get("gaps"), "gaps", "`gaps`"),
            universe=self._universe(parts.get("universe")),
            assume=named["assume"],
            use=self.texts(parts["use"].value, "`use`") if "use" in parts else (),
            params=named["params"],
            lets=named["let"],
            defines=self.defines(parts.get("define"), broken),
            model=self._model(parts.get("model")),
            sides=tuple(side for side in sides if side is not None),
            cooldowns=self.sentences(parts.get("cooldown"), "cooldown", "`cooldown`"),
            broken=frozen(broken),
        )

    def _language(self, parts: dict[str, Entry]) -> None:
        entry = parts.get("language")
        number = self.integer(entry.value, "`language`") if entry else None
        if entry and number is not None and number != 1:
            self.refuse("wrong-type", f"language {number} is not known; this engine reads language 1", entry.value.span)

    def _id(self, entry: Entry | None, kind: str, source: Source) -> str:
        text = self.text(entry.value, "`id`") if entry else None
        if entry is None or text is None:
            return ""
        assert isinstance(entry.value, Scalar)
        before = len(self.found)
        self.key(entry.value)
        stem = Path(source.path).stem
        named = kind == "strategy" and not source.path.startswith("<")
        if named and text != stem and len(self.found) == before:
            self.warn("id-not-file-name", f"the id is `{text}`, the file is `{Path(source.path).name}`",
                      entry.value.span, f"write `id: {stem}`, or rename the file")  # fmt: skip
        return text

    def _timeframes(self, entry: Entry | None) -> tuple[tuple[str, Span], ...]:
        if entry is None:
            return ()
        from engine.domain.market import Timeframe

        good = []
        for text, span in self._list(entry, "`timeframes`"):
            try:
                timeframe = Timeframe.parse(text)
            except ValueError as error:
                self.refuse("wrong-type", str(error).replace("'", "`"), span, meant_timeframe(text))
                continue
            odd = not_a_rhythm(timeframe)
            if odd:
                self.refuse("wrong-type", odd[0], span, odd[1])
            else:
                good.append((text, span))
        return tuple(good)

    def _symbols(self, entry: Entry) -> tuple[tuple[str, Span], ...]:
        good = []
        for text, span in self._list(entry, "`symbols`"):
            odd = not_a_symbol(text)
            if odd:
                self.refuse("wrong-type", odd[0], span, odd[1])
            else:
                good.append((text, span))
        return tuple(good)

    def _list(self, entry: Entry, what: str) -> tuple[tuple[str, Span], ...]:
        """Read a list of texts; of several with commas and no brackets say how they are written."""
        if isinstance(entry.value, Scalar) and "," in entry.value.value:
            parts = ", ".join(part.strip() for part in entry.value.value.split(",") if part.strip())
            self.refuse("wrong-type", f"{what} is a list, which stands in brackets", entry.value.span,
                        f"write `[{parts}]`", write=f"[{parts}]")  # fmt: skip
            return ()
        return self.texts(entry.value, what)

    def _universe(self, entry: Entry | None) -> ast.UniverseBlock | None:
        table = self.table(entry.value, "`universe`") if entry else None
        if entry is None or table is None:
            return None
        parts = self.section(table, section_of("universe"), entry.key.span)
        if "symbols" in parts and "watchlist" in parts:
            message = "the symbols are either listed or a watchlist"
            self.refuse("wrong-type", message, parts["watchlist"].key.span, "remove one of them")
        return ast.UniverseBlock(
            span=entry.key.span,
            symbols=self._symbols(parts["symbols"]) if "symbols" in parts else (),
            watchlist=self.written(parts, "watchlist"),
            where=self.sentence(parts.get("where"), "expr", "`where`"),
        )

    def _model(self, entry: Entry | None) -> ast.ModelBlock | None:
        table = self.table(entry.value, "`model`") if entry else None
        if entry is None or table is None:
            return None
        parts = self.section(table, section_of("model"), entry.key.span)
        trust = parts.get("trust_training_span")
        return ast.ModelBlock(
            span=entry.key.span,
            name=self.written(parts, "name"),
            features=self.named(parts.get("features"), "expr", "`features`"),
            label=self.sentence(parts.get("label"), "label", "`label`"),
            trust_training_span=bool(trust and self.boolean(trust.value, "`trust_training_span`")),
        )

    def _side(self, side: str, entry: Entry) -> ast.SideBlock | None:
        table = self.table(entry.value, f"`{side}`")
        if table is None:
            return None
        parts = self.section(table, section_of(side), entry.key.span)
        when = parts.get("when")
        broken: set[str] = set()
        conditions = self.named(when, "condition", "`when`", broken)
        if (
            when
            and not conditions
            and not broken
            and not isinstance(when.value, Unread)
            and isinstance(when.value, Table)
        ):
            self.refuse("wrong-type", "`when` must name at least one condition", when.key.span)
        return ast.SideBlock(
            side=side,
            span=entry.key.span,
            when=conditions,
            fire=self.sentence(parts.get("fire"), "expr", "`fire`"),
            confidence=self.sentence(parts.get("confidence"), "expr", "`confidence`"),
            entry=self.sentences(parts.get("entry"), "entry", "`entry`"),
            stop=self._stop(parts.get("stop")),
            targets=self._targets(parts.get("targets")),
            exits=self.named(parts.get("exit"), "exit", "`exit`"),
            trails=self.sentences(parts.get("trail"), "trail", "`trail`"),
            expire_ms=self.sentence(parts.get("expire"), "duration", "`expire`") or 0,
            broken=frozen(broken),
        )

    def _stop(self, entry: Entry | None) -> ast.Stop | None:
        """Read the stop. One that cannot be read stands as 1 %: that it is there must not be denied."""
        stop: ast.Stop | None = self.sentence(entry, "stop", "`stop`")
        return ast.Stop(_one_percent(entry), None, entry.value.span) if entry and stop is None else stop

    def _targets(self, entry: Entry | None) -> tuple[ast.Target, ...]:
        """Read the targets. Where one cannot be read, all stand as 1 %: how many there are must not be denied."""
        before = len(self.found)
        targets = self.sentences(entry, "target", "`targets`")
        if entry is None or (not any(finding.name == "syntax" for finding in self.found[before:]) and targets):
            return targets
        parts = entry.value.items if isinstance(entry.value, Listing) else (entry.value,)
        count = len(entry.value.entries) if isinstance(entry.value, Table) else len(parts)
        return (ast.Target(_one_percent(entry), None, None, None, entry.value.span),) * count


def _one_percent(entry: Entry) -> ast.Number:
    return ast.Number(entry.value.span, 0.01, "%")
