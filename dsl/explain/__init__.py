"""Explanations: conditions laid open over the nodes that are run, and what each part of them said on a candle."""

from dsl.explain.anatomy import SIGNS, WINDOWS, Anatomy, Fire, Part, SideParts, lay_open
from dsl.explain.telling import FALSE, TRUE, UNKNOWN, Gap, Reader, Told, gap_of, recorded, tell, truth_of

__all__ = [
    "FALSE",
    "SIGNS",
    "TRUE",
    "UNKNOWN",
    "WINDOWS",
    "Anatomy",
    "Fire",
    "Gap",
    "Part",
    "Reader",
    "SideParts",
    "Told",
    "gap_of",
    "lay_open",
    "recorded",
    "tell",
    "truth_of",
]
