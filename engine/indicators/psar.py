"""The primitive `psar`."""

from __future__ import annotations

import math

from engine.domain.primitive import Input, Lengths, Output, Parameter, Primitive


def _converged(lengths: Lengths) -> int:
    """Return after how many candles two starts have met: at a turn both take the same extreme. Measured, not proved."""
    start, step, maximum = lengths
    return 100 + math.ceil(8.0 / min(maximum, start + 5.0 * step))


PRIMITIVE = Primitive(
    name="psar",
    about=(
        "Parabolic stop and reverse: a line that follows the trend ever faster and turns where the price "
        "meets it. line: the stop; up: the trend is up."
    ),
    inputs=(
        Input("high", unit="price", default="high"),
        Input("low", unit="price", default="low"),
    ),
    parameters=(
        Parameter("start", 0.0001, 1, 0.02, whole=False),
        Parameter("step", 0.0, 1, 0.02, whole=False),
        Parameter("maximum", 0.0001, 1, 0.2, whole=False),
    ),
    outputs=(
        Output("line", unit="price"),
        Output("up", unit="bool", boolean=True),
    ),
    defined=lambda p: 2,
    converged=_converged,
    kernel="psar",
    reference=(
        "Wilder 1978, New Concepts in Technical Trading Systems; as TA-Lib (TradingView looks for the turn before "
        "it holds the line behind the last two candles)"
    ),
    examples=("psar().up", "close > psar(0.02, 0.02, 0.2).line"),
)
