"""The functions that a library document defines."""

from __future__ import annotations

from typing import Any

from dsl import ast
from dsl.document import Entry, Table
from dsl.parser import parse
from dsl.parts import PartReader, frozen, section_of
from dsl.schema import LIBRARY, OWN_KEYS


class DefinitionReader(PartReader):
    """Reads `define:`."""

    def defines(self, entry: Entry | None, broken: set[str]) -> dict[str, ast.Definition]:
        """Read functions by name; names of those that cannot be read are added to `broken`."""
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
        parts = self.section(table, section_of("define", LIBRARY), entry.key.span)
        broken: set[str] = set()
        lets = self.named(parts.get("let"), "expr", "`let`", broken)
        returns = self._outputs(parts.get("returns"), "expr", "`returns`", broken)
        settles = self.parse(parts["settles"].value, "expr", "`settles`") if "settles" in parts else None
        texts = {key: self.written(parts, key) for key in ("about", "reference", "deprecated", "example")}
        units = self._outputs(parts.get("unit"), "", "`unit`", broken)
        bounds = self._outputs(parts.get("bounds"), "bounds", "`bounds`", broken)
        return ast.Definition(
            signature=signature,
            lets=lets,
            returns=returns,
            span=entry.key.span,
            units=self._per_output(units, returns, parts.get("unit")),
            bounds=self._per_output(bounds, returns, parts.get("bounds")),
            settles=settles,
            broken=frozen(broken),
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
        single = self.parse(entry.value, start, what) if start else self.text(entry.value, what)
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
