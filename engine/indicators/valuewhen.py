"""The primitive `valuewhen`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="valuewhen",
    about=(
        "Value on the candle on which a condition held, the `occurrence`-th back from now (0 is the latest), "
        "among the last `length` candles."
    ),
    inputs=(
        Input("condition", unit="bool", boolean=True),
        Input("source", default="close"),
    ),
    parameters=(
        Parameter("occurrence", 0, 100, 0),
        Parameter("length"),
    ),
    outputs=(Output(unit="same as source"),),
    defined=lambda p: 1,
    converged=lambda p: int(p[1]),
    kernel="valuewhen",
    reference="As ta.valuewhen of TradingView, with a window",
    examples=("valuewhen(volume > 3 * sma(volume, 20), close, 0, 100)",),
)
