"""The primitive `sum`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="sum",
    about="Sum of the last `length` values.",
    inputs=(Input("source", default="close"),),
    parameters=(Parameter("length"),),
    outputs=(Output(unit="same as source"),),
    defined=lambda p: int(p[0]),
    converged=lambda p: int(p[0]),
    kernel="sum",
    reference="As everywhere",
    examples=("sum(volume, 20)",),
)
