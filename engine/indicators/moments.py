"""The primitive `moments`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="moments",
    about=(
        "Shape of the distribution of the last `length` values. skew: above 0 where its long tail lies above the mean;"
        " kurtosis: above 0 where its tails are fatter than a normal one's. Take changes, not prices. Unknown where the"
        " values do not vary."
    ),
    inputs=(Input("source", default="close"),),
    parameters=(Parameter("length", 4, 5000),),
    outputs=(Output("skew"), Output("kurtosis")),
    defined=lambda p: int(p[0]),
    converged=lambda p: int(p[0]),
    kernel="moments",
    reference="Joanes and Gill 1998, The Statistician 47:1 (G1 and G2), as pandas and spreadsheets",
    examples=("moments(roc(close, 1), 100).skew < -1", "moments(roc(close, 1), 100).kurtosis > 3"),
)
