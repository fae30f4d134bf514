"""The primitive `rci`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="rci",
    about=(
        "Rank correlation index: how nearly the last `length` values are in rising order, 100 in it, -100 in falling"
        " order. Equal values share their rank."
    ),
    inputs=(Input("source", default="close"),),
    parameters=(Parameter("length", 2, 500, 9),),
    outputs=(Output(unit="index", bounds=(-100, 100)),),
    defined=lambda p: int(p[0]),
    converged=lambda p: int(p[0]),
    kernel="rci",
    reference="Spearman 1904, of the values and their order in time; as ta.rci of TradingView",
    examples=("rci(close, 9) crosses above -80",),
)
