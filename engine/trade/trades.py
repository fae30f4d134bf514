"""The trades of a run as columns: one numpy array per field, one row per signal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.domain.market import Floats, Times
from engine.kernels import columns as at
from engine.trade.terms import REASONS, STATUSES
from engine.trade.told import Told

Whole = npt.NDArray[np.int64]

STATE_COLUMNS = {
    "status": at.STATUS, "opened_at": at.OPENED, "closed_at": at.CLOSED, "entry": at.ENTRY, "stop": at.STOP,
    "filled": at.FILLED, "remaining": at.REMAINING, "targets_hit": at.HIT, "adds_filled": at.ADDED, "best": at.BEST,
    "worst": at.WORST, "bars": at.BARS, "exit_price": at.EXIT_PRICE, "result": at.RESULT, "result_r": at.RESULT_R,
    "ambiguous": at.AMBIGUOUS, "followed_until": at.FOLLOWED,
}  # fmt: skip
"""Fields that a position's state has, with their columns there; they mean what they do in Position."""
HEAD_COLUMNS = {
    "strategy": False, "symbol": False, "timeframe": False, "side": False, "signal_time": False, "price": True,
    "first_stop": True, "confidence": True,
}  # fmt: skip
"""Fields of the signal, and whether they are real numbers."""
_REAL = frozenset({"entry", "stop", "filled", "remaining", "best", "worst", "exit_price", "result", "result_r"})


@dataclass(frozen=True, slots=True)
class Trades:
    """The position of each signal of a run, n of them in the order of the signals; every column has n values.

    `strategy`, `symbol` and `timeframe` are places in `strategies`, `symbols` and `timeframes`; `side` is 1 or −1;
    `status` a place in `STATUSES`. `price` is the quoted entry and `first_stop` the quoted stop (NaN: none); `stop`
    the one in force at the end. `confidence` is 0 to 100. The fills of trade i are those of `fill_from[i]` to
    `fill_from[i + 1]`: their times (ms), prices, parts and reasons (places in `REASONS`), each with the fee `fees`.
    """

    strategies: tuple[str, ...]
    symbols: tuple[str, ...]
    timeframes: tuple[str, ...]
    strategy: Whole
    symbol: Whole
    timeframe: Whole
    side: Whole
    signal_time: Times
    price: Floats
    first_stop: Floats
    confidence: Floats
    status: Whole
    opened_at: Times
    closed_at: Times
    entry: Floats
    stop: Floats
    filled: Floats
    remaining: Floats
    targets_hit: Whole
    adds_filled: Whole
    best: Floats
    worst: Floats
    bars: Whole
    exit_price: Floats
    result: Floats
    result_r: Floats
    ambiguous: Whole
    followed_until: Times
    fill_from: Whole
    fill_time: Times
    fill_price: Floats
    fill_part: Floats
    fill_reason: Whole
    fees: float

    def __len__(self) -> int:
        return len(self.strategy)

    @property
    def live(self) -> npt.NDArray[np.bool_]:
        """Return which have not ended."""
        found: npt.NDArray[np.bool_] = self.status <= at.OPEN
        return found

    @property
    def closed(self) -> npt.NDArray[np.bool_]:
        """Return which are trades: entered, and ended."""
        found: npt.NDArray[np.bool_] = (self.status > at.OPEN) & (self.filled > 0)
        return found


def trades_of(blocks: Sequence[Sequence[tuple[int, Told]]], fees: float) -> Trades:
    """Return the trades that consecutive blocks told of; each has its parts with the place of their strategy."""
    return _Columns(fees).collect(blocks)


def endings(told: Told) -> Floats:
    """Return what ended in one part of a block, filled: closed_at, opened_at, result and result_r, (n, 4)."""
    rows = told.log[told.log[:, at.WHAT] == at.ENDING]
    state = rows[:, at.HEAD :]
    found: Floats = state[state[:, at.FILLED] > 0][:, [at.CLOSED, at.OPENED, at.RESULT, at.RESULT_R]]
    return found


