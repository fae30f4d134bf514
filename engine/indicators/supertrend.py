"""The primitive `supertrend`."""

from __future__ import annotations

import math

from engine.domain.primitive import Input, Lengths, Output, Parameter, Primitive


def _converged(lengths: Lengths) -> int:
    """Return after how many candles two starts have met: the average range, then a turn. Measured, not proved."""
    length, multiplier = lengths
    average = 0 if length == 1 else math.ceil(math.log(1e-6) / math.log(1.0 - 1.0 / length))
    return int(length) + average + math.ceil(50.0 * multiplier)


PRIMITIVE = Primitive(
    name="supertrend",
    about=(
        "A line `multiplier` average ranges away from the middle of the candle, which only tightens within a "
        "trend. line: the stop; up: the trend is up."
    ),
    inputs=(
        Input("high", unit="price", default="high"),
        Input("low", unit="price", default="low"),
        Input("close", unit="price", default="close"),
    ),
    parameters=(
        Parameter("length", 1, 1000, 10),
        Parameter("multiplier", 0.01, 100, 3, whole=False),
    ),
    outputs=(
        Output("line", unit="price"),
        Output("up", unit="bool", boolean=True),
    ),
    defined=lambda p: int(p[0]),
    converged=_converged,
    kernel="supertrend",
    reference="Seban; as ta.supertrend of TradingView",
    examples=("supertrend(10, 3).up", "close crosses above supertrend().line"),
)
