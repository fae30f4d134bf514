"""Lanes: a strategy on its symbols in one block, set up for the simulator, run, and read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.domain.book import Lane, in_order, why_blocked
from engine.domain.market import Floats, Timeframe
from engine.domain.position import Position
from engine.domain.signal import Side
from engine.domain.strategy import StrategyRules
from engine.kernels import columns as at
from engine.trade.candidates import Candidates
from engine.trade.quote import reason_of, width
from engine.trade.rulebook import SIDES, Rulebook
from engine.trade.scene import Scene, Strips, joined
from engine.trade.settings import Settings
from engine.trade.tape import Tape
from engine.trade.terms import write_state, write_terms

Room = tuple[int, int, int]
Whole = npt.NDArray[np.int64]

EARLY_REASONS = {at.R_OPEN: "open-position", at.R_COOLDOWN: "cooldown", at.R_STALE: "stale", at.R_FILTER: "filter"}


@dataclass(frozen=True, slots=True)
class Symbols:
    """The symbols of some lanes of a strategy that are followed on one tape: each symbol, its lane in the scene, and
    its lane on the tape."""

    names: tuple[str, ...]
    lanes: npt.NDArray[np.intp]
    tape: Tape | None
    on_tape: npt.NDArray[np.intp]


class Lanes:
    """A strategy (None: it is gone from the plan) on some symbols.

    After `run`, `log` and `fills` hold what was told (rows as engine.kernels.columns says), `book` what is remembered.
    """

    def __init__(
        self, scene: Scene, strategy_id: str, strategy: StrategyRules | None, rulebook: Rulebook, room: Room,
        candidates: Candidates, symbols: Symbols, before: Mapping[str, Lane],
    ) -> None:  # fmt: skip
        """`before` is what is remembered of the symbols that anything is remembered of."""
        self.scene, self.strategy_id, self.strategy, self.rulebook = scene, strategy_id, strategy, rulebook
        self.room, self.candidates, self.symbols, self.before = room, candidates, symbols, before
        self.timeframes = self._timeframes()
        count, rules = len(symbols.names), len(rulebook.rules)
        self.first, self.last = candidates.bounds(symbols.lanes, rules)
        self.lanes = np.zeros((count, at.LANE_COLUMNS), np.int64)
        self.lanes[:, at.FINE], self.lanes[:, at.WIDE] = symbols.on_tape, symbols.lanes
        self.by_rule = np.zeros((count, rules, at.RULE_STATE), np.int64)
        self.by_rule[:, :, at.NEXT], self.by_rule[:, :, at.SAID_OF] = self.first, -1
        self.slots = np.zeros((count, 2, at.SLOT_STATE), np.int64)
        self.width = at.STATE + room[0] + 2 * rulebook.exits_room
        self.states = np.zeros((count, 2, self.width))
        self.held = np.zeros((count, 2, width(*room)))
        self.bases: dict[tuple[int, int], tuple[Position, int]] = {}
        """Positions from before by (place, slot), and the places of their rules (-1: none)."""
        for place, symbol in enumerate(symbols.names):
            if symbol in before:
                self._remember(place, before[symbol])
        self.ticks = np.array([scene.market(symbol).steps for symbol in symbols.names]).reshape(-1, 2)
        self.bench = self._bench()
        rows = _room_for(count, len(candidates))
        self.log, self.fills = np.empty((rows, at.HEAD + self.width)), np.empty((rows, at.FILL))
        self._fixed: tuple[Any, ...] | None = None
        self._settings = scene.settings
        self._fired: Whole | None = None

    # -- before --

    def _timeframes(self) -> tuple[Timeframe, ...]:
        """Return those of the rules, and those of positions that rules no longer have."""
        positions = (position for lane in self.before.values() for position in lane.live.values())
        own = (Timeframe.parse(position.signal.timeframe) for position in positions)
        there = self.scene.block.panels
        return tuple(
            dict.fromkeys((*self.rulebook.timeframes, *(timeframe for timeframe in own if timeframe in there)))
        )

    def _remember(self, place: int, lane: Lane) -> None:
        self.lanes[place, at.LAST_SIGNAL :] = lane.last_signal, lane.last_exit, lane.last_stop
        for side, position in lane.live.items():
            self._take_up(place, SIDES.index(side), position)
        for rule, made in enumerate(self.rulebook.rules):
            row = self.by_rule[place, rule]
            row[at.BEFORE] = lane.fired.get(made.key, 0)
            why = lane.blocked.get(made.key)
            if why is not None:
                live = lane.live.get(made.side.side)
                same = live is not None and why == f"open-position {live.id}"
                row[at.SAID], row[at.SAID_OF] = (at.R_OPEN, 0) if same else (self._code_of(why), -1)

    def _take_up(self, place: int, slot: int, position: Position) -> None:
        signal = position.signal
        same = self.strategy is not None and hash_of(self.scene, self.strategy) == signal.plan_hash
        rule = self.rulebook.rule_of((signal.timeframe, str(signal.side))) if same else -1
        timeframe = Timeframe.parse(signal.timeframe)
        frame = self.timeframes.index(timeframe) if timeframe in self.scene.block.panels else -1
        self.slots[place, slot, [at.BUSY, at.BY_RULE, at.ON_FRAME]] = at.TAKE_UP, rule, frame
        exits, kept = self._names(rule), self.rulebook.kept[rule] if rule >= 0 else ()
        write_terms(self.held[place, slot], position, self.room, kept)
        write_state(self.states[place, slot], position, self.room, exits, self.rulebook.exits_room)
        self.bases[place, slot] = position, rule

    def occupy(self, place: int, live: Mapping[Side, Position]) -> None:
        """Let sides of a lane be taken by positions that are not followed."""
        for side, position in live.items():
            slot = SIDES.index(side)
            self.slots[place, slot, [at.BUSY, at.UNTIL]] = at.HELD, at.FOREVER
            self.bases[place, slot] = position, -1

    def _names(self, rule: int) -> tuple[str, ...]:
        return tuple(one.name for one in self.rulebook.rules[rule].side.exits) if rule >= 0 else ()

    def _code_of(self, why: str) -> int:
        """Return the code of what was said of a block; one that is none now is never said again."""
        for code, text in EARLY_REASONS.items():
            if why == text:
                return code
        for place, protection in enumerate(self.scene.settings.risk):
            if why == f"protection:{protection.name}":
                return at.R_PROTECTION + place
        code = at.R_QUOTE
        while True:
            try:
                if reason_of(code) == why:
                    return code
            except IndexError:
                return at.R_OTHER
            code += 1

    # -- running --

    def run(self, start: int = 0, stop: int | None = None, *, asking: bool = False, answer: int = 0) -> int:
        """Run lanes from `start` to `stop` (default: to the last); return DONE, or ASK (see the kernel)."""
        from engine.kernels.simulate import simulate

        run: Callable[..., int] = simulate
        fixed = self._fixed = self._fixed or self._setting()
        end = len(self.symbols.names) if stop is None else stop
        while True:
            code: int = run(*fixed, self.log, self.fills, start, end, int(asking), answer)
            if code != at.FULL:
                return code
            start, answer = int(self.bench[at.AT_LANE]), 0
            self.log, self.fills = _grown(self.log), _grown(self.fills)

    def _setting(self) -> tuple[Any, ...]:
        """Return all that the simulator is given that stays the same from call to call."""
        scene, book, tape = self.scene, self.rulebook, self.symbols.tape
        assert tape is not None
        strips = scene.strips(self.timeframes)
        numbers, truths, rules = self._columns(strips)
        made = self.candidates
        return (
            tape.open_time, tape.close_time, tape.open, tape.high, tape.low, tape.close, tape.here, tape.whole,
            strips.time, strips.here, strips.close, strips.whole, strips.frames, numbers, truths,
            rules, book.table, book.cooldowns, self.first, self.last, made.time, made.refused, made.terms,
            self.lanes, self.by_rule, self.slots, self.states, self.held, self.ticks, self.bench,
        )  # fmt: skip

    def _bench(self) -> Floats:
        """Return the row of numbers that the simulator works on."""
        settings, bench = self.scene.settings, np.zeros(at.STACK + self.rulebook.depth)
        bench[: at.TICK] = (
            settings.fees, settings.slippage, self.scene.block.until, settings.since, self.room[0], self.room[1],
            self.rulebook.exits_room,
        )  # fmt: skip
        return bench

    @property
    def told(self) -> Floats:
        """Return the rows told so far."""
        return self.log[: int(self.bench[at.TOLD_ROWS])]

    @property
    def filled(self) -> Floats:
        """Return the rows of fills so far."""
        return self.fills[: int(self.bench[at.FILL_ROWS])]

    def _columns(self, strips: Strips) -> tuple[Floats, npt.NDArray[np.int8], Floats]:
        """Return the values that rules read on each candle, numbers (N, S) and truths, and programs that find them."""
        book, code = self.rulebook, self.rulebook.book
        if not book.numbers and not book.truths:
            return np.zeros((1, 1)), np.zeros((1, 1), np.int8), code
        code = code.copy()
        found: list[npt.NDArray[Any]] = []
        for nodes, kind, operation in ((book.numbers, np.float64, at.NUMBER), (book.truths, np.int8, at.TRUTH)):
            parts, starts, start = [], [], 0
            for node, frame in nodes:
                values = self.scene.values.of(node)
                begin, end = strips.frames[frame]
                parts.append(np.broadcast_to(values, (end - begin, len(strips.here))))
                starts.append(start)
                start += int(end - begin)
            if nodes:
                reads = (code[:, 0] == operation) & (np.arange(len(code)) < book.program_rows)
                code[reads, 1] = np.array(starts, np.float64)[code[reads, 1].astype(np.intp)]
            found.append(joined(parts, kind) if parts else np.zeros((1, 1), kind))
        return found[0], found[1], code

    # -- after --

    def fired(self, place: int, time: int) -> dict[tuple[str, str], int]:
        """Return per rule of a lane the last candle up to `time` on which it fired, as far as it did."""
        found = {}
        for rule, made in enumerate(self.rulebook.rules):
            first, last = self.first[place, rule], self.last[place, rule]
            after = first + self.candidates.time[first:last].searchsorted(time, side="right")
            if after > first:
                found[made.key] = int(self.candidates.time[after - 1])
        return found

    def lane(self, place: int, live: Mapping[Side, Position], identity: Callable[[int, int, int], str]) -> Lane:
        """Return what is remembered of a lane after the block.

        `live` are its live positions, `identity(place, slot, serial)` the id of any.
        """
        before = self.before.get(self.symbols.names[place], Lane())
        fired, blocked = dict(before.fired), dict(before.blocked)
        latest = self._latest()
        for rule, made in enumerate(self.rulebook.rules):
            if latest[place, rule]:
                fired[made.key] = int(latest[place, rule])
            said, whose = (int(code) for code in self.by_rule[place, rule, [at.SAID, at.SAID_OF]])
            if said == at.R_NONE:
                blocked.pop(made.key, None)
            elif said != at.R_OTHER:
                slot = int(self.rulebook.table[rule, at.RULE_SLOT])
                name = identity(place, slot, whose) if said == at.R_OPEN else ""
                blocked[made.key] = why_blocked(reason_text(said, self._settings), name)
        signal, left, stop = (int(time) for time in self.lanes[place, at.LAST_SIGNAL :])
        return Lane(live, signal, left, stop, in_order(blocked), in_order(fired))

    def _latest(self) -> Whole:
        """Return when each rule of each lane fired last in the block, int64 (L, R), 0 where it did not."""
        if self._fired is None:
            times = np.append(self.candidates.time, 0)
            self._fired = np.where(self.last > self.first, times[self.last - 1], 0)
        return self._fired

    def settle(self, made: Candidates, renumbered: Callable[[Whole], Whole]) -> None:
        """Let go of the block, and keep what `lane` needs; `made` are the candidates that stay, `renumbered` turns
        serials into theirs."""
        self._latest()
        self.candidates, self._fixed = made, None
        self.slots[:, :, at.WHOSE] = renumbered(self.slots[:, :, at.WHOSE])
        said = self.by_rule[:, :, at.SAID_OF]
        self.by_rule[:, :, at.SAID_OF] = np.where(said > 0, renumbered(said), said)
        self.log, self.fills = self.log[:0], self.fills[:0]
        del self.scene
        self.symbols = Symbols(self.symbols.names, self.symbols.lanes, None, self.symbols.on_tape)

    def forget(self) -> None:
        """Let go of what `lane` needs, too: of every lane, whether anything was told of it or not."""
        self.states, self.held = self.states[:0].copy(), self.held[:0].copy()
        self.slots, self.by_rule, self.lanes = self.slots[:0].copy(), self.by_rule[:0].copy(), self.lanes[:0].copy()
        self.first, self.last, self._fired = self.first[:0].copy(), self.last[:0].copy(), None
        self.before, self.ticks = {}, self.ticks[:0].copy()


def reason_text(code: int, settings: Settings) -> str:
    """Return the reason of a block by its code."""
    if code >= at.R_PROTECTION:
        return f"protection:{settings.risk[code - at.R_PROTECTION].name}"
    return EARLY_REASONS.get(code) or reason_of(code)


def hash_of(scene: Scene, strategy: StrategyRules) -> str:
    """Return what names the rules that a signal was made by: the strategy's own hash, else the plan's."""
    return strategy.hash or scene.plan.hash


def _room_for(lanes: int, candidates: int) -> int:
    """Return how many rows a log begins with; it grows where they do not do."""
    return 64 + 4 * lanes + candidates // 2


def _grown(rows: Floats) -> Floats:
    larger = np.empty((2 * len(rows), rows.shape[1]))
    larger[: len(rows)] = rows
    return larger
