"""The primitive `pivot_low`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="pivot_low",
    about=(
        "The last confirmed low pivot: a value not above the `left` before it and below the `right` after it,"
        " so it is known `right` candles late. price: its value; age: candles since it; new: it was confirmed"
        " on this candle. Forgotten after `within` candles."
    ),
    inputs=(Input("source", default="low"),),
    parameters=(
        Parameter("left", 1, 500, 3),
        Parameter("right", 1, 500, 3),
        Parameter("within", 1, 5000, 200),
    ),
    outputs=(
        Output("price", unit="same as source"),
        Output("age", unit="count", bounds=(0, None)),
        Output("new", unit="bool", boolean=True),
    ),
    defined=lambda p: int(p[0] + p[1]) + 1,
    converged=lambda p: int(p[0] + max(p[1], p[2])) + 1,
    kernel="pivot_low",
    reference="Williams's fractals with free sides; as ta.pivotlow of TradingView, of equals the last",
    examples=("pivot_low(low, 3, 3).price", "pivot_low(low, 5, 5).age < 20"),
)
