"""Every key a document may have: what it means, what it holds, what it looks like.

One table. dsl.read checks documents against it, and dsl.json_schema writes from it the files under schemas/ that give
completion and hover in editors.
"""

from __future__ import annotations

from dataclasses import dataclass

NAME_PATTERN = "^[a-z][a-z0-9_]*$"
OWN_KEYS = "x-"
"""Keys that begin so are the user's own."""


@dataclass(frozen=True, slots=True)
class Field:
    """One key. `form` says what it holds:

    text integer boolean         a value
    sentence                     an expression or one of the small sentences
    choice                       one of `examples`
    texts sentences              one of them, or a list
    named                        names of the user's choice, each with a sentence
    entries                      names of any spelling, each with a value
    lists                        names of any spelling, each with a value or a list of them
    values                       names of any spelling, each with anything
    outputs                      a sentence, or named
    table                        the keys of `inner`
    tables                       a list of such tables
    count                        a whole number, or the keys of `inner`
    definitions                  signatures, each with the keys of `inner`

    `each` says what one entry of a mapping of names is. `pattern` is what a text must look like; it never refuses what
    the language takes. `wanted` says so in English.
    """

    name: str
    form: str
    about: str
    examples: tuple[str, ...] = ()
    required: bool = False
    inner: Section | None = None
    each: str = ""
    pattern: str = ""
    wanted: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """The keys of one mapping; with `one` it has exactly one of them."""

    title: str
    about: str
    fields: tuple[Field, ...]
    one: bool = False

    @property
    def by_name(self) -> dict[str, Field]:
        return {field.name: field for field in self.fields}

    @property
    def known(self) -> dict[str, bool]:
        """The keys, each with whether it is required."""
        return {field.name: field.required for field in self.fields}


_DURATION = "[0-9]+(ms|[smhdw])"

LANGUAGE = Field("language", "integer", "The version of the language: 1.", ("1",), required=True)
PARAMS = Field(
    "params", "named", "Numbers that an optimiser may move, and within what: `30 in 10 to 45 step 1`.",
    ("30 in 10 to 45 step 1", "1.5% in 0.5% to 4%", "20"),
    each="A number, percentage or duration, and the range it may be moved in: `DEFAULT in LOW to HIGH step STEP`.",
)  # fmt: skip
LET = Field(
    "let", "named", "Names for expressions. Rules read them by name; equal parts are computed once.",
    ("rsi(close, 14)", "volume > 1.8 * sma(volume, 20)", "macd(close, 12, 26, 9)"),
    each="An expression with a name: a number or a condition on each candle.",
)  # fmt: skip
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
        Field("features", "named", "What the model is shown, each an expression.",
              ("rsi(close, 14)", "close / ema(close, 50) - 1"), required=True,
              each="An expression that the model is shown on each candle."),
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
                  ("must close > ema(close, 25)", "volume > 2 * sma(volume, 20) weight 2"), required=True,
                  each="A condition. With `must` the side cannot fire without it; `weight N` counts it N times in the "
                       "confidence (1 unless given)."),
            Field("fire", "sentence", "What makes a signal. Without it every condition must hold.",
                  ("confidence >= 70", "at_least(2, trend, dip, turn)")),
            Field("confidence", "sentence", "0 to 100. Without it the share of the weights that hold.",
                  ("0.5 * weighted + 50 * model.up",)),
            Field("entry", "sentences", "How to enter: market, or at a limit or stop price; a list adds later.",
                  ("market", "limit close - atr(14) for 6 bars", "2% take 30%")),
            Field("stop", "sentence", "Where the trade is wrong: a price, a distance, a percentage.",
                  (stop, "2 * atr(14)", "1.5%")),
            Field("targets", "sentences", "Where profit is taken: `PRICE [take 50%] [then stop to entry]`.",
                  ("0.6% take 50% then stop to entry", "2.5R", "1.5 * atr(14) take 30%")),
            Field("exit", "named", "Named conditions that close at market.",
                  ("rsi(close, 14) crosses below 50", "position.bars >= 40 take 50%"),
                  each="A condition that closes the position at market, or `take 50%` of it, once."),
            Field("trail", "sentences", "A stop that follows: a line, or a distance behind the best price.",
                  ("2 * atr(14) after target 1", "supertrend().line")),
            Field("expire", "sentence", "How long after the fill the position is closed.", ("4h", "5d"),
                  pattern=_DURATION, wanted="a duration, such as 4h"),
        ),
    )  # fmt: skip


