"""The course of one block: its lanes run through the simulator, what they tell merged by time, and the book."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from engine.domain.book import Book, Lane, in_order, lane_of, step
from engine.domain.event import Event
from engine.domain.market import Timeframe
from engine.domain.position import Position
from engine.domain.strategy import StrategyRules
from engine.kernels import columns as at
from engine.trade.candidates import candidates_of, none
from engine.trade.lanes import Lanes, Symbols
from engine.trade.rulebook import Rulebook, rulebook_of
from engine.trade.scene import Scene
from engine.trade.told import Told

Key = tuple[int, int, int, int, int, int]
"""Where a row of a log stands: time, phase, strategy, symbol, side or rule, and its number."""


class Course:
    """One block being decided, after `before`."""

    def __init__(self, scene: Scene, before: Book) -> None:
        self.scene, self.before = scene, before
        self._own: dict[str, dict[str, Lane]] = {}
        for (name, symbol), lane in before.lanes.items():
            if symbol in scene.lanes:
                self._own.setdefault(name, {})[symbol] = lane
        self._parts: list[tuple[int, Told]] = []
        """What each set of lanes tells, with the place of its strategy."""
        for place, strategy in enumerate(scene.plan.strategies):
            self._set_up(place, strategy.id, strategy)
        names = {strategy.id for strategy in scene.plan.strategies}
        gone = sorted(name for name, lanes in self._own.items() if name not in names and _live(lanes))
        for place, name in enumerate(gone, len(scene.plan.strategies)):
            self._set_up(place, name, None)
        self._pending: list[Event] = []
        self._records = dict(before.lanes)
        self._time = scene.block.after
        self._done = False

    def _set_up(self, place: int, name: str, strategy: StrategyRules | None) -> None:
        scene, rulebook = self.scene, rulebook_of(self.scene.plan, strategy)
        lanes = self._own.get(name, {})
        live = _live(lanes)
        room = _room(rulebook, (position for lane in live.values() for position in lane.live.values()))
        made = candidates_of(scene, strategy, rulebook, room) if strategy else none(room)
        there = np.unique(np.concatenate([made.lane, [scene.lanes[symbol] for symbol in live]]).astype(np.intp))
        for symbols in _followed(scene, there):
            own = {symbol: lanes[symbol] for symbol in symbols.names if symbol in lanes}
            part = Lanes(scene, name, strategy, rulebook, room, made, symbols, own)
            self._check(part)
            self._parts.append((place, Told(part)))

    def _check(self, lanes: Lanes) -> None:
        """Raise ValueError where a strategy's timeframe is no multiple of the candles it is followed on."""
        since, made = self.scene.settings.since, lanes.candidates
        for place, name in enumerate(lanes.symbols.names):
            followed = self.scene.followed(name)
            live = lanes.before[name].live.values() if name in lanes.before else ()
            asked = [(Timeframe.parse(position.signal.timeframe), position.signal.close_time) for position in live]
            for rule, ours in enumerate(lanes.rulebook.rules):
                times = made.time[lanes.first[place, rule] : lanes.last[place, rule]]
                times = times[times > since] if followed.coarser else times[-1:]
                asked += [(ours.timeframe, time) for time in times.tolist()]
            for timeframe, time in asked:
                if not timeframe.is_multiple_of(followed.at(time)):
                    raise ValueError(f"{name} is followed on {followed.at(time)}, which {timeframe} is no multiple of")

    # -- the order of things --

    def slices(self) -> Iterator[tuple[int, tuple[Event, ...]]]:
        """Yield the slices that have events, in time order."""
        rows = self._asked() if self.scene.settings.risk else self._merged()
        for time, found in groupby(rows, key=itemgetter(0)):
            events = []
            for _, told, number in found:
                event = told.event(number)
                self._time = time
                self._pending.append(event)
                events.append(event)
            yield time, tuple(events)
        self._done = True

    def told(self) -> list[tuple[int, Told]]:
        """Run all of the block; return what was told, with the places of the strategies."""
        if self.scene.settings.risk:
            for _ in self.slices():
                pass
        else:
            self._run()
        self._done = True
        return self._parts

    def _run(self) -> None:
        for _, told in self._parts:
            told.lanes.run()

    def _merged(self) -> Iterator[tuple[int, Told, int]]:
        """Yield (time, what tells, row of its log) of all that is told, in order."""
        self._run()
        for part, number in merged(self._parts):
            told = self._parts[part][1]
            yield int(told.log[number, at.TIME]), told, number

    def _asked(self) -> Iterator[tuple[int, Told, int]]:
        """Yield the same where protections are asked: each lane runs until it asks, then waits for its turn."""
        waiting: list[tuple[Key, int, int, int]] = []
        for part in range(len(self._parts)):
            lanes = self._parts[part][1].lanes
            for lane in range(len(lanes.symbols.names)):
                self._go_on(waiting, part, lane, 0)
        while waiting:
            key, part, lane, number = heapq.heappop(waiting)
            if number >= 0:
                yield key[0], self._parts[part][1], number
            else:
                self._go_on(waiting, part, lane, self._ask(part, lane, key[4], key[0]))

    def _go_on(self, waiting: list[tuple[Key, int, int, int]], part: int, lane: int, answer: int) -> None:
        """Run a lane to where it asks again; put what it tells, and the question, in their places."""
        place, told = self._parts[part]
        lanes = told.lanes
        on_scene, begun = int(lanes.symbols.lanes[lane]), len(told.log)
        asks = lanes.run(lane, lane + 1, asking=True, answer=answer) == at.ASK
        heads = told.log[begun:, [at.TIME, at.PHASE, at.PLACE]].astype(np.int64).tolist()
        for number, (time, phase, sub) in enumerate(heads, begun):
            heapq.heappush(waiting, ((time, phase, place, on_scene, sub, number), part, lane, number))
        if asks:
            rule = int(lanes.bench[at.AT_RULE])
            time = int(lanes.candidates.time[lanes.by_rule[lane, rule, at.NEXT]])
            heapq.heappush(waiting, ((time, 1, place, on_scene, rule, -1), part, lane, -1))

    def _ask(self, part: int, lane: int, rule: int, time: int) -> int:
        """Ask the protections about a candidate; return the answer for the simulator."""
        told = self._parts[part][1]
        lanes = told.lanes
        side = str(told.rulebook.rules[rule].side.side)
        self._time = time
        for place, protection in enumerate(self.scene.settings.risk):
            why = protection.refuse(told.strategy_id, told.symbols[lane], side, time, self.book())
            if why is not None:
                told.refusals[int(lanes.by_rule[lane, rule, at.NEXT])] = why
                return at.R_PROTECTION + place
        return 1

    # -- what is remembered --

    def book(self) -> Book:
        """Return the book after what was handed out so far."""
        if self._done:
            return book_after(self.before, self._parts)
        for event in self._pending:
            key = lane_of(event)
            assert key is not None
            self._records[key] = step(self._records.get(key, Lane()), event)
        self._pending.clear()
        records = dict(self._records)
        for _, told in self._parts:
            lanes = told.lanes
            for place, symbol in enumerate(told.symbols):
                fired = lanes.fired(place, self._time)
                if fired:
                    lane = records.get((told.strategy_id, symbol), Lane())
                    records[told.strategy_id, symbol] = _with_fired(lane, fired)
        return Book(in_order(records))


