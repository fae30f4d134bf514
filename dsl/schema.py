"""Every key a document may have: what it means, what it holds, what it looks like.

One table. dsl.read checks documents against it, and `schemas/strategy.schema.json` and
`schemas/library.schema.json`, which give completion and hover in editors, are written from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

NAME_PATTERN = "^[a-z][a-z0-9_]*$"
OWN_KEYS = "x-"
"""Keys that begin so are the user's own."""


@dataclass(frozen=True, slots=True)
class Field:
    """One key. `form` says what it holds:

    text integer boolean         a value
    sentence                     an expression or one of the small sentences
    texts sentences              one of them, or a list
    named                        names of the user's choice, each with a sentence
    lists                        names of any spelling, each with a value or a list of them
    values                       names of any spelling, each with anything
    outputs                      a sentence, or named
    table                        the keys of `inner`
    definitions                  signatures, each with the keys of `inner`
    """

    name: str
    form: str
    about: str
    examples: tuple[str, ...] = ()
    required: bool = False
    inner: Section | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """The keys of one mapping."""

    title: str
    about: str
    fields: tuple[Field, ...]

    @property
    def by_name(self) -> dict[str, Field]:
        return {field.name: field for field in self.fields}


LANGUAGE = Field("language", "integer", "The version of the language: 1.", ("1",), required=True)
PARAMS = Field("params", "named", "Numbers that an optimiser may move, and within what.", ("30 in 10 to 45 step 1",))
LET = Field("let", "named", "Names for expressions.", ("rsi(close, 14)", "volume > 1.8 * sma(volume, 20)"))
USE = Field("use", "texts", "Library documents, by path from this file, whose lets, params and functions are used.",
            ("lib/volume.yaml",))  # fmt: skip

UNIVERSE = Section(
    "universe",
    "The symbols the strategy looks at.",
    (
        Field("symbols", "texts", "Symbols by name.", ("BTC/USDT", "ETH/USDT")),
        Field("watchlist", "text", "The name of a list of symbols in the configuration.", ("majors",)),
        Field("where", "sentence", "A condition a symbol must meet at decision time.",
              ("quote_volume_24h >= 5_000_000 and spread <= 0.1%",)),
    ),
)  # fmt: skip

MODEL = Section(
    "model",
    "A trained model that the rules read as `model.up` and `model.down`.",
    (
        Field("name", "text", "The name of the trained model.", ("momentum",), required=True),
        Field("features", "named", "What the model is shown, each an expression.", ("rsi(close, 14)",), required=True),
        Field("label", "sentence", "What it predicts.", ("1% before -1% within 24 bars",), required=True),
        Field("trust_training_span", "boolean",
              "Let the model be asked inside the span it was trained on. What it says there proves nothing.",
              ("false",)),
    ),
)  # fmt: skip


def _side(name: str) -> Section:
    stop = "lowest(low, 10) - 0.25 * atr(14) clamp 0.5% to 1.5%" if name == "long" else "highest(high, 10) + 0.5%"
    return Section(
        name,
        f"When to go {name}, and how to leave.",
        (
            Field("when", "named", "Named conditions: `[must] EXPRESSION [weight N]`.",
                  ("must close > ema(close, 25)", "burst weight 2"), required=True),
            Field("fire", "sentence", "What makes a signal. Without it every condition must hold.",
                  ("confidence >= 70",)),
            Field("confidence", "sentence", "0 to 100. Without it the share of the weights that hold.",
                  ("0.5 * weighted + 50 * model.up",)),
            Field("entry", "sentences", "How to enter: market, or at a limit or stop price; a list adds later.",
                  ("market", "limit close - atr(14) for 6 bars", "2% take 30%")),
            Field("stop", "sentence", "Where the trade is wrong: a price, a distance, a percentage.", (stop,)),
            Field("targets", "sentences", "Where profit is taken.",
                  ("0.6% take 50% then stop to entry", "2.5R")),
            Field("exit", "named", "Named conditions that close at market.",
                  ("rsi(close, 14) crosses below 50", "position.bars >= 40 take 50%")),
            Field("trail", "sentences", "A stop that follows: a line, or a distance behind the best price.",
                  ("2 * atr(14) after target 1", "supertrend().line")),
            Field("expire", "sentence", "How long after the fill the position is closed.", ("4h",)),
        ),
    )  # fmt: skip


STRATEGY = Section(
    "strategy",
    "A trading strategy: when to signal, where to enter, where to leave.",
    (
        LANGUAGE,
        Field("id", "text", "The strategy's identity: the file's name without its end.", ("scalper",), required=True),
        Field("name", "text", "The name that readers of signals see.", ("Scalping Bot",), required=True),
        Field("version", "text", "Moves with every change of meaning.", ("1.0.0",), required=True),
        Field("about", "text", "One sentence on what the strategy looks for."),
        Field("schedule", "sentence", "When the engine looks: `on close`, `every 15s` or a cron line.",
              ("on close", "every 15s")),
        Field("timeframes", "texts", "The candles the rules run on, each for itself.", ("1m", "1h"), required=True),
        Field("gaps", "sentence", "What a hole in the candles does: `skip N`, `fill` or `stop`.", ("skip 12",)),
        Field("universe", "table", "The symbols the strategy looks at.", inner=UNIVERSE),
        Field("assume", "named", "Values for market fields that the data lacks.", ("0.05%",)),
        USE,
        PARAMS,
        LET,
        Field("model", "table", "A trained model.", inner=MODEL),
        Field("long", "table", "The long side.", inner=_side("long")),
        Field("short", "table", "The short side.", inner=_side("short")),
        Field("cooldown", "sentences", "No new signal for a while after a signal, exit or stop.", ("30m after stop",)),
    ),
)  # fmt: skip

