"""A file -> the syntax tree of a whole document, with every finding of its shape and its sentences.

Reading never stops at the first problem: each part is read for itself, and what could be read is in the document.
Whether names exist and units fit is asked later. (Longer than most files: one method per part of a document.)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dsl import ast
from dsl.document import Entry, Listing, Node, Scalar, Table, Unread, read_table
from dsl.errors import Diagnostic, Source, Span
from dsl.expressions import RESERVED
from dsl.parser import parse
from dsl.reading import Reader
from dsl.schema import LIBRARY, OWN_KEYS, STRATEGY, Section

_EVERY = "*"
"""Among names that could not be read: all of them, because their part could not be read."""

SIDES = ("long", "short")
_ONLY_STRATEGY = frozenset(STRATEGY.by_name) - frozenset(LIBRARY.by_name)
_SIDE_KEYS = frozenset(STRATEGY.by_name["long"].inner.by_name)  # type: ignore[union-attr]


def read_document(given: Path | str, *, kind: str = "", path: str = "<text>") -> tuple[ast.Document, list[Diagnostic]]:
    """Read a strategy or a library from a file (a Path) or from a text (a str, named `path` in findings).

    kind: `strategy` or `library`; without it the keys tell. Returns what could be read, and the findings in order of
    place.
    """
    where = given if isinstance(given, Path) else Source(path, given)
    table, source, found = read_table(where)
    kind = kind or _kind(table)
    reader = _DocumentReader(found)
    if table is None:
        document = ast.Document(kind, source.path, Span(source, 0, 0))
    else:
        document = reader.document(table, source, kind)
    return document, sorted(found, key=lambda finding: (finding.span.source is not source, finding.span.start))


def _kind(table: Table | None) -> str:
    if table is None or any(key in _ONLY_STRATEGY for key in table.entries):
        return "strategy"
    return "library" if any(key in table for key in ("define", "params", "let")) else "strategy"


class _DocumentReader(Reader):
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
            name=self._text(parts, "name"),
            version=self._text(parts, "version"),
            about=self._text(parts, "about"),
            schedule=self.sentence(parts.get("schedule"), "schedule", "`schedule`"),
            timeframes=self._timeframes(parts.get("timeframes")),
            gaps=self.sentence(parts.get("gaps"), "gaps", "`gaps`"),
            universe=self._universe(parts.get("universe")),
            assume=named["assume"],
            use=self.texts(parts["use"].value, "`use`") if "use" in parts else (),
            params=named["params"],
            lets=named["let"],
            defines=self._defines(parts.get("define"), broken),
            model=self._model(parts.get("model")),
            sides=tuple(side for side in sides if side is not None),
            cooldowns=self.sentences(parts.get("cooldown"), "cooldown", "`cooldown`"),
            broken=_frozen(broken),
        )

    # -- tools --

    def section(self, table: Table, section: Section, place: Span) -> dict[str, Entry]:
        """Check the keys of a mapping against its section."""
        known = {field.name: field.required for field in section.fields}
        elsewhere = {} if section.title in SIDES else dict.fromkeys(_SIDE_KEYS, "put it under `long:` or `short:`")
        if section is STRATEGY:
            elsewhere["define"] = "functions are defined in a library document, which `use:` brings in"
        if section is LIBRARY or section.title in SIDES:
            elsewhere |= dict.fromkeys(_ONLY_STRATEGY - set(known), "it belongs to the top of a strategy")
        return self.keys(table, known, place, elsewhere=elsewhere)

    def sentence(self, entry: Entry | None, start: str, what: str) -> Any:
        """Read one sentence of the grammar; None where there is none or it cannot be read."""
        return self._parse(entry.value, start, what) if entry else None

    def sentences(self, entry: Entry | None, start: str, what: str) -> tuple[Any, ...]:
        """Read a sentence, or a list of them."""
        if entry is None:
            return ()
        items = self.items(entry.value, what)
        read = [self._parse(item, start, f"each of {what}") for item in items]
        return tuple(sentence for sentence in read if sentence is not None)

    def named(self, entry: Entry | None, start: str, what: str, broken: set[str] | None = None) -> dict[str, Any]:
        """Read names with a sentence each; names whose sentence cannot be read are added to `broken`."""
        table = self.table(entry.value, what) if entry else None
        if entry and table is None and broken is not None:
            broken.add(_EVERY)
        read: dict[str, Any] = {}
        for name, inner in table.entries.items() if table else ():
            if name.startswith(OWN_KEYS):
                continue
            key = self._key(inner.key)
            sentence = self._parse(inner.value, start, f"`{name}`")
            if sentence is not None and key is not None:
                read[key.text] = (key, sentence)
            elif broken is not None:
                broken.add(key.text if key else name)
        return read

    def _parse(self, node: Node, start: str, what: str) -> Any:
        scalar = self.scalar(node, what)
        if scalar is None:
            return None
        result, findings = parse(start, scalar.text)
        self.found.extend(findings)
        return result

    def _key(self, key: Scalar) -> ast.Key | None:
        """Check a name of the user's choice."""
        name = key.value
        if name in RESERVED:
            self.refuse("wrong-type", f"`{name}` is a word of the language and cannot be a name", key.span)
            return None
        if not (name.isascii() and name.isidentifier() and name == name.lower()):
            better = "".join(c if c.isalnum() and c.isascii() else "_" for c in name.lower()).strip("_")
            mended = better if better.isidentifier() and better not in RESERVED else ""
            message = "a name has lower-case letters, digits and `_`, and begins with a letter"
            self.refuse("wrong-type", message, key.span, f"write `{mended}`" if mended else "")
            return ast.Key(mended, key.span) if mended else None
        return ast.Key(name, key.span)

    def _text(self, parts: dict[str, Entry], key: str) -> str:
        return (self.text(parts[key].value, f"`{key}`") or "") if key in parts else ""

    # -- parts --

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
        self._key(entry.value)
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
        for text, span in self.texts(entry.value, "`timeframes`"):
            try:
                Timeframe.parse(text)
                good.append((text, span))
            except ValueError as error:
                self.refuse("wrong-type", str(error).replace("'", "`"), span)
        return tuple(good)

    def _universe(self, entry: Entry | None) -> ast.UniverseBlock | None:
        table = self.table(entry.value, "`universe`") if entry else None
        if entry is None or table is None:
            return None
        parts = self.section(table, _inner("universe"), entry.key.span)
        if "symbols" in parts and "watchlist" in parts:
            message = "the symbols are either listed or a watchlist"
            self.refuse("wrong-type", message, parts["watchlist"].key.span, "remove one of them")
        return ast.UniverseBlock(
            span=entry.key.span,
            symbols=self.texts(parts["symbols"].value, "`symbols`") if "symbols" in parts else (),
            watchlist=self._text(parts, "watchlist"),
            where=self.sentence(parts.get("where"), "expr", "`where`"),
        )

    def _model(self, entry: Entry | None) -> ast.ModelBlock | None:
        table = self.table(entry.value, "`model`") if entry else None
        if entry is None or table is None:
            return None
        parts = self.section(table, _inner("model"), entry.key.span)
        trust = parts.get("trust_training_span")
        return ast.ModelBlock(
            span=entry.key.span,
            name=self._text(parts, "name"),
            features=self.named(parts.get("features"), "expr", "`features`"),
            label=self.sentence(parts.get("label"), "label", "`label`"),
            trust_training_span=bool(trust and self.boolean(trust.value, "`trust_training_span`")),
        )

    def _side(self, side: str, entry: Entry) -> ast.SideBlock | None:
        table = self.table(entry.value, f"`{side}`")
        if table is None:
            return None
        parts = self.section(table, _inner(side), entry.key.span)
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
            broken=_frozen(broken),
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

    # -- definitions --

    def _defines(self, entry: Entry | None, broken: set[str]) -> dict[str, ast.Definition]:
        table = self.table(entry.value, "`define`") if entry else None
        read: dict[str, ast.Definition] = {}
        for inner in table.entries.values() if table else ():
            if inner.key.value.startswith(OWN_KEYS):
                continue
            signature, findings = parse("signature", inner.key.text)
            self.found.extend(findings)
            if signature is None:
                continue
            if signature.name in read:
                message = f"the function `{signature.name}` is defined here for the second time"
                self.refuse("duplicate-key", message, inner.key.span)
                continue
            definition = self._definition(signature, inner)
            if definition is None:
                broken.add(signature.name)
            else:
                read[signature.name] = definition
        return read

    def _definition(self, signature: ast.Signature, entry: Entry) -> ast.Definition | None:
        table = self.table(entry.value, f"`{signature.name}`")
        if table is None:
            return None
        parts = self.section(table, _inner("define", LIBRARY), entry.key.span)
        broken: set[str] = set()
        lets = self.named(parts.get("let"), "expr", "`let`", broken)
        returns = self._outputs(parts.get("returns"), "expr", "`returns`", broken)
        settles = self.integer(parts["settles"].value, "`settles`", 1, 100_000) if "settles" in parts else None
        texts = {key: self._text(parts, key) for key in ("about", "reference", "deprecated", "example")}
        units = self._outputs(parts.get("unit"), "", "`unit`", broken)
        bounds = self._outputs(parts.get("bounds"), "bounds", "`bounds`", broken)
        return ast.Definition(
            signature=signature,
            lets=lets,
            returns=returns,
            span=entry.key.span,
            units=self._per_output(units, returns, parts.get("unit")),
            bounds=self._per_output(bounds, returns, parts.get("bounds")),
            settles=settles or 0,
            broken=_frozen(broken),
            **texts,
        )

    def _outputs(self, entry: Entry | None, start: str, what: str, broken: set[str]) -> dict[str, Any]:
        """Read one sentence, under the name `value`, or several named ones. Without `start` they are texts."""
        if entry is None:
            return {}
        if isinstance(entry.value, Table) and start:
            return self.named(entry, start, what, broken)
        if isinstance(entry.value, Table):
            pairs = [(inner.key, self.text(inner.value, f"`{name}`")) for name, inner in entry.value.entries.items()]
            return {key.value: (ast.Key(key.value, key.span), text) for key, text in pairs if text}
        single = self._parse(entry.value, start, what) if start else self.text(entry.value, what)
        if single is None:
            broken.add("value")
            return {}
        return {"value": (ast.Key("value", entry.key.span), single)}

    def _per_output(self, given: dict[str, Any], returns: dict[str, Any], entry: Entry | None) -> dict[str, Any]:
        """Return what was said about each output: a single sentence is about all of them."""
        if entry is not None and isinstance(entry.value, Table):
            for name, (key, _) in given.items():
                if returns and name not in returns:
                    message = f"the function has no output `{name}`"
                    self.refuse("unknown-key", message, key.span, f"its outputs: {', '.join(returns)}")
            return {name: value for name, (_, value) in given.items()}
        return dict.fromkeys(returns, given["value"][1]) if "value" in given else {}


def _one_percent(entry: Entry) -> ast.Number:
    return ast.Number(entry.value.span, 0.01, "%")


def _frozen(broken: set[str]) -> frozenset[str]:
    return ast.EveryName() if _EVERY in broken else frozenset(broken)


def _inner(key: str, section: Section = STRATEGY) -> Section:
    inner = section.by_name[key].inner
    assert inner is not None
    return inner
