"""What a block told of one strategy, as rows; it becomes events where someone asks for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engine.domain.book import Lane
from engine.domain.event import (
    Event,
    PartExited,
    PositionAdded,
    PositionClosed,
    PositionOpened,
    SignalBlocked,
    SignalFired,
    StopMoved,
    TakeProfitHit,
)
from engine.domain.market import Floats, Timeframe
from engine.domain.position import Position, Status
from engine.domain.signal import Signal, Verdict, signal_id
from engine.domain.strategy import SideRules
from engine.kernels import columns as at
from engine.plan import explain
from engine.trade.evidence import evidence_of
from engine.trade.lanes import Lanes, hash_of, reason_text
from engine.trade.quote import detail_of, width
from engine.trade.rulebook import SIDES
from engine.trade.terms import Row, fill_of, level_of, order_of, position_of, targets_of, why_of


class Told:
    """The rows of one strategy's lanes in one block, and the events that they are.

    `log` and `fills` are rows as engine.kernels.columns says; of `log`, LANE is a place in `symbols`.
    """

    def __init__(self, lanes: Lanes) -> None:
        self.lanes = lanes
        self.strategy_id, self.strategy, self.rulebook = lanes.strategy_id, lanes.strategy, lanes.rulebook
        self.room, self.candidates, self.bases = lanes.room, lanes.candidates, lanes.bases
        self.symbols, self.on_scene = lanes.symbols.names, lanes.symbols.lanes
        self.plan, self.settings = lanes.scene.plan, lanes.scene.settings
        self.markets = {symbol: lanes.scene.market(symbol) for symbol in self.symbols}
        self.plan_hash = hash_of(lanes.scene, lanes.strategy) if lanes.strategy else ""
        self.refusals: dict[int, str] = {}
        """By candidate what a protection said."""
        self._values: explain.Readable = lanes.scene.values
        self._signals: dict[int, Signal] = {}
        self._rows: Floats | None = None
        self._filled: Floats | None = None

    @property
    def log(self) -> Floats:
        """Return the rows told so far."""
        return self.lanes.told if self._rows is None else self._rows

    @property
    def fills(self) -> Floats:
        """Return the rows of fills so far."""
        return self.lanes.filled if self._filled is None else self._filled

    # -- events --

    def event(self, number: int) -> Event:
        """Return the event that a row of the log is."""
        row: list[float] = self.log[number].tolist()
        what = int(row[at.WHAT])
        if what == at.BLOCKED:
            return self._blocked(row)
        if what == at.SIGNAL:
            return self._fired(int(row[at.SERIAL]) - 1, int(row[at.LANE]), int(row[at.TIME]))
        position = self._position(row)
        name = f"{position.id}-{position.told - 1}"
        said = name, int(row[at.TIME]), position, int(row[at.FILLED_AT])
        detail = row[at.DETAIL]
        match what:
            case at.OPENING:
                return PositionOpened(*said, fill=position.fills[-1])
            case at.ADDING:
                return PositionAdded(*said, fill=position.fills[-1])
            case at.TAKING:
                return TakeProfitHit(*said, target=int(detail), fill=position.fills[-1])
            case at.MOVING:
                return StopMoved(*said, old=level_of(row[at.OLD]), why=why_of(int(detail)))
            case at.LEAVING:
                return PartExited(*said, rule=self._exit_name(row), fill=position.fills[-1])
        return PositionClosed(
            *said, reason=self._reason(row, position), fill=position.fills[-1] if position.fills else None
        )

    def _reason(self, row: Row, position: Position) -> str:
        """Return why a position ended."""
        match position.status:
            case Status.TP_HIT:
                return f"target {int(row[at.DETAIL])}"
            case Status.SL_HIT:
                return position.stop_why
            case Status.EXPIRED:
                return "expired" if position.fills else "unfilled"
            case Status.CANCELLED:
                return "unfilled" if row[at.DETAIL] == at.UNFILLED else "beyond-stop"
        return self._exit_name(row)

    def _exit_name(self, row: Row) -> str:
        place, (base, rule) = int(row[at.DETAIL]), self._origin(row)
        if place < 0:
            assert base is not None
            return base.exiting[0]
        return self.rulebook.rules[rule].side.exits[place].name

    def _blocked(self, row: Row) -> SignalBlocked:
        candidate, now = int(row[at.SERIAL]) - 1, int(row[at.TIME])
        rule, symbol = self.rulebook.rules[int(row[at.PLACE])], self.symbols[int(row[at.LANE])]
        identity = f"{signal_id(self.strategy_id, symbol, *rule.key, now)}-blocked"
        reason, detail = self.refusal(row)
        said = self.verdicts(candidate)
        return SignalBlocked(identity, now, self.strategy_id, symbol, *rule.key, reason, detail, said)

    def refusal(self, row: Row) -> tuple[str, str]:
        """Return the reason and the detail of a blocked candidate."""
        candidate, now, code = int(row[at.SERIAL]) - 1, int(row[at.TIME]), int(row[at.DETAIL])
        place = int(row[at.LANE])
        match code:
            case at.R_OPEN:
                return "open-position", self.identity(place, int(row[at.SLOT]), int(row[at.OLD]))
            case at.R_COOLDOWN:
                assert self.strategy is not None
                return "cooldown", f"after {self.strategy.cooldowns[int(row[at.OLD]) - 1].after}"
            case at.R_STALE:
                assert self.settings.now is not None
                return "stale", f"{(self.settings.now - now) // 1000} s late"
            case at.R_FILTER:
                assert self.strategy is not None
                return "filter", self.strategy.universe.where_text
            case _ if code >= at.R_PROTECTION:
                return reason_text(code, self.settings), self.refusals.get(candidate, "")
        made = self.candidates
        side = self.rulebook.rules[int(made.rule[candidate])].side
        entry = float(made.terms[candidate, at.PRICE])
        detail = detail_of(
            side, self.markets[self.symbols[place]], code, int(made.which[candidate]), float(made.price[candidate]),
            entry, float(made.close[candidate]),
        )  # fmt: skip
        return reason_text(code, self.settings), detail

    def identity(self, place: int, slot: int, serial: int) -> str:
        """Return the id of a position."""
        if serial == 0:
            return self.bases[place, slot][0].id
        rule = self.rulebook.rules[int(self.candidates.rule[serial - 1])]
        time = int(self.candidates.time[serial - 1])
        return signal_id(self.strategy_id, self.symbols[place], *rule.key, time)

    # -- signals and positions --

    def verdicts(self, candidate: int) -> tuple[Verdict, ...]:
        """Return what each condition of the side said on a candidate's candle, with the values under it."""
        made, rule = self.candidates, int(self.candidates.rule[candidate])
        side = self.rulebook.rules[rule].side
        return explain.verdicts(side, self._values, int(made.row[candidate]), int(made.lane[candidate]))

    def signal(self, candidate: int, place: int) -> Signal:
        """Return the signal that a candidate is, or would be."""
        found = self._signals.get(candidate)
        if found is None:
            found = self._signals[candidate] = self._signal(candidate, self.symbols[place])
        return found

    def _signal(self, candidate: int, symbol: str) -> Signal:
        made, strategy, settings = self.candidates, self.strategy, self.settings
        assert strategy is not None
        rule = self.rulebook.rules[int(made.rule[candidate])]
        time = int(made.time[candidate])
        terms = made.terms[candidate].tolist()
        return Signal(
            self.strategy_id, symbol, rule.timeframe.text, rule.side.side, time, order_of(terms, self.room),
            level_of(terms[at.FIRST_STOP]), targets_of(terms), confidence=float(made.confidence[candidate]),
            expire_ms=rule.side.expire_ms, version=strategy.version, plan_hash=self.plan_hash,
            engine_version=settings.engine_version, venue=settings.venue or self.markets[symbol].venue,
            verdicts=self.verdicts(candidate), short_of_history=self._short(rule.side, rule.timeframe, symbol, time),
        )  # fmt: skip

    def _short(self, side: SideRules, timeframe: Timeframe, symbol: str, now: int) -> int:
        """Return how many candles are missing before now for all that decides on the rule to have settled."""
        begin = self.settings.history.get(symbol)
        if begin is None:
            return 0
        need = max(self.plan.nodes[node].history_ms for node in (side.fires, side.confidence))
        return max(0, -(-(need - (now - begin)) // timeframe.ms))

    def _fired(self, candidate: int, place: int, time: int) -> SignalFired:
        signal = self.signal(candidate, place)
        position = Position(
            signal, Status.PENDING, stop=signal.stop, at_entry=self._kept(candidate), followed_until=time, told=1
        )
        return SignalFired(f"{signal.id}-0", time, signal, position)

    def _kept(self, candidate: int) -> tuple[tuple[int, float], ...]:
        rule = int(self.candidates.rule[candidate])
        first = width(self.room[0], self.room[1], 0)
        values = self.candidates.terms[candidate, first : first + len(self.rulebook.kept[rule])].tolist()
        return tuple(enumerate(values))

    def _origin(self, row: Row) -> tuple[Position | None, int]:
        """Return what a position was taken up from (None: it is of this block), and the place of its rule."""
        serial = int(row[at.SERIAL])
        if serial:
            return None, int(self.candidates.rule[serial - 1])
        return self.bases[int(row[at.LANE]), int(row[at.SLOT])]

    def _position(self, row: Row) -> Position:
        return self.position(
            row[at.HEAD :], int(row[at.LANE]), int(row[at.SLOT]), int(row[at.SERIAL]), int(row[at.FILL_FROM])
        )

    def position(self, state: Row, place: int, slot: int, serial: int, fill_from: int) -> Position:
        """Return a position by its state; its fills of this block begin at row `fill_from`."""
        base, rule = (None, int(self.candidates.rule[serial - 1])) if serial else self.bases[place, slot]
        if base is None:
            signal, kept = self.signal(serial - 1, place), self._kept(serial - 1)
        else:
            signal, kept = base.signal, base.at_entry
        fills = base.fills if base is not None else ()
        count = int(state[at.FILLS]) - len(fills)
        new = [fill_of(fill, self.settings.fees) for fill in self.fills[fill_from : fill_from + count].tolist()]
        exits = tuple(one.name for one in self.rulebook.rules[rule].side.exits) if rule >= 0 else ()
        return position_of(state, signal, kept, (*fills, *new), self.room, exits, self.rulebook.exits_room, base)

    # -- after the block --

    def remembered(self, place: int) -> Lane:
        """Return what is remembered of a lane after the block."""
        lanes, live = self.lanes, {}
        for slot, side in enumerate(SIDES):
            held = lanes.slots[place, slot]
            if held[at.BUSY] == at.HELD:
                state = lanes.states[place, slot].tolist()
                live[side] = self.position(state, place, slot, int(held[at.WHOSE]), int(held[at.FILLS_AT]))
        return lanes.lane(place, live, self.identity)

    def settle(self) -> None:
        """Let go of the block: keep of it what the events need, and no candle and no value besides."""
        rows, filled = self.log.copy(), self.fills.copy()
        serials = rows[:, at.SERIAL].astype(np.int64)
        opens = (rows[:, at.WHAT] == at.BLOCKED) & (rows[:, at.DETAIL] == at.R_OPEN)
        others = rows[opens, at.OLD].astype(np.int64)
        kept = np.unique(np.concatenate([serials, others]))
        kept = kept[kept > 0]

        def renumbered(serials: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
            return np.where(serials > 0, kept.searchsorted(serials) + 1, 0)

        rows[:, at.SERIAL], rows[opens, at.OLD] = renumbered(serials), renumbered(others)
        said = frozenset(kept.tolist())  # what a protection refused again and again was told once
        self.refusals = {
            int(kept.searchsorted(place + 1)): why for place, why in self.refusals.items() if place + 1 in said
        }
        made = self.candidates.take(kept - 1)
        self._values = evidence_of(self.lanes.scene, self.rulebook, made)
        places = np.arange(len(made), dtype=np.intp)
        self.candidates = replace(made, row=places, lane=np.zeros_like(places))
        self._signals.clear()
        self._rows, self._filled = rows, filled
        self.lanes.settle(self.candidates, renumbered)

    def forget(self) -> None:
        """Once the next block was decided: keep no more than the events need. There is no book after this one then."""
        self.lanes.forget()
