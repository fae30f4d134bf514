"""Run kernels by hand: made panels, one call or many, and the columns that come out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from engine.domain.primitive import Primitive
from engine.kernels import kernel

Array = npt.NDArray[Any]
START = 1_743_465_600_000  # 2025-04-01
STEP = 3_600_000 * 5
SOME_PRICES = (1.0, 2.0, 2.5, 3.0, 99.0, 100.0, 100.5, 101.0, 1e-9, 1e12)


@dataclass(frozen=True)
class Made:
    """A panel: `here` int8 (T, S) and one (T, S) array per input of a primitive."""

    here: Array
    inputs: tuple[Array, ...]

    def cut(self, rows: slice | Array) -> Made:
        return Made(self.here[rows].copy(), tuple(given[rows].copy() for given in self.inputs))


def times(start: int, rows: int) -> Array:
    """Return close times five hours apart, so that sessions change within a few candles."""
    return START + STEP * np.arange(start, start + rows, dtype=np.int64)


def run(
    primitive: Primitive, params: tuple[float, ...], made: Made, cuts: Iterable[int] = (), at: int = 0
) -> list[Array]:
    """Return the outputs over the panel, called once per span between `cuts`; the first row is candle `at`."""
    compiled = kernel(primitive.kernel)
    given = tuple(
        float(p) if not (spec.whole or spec.choices) else int(p)
        for spec, p in zip(primitive.parameters, params, strict=True)
    )
    rows, lanes = made.here.shape
    state = np.zeros((compiled.rows(*given), lanes))
    outputs = [np.full((rows, lanes), 7, np.int8 if o.boolean else np.float64) for o in primitive.outputs]
    for start, stop in pairwise([0, *cuts, rows]):
        part = made.cut(slice(start, stop))
        clock = (times(at + start, stop - start),) if primitive.timed else ()
        results = [np.full((stop - start, lanes), 7, out.dtype) for out in outputs]
        compiled.advance(part.here, *clock, *part.inputs, state, *results, *given)
        for out, result in zip(outputs, results, strict=True):
            out[start:stop] = result
    return outputs


def params_of(primitive: Primitive) -> st.SearchStrategy[tuple[float, ...]]:
    """Draw parameters within their ranges, lengths short enough to fill their windows in a small panel."""
    drawn = []
    for spec in primitive.parameters:
        if spec.choices:
            drawn.append(st.integers(0, len(spec.choices) - 1).map(float))
        elif spec.whole:
            drawn.append(st.integers(int(spec.low), int(min(spec.high, spec.low + 8))).map(float))
        else:
            drawn.append(st.sampled_from(sorted({max(spec.low, 0.005), spec.default or spec.low, min(spec.high, 0.1)})))
    return st.tuples(*drawn)


def panels(primitive: Primitive, *, resets: bool = True, most: int = 40) -> st.SearchStrategy[Made]:
    """Draw panels of one to three symbols with missing candles, unknown values and fresh starts.

    Inputs named open high low close bear the relations of a candle. Where there is no candle stands rubbish.
    """

    @st.composite
    def made(draw: st.DrawFn) -> Made:
        seed = draw(st.integers(0, 2**32 - 1))
        rng = np.random.default_rng(seed)
        rows, lanes = draw(st.integers(1, most)), draw(st.integers(1, 3))
        shape = (rows, lanes)
        unknown = draw(st.sampled_from([0.0, 0.0, 0.05, 0.3]))
        absent = draw(st.sampled_from([0.0, 0.1, 0.5]))
        here = (rng.random(shape) >= absent).astype(np.int8)
        if resets:
            here[(rng.random(shape) < 0.05) & (here == 1)] = 2
        few = draw(st.booleans())
        base = rng.choice(SOME_PRICES, shape) if few else 100.0 + np.cumsum(rng.normal(size=shape), axis=0)
        columns = {
            "close": base,
            "high": base + rng.choice([0.0, 0.5, 2.0], shape),
            "low": base - rng.choice([0.0, 0.5], shape),
        }
        columns["low"] = np.maximum(columns["low"], base * 0.5)
        inputs = []
        for spec in primitive.inputs:
            if spec.boolean:
                likely = [0.6, unknown, 0.4 - min(unknown, 0.3)]
                values = rng.choice(np.array([0, 1, 2], np.int8), shape, p=np.array(likely) / sum(likely))
                values[here == 0] = 2
            else:
                values = columns[spec.name].copy() if spec.name in columns else np.roll(base, len(inputs), axis=0)
                values[rng.random(shape) < unknown] = np.nan
                values[here == 0] = -12345.0
            inputs.append(values)
        return Made(here, tuple(inputs))

    return made()
