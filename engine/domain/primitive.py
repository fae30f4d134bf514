"""The declaration of a primitive: a function of the language whose arithmetic is a kernel.

Every other function is a definition in the language itself (dsl/library). Units are written as the
language writes them: `price`, `distance`, `volume`, `turnover`, `ratio`, `index`, `count`, `number`,
`bool`, `any`, or `same as NAME` / `distance of NAME` with the name of an input.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Lengths = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Input:
    """A series argument. `default` is the field taken when it is left out (`close`), None: required."""

    name: str
    unit: str = "any"
    default: str | None = None
    boolean: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """A constant argument within `low` to `high`. `whole`: an integer. `choices`: one of these words."""

    name: str
    low: float = 1
    high: float = 5000
    default: float | None = None
    whole: bool = True
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Output:
    """A result. `bounds` are (low, high) or None where open. `boolean` results are int8 truths."""

    name: str = "value"
    unit: str = "number"
    bounds: tuple[float | None, float | None] = (None, None)
    boolean: bool = False


@dataclass(frozen=True, slots=True)
class Primitive:
    """A function with a kernel.

    `defined(params)` and `converged(params)` count the candles of known input after which the first
    value is known, and after which its start no longer matters to 1e-6 relative (`converged >= defined`);
    1 means the first candle itself. Choice parameters reach them and the kernel as their index.

    `kernel` names the module of engine.kernels and the compiled function in it:

        advance(here, inputs..., state, outputs..., params...)

    with here int8 (T, S): 0 no candle, 1 a candle, 2 a candle that starts the series anew; inputs
    float64 (T, S) (int8 for boolean ones); state float64 (K, S), all zero at the start, continued from
    call to call; outputs (T, S) to be filled: float64 with NaN for unknown, int8 truths 0 1 2 where
    boolean. A step without a candle leaves the state as it is and writes unknown. `rows(*params)` in the
    same module returns K. One call with T rows equals T calls with one row, to the bit.
    """

    name: str
    about: str
    inputs: tuple[Input, ...]
    parameters: tuple[Parameter, ...]
    outputs: tuple[Output, ...]
    defined: Callable[[Lengths], int]
    converged: Callable[[Lengths], int]
    kernel: str
    reference: str = ""
    examples: tuple[str, ...] = ()
    timed: bool = False
    """The kernel's first input, before those of the language, is the close time in ms: int64 (T,)."""
