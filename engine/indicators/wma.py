"""The primitive `wma`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="wma",
    about="Mean of the last `length` values, weighted 1 for the oldest to `length` for the newest.",
    inputs=(Input("source", default="close"),),
    parameters=(Parameter("length"),),
    outputs=(Output(unit="same as source"),),
    defined=lambda p: int(p[0]),
    converged=lambda p: int(p[0]),
    kernel="wma",
    reference="As TA-Lib and TradingView",
    examples=("wma(close, 20)",),
)
