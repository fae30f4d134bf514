"""Set-up compiles every kernel once; kernels refuse arrays of another layout instead of compiling again."""

from __future__ import annotations

import numpy as np
import pytest

from engine.kernels import kernel, names, warm


def test_warm_tells_of_each_kernel() -> None:
    told: list[tuple[str, int, int]] = []
    count = warm(lambda name, done, total: told.append((name, done, total)))
    assert [name for name, _, _ in told] == list(names())
    assert told[-1][1:] == (count, count)


def test_a_kernel_refuses_arrays_it_was_not_compiled_for() -> None:
    advance, rows = kernel("sma")
    here, out, state = np.ones((4, 2), np.int8), np.empty((4, 2)), np.zeros((rows(2), 2))
    advance(here, np.ones((4, 2)), state, out, 2)
    for wrong in (np.ones((4, 2), np.float32), np.asfortranarray(np.ones((4, 2))), np.ones((4, 4))[:, ::2]):
        with pytest.raises(TypeError, match="No matching definition"):
            advance(here, wrong, state, out, 2)