DEFINITION = Section(
    "function",
    "A function written in the language.",
    (
        Field("about", "text", "What it computes, in one or two sentences.", required=True),
        Field("reference", "text", "Where it comes from.", ("Appel 1979",)),
        LET,
        Field("returns", "outputs", "Its result: one expression, or several named ones.", ("line - average",),
              required=True),
        Field("unit", "outputs", "The unit, where it cannot be derived.", ("index", "same as source")),
        Field("bounds", "outputs", "Between which values it stays.", ("0 to 100", "at least 0")),
        Field("settles", "integer", "Candles after which its start no longer matters; allows `prev`.", ("300",)),
        Field("deprecated", "text", "Why not to use it any more, and what to use.", ("use rsi",)),
        Field("example", "text", "One use of it.", ("macd(close, 12, 26, 9).hist > 0",)),
    ),
)  # fmt: skip

LIBRARY = Section(
    "library",
    "Functions, params and lets that strategies share.",
    (
        LANGUAGE,
        Field("id", "text", "The library's name, which qualifies what it defines.", ("volume",), required=True),
        Field("name", "text", "A title."),
        Field("version", "text", "Moves with every change of meaning.", ("1.0.0",)),
        Field("about", "text", "One sentence on what is in it."),
        USE,
        PARAMS,
        LET,
        Field("define", "definitions", "Functions by signature.", inner=DEFINITION),
    ),
)

_SCALAR = ["string", "number", "boolean"]
_PATTERNS: dict[str, dict[str, object]] = {"language": {"const": 1}, "id": {"type": "string", "pattern": NAME_PATTERN}}


FILES = {"strategy.schema.json": STRATEGY, "library.schema.json": LIBRARY}
"""The files under schemas/ that `python -m dsl.schema` writes."""


def json_schema(section: Section) -> dict[str, object]:
    """Return the JSON Schema of a document, for editors. It says less than dsl.read checks, and never more."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"Signal Engine {section.title}",
        **_object(section),
    }


def schema_text(section: Section) -> str:
    """Return the schema file of a document, as checked in under schemas/."""
    return json.dumps(json_schema(section), indent=2, ensure_ascii=False) + "\n"


def _object(section: Section) -> dict[str, object]:
    required = [field.name for field in section.fields if field.required]
    return {
        "description": section.about,
        "type": "object",
        "additionalProperties": False,
        "patternProperties": {f"^{OWN_KEYS}": {"description": "Your own; the engine does not read it."}},
        **({"required": required} if required else {}),
        "properties": {field.name: _property(field) for field in section.fields},
    }


def _property(field: Field) -> dict[str, object]:
    about: dict[str, object] = {"title": field.name, "description": field.about}
    if field.name in _PATTERNS:
        return {**about, **_PATTERNS[field.name]}
    if field.inner is not None and field.form == "table":
        return {**about, **_object(field.inner), "description": field.about}
    examples: Mapping[str, object] = {"examples": list(field.examples)} if field.examples else {}
    return {
        **about,
        **_shape(field),
        **(examples if field.form not in ("named", "lists", "values", "definitions") else {}),
    }


def _shape(field: Field) -> dict[str, object]:
    names: dict[str, object] = {"propertyNames": {"pattern": f"{NAME_PATTERN}|^{OWN_KEYS}"}}
    each: dict[str, object] = {"type": _SCALAR, **({"examples": list(field.examples)} if field.examples else {})}
    match field.form:
        case "integer" | "boolean":
            return {"type": field.form}
        case "text":
            return {"type": ["string", "number"]}
        case "texts" | "sentences":
            return {"type": [*_SCALAR, "array"], "items": {"type": _SCALAR}, "minItems": 1}
        case "named":
            return {"type": "object", **names, "additionalProperties": each}
        case "lists":
            listed: dict[str, object] = {"type": [*_SCALAR, "array"], "items": {"type": _SCALAR}, "minItems": 1}
            return {"type": "object", "additionalProperties": listed}
        case "values":
            return {"type": "object"}
        case "outputs":
            return {"type": [*_SCALAR, "object"], **names, "additionalProperties": each}
        case "definitions":
            assert field.inner is not None
            return {"type": "object", "additionalProperties": _object(field.inner)}
    return {"type": _SCALAR}


def write(folder: Path) -> None:
    """Write the schema files into a folder."""
    for name, section in FILES.items():
        (folder / name).write_text(schema_text(section), encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).parent.parent / "schemas")
