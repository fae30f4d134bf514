"""A study as JSON: everything that the summary and the page show, under stable names. See docs/backtest.md.

`version` grows when a name goes or changes its meaning; new names may come at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from app.cli import numbers
from engine.account.equity import Curve
from engine.domain.position import Position
from engine.statistics.outcomes import histogram_r

if TYPE_CHECKING:
    from app.backtested import Done
    from engine.study import Study

FORMAT, VERSION = "signal-engine/backtest", 1


def facts(done: Done, *, trades: bool = True) -> dict[str, Any]:
    """Return all of it, or all but the trades.

    Times are ms UTC, ratios are ratios, money is in the quote currency; None is not known.
    """
    made = done.study
    result = made.result
    bots = numbers.by_bot(made.positions, [rules.id for rules in done.plan.strategies])
    return {
        "format": FORMAT, "version": VERSION, "from": result.start, "to": result.end,
        "strategies": [{"id": rules.id, "name": rules.name, "version": rules.version, "plan": rules.hash}
                       for rules in done.plan.strategies],
        "failed": [str(path) for path in done.failed], "skipped": list(done.notes), "universe": done.universe,
        "symbols": list(made.symbols),
        "settings": _settings(done), "bots": numbers.facts(bots),
        "blocked": {name: dict(reasons.most_common()) for name, reasons in made.blocked.items()},
        "account": account_facts(made), "numbers": asdict(made.outcomes),
        "r_histogram": [list(part) for part in histogram_r(made.trades.result_r)],
        "equity": {**asdict(made.equity), "closed_drawdown": made.closed_fall, "daily": daily(made.curve)},
        "buy_and_hold": {**asdict(made.hold_equity), "daily": daily(made.hold)},
        "intervals": {name: None if one is None else asdict(one) for name, one in made.intervals.items()},
        "groups": {kind: {name: asdict(one) for name, one in part.items()} for kind, part in made.groups.items()},
        "parts": {kind: {name: asdict(one) for name, one in part.items()} for kind, part in made.parts.items()},
        "conditions": condition_facts(made), "hanging": asdict(made.hanging),
        "freqtrade": None if made.freqtrade is None else asdict(made.freqtrade),
        **({"trades": list(trade_facts(made))} if trades else {}),
    }  # fmt: skip


def _settings(done: Done) -> dict[str, Any]:
    account, wish = done.study.question.account, done.wish
    return {
        "maker": done.fees.maker, "taker": done.fees.taker, "slippage": done.slippage,
        "funding": list(done.study.funded), "funding_unknown": list(done.study.unfunded),
        "detail_timeframe": None if wish.detail is None else wish.detail.text,
        "followed": {symbol: followed.finest.text for symbol, followed in done.follow.items()},
        "ticks": {symbol: _steps(market) for symbol, market in done.markets.items()},
        "account": None if account is None else {**asdict(account), "stake": str(account.stake)},
        "seed": done.study.question.seed, "grid_ms": done.study.curve.step,
    }  # fmt: skip


def _steps(market: Any) -> dict[str, str | None]:
    names = ("tick", "lot", "min_amount", "min_cost")
    return {name: str(getattr(market, name)) if getattr(market, name) else None for name in names}


def account_facts(made: Study) -> dict[str, Any] | None:
    """Return what the account did, None where every signal counted by itself."""
    taken = made.taken
    if taken is None or made.question.account is None:
        return None
    holdings = taken.holdings
    return {
        "capital": made.question.account.capital, "end": float(made.curve.value[-1]),
        "taken": len(holdings), "skipped": dict(taken.reasons.most_common()), "cut": taken.cut,
        "most_open": taken.most_open, "most_used": taken.most_used,
        "fees": sum(h.fees for h in holdings), "funding": sum(h.funding for h in holdings),
        "turnover": sum(abs(flow.amount) * flow.price for h in holdings for flow in h.flows),
    }  # fmt: skip


def condition_facts(made: Study) -> list[dict[str, Any]]:
    return [
        {"strategy": strategy, "side": side, "condition": name, "held": asdict(held), "not_held": asdict(other)}
        for (strategy, side, name), (held, other) in made.conditions.items()
    ]


def daily(curve: Curve) -> list[list[float]]:
    """Return [time, value, live positions] at the end of each UTC day, the begin first."""
    days = (curve.time[1:] - 1) // 86_400_000
    rows = [0, *(place + 1 for place in range(len(days)) if place + 1 == len(days) or days[place + 1] != days[place])]
    return [[int(curve.time[row]), float(curve.value[row]), float(curve.live[row])] for row in rows]


def trade_facts(made: Study) -> Iterable[dict[str, Any]]:
    """Yield every signal with what became of it, and of it in the account."""
    held = {h.position.id: h for h in made.taken.holdings} if made.taken is not None else {}
    rows = {str(name): row for row, name in enumerate(made.trades.id)}
    skipped: Mapping[str, str] = made.taken.skipped if made.taken is not None else {}
    for position in made.positions:
        row = rows.get(position.id)
        found = _position_facts(position)
        if row is not None:
            columns = ("mfe", "mae", "mfe_r", "mae_r", "fees", "funding")
            found |= {name: float(getattr(made.trades, name)[row]) for name in columns}
        if made.taken is not None:
            holding = held.get(position.id)
            found["skipped"] = skipped.get(position.id)
            found["amount"] = None if holding is None else holding.amount
            found["value"] = None if holding is None else holding.value
            found["profit"] = None if holding is None else holding.profit
        yield found


def _position_facts(position: Position) -> dict[str, Any]:
    signal = position.signal
    return {
        "id": signal.id, "strategy": signal.strategy, "symbol": signal.symbol, "timeframe": signal.timeframe,
        "side": str(signal.side), "signal_at": signal.close_time, "confidence": signal.confidence,
        "entry_price": signal.entry.price, "stop": signal.stop, "targets": [t.price for t in signal.targets],
        "status": str(position.status), "opened_at": position.opened_at, "closed_at": position.closed_at,
        "entry": position.entry, "exit": position.exit_price, "targets_hit": position.targets_hit,
        "result": position.result, "result_r": position.result_r, "ambiguous": position.ambiguous,
        "fills": [[fill.time, fill.price, fill.part, fill.reason] for fill in position.fills],
        "conditions": {verdict.name: (False, None, True)[verdict.truth] for verdict in signal.verdicts},
    }  # fmt: skip
