"""The primitive `lowest`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="lowest",
    about="Lowest of the last `length` values, the current candle included.",
    inputs=(Input("source", default="low"),),
    parameters=(Parameter("length"),),
    outputs=(Output(unit="same as source"),),
    defined=lambda p: int(p[0]),
    converged=lambda p: int(p[0]),
    kernel="lowest",
    reference="As ta.lowest of TradingView and MIN of TA-Lib",
    examples=("close < lowest(low, 20)[1]",),
)
