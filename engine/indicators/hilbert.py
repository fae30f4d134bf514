"""The primitive `hilbert`."""

from __future__ import annotations

from engine.domain.primitive import Input, Output, Primitive

PRIMITIVE = Primitive(
    name="hilbert",
    about=(
        "Ehlers' Hilbert transform. period: the dominant cycle, 6 to 50 candles; phase: where it stands, in degrees;"
        " in_phase, quadrature: the two parts of its turning arrow; sine, lead: the sine of the phase, and 45 degrees"
        " later; trendline: the price without the cycle; trending: the market follows no cycle."
    ),
    inputs=(Input("source", default="close"),),
    parameters=(),
    outputs=(
        Output("period", unit="count", bounds=(0, 50)),
        Output("phase", unit="number", bounds=(-45, 315)),
        Output("in_phase", unit="distance of source"),
        Output("quadrature", unit="distance of source"),
        Output("sine", unit="number", bounds=(-1, 1)),
        Output("lead", unit="number", bounds=(-1, 1)),
        Output("trendline", unit="same as source"),
        Output("trending", unit="bool", boolean=True),
    ),
    defined=lambda p: 64,
    converged=lambda p: 400,
    kernel="hilbert",
    reference=(
        "Ehlers 2001, Rocket Science for Traders; as HT_DCPERIOD, HT_DCPHASE, HT_PHASOR, HT_SINE, HT_TRENDLINE and"
        " HT_TRENDMODE of TA-Lib, some of which start their filters 25 candles later"
    ),
    examples=("hilbert().sine crosses above hilbert().lead", "hilbert().trending and close > hilbert().trendline"),
)
