"""The primitive `slope`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="slope",
    about="Rise per candle of the least-squares line through the last `length` values.",
    inputs=(Input("source", default="close"),),
    parameters=(Parameter("length", 2),),
    outputs=(Output(unit="distance of source"),),
    defined=lambda p: int(p[0]),
    converged=lambda p: int(p[0]),
    kernel="slope",
    reference="As LINEARREG_SLOPE of TA-Lib",
    examples=("slope(close, 20) > 0",),
)
