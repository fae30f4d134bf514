"""The primitive `count`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="count",
    about="How many of the last `length` candles a condition held on.",
    inputs=(Input("condition", unit="bool", boolean=True),),
    parameters=(Parameter("length"),),
    outputs=(Output(unit="count", bounds=(0, None)),),
    defined=lambda p: int(p[0]),
    converged=lambda p: int(p[0]),
    kernel="count",
    reference="Of this project",
    examples=("count(close > open, 10) >= 7",),
)
