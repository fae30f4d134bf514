"""The primitive `percentrank`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="percentrank",
    about=(
        "Share in percent of the `length` values before the current one that are not above it: 100 means none"
        " was higher."
    ),
    inputs=(Input("source", default="close"),),
    parameters=(Parameter("length"),),
    outputs=(Output(unit="index", bounds=(0, 100)),),
    defined=lambda p: int(p[0]) + 1,
    converged=lambda p: int(p[0]) + 1,
    kernel="percentrank",
    reference="As ta.percentrank of TradingView",
    examples=("percentrank(close, 100) > 90",),
)
