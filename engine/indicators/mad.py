"""The primitive `mad`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="mad",
    about="Mean absolute distance of the last `length` values from their mean.",
    inputs=(Input("source", default="close"),),
    parameters=(Parameter("length"),),
    outputs=(Output(unit="distance of source", bounds=(0, None)),),
    defined=lambda p: int(p[0]),
    converged=lambda p: int(p[0]),
    kernel="mad",
    reference="The mean deviation of the commodity channel index; ta.dev of TradingView",
    examples=("mad(hlc3, 20)",),
)
