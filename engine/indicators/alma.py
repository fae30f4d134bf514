"""The primitive `alma`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="alma",
    about=(
        "Arnaud Legoux's average: the last values weighted by a bell curve whose middle lies at `offset` of the window"
        " (1 the newest value) and which is the narrower the greater `sigma`."
    ),
    inputs=(Input("source", default="close"),),
    parameters=(
        Parameter("length", 1, 5000, 9),
        Parameter("offset", 0, 1, 0.85, whole=False),
        Parameter("sigma", 0.1, 100, 6, whole=False),
    ),
    outputs=(Output(unit="same as source"),),
    defined=lambda p: int(p[0]),
    converged=lambda p: int(p[0]),
    kernel="alma",
    reference="Legoux and Kouzis-Loukas 2009; as ta.alma of TradingView and Stock.Indicators",
    examples=("close crosses above alma(close, 20)", "alma(close, 9, 0.85, 6) > alma(close, 21, 0.85, 6)"),
)
