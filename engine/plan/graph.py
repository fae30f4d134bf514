"""The graph: nodes interned, so that equal expressions of all strategies are one node of one plan.

Warm-up adds up here: a function that needs n2 candles of an input that is known after n1 is known after
n1 + n2 - 1.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from engine.domain.strategy import Frame, Node

Params = tuple[float | str, ...]


@dataclass(frozen=True, slots=True)
class Warmup:
    """Candles of the node's own timeframe after which it is defined and converged; `ms` back over all frames."""

    defined: int
    converged: int
    ms: int


class Graph:
    """Nodes by identity (op, frame, inputs, params, truth or number); inputs come before their users."""

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._index: dict[tuple[object, ...], int] = {}
        self._digests: list[bytes] = []

    def __len__(self) -> int:
        return len(self._nodes)

    def __getitem__(self, node: int) -> Node:
        return self._nodes[node]

    def intern(
        self,
        op: str,
        frame: Frame,
        inputs: tuple[int, ...] = (),
        params: Params = (),
        *,
        boolean: bool = False,
        defined: int | None = None,
        converged: int | None = None,
        text: str = "",
    ) -> int:
        """Return the index of the node with this identity, which is made if it is new.

        `defined` and `converged` are the candles that this operation itself needs of its inputs (None: 1,
        as for everything element-wise; converged is at least defined). `text` explains, it does not identify:
        the first one stays.
        """
        key = (op, frame, inputs, tuple(map(_exact, params)), boolean)
        found = self._index.get(key)
        if found is not None:
            return found
        own = defined or 1
        warmup = self._warmup(op, frame, inputs, own, max(own, converged or own))
        node = Node(op, frame, inputs, params, boolean, warmup.defined, warmup.converged, warmup.ms, text)
        self._index[key] = len(self._nodes)
        self._nodes.append(node)
        self._digests.append(self._digest(node))
        return len(self._nodes) - 1

    def plan_nodes(self) -> tuple[Node, ...]:
        return tuple(self._nodes)

    def digest(self, node: int) -> bytes:
        """Return what names this node in every plan: a hash of its operation, frame, parameters and inputs."""
        return self._digests[node]

    def _warmup(self, op: str, frame: Frame, inputs: tuple[int, ...], defined: int, converged: int) -> Warmup:
        ms = frame.timeframe.ms
        if not inputs:
            return Warmup(defined, converged, converged * ms)
        nodes = [self._nodes[i] for i in inputs]
        if op == "join":
            return _joined(nodes[0], ms)
        return Warmup(
            max(n.defined for n in nodes) + defined - 1,
            max(n.converged for n in nodes) + converged - 1,
            max(n.history_ms for n in nodes) + (converged - 1) * ms,
        )

    def _digest(self, node: Node) -> bytes:
        frame = node.frame
        head = (
            node.op, frame.timeframe.ms, frame.symbol, frame.gaps.kind, frame.gaps.limit,
            tuple(map(_exact, node.params)), node.boolean,
        )  # fmt: skip
        hashed = hashlib.sha256(repr(head).encode())
        for i in node.inputs:
            hashed.update(self._digests[i])
        return hashed.digest()[:16]


def _exact(param: float | str) -> str:
    """Return the parameter so that unknown numbers are equal, -0.0 is not 0.0, and "1" is not 1."""
    return f"'{param}" if isinstance(param, str) else repr(float(param))


def _joined(other: Node, ms: int) -> Warmup:
    """Return the warm-up of a node of another frame counted in candles of `ms`.

    The base may start just after the other frame's candle closed, so one more of those is asked for.
    """
    step = other.frame.timeframe.ms
    slack = step if step > ms else 0
    return Warmup(
        -(-(other.defined * step + slack) // ms) - (1 if slack else 0),
        -(-(other.converged * step + slack) // ms) - (1 if slack else 0),
        other.history_ms + slack,
    )
