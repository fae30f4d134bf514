"""The two sides of a comparison: a backtest of a strategy over candles, or what a database recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from app.config import Config
from app.failure import Failure
from app.recorded import kept_candles
from app.sceptical import checked
from engine.backtest import backtest
from engine.domain.strategy import Plan, StrategyRules
from engine.sceptic.telling import Telling, told
from engine.sceptic.walk import Ground

LATE = 300_000
"""An engine that was not seen for so long (ms) did not run."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one side is asked for. `source` is a strategy or a database; `candles` are a backtest's. Ratios."""

    source: Path
    candles: Path | None
    symbols: tuple[str, ...]
    fee: float | None = None
    slippage: float | None = None


def is_database(path: Path) -> bool:
    """Say whether a file is a database, by its first bytes."""
    with path.open("rb") as file:
        return file.read(15) == b"SQLite format 3"


def tested(
    side: Side, label: str, config: Config, span: tuple[int | None, int | None]
) -> tuple[Telling, tuple[str, ...]]:
    """Backtest a side; return what it tells, and notes. Raises Failure, and FeedError."""
    if side.candles is None:
        raise Failure(f"{label} is a backtest, and needs --candles")
    made = checked((side.source,), side.candles, config, side.symbols, span, (side.fee, side.slippage))
    ground = made.ground
    rules = ground.plan.strategies[0]
    result = backtest(
        ground.plan, ground.feed, ground.universe, made.settings,
        start=ground.begin, end=ground.end, predictors=made.models,
    )  # fmt: skip
    positions, blocks = told(result.events, result.positions)
    telling = Telling(
        label, result.start, result.end, rules, frozenset(ground.scope.universe[rules.id]), positions, blocks, ground,
        made.models, hashes=frozenset({rules.hash}),
    )  # fmt: skip
    return telling, made.notes


def recorded(path: Path, label: str, config: Config, plan: Plan, span: tuple[int | None, int | None]) -> Telling:
    """Return what a database tells of the strategy of `plan`. Raises Failure, and DatabaseProblem."""
    from db.queries import Queries

    rules = plan.strategies[0]
    with Queries(path) as queries:
        standing = queries.standing()
        if standing.cursor is None:
            raise Failure(f"{path} has decided nothing yet")
        begin, end = max(standing.decided_from or 0, span[0] or 0), min(standing.cursor, span[1] or 2**62)
        events = queries.events(begin, end, ("blocked",), strategy=rules.id)
        every = [position for position in queries.positions() if position.signal.strategy == rules.id]
        symbols = queries.symbols(rules.id)
        runs = queries.runs(100_000)
    inside = [position for position in every if begin < position.signal.close_time <= end]
    hashes = frozenset(position.signal.plan_hash for position in inside)
    positions, blocks = told(events, inside)
    traded = frozenset(symbols) | frozenset(rules.universe.symbols) | _watched(rules, config)
    same = not hashes or hashes == {rules.hash}
    live = bool(runs) and runs[0].mode == "live"
    silent = _gaps([(run.started_at, run.ended_at or run.seen_at) for run in runs]) if live else ()
    return Telling(
        label, begin, end, rules if same else None, traded, positions, blocks,
        _kept(path, config, plan, tuple(sorted(traded)), begin, end) if same else None, silent=silent, hashes=hashes,
    )  # fmt: skip


def _watched(rules: StrategyRules, config: Config) -> frozenset[str]:
    return frozenset(config.watchlists.get(rules.universe.watchlist, ()) if rules.universe.watchlist else ())


def _gaps(spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return the holes between runs that are long enough to miss something."""
    return tuple((end, start) for (_, end), (start, _) in pairwise(sorted(spans)) if start - end > LATE)


def _kept(path: Path, config: Config, plan: Plan, symbols: tuple[str, ...], begin: int, end: int) -> Ground | None:
    """Return the ground of the candles that a live engine kept beside its database, None where there are none."""
    rules = plan.strategies[0]
    feed = kept_candles(path, config.venues, symbols, rules)
    if feed is None:
        return None
    try:
        return Ground.of(plan, feed, {rules.id: symbols}, begin, end)
    except ValueError:
        return None
