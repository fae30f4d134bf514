"""What a database recorded about one candle: the decision as it was made, and the candles that a live engine kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.explained import Outcome
from dsl.explain import Reader, SideParts, recorded
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


def read_record(path: Path, strategy: str, symbol: str, timeframe: Timeframe, time: int) -> Record:
    """Read what was decided on the candle that closed at `time`. Raises DatabaseProblem."""
    from db.queries import Queries

    outcomes: dict[Side, Outcome] = {}
    before: dict[Side, tuple[int, str]] = {}
    symbols: dict[str, None] = {}
    with Queries(path) as queries:
        standing = queries.standing()
        for event in queries.events(0, EVER, ("signal", "blocked")):
            if isinstance(event, SignalFired):
                made = event.signal
                key = made.strategy, made.symbol, made.timeframe, made.side
                outcome = Outcome("signal", signal=made, verdicts=made.verdicts)
            elif isinstance(event, SignalBlocked):
                key = event.strategy, event.symbol, event.timeframe, Side(event.side)
                outcome = Outcome("blocked", event.reason, event.detail, verdicts=event.verdicts)
            else:
                continue
            symbols[key[1]] = None
            if key[:3] != (strategy, symbol, timeframe.text) or event.time > time:
                continue
            if event.time == time:
                outcomes[key[3]] = outcome
            elif outcome.kind == "blocked":
                before[key[3]] = event.time, outcome.reason
            else:
                before.pop(key[3], None)
    begin = standing.decided_from or 0
    return Record(outcomes, before, begin, begin if standing.cursor is None else standing.cursor, tuple(symbols))


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
