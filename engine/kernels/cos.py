"""Cosine of an angle in radians, value by value. There is nothing to remember."""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, Floats, Truths, compiled


def rows() -> int:
    return 0


@compiled(HERE, FLOAT, STATE, FLOAT)
def cos(here: Truths, x: Floats, state: Floats, out: Floats) -> None:
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            known = here[t, s] != 0 and np.isfinite(x[t, s])
            out[t, s] = np.cos(x[t, s]) if known else np.nan
