"""What a database recorded about one candle: the decision as it was made, and the candles that a live engine kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.explained import Outcome
from dsl.explain import Reader, SideParts, recorded
from engine.domain.book import Lane, step
from engine.domain.event import SignalBlocked, SignalFired
from engine.domain.market import Candles, Timeframe
from engine.domain.signal import Side, Verdict
from engine.domain.strategy import Plan, StrategyRules
from engine.feeds.memory import MemoryFeed

Load = Callable[[str, str, Timeframe, int, int], Candles]
EVER = 2**62
FINE = ("1m", "3m", "5m", "15m", "30m", "1h", "4h", "1d")


@dataclass(frozen=True, slots=True)
class Record:
    """What a database says of one strategy and symbol at one time.

    `outcomes` has the sides with a signal or a told block on that candle; `before` the last block told before it,
    (time, reason) per side, where no signal came since. `decided` is False where the engine has not decided that
    candle; `begin` and `end` (ms) are the span that it has.
    """

    outcomes: Mapping[Side, Outcome]
    before: Mapping[Side, tuple[int, str]]
    begin: int
    end: int
    symbols: tuple[str, ...]

    def decided(self, time: int) -> bool:
        return self.begin < time <= self.end


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a database recorded of one strategy over a span (ms): signals, and blocks by their reason.

    Of a run of candles blocked for one reason the first is told.
    """

    path: Path
    begin: int
    end: int
    symbols: tuple[str, ...]
    signals: int
    blocked: Counter[str]

    def facts(self) -> dict[str, object]:
        return {
            "from": self.begin, "to": self.end, "signals": self.signals, "blocked": dict(self.blocked.most_common())
        }  # fmt: skip


def read_counts(path: Path, strategy: str, since: int | None, until: int | None) -> Recorded:
    """Count what was decided in a span, of what the database has. Raises DatabaseProblem."""
    from db.queries import Queries

    with Queries(path) as queries:
        standing = queries.standing()
        begin = max(standing.decided_from or 0, since or 0)
        end = min(standing.cursor or begin, until or EVER)
        events = queries.events(begin, end, ("signal", "blocked"), strategy=strategy)
        symbols = queries.symbols(strategy)
    signals = sum(isinstance(event, SignalFired) for event in events)
    blocked = Counter(event.reason for event in events if isinstance(event, SignalBlocked))
    return Recorded(path, begin, end, symbols, signals, blocked)


def read_record(path: Path, strategy: str, symbol: str, timeframe: Timeframe, time: int) -> Record:
    """Read what was decided on the candle that closed at `time`. Raises DatabaseProblem."""
    from db.queries import Queries

    outcomes: dict[Side, Outcome] = {}
    before: dict[Side, tuple[int, str]] = {}
    lane = Lane()
    with Queries(path) as queries:
        standing = queries.standing()
        symbols = queries.symbols(strategy)
        told = queries.events(0, time, strategy=strategy, symbol=symbol) if symbol else ()
    for event in told:
        lane = step(lane, event)
        if isinstance(event, SignalFired) and event.signal.timeframe == timeframe.text:
            made = event.signal
            side, outcome = made.side, Outcome("signal", signal=made, verdicts=made.verdicts)
        elif isinstance(event, SignalBlocked) and event.timeframe == timeframe.text:
            side = Side(event.side)
            outcome = Outcome("blocked", event.reason, event.detail, verdicts=event.verdicts, lane=lane)
        else:
            continue
        if event.time == time:
            outcomes[side] = outcome
        elif outcome.kind == "blocked":
            before[side] = event.time, outcome.reason
        else:
            before.pop(side, None)
    begin = standing.decided_from or 0
    end = begin if standing.cursor is None else standing.cursor
    return Record(outcomes, before, begin, end, symbols)


def written_down(plan: Plan, side: SideParts, outcome: Outcome) -> Reader | None:
    """Return a reader of the values that were stored with a decision; None where the rules were others then."""
    rules = side.rules
    known: dict[int, float] = {rules.fires: 1.0}
    if len(rules.conditions) != len(outcome.verdicts):
        return None
    for rule, said in zip(rules.conditions, outcome.verdicts, strict=True):
        same = [text for text, _ in rule.parts] == [text for text, _ in said.parts]
        if (rule.name, rule.text, rule.must, rule.weight) != (said.name, said.text, said.must, said.weight) or not same:
            return None
        known[rule.node] = (0.0, float("nan"), 1.0)[said.truth]
        known |= {node: value for (_, node), (_, value) in zip(rule.parts, said.parts, strict=True)}
    return recorded(plan, known)


def told(said: Sequence[Verdict]) -> list[dict[str, object]]:
    """Return stored verdicts as data, where the rules have changed since and there is no tree."""
    words = ("false", "unknown", "true")
    return [
        {"name": v.name, "text": v.text, "must": v.must, "weight": v.weight, "verdict": words[v.truth],
         "values": dict(v.parts)}
        for v in said
    ]  # fmt: skip


def kept_candles(path: Path, venues: Sequence[str], symbols: Sequence[str], rules: StrategyRules) -> MemoryFeed | None:
    """Return the candles that a live engine kept beside its database; None where there are none of these symbols.

    Of several venues the first of `venues` that has a symbol. Ticks were not kept and are not known here.
    """
    from db.candles import SqliteCandles
    from db.connection import connect
    from db.memory import candle_path

    beside = candle_path(path)
    if not beside.is_file():
        return None
    texts = dict.fromkeys([*FINE, *(timeframe.text for timeframe in rules.rules)])
    found: list[Candles] = []
    db = connect(beside, read_only=True)
    try:
        store = SqliteCandles(db, beside)
        for symbol in symbols:
            found += _first_venue(store.load, venues, symbol, [Timeframe.parse(text) for text in texts])
    finally:
        db.close()
    return MemoryFeed.of(found, name="kept") if found else None


def _first_venue(load: Load, venues: Sequence[str], symbol: str, timeframes: Sequence[Timeframe]) -> list[Candles]:
    for venue in venues:
        found = [load(venue, symbol, timeframe, 0, EVER) for timeframe in timeframes]
        if any(len(candles) for candles in found):
            return [candles for candles in found if len(candles)]
    return []
