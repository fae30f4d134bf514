"""The primitive `rma`."""

from __future__ import annotations

import math

from engine.domain.primitive import Input, Lengths, Output, Parameter, Primitive


def _converged(lengths: Lengths) -> int:
    """Return the candles after which the seed weighs less than 1e-6: (1 - alpha)^k = 1e-6."""
    alpha = 1.0 / lengths[0]
    return int(lengths[0]) + (0 if alpha == 1.0 else math.ceil(math.log(1e-6) / math.log(1.0 - alpha)))


PRIMITIVE = Primitive(
    name="rma",
    about=(
        "Wilder's average: each candle moves it by 1 / length of the way to the value. It starts from the "
        "mean of the first `length` values."
    ),
    inputs=(Input("source", default="close"),),
    parameters=(Parameter("length"),),
    outputs=(Output(unit="same as source"),),
    defined=lambda p: int(p[0]),
    converged=_converged,
    kernel="rma",
    reference="Wilder 1978, New Concepts in Technical Trading Systems; as ta.rma of TradingView",
    examples=("rma(close, 14)",),
)
