"""The primitive `lowestbars`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="lowestbars",
    about=(
        "Candles since the lowest of the last `length` values: 0 is the current candle, of equals the first counts."
    ),
    inputs=(Input("source", default="low"),),
    parameters=(Parameter("length"),),
    outputs=(Output(unit="count", bounds=(0, None)),),
    defined=lambda p: int(p[0]),
    converged=lambda p: int(p[0]),
    kernel="lowestbars",
    reference="As ta.lowestbars of TradingView without its minus sign",
    examples=("lowestbars(low, 25) <= 5",),
)
