"""The primitive `highest`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="highest",
    about="Highest of the last `length` values, the current candle included.",
    inputs=(Input("source", default="high"),),
    parameters=(Parameter("length"),),
    outputs=(Output(unit="same as source"),),
    defined=lambda p: int(p[0]),
    converged=lambda p: int(p[0]),
    kernel="highest",
    reference="As ta.highest of TradingView and MAX of TA-Lib",
    examples=("close > highest(high, 20)[1]",),
)
