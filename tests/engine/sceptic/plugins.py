"""Primitives of a third party that do what the checks are there to find: one looks ahead, one settles late."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from dsl.catalogue import catalogue
from engine.domain.primitive import Input, Output, Parameter, Primitive
from engine.indicators import PRIMITIVES

HERE = "tests.engine.sceptic.plugins"


def rows(*params: int) -> int:
    return 2


def peek(here: np.ndarray, source: np.ndarray, state: np.ndarray, out: np.ndarray, ahead: int) -> None:
    """Give the value `ahead` candles later where it is there already, else the value itself."""
    out[:] = source
    out[: max(len(source) - ahead, 0)] = source[ahead:]
    out[here == 0] = np.nan


def slow(here: np.ndarray, source: np.ndarray, state: np.ndarray, out: np.ndarray, length: int) -> None:
    """An exponential average from the first value on, as any other; what it declares is wrong."""
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            if here[t, s] == 0:
                out[t, s] = np.nan
                continue
            state[1, s] += (source[t, s] - state[1, s]) * (2 / (length + 1) if state[0, s] else 1.0)
            state[0, s], out[t, s] = 1.0, state[1, s]


PEEK = Primitive(
    name="peek", about="Looks ahead.", inputs=(Input("source"),), parameters=(Parameter("ahead"),),
    outputs=(Output(unit="same as source"),), defined=lambda p: 1, converged=lambda p: 1, kernel=f"{HERE}.peek",
)  # fmt: skip
SLOW = Primitive(
    name="slow", about="Settles late.", inputs=(Input("source"),), parameters=(Parameter("length"),),
    outputs=(Output(unit="same as source"),), defined=lambda p: 1, converged=lambda p: int(p[0]),
    kernel=f"{HERE}.slow",
)  # fmt: skip


@contextmanager
def installed() -> Iterator[None]:
    """Let the language know the two, as if a package had brought them."""
    from engine import kernels

    with pytest.MonkeyPatch.context() as patch:
        known = PRIMITIVES._built_in()
        for primitive in (PEEK, SLOW):
            patch.setitem(known, primitive.name, f"{HERE}:{primitive.name.upper()}")
            function = globals()[primitive.name]
            patch.setitem(kernels._loaded, primitive.kernel, kernels.Kernel(function, rows))
        patch.setattr(PRIMITIVES, "_all", None)
        catalogue.cache_clear()
        try:
            yield
        finally:
            catalogue.cache_clear()
            for primitive in (PEEK, SLOW):
                PRIMITIVES._loaded.pop(primitive.name, None)
