"""The primitive `happened`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="happened",
    about=("Whether a condition held on at least one of the last `length` candles; `c within 5 bars` is written so."),
    inputs=(Input("condition", unit="bool", boolean=True),),
    parameters=(Parameter("length"),),
    outputs=(Output(unit="bool", boolean=True),),
    defined=lambda p: int(p[0]),
    converged=lambda p: int(p[0]),
    kernel="happened",
    reference="The language, within ... bars",
    examples=("close crosses above ema(close, 25) within 5 bars",),
)