class _Columns:
    """Rows of signals, states and fills being collected, block after block."""

    def __init__(self, fees: float) -> None:
        self.fees = fees
        self.strategies: dict[str, int] = {}
        self.symbols: dict[str, int] = {}
        self.timeframes: dict[str, int] = {}
        self.heads: list[npt.NDArray[Any]] = []
        self.states: list[Floats] = []
        self.whose: list[Whole] = []
        self.fills: list[Floats] = []
        self.filled: list[Whole] = []
        self.carried: dict[tuple[str, str, int], int] = {}
        self.count = 0

    def collect(self, blocks: Sequence[Sequence[tuple[int, Told]]]) -> Trades:
        for parts in blocks:
            for turn, told in parts:
                self._add(turn, told)
        heads = np.concatenate(self.heads) if self.heads else np.empty((0, 11))
        order = np.lexsort((heads[:, 10], heads[:, 9], heads[:, 8], heads[:, 4]))
        states = np.full((self.count, len(STATE_COLUMNS)), np.nan)
        for whose, rows in zip(self.whose, self.states, strict=True):
            states[whose] = rows
        for _, told in blocks[-1] if blocks else ():
            self._stand(states, told)
        return self._made(heads[order], states[order], order)

    def _add(self, turn: int, told: Told) -> None:
        """Add the signals, the latest states and the fills of one part of a block; `turn`: its strategy's place."""
        log = told.log
        signals = np.flatnonzero(log[:, at.WHAT] == at.SIGNAL)
        serials = log[signals, at.SERIAL].astype(np.intp)
        number = np.full(len(told.candidates) + 1, -1, np.int64)
        number[serials] = self.count + np.arange(len(signals))
        self._head(turn, told, log[signals], serials - 1)
        positions = np.flatnonzero((log[:, at.PHASE] == 0) & (log[:, at.WHAT] >= at.OPENING))
        # the rows of a position lie together: the last of each says how it stands
        key = log[positions][:, [at.LANE, at.SLOT, at.SERIAL]]
        last = positions[np.flatnonzero(np.any(key[1:] != key[:-1], axis=1))] if len(key) else positions
        last = np.append(last, positions[-1:])
        rows = log[last]
        whose = number[rows[:, at.SERIAL].astype(np.intp)]
        before = np.zeros(len(rows), np.int64)
        for i in np.flatnonzero(rows[:, at.SERIAL] == 0).tolist():
            place, slot = int(rows[i, at.LANE]), int(rows[i, at.SLOT])
            whose[i] = self.carried[told.strategy_id, told.symbols[place], slot]
            before[i] = len(told.bases[place, slot][0].fills)
        state = rows[:, at.HEAD :]
        self.whose.append(whose)
        self.states.append(state[:, list(STATE_COLUMNS.values())])
        counts = state[:, at.FILLS].astype(np.int64) - before
        starts = rows[:, at.FILL_FROM].astype(np.int64)
        each = np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        self.fills.append(told.fills[each])
        self.filled.append(np.repeat(whose, counts))
        for i, row in enumerate(log[signals][:, [at.LANE, at.SLOT]].astype(np.intp).tolist()):
            self.carried[told.strategy_id, told.symbols[row[0]], row[1]] = self.count + i
        self.count += len(signals)

    def _head(self, turn: int, told: Told, rows: Floats, candidates: npt.NDArray[np.intp]) -> None:
        made, rules = told.candidates, told.rulebook.rules
        strategy = self.strategies.setdefault(told.strategy_id, len(self.strategies))
        symbols = np.array([self.symbols.setdefault(name, len(self.symbols)) for name in told.symbols], np.float64)
        lengths = [self.timeframes.setdefault(rule.timeframe.text, len(self.timeframes)) for rule in rules]
        head = np.empty((len(rows), 11))
        places = rows[:, at.LANE].astype(np.intp)
        rule = made.rule[candidates]
        head[:, 0], head[:, 1] = strategy, symbols[places] if len(rows) else 0
        head[:, 2] = np.array(lengths, np.float64)[rule] if len(rows) else 0
        head[:, 3] = 1.0 - 2.0 * rows[:, at.SLOT]
        head[:, 4], head[:, 5] = rows[:, at.TIME], made.terms[candidates, at.PRICE]
        head[:, 6], head[:, 7] = made.terms[candidates, at.FIRST_STOP], made.confidence[candidates]
        head[:, 8], head[:, 9], head[:, 10] = turn, told.on_scene[places], rule
        self.heads.append(head)
        state = np.full((len(rows), len(STATE_COLUMNS)), np.nan)
        for place, name in enumerate(STATE_COLUMNS):
            if name not in _REAL or name in ("filled", "remaining", "result"):
                state[:, place] = 0.0
        names = list(STATE_COLUMNS)
        state[:, names.index("stop")] = head[:, 6]
        state[:, names.index("followed_until")] = head[:, 4]
        self.whose.append(self.count + np.arange(len(rows)))
        self.states.append(state)

    def _stand(self, states: Floats, told: Told) -> None:
        """Let positions that are live after the last block be as they stand."""
        places, slots = np.nonzero(told.lanes.slots[:, :, at.BUSY] == at.HELD)
        keys = zip(places.tolist(), slots.tolist(), strict=True)
        whose = [self.carried[told.strategy_id, told.symbols[place], slot] for place, slot in keys]
        states[whose] = told.lanes.states[places, slots][:, list(STATE_COLUMNS.values())]

    def _made(self, heads: Floats, states: Floats, order: npt.NDArray[np.intp]) -> Trades:
        place = np.empty(self.count, np.int64)
        place[order] = np.arange(self.count)
        fills = np.concatenate(self.fills) if self.fills else np.empty((0, at.FILL))
        whose = place[np.concatenate(self.filled)] if self.filled else np.empty(0, np.int64)
        in_turn = np.argsort(whose, kind="stable")
        fills, starts = fills[in_turn], np.searchsorted(whose[in_turn], np.arange(self.count + 1))
        columns: dict[str, Any] = {}
        for column, name in enumerate(STATE_COLUMNS):
            values = states[:, column]
            columns[name] = values.copy() if name in _REAL else values.astype(np.int64)
        columns.update(
            strategies=tuple(self.strategies), symbols=tuple(self.symbols), timeframes=tuple(self.timeframes),
            fill_from=starts.astype(np.int64), fill_time=fills[:, at.F_TIME].astype(np.int64),
            fill_price=fills[:, at.F_PRICE].copy(), fill_part=fills[:, at.F_PART].copy(),
            fill_reason=fills[:, at.F_REASON].astype(np.int64), fees=self.fees,
        )  # fmt: skip
        for column, (name, real) in enumerate(HEAD_COLUMNS.items()):
            columns[name] = heads[:, column].copy() if real else heads[:, column].astype(np.int64)
        return Trades(**columns)


__all__ = ["REASONS", "STATUSES", "Trades", "endings", "trades_of"]
