"""The primitive `atan`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Primitive

PRIMITIVE = Primitive(
    name="atan",
    about="The angle in radians, -pi/2 to pi/2, whose tangent is x.",
    inputs=(Input("x", unit="number"),),
    parameters=(),
    outputs=(Output(unit="number", bounds=(-1.5707963267948966, 1.5707963267948966)),),
    defined=lambda p: 1,
    converged=lambda p: 1,
    kernel="atan",
    reference="As TA-Lib ATAN",
    examples=("atan(slope(close, 14) / atr(14)) > 0.5",),
)
