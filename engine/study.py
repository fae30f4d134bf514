"""A study of a backtest: its signals with all costs, as one account would have traded them, and every number of it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from engine.account.costs import Charged, Fees, charge
from engine.account.equity import Curve, Flows, Grid, account_flows, hold_curve, regular, stake_flows
from engine.account.marks import Marks
from engine.account.settings import Account
from engine.account.walk import Taken, take
from engine.backtest import Outcome
from engine.domain.market import Followed, FundingRates, Market, Times
from engine.domain.position import Position
from engine.ports import Feed
from engine.statistics.bootstrap import Interval, intervals
from engine.statistics.equity import EquityNumbers, daily_returns, equity_numbers
from engine.statistics.freqtrade import FreqtradeNumbers, freqtrade_numbers
from engine.statistics.groups import Groups, by_condition, groups
from engine.statistics.hanging import Candle, Hanging, hanging
from engine.statistics.outcomes import Outcomes, outcomes
from engine.statistics.trades import Trades, trades_of

DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class Question:
    """How a backtest is looked at.

    `account` None: every signal counts by itself, one stake each, results added. `fees` None: those of the fills.
    `slippage` is the backtest's. `rates` are funding rates by symbol, None: funding is left out. `step` (ms) of the
    equity's grid, 0: chosen by the span. `seed` of the bootstrap.
    """

    account: Account | None = None
    fees: Fees | None = None
    slippage: float = 0.0
    rates: Mapping[str, FundingRates] | None = None
    step: int = 0
    seed: int = 20_250_407


@dataclass(frozen=True, slots=True)
class Study:
    """Every number of a backtest. Without an account `taken` is None, and curves are in stakes.

    `positions` are all signals with their costs, in the order of their signals; `trades` those that count: filled,
    ended, and taken by the account. `closed_fall` is the drawdown on closed trades alone, as a ratio of the highest
    balance so far (in stakes without an account). `parts` has the equity's numbers per strategy, symbol, side and
    timeframe, as if the account had held nothing else at the sizes it took. `blocked` has per strategy how often
    which reason kept a signal.
    """

    result: Outcome
    question: Question
    symbols: tuple[str, ...]
    positions: tuple[Position, ...]
    taken: Taken | None
    trades: Trades
    outcomes: Outcomes
    groups: Groups
    conditions: Mapping[tuple[str, str, str], tuple[Outcomes, Outcomes]]
    curve: Curve
    equity: EquityNumbers
    closed_fall: float
    hold: Curve
    hold_equity: EquityNumbers
    intervals: Mapping[str, Interval | None]
    hanging: Hanging
    freqtrade: FreqtradeNumbers | None
    parts: Mapping[str, Mapping[str, EquityNumbers]] = field(default_factory=dict)
    unfunded: tuple[str, ...] = ()
    funded: tuple[str, ...] = ()
    blocked: Mapping[str, Counter[str]] = field(default_factory=dict)

    @property
    def counted(self) -> tuple[Position, ...]:
        """Return the positions that count: all, or those that the account took."""
        if self.taken is None:
            return self.positions
        return tuple(holding.position for holding in self.taken.holdings)


def study(
    result: Outcome,
    feed: Feed,
    universe: Mapping[str, Sequence[str]],
    question: Question,
    markets: Mapping[str, Market] | None = None,
    follow: Mapping[str, Followed] | None = None,
) -> Study:
    """Return every number of `result`, whose candles `feed` has. Raises FeedError.

    `universe` has per strategy the symbols it could trade (of those buy and hold is made), `markets` their lots, and
    `follow` on what positions were followed (default: the finest candles there are).
    """
    symbols = tuple(dict.fromkeys(symbol for part in universe.values() for symbol in part))
    seen = list(dict.fromkeys([*symbols, *(position.signal.symbol for position in result.positions)]))
    times = regular(result.start, result.end, question.step, len(seen))
    step = int(times[1] - times[0])
    marks = Marks.read(feed, seen, step, int(times[0]), result.end)
    charged = charge(result.positions, question.fees, question.rates, marks)
    account = question.account
    fee = question.fees.taker if question.fees else _fee(charged.positions)
    taken = take(charged.positions, account, marks, markets, charged.funding, fee) if account else None
    money = {h.position.id: (h.profit, h.value) for h in taken.holdings} if taken is not None else None
    trades = trades_of(charged.positions, _funding_ratios(charged), money)
    grid = Grid(times, marks)
    flows = stake_flows(charged.positions, charged.funding) if taken is None else account_flows(taken.holdings)
    base = account.capital if account else 0.0
    curve = flows.curve(base, grid)
    hold = hold_curve(symbols, base, grid, fee)
    numbers = partial(_equity, base)
    return Study(
        result, question, symbols, charged.positions, taken, trades, outcomes(trades), groups(trades),
        by_condition(trades, charged.positions), curve, numbers(curve), _closed_fall(trades, account), hold,
        numbers(hold),
        intervals(trades.result, trades.result_r, daily_returns(times, curve.value, curve.base), question.seed),
        hanging(charged.positions, _candles(feed, follow or {}), question.slippage, money),
        _freqtrade(trades, account, times), _parts(charged.positions, taken, flows, base, grid),
        charged.unfunded, tuple(sorted(question.rates or {})),
        _blocked(result),
    )  # fmt: skip


PARTS: Mapping[str, Callable[[Position], str]] = {
    "strategy": lambda position: position.signal.strategy,
    "symbol": lambda position: position.signal.symbol,
    "side": lambda position: str(position.signal.side),
    "timeframe": lambda position: position.signal.timeframe,
}


def _parts(
    positions: Sequence[Position], taken: Taken | None, flows: Flows, base: float, grid: Grid
) -> dict[str, dict[str, EquityNumbers]]:
    """Return the numbers of the curves that each strategy, symbol, side and timeframe made."""
    counted = positions if taken is None else [holding.position for holding in taken.holdings]
    found: dict[str, dict[str, EquityNumbers]] = {}
    for kind, name_of in PARTS.items():
        names = np.array([name_of(position) if position.fills else "" for position in counted], np.str_)
        curves = {str(name): flows.curve(base, grid, names == name) for name in np.unique(names[names != ""])}
        found[kind] = {name: _equity(base, curve) for name, curve in curves.items()}
    return found


def _equity(base: float, curve: Curve) -> EquityNumbers:
    return equity_numbers(curve.time, curve.value, base, curve.exposure, curve.held)


def _closed_fall(trades: Trades, account: Account | None) -> float:
    gains = trades.profit if account else trades.result
    start = account.capital if account else 0.0
    balance = start + np.concatenate(([0.0], np.cumsum(gains)))
    peak = np.maximum.accumulate(balance)
    return float(((peak - balance) / (peak if account else 1.0)).max())


def _freqtrade(trades: Trades, account: Account | None, times: Times) -> FreqtradeNumbers | None:
    if account is None:
        return None
    return freqtrade_numbers(trades.profit, account.capital, float(times[-1] - times[0]) / DAY)


def _funding_ratios(charged: Charged) -> dict[str, float]:
    value = {p.id: p.entry * p.filled for p in charged.positions if p.id in charged.funding}
    return {name: math.fsum(cost for _, cost in paid) / value[name] for name, paid in charged.funding.items()}


def _fee(positions: Sequence[Position]) -> float:
    return max((fill.fee for position in positions for fill in position.fills[:1]), default=0.0)


def _candles(feed: Feed, follow: Mapping[str, Followed]) -> Callable[[str, int], Candle | None]:
    """Return what finds the followed candle of a symbol that closed at a time (ms)."""

    def candle(symbol: str, time: int) -> Candle | None:
        followed = follow.get(symbol)
        timeframe = followed.at(time - 1) if followed else min(feed.timeframes(symbol))
        candles = feed.candles(symbol, timeframe, time - timeframe.ms, time)
        if not len(candles) or int(candles.close_time[-1]) != time:
            return None
        return float(candles.high[-1]), float(candles.low[-1]), float(candles.close[-1])

    return candle


def _blocked(result: Outcome) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for event in result.blocked:
        found.setdefault(event.strategy, Counter())[event.reason] += 1
    return found
