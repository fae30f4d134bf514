"""The primitive `stdev`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="stdev",
    about=(
        "Standard deviation of the last `length` values: over all of them (population), or as an estimate "
        "from a sample."
    ),
    inputs=(Input("source", default="close"),),
    parameters=(
        Parameter("length"),
        Parameter("kind", 0, 1, 0, choices=("population", "sample")),
    ),
    outputs=(Output(unit="distance of source", bounds=(0, None)),),
    defined=lambda p: int(p[0]),
    converged=lambda p: int(p[0]),
    kernel="stdev",
    reference="Chan, Golub and LeVeque 1979; population as TA-Lib and TradingView",
    examples=("stdev(close, 20)", "stdev(close, 20, sample)"),
)