def book_after(before: Book, parts: Sequence[tuple[int, Told]]) -> Book:
    """Return the book after a block that began with `before` and was decided to its end."""
    records = dict(before.lanes)
    for _, told in parts:
        for place, symbol in enumerate(told.symbols):
            records[told.strategy_id, symbol] = told.remembered(place)
    return Book(in_order(records))


def merged(parts: Sequence[tuple[int, Told]]) -> list[tuple[int, int]]:
    """Return (part, row of its log) of everything that parts tell, in the order in which it is told."""
    heads = [told.log[:, [at.TIME, at.PHASE, at.PLACE, at.LANE]].astype(np.int64) for _, told in parts]
    if not heads:
        return []
    counts = [len(head) for head in heads]
    part = np.repeat(np.arange(len(parts)), counts)
    strategy = np.repeat([place for place, _ in parts], counts)
    symbol = np.concatenate([told.on_scene[head[:, 3]] for (_, told), head in zip(parts, heads, strict=True)])
    number = np.concatenate([np.arange(count) for count in counts])
    whole = np.concatenate(heads)
    order = np.lexsort((whole[:, 2], symbol, strategy, whole[:, 1], whole[:, 0]))
    return list(zip(part[order].tolist(), number[order].tolist(), strict=True))


def _live(lanes: Mapping[str, Lane]) -> dict[str, Lane]:
    return {symbol: lane for symbol, lane in lanes.items() if lane.live}


def _room(rulebook: Rulebook, positions: Iterator[Position]) -> tuple[int, int, int]:
    """Return the most targets, adds and kept values that a rule, or a position from before, has."""
    targets, adds, kept = rulebook.room
    for position in positions:
        targets, adds = max(targets, len(position.signal.targets)), max(adds, len(position.signal.entry.adds))
    return targets, adds, kept


def _followed(scene: Scene, lanes: npt.NDArray[np.intp]) -> Iterator[Symbols]:
    """Yield the symbols of these lanes of the scene, those followed on the same candles together."""
    names = tuple(scene.lanes)
    by_tape: dict[object, list[int]] = {}
    for lane in lanes.tolist():
        followed = scene.followed(names[lane])
        by_tape.setdefault(names[lane] if followed.coarser else followed.finest, []).append(lane)
    for own in by_tape.values():
        tapes = [scene.tape(names[lane]) for lane in own]
        on_tape = np.array([lane for _, lane in tapes], np.intp)
        yield Symbols(tuple(names[lane] for lane in own), np.array(own, np.intp), tapes[0][0], on_tape)


def _with_fired(lane: Lane, fired: Mapping[tuple[str, str], int]) -> Lane:
    return Lane(
        lane.live, lane.last_signal, lane.last_exit, lane.last_stop, lane.blocked, in_order({**lane.fired, **fired})
    )
