"""The primitive `highest_since`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="highest_since",
    about=(
        "Highest value since an event, the candle of the event included, among the last `length` candles. "
        "Unknown where there was no such event."
    ),
    inputs=(
        Input("source"),
        Input("event", unit="bool", boolean=True),
    ),
    parameters=(Parameter("length"),),
    outputs=(Output(unit="same as source"),),
    defined=lambda p: 1,
    converged=lambda p: int(p[0]),
    kernel="highest_since",
    reference="Of this project",
    examples=("highest_since(high, close crosses above ema(close, 50), 100)",),
)
