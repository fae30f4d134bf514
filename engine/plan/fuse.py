"""Which nodes are computed, and by what: a hot definition may have a kernel of its own that does all of it at once.

The definition in dsl/library stays the meaning. Here stands its form as nodes; where the nodes of a plan have that
form, the kernel takes their place, and those between that nobody else needs are not computed. What the kernel gives is
what the nodes give, to the bit (tests/engine/plan/test_fuse.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.domain.primitive import Input, Output, Parameter, Primitive
from engine.domain.strategy import Node


@dataclass(frozen=True, slots=True)
class Form:
    """A node with these inputs and params: names stand for whatever is there, the same name for the same."""

    op: str
    inputs: tuple[Form | str | float, ...]
    params: tuple[float | str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fused:
    """A kernel and the forms of its outputs. It is used where a node has the form of the output `main`."""

    primitive: Primitive
    outputs: tuple[Form, ...]
    main: int = 0


def _declared(name: str, inputs: Sequence[str], parameters: Sequence[str], outputs: int = 1) -> Primitive:
    return Primitive(
        name=f"fused {name}",
        about=f"All of {name} at once.",
        inputs=tuple(Input(one) for one in inputs),
        parameters=tuple(Parameter(one) for one in parameters),
        outputs=tuple(Output(str(place)) for place in range(outputs)),
        defined=lambda lengths: 1,
        converged=lambda lengths: 1,
        kernel=f"engine.kernels.fused.{name}",
    )


def _average(kind: str, of: Form | str, length: str) -> Form:
    return Form(kind, (of,), (length,))


_MOVE = Form("sub", ("source", Form("back", ("source",), (1.0,))))
_UP = _average("rma", Form("max", (_MOVE, 0.0)), "length")
_DOWN = _average("rma", Form("max", (Form("neg", (_MOVE,)), 0.0)), "length")
_BEFORE = Form("default", (Form("back", ("close",), (1.0,)), "close"))
_RANGE = Form("sub", (Form("max", ("high", _BEFORE)), Form("min", ("low", _BEFORE))))
_LINE = Form("sub", (_average("ema", "source", "fast"), _average("ema", "source", "slow")))
_SIGNAL = _average("ema", _LINE, "signal")

_ALL = (
    Fused(
        _declared("rsi", ("source",), ("length",)),
        (Form("div", (Form("mul", (100.0, _UP)), Form("add", (_UP, _DOWN)))),),
    ),
    Fused(_declared("atr", ("high", "low", "close"), ("length",)), (_average("rma", _RANGE, "length"),)),
    Fused(
        _declared("macd", ("source",), ("fast", "slow", "signal"), outputs=3),
        (_LINE, _SIGNAL, Form("sub", (_LINE, _SIGNAL))),
        main=1,
    ),
)

FUSED: Mapping[str, Primitive] = {fused.primitive.name: fused.primitive for fused in _ALL}
"""By operation, what a node that stands for a whole definition takes and gives."""


def fused(nodes: Sequence[Node], wanted: Iterable[int]) -> tuple[dict[int, Node], list[int]]:
    """Return the nodes that are computed so that the wanted ones are known, by index, and their order.

    Nodes that stand for a whole definition are new: their indexes come after those of the plan.
    """
    made = dict(enumerate(nodes))
    wanted = sorted(wanted)
    for i in needed(made, wanted):
        for known in _ALL:
            main = known.outputs[known.main]
            bound: dict[str, int | float | str] = {}
            if main.op == nodes[i].op and _matches(nodes, i, main, bound):
                _replace(made, nodes, i, known, bound)
    return made, needed(made, wanted)


def _matches(nodes: Sequence[Node], i: int, form: Form | str | float, bound: dict[str, int | float | str]) -> bool:
    """Return whether node `i` has that form, and bind its names to nodes and params."""
    node = nodes[i]
    if isinstance(form, str):
        return bound.setdefault(form, i) == i
    if not isinstance(form, Form):
        return node.op == "const" and not node.boolean and node.params == (form,)
    if node.op != form.op or len(node.inputs) != len(form.inputs) or len(node.params) != len(form.params):
        return False
    for name, value in zip(form.params, node.params, strict=True):
        if (bound.setdefault(name, value) if isinstance(name, str) else name) != value:
            return False
    return all(_matches(nodes, j, part, bound) for j, part in zip(node.inputs, form.inputs, strict=True))


def _replace(
    made: dict[int, Node], nodes: Sequence[Node], main: int, known: Fused, bound: Mapping[str, int | float | str]
) -> None:
    """Put the kernel of a definition in the place of its nodes: `main`, and those of the other outputs."""
    primitive = known.primitive
    inputs = tuple(int(bound[spec.name]) for spec in primitive.inputs)
    if any(nodes[i].boolean for i in inputs):
        return  # an average of truths is a rare thing, and numbers between them are not the kernel's
    params = tuple(bound[spec.name] for spec in primitive.parameters)
    whole = replace(nodes[main], op=primitive.name, inputs=inputs, params=params)
    if len(known.outputs) == 1:
        made[main] = whole
        return
    index = len(made)
    made[index] = whole
    frame = nodes[main].frame
    for i, node in enumerate(nodes):
        for place, form in enumerate(known.outputs):
            if node.op == form.op and node.frame == frame and _matches(nodes, i, form, dict(bound)):
                made[i] = replace(node, op="output", inputs=(index,), params=(float(place),))


def needed(nodes: Mapping[int, Node], wanted: Iterable[int]) -> list[int]:
    """Return the nodes that the wanted ones need, themselves included, inputs before their users."""
    order: list[int] = []
    done: dict[int, bool] = {}
    waiting = sorted(wanted, reverse=True)
    while waiting:
        i = waiting[-1]
        if i not in done:
            done[i] = False
            waiting += [j for j in nodes[i].inputs if j not in done]
            continue
        waiting.pop()
        if not done[i]:
            done[i] = True
            order.append(i)
    return order
