"""The loop on a live feed: look when a schedule says so, wait for what is missing, go on through failures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.decide import follow_from
from engine.domain.market import Timeframe
from engine.domain.strategy import Plan, Schedule
from engine.feeds.kept import KeptFeed, Refreshed
from engine.loop import DAY, Loop
from engine.messages import iso

SETTLE = 500
"""ms after a close at which its candle is first asked for."""
PATIENCE = 20_000
"""ms after a close for which a slice waits for a candle that others already have."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How long (ms) is kept what no decision needs any more; 0: for ever.

    `blocks`: blocked signals and notes; `candles`: those before all that a decision or a live position reads.
    """

    blocks: int = 90 * DAY
    candles: int = 365 * DAY


class Live:
    """Drives a loop whose feed is `kept`. `begin` once, then `look` whenever candles may have closed, or `run`."""

    def __init__(self, loop: Loop, kept: KeptFeed, patience: int = PATIENCE, keep: Keep | None = None) -> None:
        self._loop, self._kept, self._patience, self._keep = loop, kept, patience, keep or Keep()
        self._let_go_on = 0
        self._road = loop.road
        self._origins: Mapping[Timeframe, int] = {}
        self._schedules = tuple(rules.schedule for rules in self._road.plan.strategies)

    def begin(self) -> None:
        """Take up where the store stands; a first start decides from now on, with all the history it needs."""
        need = history_needed(self._road.plan)
        now = min(self._loop.scope.timeframes).floor(self._road.clock.now())
        self._loop.start((now - max(need.values(), default=0)) // DAY * DAY, now, "live")
        begin = self._loop.decided_from
        self._origins = {
            timeframe: max((begin - need.get(timeframe, 0)) // DAY * DAY, self._loop.origin)
            for timeframe in self._loop.scope.timeframes
        }

    def run(self) -> None:
        """Look, decide, publish and sleep until asked to stop."""
        self.begin()
        while self.look() and self._loop.sleep_until(self._next_look()):
            pass
        self._loop.stop()

    def look(self) -> bool:
        """Fetch what has closed and decide it, as far as it is complete; return False where asked to stop."""
        loop = self._loop
        wanted = loop.scope.expected
        found = self._kept.refresh(wanted, self._origins, loop.cursor if loop.warm else 0)
        for line in found.failures:
            self._road.watcher.warn(f"no candles for {line}")
        if found.changed:
            self._note(found)
            loop.rebuild()
        went_on = loop.advance(self._kept.complete_until(wanted, self._patience), live=True)
        if went_on and loop.warm:
            self._let_go()
        return went_on

    def _let_go(self) -> None:
        """Once a day, drop what is older than it is kept for.

        Of candles twice the history stays that every value needs to have converged: a start from a later first
        candle then gives the same values. The origin moves first, so that no start asks for them again.
        """
        today = self._road.clock.now() // DAY
        if today == self._let_go_on:
            return
        self._let_go_on = today
        keep, loop, midnight = self._keep, self._loop, today * DAY
        origin = loop.origin
        if keep.candles:
            followed = follow_from(self._road.store.book())
            stands = loop.cursor if followed is None else min(followed, loop.cursor)
            need = 2 * max(history_needed(self._road.plan).values(), default=0)
            origin = max(origin, min(midnight - keep.candles, stands - need) // DAY * DAY)
        moved = origin > loop.origin
        loop.let_go(midnight - keep.blocks if keep.blocks else 0, origin)
        if moved:
            self._kept.let_go(origin)
            self._origins = {timeframe: max(begin, origin) for timeframe, begin in self._origins.items()}

    def _note(self, found: Refreshed) -> None:
        """Record what came late or was corrected, a line for each symbol, timeframe and case."""
        times: dict[tuple[str, str, str], list[int]] = {}
        for symbol, timeframe, time, how in found.changed:
            times.setdefault((symbol, timeframe.text, how), []).append(time)
        for (symbol, length, how), closes in times.items():
            came = "came late" if how == "late" else "were corrected"
            text = f"{symbol} {length}: {len(closes)} candles {came}, closed {iso(min(closes))} to {iso(max(closes))}"
            self._road.store.note(self._road.clock.now(), how, text)
            self._road.watcher.warn(f"{text}: computed anew, nothing is decided again")

    def _next_look(self) -> int:
        now = self._road.clock.now()
        look = next_look(self._schedules, min(self._loop.scope.timeframes), now)
        again = self._kept.next_try()
        return look if again is None else min(look, again)


def history_needed(plan: Plan) -> dict[Timeframe, int]:
    """Return for each timeframe the ms of its candles before a decision with which every value has converged."""
    found: dict[Timeframe, int] = {}
    depths: list[dict[Timeframe, int]] = []
    for node in plan.nodes:
        timeframe, inputs = node.frame.timeframe, [plan.nodes[i] for i in node.inputs]
        if node.op == "join":  # one more of the other's candles: ours may begin just after one closed
            own = inputs[0].frame.timeframe.ms
        else:
            own = (node.converged - max((n.converged for n in inputs), default=1)) * timeframe.ms
        depth = {timeframe: timeframe.ms + own} if not inputs else {}
        for i in node.inputs:
            for other, ms in depths[i].items():
                depth[other] = max(depth.get(other, 0), ms + own)
        depths.append(depth)
        for other, ms in depth.items():
            found[other] = max(found.get(other, 0), ms)
    return found


def next_look(schedules: Iterable[Schedule], finest: Timeframe, now: int) -> int:
    """Return when the first of the schedules wants to look again, ms."""
    return min((_next(schedule, finest, now) for schedule in schedules), default=finest.floor(now) + finest.ms)


def _next(schedule: Schedule, finest: Timeframe, now: int) -> int:
    match schedule.kind:
        case "every":
            step = schedule.seconds * 1000
            return (now // step + 1) * step
        case "cron":
            from croniter import croniter

            moment = croniter(schedule.cron, datetime.fromtimestamp(now / 1000, UTC)).get_next(datetime)
            return int(moment.timestamp() * 1000)
    return finest.floor(now - SETTLE) + finest.ms + SETTLE
