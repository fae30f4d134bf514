"""The angle in radians, -pi/2 to pi/2, whose tangent is the value. There is nothing to remember."""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, Floats, Truths, compiled


def rows() -> int:
    return 0


@compiled(HERE, FLOAT, STATE, FLOAT)
def atan(here: Truths, x: Floats, state: Floats, out: Floats) -> None:
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            known = here[t, s] != 0 and np.isfinite(x[t, s])
            out[t, s] = np.arctan(x[t, s]) if known else np.nan
