"""Steps: how each kind of node gets its value over one block, and what it remembers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from engine.domain.market import Block, Floats
from engine.domain.primitive import Primitive
from engine.domain.strategy import Frame, Node
from engine.indicators import PRIMITIVES
from engine.kernels import kernel
from engine.plan import program
from engine.plan.frames import Join, Rows, SeriesJoin
from engine.plan.operations import OPERATIONS, UNKNOWN, Array, is_known, operation
from engine.ports import Predictor
from engine.registry import UnknownName


@dataclass(frozen=True, slots=True)
class Moment:
    """The block being evaluated, and the rows of every frame in it, by place."""

    block: Block
    rows: Sequence[Rows]


class Step(Protocol):
    """One node. `function` returns its values, broadcastable to (T, S), or a tuple of them, one per output.

    It takes the inputs alone where it is `pure`, else (rows, inputs, moment). A step that runs `always` also does
    where no candle of its frame closes in the block, to remember what it joins. One that `remembers` does of a block
    what its values on the next depend on.
    """

    @property
    def function(self) -> Callable[..., Any]: ...
    @property
    def pure(self) -> bool: ...
    @property
    def always(self) -> bool: ...
    @property
    def remembers(self) -> bool: ...
    def snapshot(self) -> Any: ...
    def restore(self, snapshot: Any) -> None: ...


def step_of(
    i: int, nodes: Sequence[Node], lanes: Mapping[Frame, int], places: Mapping[Frame, int], models: Models
) -> Step:
    """Return the step of node `i`. Raises LookupError for an operation that nobody knows."""
    node = nodes[i]
    match node.op:
        case "const":
            return _Const(float(node.params[0]), node.boolean)
        case "field":
            return _Field(str(node.params[0]))
        case "series":
            return _Series(str(node.params[0]))
        case "join":
            return _Join(nodes[node.inputs[0]], places)
        case "output":
            return _Output(int(node.params[0]), node.boolean)
        case "model":
            return _Model(models.prediction(node), str(node.params[1]) == "down")
        case "recur":
            return _Recur(node, lanes[node.frame])
        case "at_least" if node.params:
            count = np.array([[float(node.params[0])]])
            return _Elementwise(lambda *conditions: operation("at_least")(count, *conditions))
    if node.op in OPERATIONS:
        return _Elementwise(operation(node.op))
    try:
        return _Kernel(node, PRIMITIVES[node.op], lanes[node.frame])
    except UnknownName as error:
        raise LookupError(f"no operation or primitive is named {node.op!r}") from error


class _Stateless:
    """What remembers nothing."""

    pure = always = remembers = False

    def snapshot(self) -> Any:
        return None

    def restore(self, snapshot: Any) -> None:
        return None


class _Const(_Stateless):
    def __init__(self, value: float, boolean: bool) -> None:
        self._value = np.array([[value]], np.int8 if boolean else np.float64)

    def function(self, rows: Rows, inputs: list[Any], moment: Moment) -> Array:
        return self._value


class _Field(_Stateless):
    def __init__(self, name: str) -> None:
        self._name = name

    def function(self, rows: Rows, inputs: list[Any], moment: Moment) -> Array:
        return np.require(rows.field(self._name), np.float64, ["C", "W"])


class _Elementwise(_Stateless):
    pure = True

    def __init__(self, function: Callable[..., Array]) -> None:
        self.function = function


class _Output(_Stateless):
    """One output of a node that has several."""

    def __init__(self, index: int, boolean: bool) -> None:
        self._index, self._boolean = index, boolean

    def function(self, rows: Rows, inputs: list[Any], moment: Moment) -> Array:
        value = inputs[0][self._index] if isinstance(inputs[0], tuple) else inputs[0]
        return truths(value) if self._boolean else value


class _Series:
    pure, always, remembers = False, True, True

    def __init__(self, name: str) -> None:
        self._name, self._join = name, SeriesJoin()

    def function(self, rows: Rows, inputs: list[Any], moment: Moment) -> Array:
        return self._join.advance(rows.close_time, moment.block.until, moment.block.series.get(self._name))

    def snapshot(self) -> Any:
        return self._join.snapshot()

    def restore(self, snapshot: Any) -> None:
        self._join.restore(snapshot)


class _Join:
    pure, always, remembers = False, True, True

    def __init__(self, other: Node, places: Mapping[Frame, int]) -> None:
        self._place, self._join = places[other.frame], Join(other.frame.timeframe, other.boolean)

    def function(self, rows: Rows, inputs: list[Any], moment: Moment) -> Array:
        value = inputs[0][0] if isinstance(inputs[0], tuple) else inputs[0]
        return self._join.advance(rows.close_time, moment.rows[self._place], value)

    def snapshot(self) -> Any:
        return self._join.snapshot()

    def restore(self, snapshot: Any) -> None:
        self._join.restore(snapshot)


class _Kernel:
    """A primitive: its compiled kernel and the state of every symbol."""

    pure, always, remembers = False, False, True

    def __init__(self, node: Node, primitive: Primitive, lanes: int) -> None:
        compiled = kernel(primitive.kernel)
        self._advance = compiled.advance
        self._params = tuple(
            int(value) if spec.whole or spec.choices else float(value)
            for spec, value in zip(primitive.parameters, node.params, strict=True)
        )
        self._state = np.zeros((compiled.rows(*self._params), lanes))
        self._inputs = tuple(np.dtype(np.int8 if spec.boolean else np.float64) for spec in primitive.inputs)
        self._outputs = tuple(np.dtype(np.int8 if spec.boolean else np.float64) for spec in primitive.outputs)
        self._timed = primitive.timed
        self._boolean = node.boolean

    def function(self, rows: Rows, inputs: list[Any], moment: Moment) -> Any:
        shape = rows.shape
        given = [dense(value, dtype, shape) for value, dtype in zip(inputs, self._inputs, strict=True)]
        if self._timed:
            given.insert(0, rows.close_time)
        results = tuple(np.empty(shape, dtype) for dtype in self._outputs)
        self._advance(rows.here, *given, self._state, *results, *self._params)
        if len(results) > 1:
            return results
        return truths(results[0]) if self._boolean else results[0]

    def snapshot(self) -> Any:
        return self._state.copy()

    def restore(self, snapshot: Any) -> None:
        self._state[:] = snapshot


class _Recur:
    """The recursion of a definition: a program run by one kernel (engine.plan.recursion tells its form)."""

    pure, always, remembers = False, False, True

    def __init__(self, node: Node, lanes: int) -> None:
        compiled = kernel("recur")
        self._advance = compiled.advance
        self._results, self._codes, self._depth = program.encode(node.params)
        self._state = np.zeros((compiled.rows(self._results), lanes))

    def function(self, rows: Rows, inputs: list[Any], moment: Moment) -> tuple[Floats, ...]:
        shape = rows.shape
        given = np.empty((len(inputs), *shape))
        for place, value in enumerate(inputs):
            given[place] = numbers(value)
        out = np.empty((self._results, *shape))
        self._advance(rows.here, given, self._state, out, self._codes, self._depth)
        return tuple(out)

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

    def of(self, rows: Rows, inputs: list[Any]) -> tuple[Floats, Floats]:
        """Return (up, down), (T, S); unknown without a model, and at or before `known_from` unless it is trusted."""
        if self._rows is not rows:
            self._rows, self._answer = rows, self._ask(rows, inputs)
        return self._answer

    def _ask(self, rows: Rows, inputs: list[Any]) -> tuple[Floats, Floats]:
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


class _Model(_Stateless):
    """One of the two answers of a model."""

    def __init__(self, prediction: _Prediction, down: bool) -> None:
        self._prediction, self._down = prediction, down

    def function(self, rows: Rows, inputs: list[Any], moment: Moment) -> Floats:
        return self._prediction.of(rows, inputs)[self._down]


def dense(values: Array, dtype: np.dtype[Any], shape: tuple[int, int]) -> Array:
    """Return the values as an array that kernels accept: of that type and shape, contiguous and writable."""
    if values.dtype == dtype and values.shape == shape and values.flags.carray:
        return values
    converted = numbers(values) if dtype == np.float64 else truths(values)
    return np.array(np.broadcast_to(converted, shape), dtype, order="C")


def numbers(values: Array) -> Floats:
    """Return truths as 0.0, NaN, 1.0; numbers as they are."""
    return np.where(values == UNKNOWN, np.nan, values * 0.5) if values.dtype == np.int8 else values


def truths(values: Array) -> Array:
    """Return 0.0, NaN, 1.0 as truths; truths as they are."""
    if values.dtype == np.int8:
        return values
    return np.where(values == values, values * 2.0, float(UNKNOWN)).astype(np.int8)
