"""The primitive `count_since`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="count_since",
    about=(
        "How often a condition held since an event, the candle of the event included, among the last `length`"
        " candles. Unknown where there was no such event."
    ),
    inputs=(
        Input("condition", unit="bool", boolean=True),
        Input("event", unit="bool", boolean=True),
    ),
    parameters=(Parameter("length"),),
    outputs=(Output(unit="count", bounds=(0, None)),),
    defined=lambda p: 1,
    converged=lambda p: int(p[0]),
    kernel="count_since",
    reference="Of this project",
    examples=("count_since(close < open, close crosses above ema(close, 50), 100) >= 3",),
)
