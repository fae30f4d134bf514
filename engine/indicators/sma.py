"""The primitive `sma`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="sma",
    about="Mean of the last `length` values.",
    inputs=(Input("source", default="close"),),
    parameters=(Parameter("length"),),
    outputs=(Output(unit="same as source"),),
    defined=lambda p: int(p[0]),
    converged=lambda p: int(p[0]),
    kernel="sma",
    reference="As everywhere",
    examples=("volume > 2 * sma(volume, 20)",),
)
