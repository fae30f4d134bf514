"""The arithmetic under the primitives and under the trade simulator: the only room that imports numba.

One kernel per module and the module's name is the kernel's name. Nothing is loaded before it is asked for.

A kernel walks candles in order and symbols within a candle; its state is one column per symbol, all zero
at the start. Windows over sums hold partial sums of 1, 2, 4, 8 ... candles: P(k+1, t) = P(k, t - 2^k) + P(k, t).
A window of n candles is the sum of the parts that the binary digits of n name, so its value depends on the
n values alone: it costs 2 log2(n) additions, never drifts, is the same to the bit from every start, and an
unknown value leaves with its candle.

A kernel is one function, however long: it calls no other compiled one (engine.kernels.jit tells why). The much used
ones have up to three forms in it, which give the same bits: one symbol, with its state in registers or a run of candles
at a time; all symbols of a row that have a candle and share their place in the rings, in loops without branches, whose
values are all read first, so that the compiler makes vectors of them; and one symbol that missed a candle, by itself.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any, NamedTuple

_NOT_KERNELS = frozenset({"jit", "columns", "simulate", "curves", "elementwise"})


class Kernel(NamedTuple):
    """`advance` runs it (see engine.domain.primitive), `rows(*params)` is the height of its state."""

    advance: Callable[..., None]
    rows: Callable[..., int]


_loaded: dict[str, Kernel] = {}


def names() -> tuple[str, ...]:
    """Return the name of every kernel, sorted, without loading one."""
    modules = (module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg)
    return tuple(sorted(name for name in modules if name not in _NOT_KERNELS and not name.startswith("_")))


def kernel(name: str) -> Kernel:
    """Return the kernel `name`, compiled or read from the cache. Raises LookupError for an unknown name.

    A name with a dot is a module of a third party, its last part the kernel's name.
    """
    found = _loaded.get(name)
    if found is None:
        path = name if "." in name else f"{__name__}.{name}"
        try:
            module = importlib.import_module(path)
        except ModuleNotFoundError as error:
            raise LookupError(f"there is no kernel {name!r}; known: {', '.join(names())}") from error
        found = _loaded[name] = Kernel(getattr(module, name.rpartition(".")[2]), module.rows)
    return found


def warm(progress: Callable[[str, int, int], Any] | None = None) -> int:
    """Compile every kernel to the disk cache and return how many there are.

    `progress(name, done, total)` is called after each. Already compiled ones are only loaded.
    """
    todo = names()
    for done, name in enumerate(todo, start=1):
        kernel(name)
        if progress is not None:
            progress(name, done, len(todo))
    fused = importlib.import_module(f"{__name__}.fused")
    whole = (f"fused.{module.name}" for module in pkgutil.iter_modules(fused.__path__))
    for module in ("simulate", "curves", "elementwise", *whole):
        importlib.import_module(f"{__name__}.{module}")
    return len(todo)
