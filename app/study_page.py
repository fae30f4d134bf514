"""A study as one page: the facts that the page shows, packed so that five thousand trades fit into it.

Trades and candles are columns of small whole numbers (prices in ticks, each as the difference from the one before),
compressed and unpacked by the page itself. What a reader must see without a script is in the facts as text.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app import study_facts
from app.failure import Failure
from engine.account.equity import Curve
from engine.domain.market import Candles, Floats, Timeframe
from engine.domain.position import Position
from engine.domain.signal import Verdict
from engine.statistics.equity import falls_of
from templates.words import explain

if TYPE_CHECKING:
    from app.backtested import Done
    from app.funnelled import Funnel
    from engine.ports import Feed
    from engine.study import Study

MOST_POINTS = 4_000
"""Of an equity curve: more than any screen has."""
MOST_CANDLES = 60_000
"""Of all symbols together."""
ROOM_BARS = 60
"""Candles around the first and last trade of a symbol."""
CHARTS = ("lwcharts", "vendor/lightweight-charts.standalone.production.js")
TRUTHS = ("false", "unknown", "true")


def page(done: Done, funnels: Mapping[str, Sequence[Funnel]]) -> str:
    """Return the whole page. `funnels` are per strategy. Raises Failure where the chart library is missing."""
    from templates.report_page import render

    data = packed(data_of(done, funnels))
    return render(
        study_facts.facts(done, trades=False), [rules.name for rules in done.plan.strategies], data, chart_script()
    )


def chart_script() -> str:
    """Return the script of the chart library, which its package brings along."""
    package, file = CHARTS
    found = find_spec(package)
    folders = list(found.submodule_search_locations or ()) if found else []
    for folder in folders:
        path = Path(folder) / file
        if path.is_file():
            return path.read_text("utf-8")
    raise Failure(f"the report's charts come with the package {package}, which is not installed: pip install {package}")


def packed(value: Any) -> str:
    """Return JSON, compressed, as text that may stand in a script element."""
    text = json.dumps(_clean(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def data_of(done: Done, funnels: Mapping[str, Sequence[Funnel]]) -> dict[str, Any]:
    """Return what the page's script works on."""
    made = done.study
    traded = sorted({p.signal.symbol for p in made.positions})
    return {
        "account": made.taken is not None,
        "equity": curve_points(made.curve, made.hold),
        "names": {rules.id: rules.name for rules in done.plan.strategies},
        "symbols": [candle_columns(candles, done) for candles in shown_candles(done, traded)],
        "trades": trade_columns(made),
        "funnels": {name: list(funnel_facts(part)) for name, part in funnels.items()},
    }


