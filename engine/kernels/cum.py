"""Sum since the anchor last held, the anchor's candle included, added in order.

Unknown before the first anchor, from an unknown anchor on, and from an unknown value on, until the next anchor.
State: 0 whether there is an anchor, 1 the sum, NaN once a value was unknown.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, TRUTH, Floats, Truths, compiled


def rows() -> int:
    return 2


@compiled(HERE, FLOAT, TRUTH, STATE, FLOAT)
def cum(here: Truths, source: Floats, anchor: Truths, state: Floats, out: Floats) -> None:
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            out[t, s] = np.nan
            if here[t, s] == 0:
                continue
            if here[t, s] == 2 or anchor[t, s] == 1:
                state[0, s] = 0.0
            if anchor[t, s] == 2:
                state[0, s], state[1, s] = 1.0, 0.0
            state[1, s] += source[t, s]
            if not np.isfinite(state[1, s]):
                state[1, s] = np.nan
            if state[0, s] == 1.0:
                out[t, s] = state[1, s]
