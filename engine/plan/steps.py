"""Steps: how each kind of node gets its value over one block, and what it remembers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from engine.domain.market import Block, Floats, Truths
from engine.domain.primitive import Primitive
from engine.domain.strategy import Frame, Node
from engine.indicators import PRIMITIVES
from engine.kernels import kernel
from engine.plan import program
from engine.plan.frames import Join, Rows, SeriesJoin
from engine.plan.fuse import FUSED
from engine.plan.operations import UNKNOWN, Array, is_known
from engine.ports import Predictor
from engine.registry import UnknownName

Call = tuple[Callable[..., Any], tuple[Any, ...]]
"""A function and what it is called with."""


@dataclass(slots=True)
class Moment:
    """The block being evaluated, and the rows of every frame in it, by place."""

    block: Block
    rows: Sequence[Rows]


@dataclass(frozen=True, slots=True)
class Place:
    """A frame of the plan while it is evaluated, and which of its candles are here, int8 (T, S)."""

    index: int
    moment: Moment
    here: Truths

    @property
    def rows(self) -> Rows:
        return self.moment.rows[self.index]


class Step(Protocol):
    """One node that is a call of its own.

    `takes` tells per input whether it is wanted as truths (True), as numbers (False) or as it is (None); `gives` per
    output whether it writes truths. `call` makes it ready to work on the arrays it is given, all (T, S). A step that
    runs `always` also does where no candle of its frame closes in the block, to remember what it joins. One that
    `remembers` does of a block what its values on the next depend on. The call of a `compiled` one is nothing but
    compiled code, which may run beside others of its stage.
    """

    @property
    def takes(self) -> Sequence[bool | None]: ...
    @property
    def gives(self) -> Sequence[bool]: ...
    @property
    def always(self) -> bool: ...
    @property
    def remembers(self) -> bool: ...
    @property
    def compiled(self) -> bool: ...
    def call(self, place: Place, inputs: Sequence[Array], outputs: Sequence[Array]) -> Call: ...
    def snapshot(self) -> Any: ...
    def restore(self, snapshot: Any) -> None: ...


def step_of(
    i: int, nodes: Mapping[int, Node], lanes: Mapping[Frame, int], places: Mapping[Frame, int], models: Models
) -> Step:
    """Return the step of node `i`. Raises LookupError for an operation that nobody knows."""
    node = nodes[i]
    match node.op:
        case "series":
            return _Series(str(node.params[0]))
        case "join":
            return _Join(nodes[node.inputs[0]], places)
        case "model":
            return _Model(models.prediction(node), len(node.inputs), str(node.params[1]) == "down")
        case "recur":
            return _Recur(node, lanes[node.frame])
    if node.op in FUSED:
        return _Kernel(FUSED[node.op], node.params, lanes[node.frame])
    try:
        return _Kernel(PRIMITIVES[node.op], node.params, lanes[node.frame])
    except UnknownName as error:
        raise LookupError(f"no operation or primitive is named {node.op!r}") from error


class _Series:
    takes, gives, always, remembers, compiled = (), (False,), True, True, False

    def __init__(self, name: str) -> None:
        self._name, self._join = name, SeriesJoin()

    def call(self, place: Place, inputs: Sequence[Array], outputs: Sequence[Array]) -> Call:
        return self._run, (place, outputs[0])

    def _run(self, place: Place, out: Array) -> None:
        block = place.moment.block
        out[...] = self._join.advance(place.rows.close_time, block.until, block.series.get(self._name))

    def snapshot(self) -> Any:
        return self._join.snapshot()

    def restore(self, snapshot: Any) -> None:
        self._join.restore(snapshot)


class _Join:
    takes, always, remembers, compiled = (None,), True, True, False

    def __init__(self, other: Node, places: Mapping[Frame, int]) -> None:
        self.gives = (other.boolean,)
        self._place, self._join = places[other.frame], Join(other.frame.timeframe, other.boolean)

    def call(self, place: Place, inputs: Sequence[Array], outputs: Sequence[Array]) -> Call:
        return self._run, (place, inputs[0], outputs[0])

    def _run(self, place: Place, values: Array, out: Array) -> None:
        out[...] = self._join.advance(place.rows.close_time, place.moment.rows[self._place], values)

    def snapshot(self) -> Any:
        return self._join.snapshot()

    def restore(self, snapshot: Any) -> None:
        self._join.restore(snapshot)


class _Kernel:
    """A primitive: its compiled kernel and the state of every symbol."""

    always, remembers, compiled = False, True, True

    def __init__(self, primitive: Primitive, params: Sequence[float | str], lanes: int) -> None:
        loaded = kernel(primitive.kernel)
        self._advance = loaded.advance
        self._params = tuple(
            int(value) if spec.whole or spec.choices else float(value)
            for spec, value in zip(primitive.parameters, params, strict=True)
        )
        self._state = np.zeros((loaded.rows(*self._params), lanes))
        self.takes = tuple(spec.boolean for spec in primitive.inputs)
        self.gives = tuple(spec.boolean for spec in primitive.outputs)
        self._timed = primitive.timed

    def call(self, place: Place, inputs: Sequence[Array], outputs: Sequence[Array]) -> Call:
        given = (*inputs, self._state, *outputs, *self._params)
        return (self._run_timed, (place, *given)) if self._timed else (self._advance, (place.here, *given))

    def _run_timed(self, place: Place, *given: Any) -> None:
        self._advance(place.here, np.require(place.rows.close_time, np.int64, ["C", "W"]), *given)

    def snapshot(self) -> Any:
        return self._state.copy()

    def restore(self, snapshot: Any) -> None:
        self._state[:] = snapshot


class _Recur:
    """The recursion of a definition: a program run by one kernel (engine.plan.recursion tells its form)."""

    always, remembers, compiled = False, True, False

    def __init__(self, node: Node, lanes: int) -> None:
        loaded = kernel("recur")
        self._advance = loaded.advance
        self._results, self._codes, self._depth = program.encode(node.params)
        self._state = np.zeros((loaded.rows(self._results), lanes))
        self.takes = (False,) * len(node.inputs)
        self.gives = (False,) * self._results

    def call(self, place: Place, inputs: Sequence[Array], outputs: Sequence[Array]) -> Call:
        return self._run, (place.here, inputs, outputs)

    def _run(self, here: Truths, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        given, out = np.empty((len(inputs), *here.shape)), np.empty((self._results, *here.shape))
        for cube, column in zip(given, inputs, strict=True):
            cube[...] = column
        self._advance(here, given, self._state, out, self._codes, self._depth)
        for column, result in zip(outputs, out, strict=True):
            column[...] = result

    def snapshot(self) -> Any:
        return self._state.copy()

    def restore(self, snapshot: Any) -> None:
        self._state[:] = snapshot


class Models:
    """The predictions of a plan: nodes that ask the same model about the same features share the answer."""

    def __init__(self, predictors: Mapping[str, Predictor]) -> None:
        self._predictors = predictors
        self._predictions: dict[tuple[object, ...], _Prediction] = {}

    def prediction(self, node: Node) -> _Prediction:
        name, _, trust, *features = node.params
        key = (name, trust, tuple(features), node.inputs, node.frame)
        if key not in self._predictions:
            predictor = self._predictors.get(str(name))
            self._predictions[key] = _Prediction(predictor, bool(trust), tuple(str(f) for f in features))
        return self._predictions[key]


class _Prediction:
    """A trained model, asked once per block for all rows on which every feature is known."""

    def __init__(self, predictor: Predictor | None, trust: bool, names: tuple[str, ...]) -> None:
        self._predictor, self._trust, self._names = predictor, trust, names
        self._rows: Rows | None = None
        self._answer: tuple[Floats, Floats] = (np.empty((0, 0)), np.empty((0, 0)))

    def of(self, rows: Rows, inputs: Sequence[Array]) -> tuple[Floats, Floats]:
        """Return (up, down), (T, S); unknown without a model, and at or before `known_from` unless it is trusted."""
        if self._rows is not rows:
            self._rows, self._answer = rows, self._ask(rows, inputs)
        return self._answer

    def _ask(self, rows: Rows, inputs: Sequence[Array]) -> tuple[Floats, Floats]:
        up, down = np.full(rows.shape, np.nan), np.full(rows.shape, np.nan)
        if self._predictor is None:
            return up, down
        asked = rows.here != 0
        if not self._trust:
            asked &= (rows.close_time > self._predictor.known_from)[:, None]
        columns = [np.broadcast_to(value, rows.shape) for value in inputs]
        for column in columns:
            asked &= is_known(column)
        if asked.any():
            features = {name: numbers(column[asked]) for name, column in zip(self._names, columns, strict=True)}
            up[asked], down[asked] = self._predictor.predict(features)
        return up, down


class _Model:
    """One of the two answers of a model."""

    gives, always, remembers, compiled = (False,), False, False, False

    def __init__(self, prediction: _Prediction, features: int, down: bool) -> None:
        self.takes = (None,) * features
        self._prediction, self._down = prediction, down

    def call(self, place: Place, inputs: Sequence[Array], outputs: Sequence[Array]) -> Call:
        return self._run, (place, inputs, outputs[0])

    def _run(self, place: Place, inputs: Sequence[Array], out: Array) -> None:
        out[...] = self._prediction.of(place.rows, inputs)[self._down]

    def snapshot(self) -> Any:
        return None

    def restore(self, snapshot: Any) -> None:
        return None


def numbers(values: Array) -> Floats:
    """Return truths as 0.0, NaN, 1.0; numbers as they are."""
    return np.where(values == UNKNOWN, np.nan, values * 0.5) if values.dtype == np.int8 else values
