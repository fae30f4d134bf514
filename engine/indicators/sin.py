"""The primitive `sin`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Primitive

PRIMITIVE = Primitive(
    name="sin",
    about="Sine of an angle in radians.",
    inputs=(Input("x", unit="number"),),
    parameters=(),
    outputs=(Output(unit="number", bounds=(-1, 1)),),
    defined=lambda p: 1,
    converged=lambda p: 1,
    kernel="sin",
    reference="As TA-Lib SIN",
    examples=("sin(6.2832 * time.hour / 24) > 0.5",),
)
