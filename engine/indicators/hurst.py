"""The primitive `hurst`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="hurst",
    about=(
        "Hurst exponent of the last `length` logarithmic returns, by rescaled range: about 0.5 for a random walk, above"
        " it where moves go on, below it where they turn back. exponent: as it is; corrected: without the bias that"
        " few values bring (Anis and Lloyd)."
    ),
    inputs=(Input("source", default="close"),),
    parameters=(Parameter("length", 20, 5000, 100),),
    outputs=(Output("exponent"), Output("corrected")),
    defined=lambda p: int(p[0]) + 1,
    converged=lambda p: int(p[0]) + 1,
    kernel="hurst",
    reference="Hurst 1951, Anis and Lloyd 1976; as Stock.Indicators",
    examples=("hurst(close, 200).corrected > 0.55",),
)
