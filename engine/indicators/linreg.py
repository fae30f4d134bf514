"""The primitive `linreg`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="linreg",
    about=("Where the least-squares line through the last `length` values stands on the current candle."),
    inputs=(Input("source", default="close"),),
    parameters=(Parameter("length", 2),),
    outputs=(Output(unit="same as source"),),
    defined=lambda p: int(p[0]),
    converged=lambda p: int(p[0]),
    kernel="linreg",
    reference="As LINEARREG of TA-Lib and ta.linreg of TradingView",
    examples=("close > linreg(close, 50)",),
)
