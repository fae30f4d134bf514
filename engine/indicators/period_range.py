"""The primitive `period_range`.

Once known it does not depend on the start. How much history shows two beginnings depends on the timeframe: asked for
are two days of 5m candles, two weeks of 15m ones, two months of hours.
"""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="period_range",
    about=(
        "Prices of the running day, week (from Monday) or month, UTC, and of the one before. open, high, low: so far,"
        " this candle included; previous_open, previous_high, previous_low, previous_close: of the whole one before;"
        " new: this is the first candle. What began before the history is unknown; on candles of less than 5m write"
        " `period_range().high@5m`, which asks for less history."
    ),
    inputs=(
        Input("open", unit="price", default="open"),
        Input("high", unit="price", default="high"),
        Input("low", unit="price", default="low"),
        Input("close", unit="price", default="close"),
    ),
    parameters=(Parameter("per", 0, 2, 0, choices=("day", "week", "month")),),
    outputs=(
        Output("open", unit="price"),
        Output("high", unit="price"),
        Output("low", unit="price"),
        Output("previous_open", unit="price"),
        Output("previous_high", unit="price"),
        Output("previous_low", unit="price"),
        Output("previous_close", unit="price"),
        Output("new", unit="bool", boolean=True),
    ),
    defined=lambda p: 1,
    converged=lambda p: (576, 1344, 1488)[int(p[0])],
    kernel="period_range",
    reference="Of this project; a candle that closes at midnight belongs to the day that ends",
    examples=("close crosses above period_range().previous_high", "low < period_range(per=week).low[1]"),
    timed=True,
)
