"""Every key a test file may have: what it means, what it holds, what it looks like.

`python -m dsl.testing.keys` writes `schemas/test.schema.json` from it.
"""

from __future__ import annotations

from pathlib import Path

from dsl.json_schema import schema_text
from dsl.schema import LANGUAGE, Field, Section

SIDES = ("long", "short")
ENDS = ("TP_HIT", "SL_HIT", "EXPIRED", "CANCELLED", "EXITED", "OPEN", "PENDING")
TRUTHS = ("true", "false", "unknown")

SIDE = Field("side", "choice", "The side: long or short.", SIDES)
BAR = Field(
    "bar", "sentence", "The candle it was decided on, counted from 0: a number, or `70 to 75`.", ("152", "70 to 75")
)
AT = Field("at", "text", "The close of the candle it was decided on.", ("2026-01-05T13:00Z",))
SYMBOL = Field("symbol", "text", "The symbol; BTC/USDT unless given.", ("ETH/USDT",))


def _number(name: str, about: str, *examples: str) -> Field:
    return Field(name, "sentence", f"{about}: a number, a range or a tolerance.", examples)


def _made(required: bool) -> tuple[Field, ...]:
    """Return the columns of made candles."""
    beside = "{} of made candles, as `close` is written; left out, it follows from the closes."
    return (
        Field("close", "sentence", "Made candles: `100 x60, 100 to 94 in 12, 94.6`.",
              ("100 x60, 100 to 94 in 12", "100 x40, 100 to 110 in 20, noise 0.2"), required),
        Field("open", "sentence", beside.format("Opens"), ("100 x60, 99.8, _ x*",)),
        Field("high", "sentence", beside.format("Highs"), ("101 x*",)),
        Field("low", "sentence", beside.format("Lows"), ("99 x*",)),
        Field("volume", "sentence", beside.format("Volumes"), ("1000 x60, 5000, 1000 x*",)),
    )  # fmt: skip


SIGNAL = Section(
    "signal",
    "A signal that must be there; what is not named is not compared.",
    (
        SIDE,
        BAR,
        AT,
        _number("confidence", "Its confidence", "70 to 100"),
        _number("entry", "The price it was decided at", "95 +- 0.2"),
        _number("stop", "Its stop", "93 to 94"),
        Field("targets", "sentences", "Its targets, nearest first, each a number, a range or a tolerance.",
              ("97", "99 +- 0.5")),
        Field("when", "entries", "Verdicts of conditions, and of lets that are conditions: true, false or unknown.",
              TRUTHS, each="What the condition said: true, false or unknown."),
        Field("ends", "choice", "How its position ended.", ENDS),
        _number("targets_hit", "How many targets were reached", "2"),
        _number("result", "What it made, before costs", "0.5% to 2%"),
        Field("reason", "text", "The reason of its end.", ("faded",)),
    ),
)  # fmt: skip

BLOCKED = Section(
    "blocked",
    "A side that fired and made no signal.",
    (
        SIDE,
        BAR,
        AT,
        Field("reason", "text", "Why: cooldown, open-position, filter, stale, protection:NAME.", ("cooldown",)),
    ),
)

COUNT = Section(
    "count",
    "A number of signals, of a side or in a span.",
    (Field("count", "integer", "How many.", ("2",), required=True), SIDE, BAR),
)

EXPECTATION = Section(
    "expectation",
    "One thing that must hold; each item has one of these keys.",
    (
        Field("signal", "table", "There is a signal that fits all of this.", inner=SIGNAL),
        Field("nothing", "sentence", "No signal in these bars: `0 to 70`, or `always`.", ("0 to 70", "always")),
        Field("exactly", "count", "The number of signals.", ("1",), inner=COUNT),
        Field("at_least", "count", "The least number of signals.", ("1",), inner=COUNT),
        Field("at_most", "count", "The greatest number of signals.", ("3",), inner=COUNT),
        Field("blocked", "table", "A side fired, but made no signal.", inner=BLOCKED),
    ),
    one=True,
)

OTHER = Section(
    "other",
    "Made candles of another symbol, on the same timeframe and start.",
    (Field("symbol", "text", "The symbol.", ("ETH/USDT",), required=True), *_made(required=True)),
)

MODEL = Section(
    "model",
    "What the model says on each candle; the test then needs no trained one.",
    (
        Field("up", "sentence", "`model.up` on each candle, as a made series.", ("40% x60, 70% x*",)),
        Field("down", "sentence", "`model.down` on each candle, as a made series.", ("30% x*",)),
    ),
)

TEST = Section(
    "test",
    "One test: the candles, and what must come of them.",
    (
        Field("name", "text", "What the test shows.", ("buys the first bounce of a panic",), required=True),
        Field("timeframe", "text", "The timeframe the strategy runs on; 5m unless given.", ("5m", "1h"),
              pattern="[0-9]+[smhdw]", wanted="a timeframe, such as 5m or 1h"),
        SYMBOL,
        Field("start", "text", "The open of bar 0; a Monday in 2026 unless given.", ("2026-01-05T00:00Z",)),
        *_made(required=False),
        Field("others", "tables", "Made candles of other symbols.", inner=OTHER),
        Field("candles", "text", "Instead of `close`: a candle file or folder, by path from this file.",
              ("../data/candles",)),
        Field("from", "text", "The first close of the candles that are used.", ("2021-05-18T00:00Z",)),
        Field("to", "text", "The last close of the candles that are used.", ("2021-05-20T00:00Z",)),
        Field("series", "entries", "External series by name: a constant, or a made series.", ("20", "20 x60, 75 x*"),
              each="The values of an external series, one for all candles or one for each."),
        Field("model", "table", "What the model says on each candle.", inner=MODEL),
        Field("expect", "tables", "What must come of the candles.", required=True, inner=EXPECTATION),
    ),
)  # fmt: skip

TESTS = Section(
    "test file",
    "Tests of a strategy: made or real candles, and what must come of them.",
    (
        LANGUAGE,
        Field("strategy", "text", "The strategy's file beside this one; left out where the names agree.", ("scalper",)),
        Field("tests", "tables", "The tests, one after the other.", required=True, inner=TEST),
    ),
)


def write(folder: Path) -> None:
    """Write the schema file into a folder."""
    (folder / "test.schema.json").write_text(schema_text(TESTS), encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).parents[2] / "schemas")
