"""The primitive `held`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="held",
    about=("Whether a condition held on each of the last `length` candles; `c for 3 bars` is written so."),
    inputs=(Input("condition", unit="bool", boolean=True),),
    parameters=(Parameter("length"),),
    outputs=(Output(unit="bool", boolean=True),),
    defined=lambda p: int(p[0]),
    converged=lambda p: int(p[0]),
    kernel="held",
    reference="The language, for ... bars",
    examples=("close > open for 3 bars",),
)
