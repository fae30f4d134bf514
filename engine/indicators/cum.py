"""The primitive `cum`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Primitive

PRIMITIVE = Primitive(
    name="cum",
    about=(
        "Sum since the anchor last held, the candle of the anchor included. Unknown before the first anchor, "
        "and from an unknown value on until the next."
    ),
    inputs=(
        Input("source"),
        Input("anchor", unit="bool", boolean=True),
    ),
    parameters=(),
    outputs=(Output(unit="same as source"),),
    defined=lambda p: 1,
    converged=lambda p: 1,
    kernel="cum",
    reference="Of this project",
    examples=("cum(volume, time.hour == 1 and time.minute == 0)",),
)
