"""The primitive `highestbars`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="highestbars",
    about=(
        "Candles since the highest of the last `length` values: 0 is the current candle, of equals the first counts."
    ),
    inputs=(Input("source", default="high"),),
    parameters=(Parameter("length"),),
    outputs=(Output(unit="count", bounds=(0, None)),),
    defined=lambda p: int(p[0]),
    converged=lambda p: int(p[0]),
    kernel="highestbars",
    reference="As ta.highestbars of TradingView without its minus sign",
    examples=("highestbars(high, 25) <= 5",),
)
