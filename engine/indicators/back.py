"""The primitive `back`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="back",
    about="The value `ago` candles ago; `x[n]` is written so.",
    inputs=(Input("source"),),
    parameters=(Parameter("ago", 0),),
    outputs=(Output(unit="same as source"),),
    defined=lambda p: int(p[0]) + 1,
    converged=lambda p: int(p[0]) + 1,
    kernel="back",
    reference="As everywhere",
    examples=("back(close, 1)", "close > close[1]"),
)
