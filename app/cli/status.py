"""`engine status`: where everything stands."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli import options, show
from app.failure import Failure
from engine.domain.event import SignalBlocked

if TYPE_CHECKING:
    from db.queries import Queries
    from engine.domain.position import Position


@click.command()
@options.config
@options.database
@options.as_json
def command(config: Path | None, database: Path | None, as_json: bool) -> None:
    """Show open positions, the outbox and how fresh everything is."""
    from db.queries import Queries

    path = options.database_path(config, database)
    if not path.is_file():
        raise Failure(f"there is no database at {path}; `engine run` or `engine demo` makes one")
    with Queries(path) as queries:
        if as_json:
            show.as_json(_facts(queries, path))
        else:
            _print(queries, path)


def _facts(queries: Queries, path: Path) -> dict[str, Any]:
    standing = queries.standing()
    return {
        "database": str(path),
        "cursor": standing.cursor,
        "signals": standing.signals,
        "events": standing.events,
        "blocked_last_day": dict(_blocked(queries, standing.cursor).most_common()),
        "live_positions": [_row(position) for position in queries.live_positions()],
        "positions": {strategy: dict(states) for strategy, states in queries.position_states().items()},
        "messages": {channel: dict(states) for channel, states in queries.message_states().items()},
        "runs": [
            {"mode": run.mode, "started_at": run.started_at, "seen_at": run.seen_at, "outcome": run.outcome}
            for run in queries.runs(5)
        ],
        "notes": [{"time": at, "kind": kind, "text": text} for at, kind, text in queries.notes(20)],
    }


def _blocked(queries: Queries, cursor: int | None) -> Counter[str]:
    """Count what was blocked in the day before the cursor, by reason."""
    if cursor is None:
        return Counter()
    told = queries.events(cursor - 86_400_000, cursor, ("blocked",))
    return Counter(event.reason for event in told if isinstance(event, SignalBlocked))


def _row(position: Position) -> dict[str, Any]:
    signal = position.signal
    return {
        "id": position.id,
        "strategy": signal.strategy,
        "symbol": signal.symbol,
        "timeframe": signal.timeframe,
        "side": str(signal.side),
        "status": str(position.status),
        "signal_at": signal.close_time,
        "entry": position.entry,
        "stop": position.stop,
        "targets_hit": position.targets_hit,
        "targets": len(signal.targets),
    }


def _print(queries: Queries, path: Path) -> None:
    standing = queries.standing()
    show.say(f"database   {path}")
    behind = "nothing decided yet"
    if standing.cursor is not None:
        age = time.time() - standing.cursor / 1000
        behind = f"{show.when(standing.cursor)} UTC ({_age(age)} ago)"
    show.say(f"decided to {behind}")
    show.say(f"signals    {standing.signals:,}, events {standing.events:,}")
    blocked = _blocked(queries, standing.cursor)
    if blocked:
        reasons = ", ".join(f"{reason} {times:,}" for reason, times in blocked.most_common())
        show.say(f"blocked    {reasons} in the last day; `engine explain` tells each")
    for run in queries.runs(1):
        outcome = run.outcome or f"running, or killed after {show.when(run.seen_at)}"
        show.say(f"last run   {run.mode}, started {show.when(run.started_at)}: {outcome}")
    rows = [_row(position) for position in queries.live_positions()]
    if rows:
        show.table(
            ("bot", "pair", "tf", "side", "status", "since", "entry", "stop", "targets"),
            [
                (r["strategy"], r["symbol"], r["timeframe"], r["side"], r["status"], show.when(r["signal_at"]),
                 _price(r["entry"]), _price(r["stop"]), f"{r['targets_hit']}/{r['targets']}")
                for r in rows
            ],
            title="live positions", right=(6, 7, 8),
        )  # fmt: skip
    states = queries.message_states()
    if states:
        names = ("due", "sending", "sent", "dead", "in_doubt")
        show.table(
            ("channel", *(name.replace("_", " ") for name in names)),
            [(channel, *(str(counts.get(name, 0)) for name in names)) for channel, counts in sorted(states.items())],
            title="messages",
            right=range(1, 6),
        )
    for at, kind, text in reversed(queries.notes(5)):
        show.say(f"{show.when(at)}  {kind}: {text}")


def _price(value: float | None) -> str:
    return "-" if value is None or value != value else f"{value:.10g}"


def _age(seconds: float) -> str:
    for size, name in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{max(seconds, 0):.0f} seconds"
