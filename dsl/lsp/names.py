"""The names that can be written at a place, and what each is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from dsl import ast
from dsl.catalogue import Function, catalogue, of_definition
from dsl.check.names import CONFIDENCE, FIELDS, MODEL, POSITION, SERIES, TIME
from dsl.errors import Source
from dsl.lsp.analysis import Analysis
from dsl.lsp.spot import Spot
from dsl.parser import parse
from dsl.place import Text
from dsl.units import BOOL, Type, level

ABOUT: Mapping[str, str] = {
    "open": "The candle's first price.", "high": "The candle's highest price.", "low": "The candle's lowest price.",
    "close": "The candle's last price.", "volume": "What was traded in the candle, in the base coin.",
    "hl2": "(high + low) / 2", "hlc3": "(high + low + close) / 3", "ohlc4": "(open + high + low + close) / 4",
    "bid": "The best bid. Live only, unless `assume` gives a value.",
    "ask": "The best ask. Live only, unless `assume` gives a value.",
    "spread": "(ask - bid) / mid. Live only, unless `assume` gives a value.",
    "quote_volume_24h": "Turnover of the last 24 hours, from candles.",
    "funding_rate": "The perpetual's funding rate. Live only, unless `assume` gives a value.",
    "timeframe": "How long a candle of this timeframe lasts.",
    "fng": "The fear and greed index, joined on publication time.",
    "confidence": "0 to 100: the weights that hold over all weights, or the side's own `confidence`.",
    "weighted": "0 to 100: the weights that hold over all weights.",
    "entry": "The price of the entry: the average fill.",
    "time": "The candle's close in UTC.", "position": "The open position.", "model": "What the trained model says.",
    "long": "The long side of this strategy.", "short": "The short side of this strategy.",
    "time.hour": "Hour of the candle's close in UTC.", "time.weekday": "1 Monday to 7 Sunday, of the close in UTC.",
    "time.minute": "Minute of the candle's close in UTC.",
    "position.bars": "Candles since the fill.", "position.profit": "Profit of the position so far, as a ratio.",
    "position.best": "The best price since the entry.", "position.stop": "The stop in force.",
    "model.up": "The model's probability that the upper end of its label comes first.",
    "model.down": "The model's probability that the lower end of its label comes first.",
    "long.fires": "Whether the long side fires on this candle.",
    "short.fires": "Whether the short side fires on this candle.",
}  # fmt: skip
HELD = ("exit", "trail", "targets")
"""Keys under which the open position can be read."""


@dataclass(frozen=True, slots=True)
class Known:
    """A name. kind: field, let, param, argument, condition, series, object or special."""

    name: str
    kind: str
    detail: str = ""
    about: str = ""


def visible(analysis: Analysis, place: Spot) -> Iterator[Known]:
    """Yield the names, other than functions, that an expression at a place may read."""
    outline, path = analysis.outline, place.path
    if path[:1] == ("define",) and len(path) > 1:
        for argument in signature_of(path[1]):
            yield Known(argument.name, "argument", argument.span.text)
        for entry in outline.under("define", path[1], "let"):
            yield Known(entry.name, "let", entry.value)
    for kind, key in (("let", "let"), ("param", "params")):
        for entry in outline.under(key):
            yield Known(entry.name, kind, entry.value)
    if path[-1:] in (("fire",), ("confidence",)) and len(path) == 2:
        for entry in outline.under(path[0], "when"):
            yield Known(entry.name, "condition", entry.value)
        for name in ("confidence", "weighted"):
            yield Known(name, "special", str(CONFIDENCE), ABOUT[name])
    objects = ["time", *(["model"] if outline.under("model") else [])]
    if len(path) > 1 and path[0] in ("long", "short") and path[1] in HELD:
        yield Known("entry", "special", str(level()), ABOUT["entry"])
        objects += ["position", "long", "short"]
    for name in objects:
        yield Known(name, "object", "", ABOUT[name])
    for name, given in FIELDS.items():
        yield Known(name, "field", str(given), ABOUT[name])
    yield Known("timeframe", "field", "duration", ABOUT["timeframe"])
    for name, given in SERIES.items():
        yield Known(name, "series", str(given), ABOUT.get(name, ""))
    for name in libraries(analysis):
        yield Known(name, "object", "library")


def members(analysis: Analysis, name: str) -> dict[str, tuple[str, str]]:
    """Return what stands after `name.`: each with its type and what it is. Empty where it is no object."""
    fixed: dict[str, Mapping[str, Type]] = {
        "time": TIME, "position": POSITION, "model": {"up": MODEL, "down": MODEL},
        "long": {"fires": BOOL}, "short": {"fires": BOOL},
    }  # fmt: skip
    if name in fixed:
        return {m: (str(given), ABOUT[f"{name}.{m}"]) for m, given in fixed[name].items()}
    library = libraries(analysis).get(name)
    if library is None:
        return {}
    found: dict[str, tuple[str, str]] = dict.fromkeys(library.params, ("param", "")) | dict.fromkeys(
        library.lets, ("let", "")
    )
    return found | {key: (of_definition(d, name).signature, d.about) for key, d in library.defines.items()}


def libraries(analysis: Analysis) -> dict[str, ast.Document]:
    """Return the libraries that a document uses, by id."""
    return analysis.libraries


def signature_of(key: str) -> tuple[ast.SignatureParam, ...]:
    """Return the arguments of a definition by its key; none where it cannot be read."""
    signature, _ = parse("signature", Text.of(Source("<signature>", key)))
    return signature.params if signature is not None else ()


def function(analysis: Analysis, name: str) -> Function | None:
    """Return a function by the name a call writes: of the document, of a library it uses, or of the language."""
    library, _, short = name.rpartition(".")
    if library:
        document = libraries(analysis).get(library)
        return of_definition(document.defines[short], library) if document and short in document.defines else None
    own = analysis.document.defines.get(name) if analysis.kind == "library" else None
    return of_definition(own) if own is not None else catalogue().get(name)


def function_names(analysis: Analysis) -> list[str]:
    """Return the names of all functions that may be called without a library's name before them."""
    own = [re.split(r"[ (]", e.name)[0] for e in analysis.outline.under("define")]
    return sorted({*_standard(), *(name for name in own if name.isidentifier())})


@cache
def _standard() -> tuple[str, ...]:
    return catalogue().names()