STRATEGY = Section(
    "strategy",
    "A trading strategy: when to signal, where to enter, where to leave.",
    (
        LANGUAGE,
        Field("id", "text", "The strategy's identity: the file's name without its end.", ("scalper",), required=True,
              pattern=NAME_PATTERN, wanted="lower-case letters, digits and _, as the file's name"),
        Field("name", "text", "The name that readers of signals see.", ("Scalping Bot",), required=True),
        Field("version", "text", "Moves with every change of meaning.", ("1.0.0",), required=True),
        Field("about", "text", "One sentence on what the strategy looks for.",
              ("Buys a coin that recovers from a dip in an uptrend.",)),
        Field("schedule", "sentence", "When the engine looks: `on close`, `every 15s` or a cron line.",
              ("on close", "every 15s", "0 * * * *"),
              pattern=rf"on\s+close|every\s+{_DURATION}|[0-9*]\S*(\s+\S+){{4}}",
              wanted="on close, every 15s or a cron line of five fields"),
        Field("timeframes", "texts", "The candles the rules run on, each for itself.",
              ("1m", "5m", "15m", "1h", "4h", "1d"), required=True, pattern="[0-9]+[smhdw]",
              wanted="a timeframe, such as 5m, 1h or 1d"),
        Field("gaps", "sentence", "What a hole in the candles does: `skip N`, `fill` or `stop`.",
              ("skip 12", "fill", "stop"), pattern=r"skip\s+[0-9][0-9_.eE+-]*|fill|stop",
              wanted="skip N, fill or stop"),
        Field("universe", "table", "The symbols the strategy looks at.", inner=UNIVERSE),
        Field("assume", "named", "Values for market fields that the data lacks: `{spread: 0.05%}`.", ("0.05%",),
              each="What to take where the data does not have this field."),
        USE,
        PARAMS,
        LET,
        Field("model", "table", "A trained model that rules read as `model.up` and `model.down`.", inner=MODEL),
        Field("long", "table", "The long side: when to buy, and how to leave.", inner=_side("long")),
        Field("short", "table", "The short side: when to sell, and how to leave.", inner=_side("short")),
        Field("cooldown", "sentences", "No new signal for a while after a signal, exit or stop.",
              ("30m after stop", "2h after signal"), pattern=rf"{_DURATION}\s+after\s+(signal|exit|stop)",
              wanted="a duration after signal, exit or stop, such as 30m after stop"),
    ),
)  # fmt: skip

DEFINITION = Section(
    "function",
    "A function written in the language.",
    (
        Field("about", "text", "What it computes, in one or two sentences.",
              ("Mean of the highest and the lowest price of the last candles.",), required=True),
        Field("reference", "text", "Where it comes from.", ("Appel 1979",)),
        LET,
        Field("returns", "outputs", "Its result: one expression, or several named ones.", ("line - average",),
              required=True, each="An output, which callers read as `NAME(...).OUTPUT`."),
        Field("unit", "outputs", "The unit, where it cannot be derived.",
              ("index", "ratio", "price", "distance", "count", "same as source"), each="The unit of this output."),
        Field("bounds", "outputs", "Between which values it stays.", ("0 to 100", "at least 0", "at most 1"),
              each="Between which values this output stays."),
        Field("settles", "sentence", "Candles after which its start no longer matters; allows `prev`.",
              ("300", "20 * length")),
        Field("deprecated", "text", "Why not to use it any more, and what to use.", ("use rsi",)),
        Field("example", "text", "One use of it.", ("macd(close, 12, 26, 9).hist > 0",)),
    ),
)  # fmt: skip

LIBRARY = Section(
    "library",
    "Functions, params and lets that strategies share.",
    (
        LANGUAGE,
        Field(
            "id",
            "text",
            "The library's name, which qualifies what it defines.",
            ("volume",),
            required=True,
            pattern=NAME_PATTERN,
            wanted="lower-case letters, digits and _",
        ),
        Field("name", "text", "A title that people read.", ("Volume",)),
        Field("version", "text", "Moves with every change of meaning.", ("1.0.0",)),
        Field("about", "text", "One sentence on what is in it.", ("What volume says.",)),
        USE,
        PARAMS,
        LET,
        Field(
            "define",
            "definitions",
            "Functions by signature: `spread(source=close, fast=12 in 1 to 500):`.",
            inner=DEFINITION,
            each="A function: its arguments, those with a range or a number are constants.",
        ),
    ),
)
