"""The primitive `qfl_base`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="qfl_base",
    about=(
        "The last base: a low pivot from which the price rose by `bounce` without having been lower since. "
        "level: its price; age: candles since it; bounce: the greatest rise above it before it broke, a "
        "ratio; drop: how far the close is below it, a ratio of the level; new: it became the base on this "
        "candle; broken: there was a lower low since; broken_age: candles since the first of those; bottom: "
        "the lowest low since. Forgotten after `within` candles."
    ),
    inputs=(
        Input("low", unit="price", default="low"),
        Input("high", unit="price", default="high"),
        Input("close", unit="price", default="close"),
    ),
    parameters=(
        Parameter("left", 1, 500, 5),
        Parameter("right", 1, 500, 5),
        Parameter("bounce", 0, 1, 0.03, whole=False),
        Parameter("within", 1, 5000, 500),
    ),
    outputs=(
        Output("level", unit="price"),
        Output("age", unit="count", bounds=(0, None)),
        Output("bounce", unit="ratio"),
        Output("drop", unit="ratio"),
        Output("new", unit="bool", boolean=True),
        Output("broken", unit="bool", boolean=True),
        Output("broken_age", unit="count", bounds=(0, None)),
        Output("bottom", unit="price"),
    ),
    defined=lambda p: int(p[0] + p[1]) + 1,
    converged=lambda p: int(p[0] + max(p[1], p[3])) + 1,
    kernel="qfl_base",
    reference="Quickfingers Luc: buy the crack below a base, sell at the base",
    examples=("qfl_base().drop between 5% and 20%", "qfl_base(low, high).level"),
)
