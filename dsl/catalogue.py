"""The catalogue: every function of the language under one view, whatever it is made of.

A function is a primitive (engine.indicators), a definition (dsl/library/NAME.yaml, read when first asked
for) or one of the few that are built in. Libraries a strategy brings in with `use:` add theirs under the
library's id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dsl import ast
from dsl.cache import keep, kept
from dsl.errors import Diagnostic
from engine.domain.primitive import Input, Output, Parameter, Primitive
from engine.indicators import PRIMITIVES

LIBRARY = Path(__file__).parent / "library"


@dataclass(frozen=True, slots=True)
class Slot:
    """One argument of a function. `series`: an expression; else a constant within `low` to `high`.

    `default` is an expression of the language, a number, or None where the argument is required.
    """

    name: str
    series: bool
    default: ast.Expr | str | float | None = None
    low: float | None = None
    high: float | None = None
    whole: bool = False
    choices: tuple[str, ...] = ()
    unit: str = "any"
    boolean: bool = False

    @property
    def text(self) -> str:
        """Return it as a signature shows it: `source=close`, `length=14 in 1 to 500`."""
        default = self.default.span.text if isinstance(self.default, ast.Expr) else self.default
        if isinstance(default, float | int):
            default = self.choices[int(default)] if self.choices else f"{default:g}"
        text = self.name if default is None else f"{self.name}={default}"
        if self.choices:
            return f"{text} of {'|'.join(self.choices)}"
        return text if self.low is None or self.high is None else f"{text} in {self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language. kind: primitive, definition or builtin.

    The units of a definition's outputs are '' where they follow from its parts (dsl.check.describe derives them).
    """

    name: str
    kind: str
    slots: tuple[Slot, ...]
    outputs: tuple[Output, ...]
    about: str = ""
    reference: str = ""
    primitive: Primitive | None = None
    definition: ast.Definition | None = None
    library: str = ""
    examples: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[Slot, ...]:
        return tuple(slot for slot in self.slots if slot.series)

    @property
    def parameters(self) -> tuple[Slot, ...]:
        return tuple(slot for slot in self.slots if not slot.series)

    @property
    def signature(self) -> str:
        return f"{self.name}({', '.join(slot.text for slot in self.slots)})"

    @property
    def deprecated(self) -> str:
        return self.definition.deprecated if self.definition else ""


class Catalogue:
    """Functions by name. `folder` holds the definitions, one file per function, file = name."""

    def __init__(self, folder: Path = LIBRARY) -> None:
        self.folder = folder
        self.documents: dict[str, ast.Document] = {}
        self._functions: dict[str, Function | None] = dict(BUILT_IN)
        self._diagnostics: dict[str, list[Diagnostic]] = {}

    def names(self) -> tuple[str, ...]:
        """Return every name, sorted, without reading a definition."""
        files = (path.stem for path in self.folder.glob("*.yaml") if "." not in path.stem)
        return tuple(sorted({*BUILT_IN, *PRIMITIVES.names(), *files}))

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def __iter__(self) -> Iterator[Function]:
        return (found for name in self.names() if (found := self.get(name)))

    def get(self, name: str) -> Function | None:
        """Return the function of that name, None if there is none (or its file holds no such definition)."""
        if name not in self._functions:
            self._functions[name] = self._find(name)
        return self._functions[name]

    def diagnostics(self, name: str) -> list[Diagnostic]:
        """Return what was wrong with the file of a definition when it was read."""
        self.get(name)
        return self._diagnostics.get(name, [])

    def _find(self, name: str) -> Function | None:
        if name in PRIMITIVES:
            return of_primitive(PRIMITIVES[name])
        path = self.folder / f"{name}.yaml"
        if not name.isidentifier() or not path.is_file():
            return None
        document, self._diagnostics[name] = _read(path)
        if document is None or name not in document.defines:
            return None
        self.documents[name] = document
        return of_definition(document.defines[name])


def _read(path: Path) -> tuple[ast.Document, list[Diagnostic]]:
    """Return the document of a library file. One that is whole is read once, and kept for later commands."""
    import pickle

    made_from = f"{path}\n{path.read_text(encoding='utf-8', errors='replace')}"
    known = kept("library", made_from, pickle.load)
    if isinstance(known, ast.Document):
        return known, []
    from dsl.read import read_document

    document, found = read_document(path)
    if not found:
        keep("library", made_from, lambda file: pickle.dump(document, file, pickle.HIGHEST_PROTOCOL))
    return document, found


def of_primitive(primitive: Primitive) -> Function:
    """Return the view of a primitive: its inputs, then its parameters, in declared order."""
    slots = [_input(given) for given in primitive.inputs] + [_parameter(given) for given in primitive.parameters]
    return Function(
        primitive.name, "primitive", tuple(slots), primitive.outputs, primitive.about, primitive.reference,
        primitive=primitive, examples=primitive.examples,
    )  # fmt: skip


def of_definition(definition: ast.Definition, library: str = "") -> Function:
    """Return the view of a definition; the function of a library bears the library's id before its name."""
    slots = tuple(_signature_slot(given) for given in definition.signature.params)
    outputs = tuple(
        Output(name, definition.units.get(name, ""), definition.bounds.get(name, (None, None)))
        for name in definition.returns
    )
    name = f"{library}.{definition.signature.name}" if library else definition.signature.name
    examples = (definition.example,) if definition.example else ()
    return Function(
        name, "definition", slots, outputs, definition.about, definition.reference,
        definition=definition, library=library, examples=examples,
    )  # fmt: skip


def _input(given: Input) -> Slot:
    return Slot(given.name, True, given.default, unit=given.unit, boolean=given.boolean)


def _parameter(given: Parameter) -> Slot:
    return Slot(given.name, False, given.default, given.low, given.high, given.whole, given.choices)


def _signature_slot(given: ast.SignatureParam) -> Slot:
    if not given.constant:
        return Slot(given.name, True, given.default)
    low = given.low.value if given.low else None
    high = given.high.value if given.high else None
    return Slot(given.name, False, given.default, low, high)


def _builtin(name: str, about: str, slots: str, unit: str = "any", boolean: bool = False) -> Function:
    series = tuple(Slot(slot, True) for slot in slots.split())
    return Function(name, "builtin", series, (Output("value", unit, boolean=boolean),), about)


BUILT_IN = {
    function.name: function
    for function in (
        _builtin("min", "The least of two or more values.", "a b"),
        _builtin("max", "The greatest of two or more values.", "a b"),
        _builtin("clip", "The value, held within two bounds.", "x low high"),
        _builtin("abs", "The value without its sign.", "x"),
        _builtin("sign", "-1, 0 or 1.", "x", "number"),
        _builtin("floor", "The whole number at or below x.", "x"),
        _builtin("sqrt", "Square root; unknown below 0.", "x"),
        _builtin("log", "Natural logarithm; unknown at and below 0.", "x", "number"),
        _builtin("exp", "e to the power of x.", "x", "number"),
        _builtin("default", "x, or y where x is unknown.", "x y"),
        _builtin("known", "Whether a field, an external series or the model has a value.", "x", "bool", True),
        _builtin("at_least", "Whether at least n of the conditions hold.", "n conditions", "bool", True),
        _builtin("at_entry", "The value that x had at the signal (in exit, trail and then only).", "x"),
        _builtin("prev", "The value a let of this definition had on the candle before.", "name start"),
    )
}


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """Return the one catalogue of this process: primitives, the standard library, built-ins."""
    return Catalogue()
