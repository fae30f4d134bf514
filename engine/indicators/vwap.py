"""The primitive `vwap`.

Once known it does not depend on the start. How much history shows the beginning of a session depends on the
timeframe: asked for is a day of 5m candles, or a week of 15m ones.
"""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="vwap",
    about=(
        "Average price since the start of the session (the UTC day, or the week from Monday), weighted by "
        "volume. Unknown in the session in which the history starts."
    ),
    inputs=(
        Input("source", unit="price", default="hlc3"),
        Input("volume", unit="volume", default="volume"),
    ),
    parameters=(Parameter("per", 0, 1, 0, choices=("day", "week")),),
    outputs=(Output(unit="same as source"),),
    defined=lambda p: 1,
    converged=lambda p: 672 if p[0] else 288,
    kernel="vwap",
    reference=(
        "As ta.vwap of TradingView, anchored to the UTC day; a candle that closes at midnight belongs to the "
        "day that ends"
    ),
    examples=("close > vwap()", "close > vwap(hlc3, volume, week)"),
    timed=True,
)
