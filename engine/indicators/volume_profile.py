"""The primitive `volume_profile`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Parameter, Primitive

PRIMITIVE = Primitive(
    name="volume_profile",
    about=(
        "Where the volume of the last `length` candles was traded, each spread evenly over its range and sorted into"
        " `bins` of one height. poc: the middle of the busiest (point of control); vah, val: the top and the bottom of"
        " the value area around it that holds `share` of the volume. Unknown where there was no volume."
    ),
    inputs=(
        Input("high", unit="price", default="high"),
        Input("low", unit="price", default="low"),
        Input("volume", unit="volume", default="volume"),
    ),
    parameters=(
        Parameter("length", 1, 1000, 100),
        Parameter("bins", 1, 500, 24),
        Parameter("share", 0.01, 1, 0.7, whole=False),
    ),
    outputs=(Output("poc", unit="price"), Output("vah", unit="price"), Output("val", unit="price")),
    defined=lambda p: int(p[0]),
    converged=lambda p: int(p[0]),
    kernel="volume_profile",
    reference="Steidlmayer 1984; value area grown one bin at a time, the busier side first",
    examples=("close crosses above volume_profile(length=100).vah",),
)
