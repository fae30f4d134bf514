"""The primitive `barssince`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="barssince",
    about=(
        "Candles since a condition last held, among the last `length` candles: 0 is the current one. Unknown "
        "where it held on none."
    ),
    inputs=(Input("condition", unit="bool", boolean=True),),
    parameters=(Parameter("length"),),
    outputs=(Output(unit="count", bounds=(0, None)),),
    defined=lambda p: 1,
    converged=lambda p: int(p[0]),
    kernel="barssince",
    reference="As ta.barssince of TradingView, with a window",
    examples=("barssince(close > open, 200) <= 3",),
)
