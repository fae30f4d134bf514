"""The primitive `percentile`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="percentile",
    about=(
        "The value below which `rank` percent of the last `length` values lie: on the line between the two nearest, or"
        " the nearest rank, which is one of them. 0 is the lowest, 50 the median, 100 the highest."
    ),
    inputs=(Input("source", default="close"),),
    parameters=(
        Parameter("length", 1, 2000),
        Parameter("rank", 0, 100, 50, whole=False),
        Parameter("kind", 0, 1, 0, choices=("linear", "nearest")),
    ),
    outputs=(Output(unit="same as source"),),
    defined=lambda p: int(p[0]),
    converged=lambda p: int(p[0]),
    kernel="percentile",
    reference=(
        "As ta.percentile_linear_interpolation (each value in the middle of its share of ranks: numpy's hazen) and"
        " ta.percentile_nearest_rank of TradingView; nearest as TA-Lib PERCENTILE"
    ),
    examples=("volume > percentile(volume, 100, 90)", "close > percentile(close, 50, 75, nearest)"),
)