def curve_points(curve: Curve, hold: Curve) -> dict[str, Any]:
    """Return both curves in at most 4,000 points: the last value of each stretch, and the deepest fall within it."""
    count = len(curve.time)
    every = -(-count // MOST_POINTS)
    rows = np.unique(np.append(np.arange(0, count, every), count - 1))
    falls = [np.maximum.reduceat(falls_of(one.value, one.base), np.append(0, rows[:-1] + 1)) for one in (curve, hold)]
    return {
        "time": (curve.time[rows] // 1000).tolist(), "base": curve.base,
        "own": _digits(curve.value[rows]), "hold": _digits(hold.value[rows]),
        "fall": _digits(falls[0]), "hold_fall": _digits(falls[1]),
    }  # fmt: skip


# -- candles --


def shown_candles(done: Done, symbols: Sequence[str]) -> Iterator[Candles]:
    """Yield the candles of each symbol that was traded, around its trades, on a timeframe that leaves room for all."""
    room = MOST_CANDLES // max(1, len(symbols))
    for symbol in symbols:
        mine = [p for p in done.study.positions if p.signal.symbol == symbol]
        first = min(p.signal.close_time for p in mine)
        last = max(p.closed_at or done.study.result.end for p in mine)
        timeframe = shown_timeframe(done.feed, symbol, first, last, room)
        around = ROOM_BARS * timeframe.ms
        candles = done.feed.candles(symbol, timeframe, first - around, min(last + around, done.study.result.end))
        if len(candles):
            yield candles


def shown_timeframe(feed: Feed, symbol: str, first: int, last: int, room: int) -> Timeframe:
    """Return the shortest timeframe whose candles of the span are at most `room`."""
    served = sorted(feed.timeframes(symbol))
    return next((t for t in served if (last - first) // t.ms + 2 * ROOM_BARS <= room), served[-1])


def candle_columns(candles: Candles, done: Done) -> dict[str, Any]:
    """Return candles as differences in ticks: the open and the close from the close before, high and low from them."""
    market = done.markets.get(candles.symbol)
    tick = float(market.tick) if market and market.tick else 10.0 ** (math.floor(math.log10(candles.close[0])) - 5)
    opened, high, low, close = (
        np.round(part / tick).astype(np.int64) for part in (candles.open, candles.high, candles.low, candles.close)
    )
    before = np.concatenate((close[:1], close[:-1]))
    opens = (candles.close_time - candles.timeframe.ms) // 1000
    steps = np.diff(opens) // (candles.timeframe.ms // 1000)
    gaps = np.flatnonzero(steps != 1)
    return {
        "symbol": candles.symbol, "timeframe": candles.timeframe.text, "step": candles.timeframe.ms // 1000,
        "tick": tick, "first": int(opens[0]), "start": int(close[0]),
        "gaps": [[int(row) + 1, int(steps[row])] for row in gaps],
        "open": (opened - before).tolist(), "close": (close - before).tolist(),
        "high": (high - np.maximum(opened, close)).tolist(), "low": (np.minimum(opened, close) - low).tolist(),
    }  # fmt: skip


# -- trades --


def trade_columns(made: Study) -> dict[str, Any]:
    """Return every signal in columns, with names and reasons interned."""
    rows = {str(name): row for row, name in enumerate(made.trades.id)}
    money = {h.position.id: h for h in made.taken.holdings} if made.taken is not None else {}
    skipped = made.taken.skipped if made.taken is not None else {}
    names, texts = _Names(), _Names()
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    for position in made.positions:
        row = rows.get(position.id)
        holding = money.get(position.id)
        values = (
            *_position_values(position, names),
            None if row is None else _digit(float(made.trades.mfe[row])),
            None if row is None else _digit(float(made.trades.mae[row])),
            None if holding is None else round(holding.profit, 2), None if holding is None else round(holding.value, 2),
            names.of(skipped[position.id]) if position.id in skipped else None,
            [[texts.of(_title(verdict)), verdict.truth, told(verdict)] for verdict in position.signal.verdicts],
        )  # fmt: skip
        for name, value in zip(_COLUMNS, values, strict=True):
            columns[name].append(value)
    return {"names": names.all, "texts": texts.all, **columns}


_COLUMNS = (
    "strategy", "symbol", "timeframe", "side", "signal", "confidence", "quote", "stop", "targets", "status", "opened",
    "closed", "entry", "exit", "result", "r", "ambiguous", "hit", "fills", "mfe", "mae", "profit", "value", "skipped",
    "why",
)  # fmt: skip


def _position_values(position: Position, names: _Names) -> tuple[Any, ...]:
    signal = position.signal
    at = signal.close_time // 1000
    ended = not position.status.live and position.filled > 0
    return (
        names.of(signal.strategy), names.of(signal.symbol), names.of(signal.timeframe), signal.side.sign, at,
        round(signal.confidence), signal.entry.price, signal.stop, [target.price for target in signal.targets],
        names.of(str(position.status)), _after(position.opened_at, at), _after(position.closed_at, at),
        _price(position.entry), _price(position.exit_price), _digit(position.result) if ended else None,
        _digit(position.result_r) if ended else None, position.ambiguous, position.targets_hit,
        [[fill.time // 1000 - at, _price(fill.price), _digit(fill.part), names.of(fill.reason)]
         for fill in position.fills],
    )  # fmt: skip


def told(verdict: Verdict) -> str:
    """Return what a condition said, in a trader's words with the values it had."""
    units = verdict.units or ("",) * len(verdict.parts)
    parts = [
        {"text": text, "value": value if math.isfinite(value) else None, "unit": unit}
        for (text, value), unit in zip(verdict.parts, units, strict=True)
    ]
    return explain({"text": verdict.text, "truth": TRUTHS[verdict.truth], "parts": parts})


def _title(verdict: Verdict) -> str:
    weight = "must" if verdict.must else f"weight {verdict.weight:g}"
    return f"{verdict.name}|{weight}|{verdict.text}"


def funnel_facts(funnels: Iterable[Funnel]) -> Iterator[dict[str, Any]]:
    """Yield one side of a strategy, over all its timeframes."""
    sides: dict[str, list[Funnel]] = {}
    for funnel in funnels:
        if funnel.candles:
            sides.setdefault(str(funnel.rule.side.side), []).append(funnel)
    for side, part in sides.items():
        blocked: dict[str, int] = {}
        for funnel in part:
            for reason, times in funnel.blocked.items():
                blocked[reason] = blocked.get(reason, 0) + times
        yield {
            "side": side, "timeframes": [funnel.rule.timeframe.text for funnel in part],
            "candles": sum(funnel.candles for funnel in part), "fires": sum(funnel.fires for funnel in part),
            "signals": sum(funnel.signals for funnel in part),
            "blocked": sorted(blocked.items(), key=lambda pair: -pair[1]),
            "conditions": [
                {
                    "name": rows[0].rule.name, "text": rows[0].rule.text, "must": rows[0].rule.must,
                    "weight": rows[0].rule.weight, "held": sum(row.held for row in rows),
                    "others": sum(row.others for row in rows), "with_others": sum(row.with_others for row in rows),
                    "alone": sum(row.alone for row in rows),
                }
                for rows in zip(*(funnel.conditions for funnel in part), strict=True)
            ],
        }  # fmt: skip


class _Names:
    """Texts by number, each once."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def of(self, text: str) -> int:
        return self._places.setdefault(text, len(self._places))

    @property
    def all(self) -> list[str]:
        return list(self._places)


def _after(time: int, at: int) -> int | None:
    return time // 1000 - at if time else None


def _digits(values: Floats, digits: int = 7) -> list[float]:
    return [float(f"{value:.{digits}g}") for value in values.tolist()]


def _digit(value: float, digits: int = 5) -> float | None:
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None


def _price(value: float) -> float | None:
    return float(f"{value:.9g}") if math.isfinite(value) else None


def _clean(value: Any) -> Any:
    """Return the value with whole floats as whole numbers, which are shorter."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    if isinstance(value, dict):
        return {str(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value
