"""The primitive `cos`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Primitive

PRIMITIVE = Primitive(
    name="cos",
    about="Cosine of an angle in radians.",
    inputs=(Input("x", unit="number"),),
    parameters=(),
    outputs=(Output(unit="number", bounds=(-1, 1)),),
    defined=lambda p: 1,
    converged=lambda p: 1,
    kernel="cos",
    reference="As TA-Lib COS",
    examples=("cos(6.2832 * time.hour / 24) > 0.5",),
)
