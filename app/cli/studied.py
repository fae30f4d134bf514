"""A study as a person reads it: a summary in 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from app.cli import show
from engine.report import hold_text

if TYPE_CHECKING:
    from app.backtested import Done
    from engine.statistics.bootstrap import Interval
    from engine.statistics.equity import EquityNumbers
    from engine.statistics.outcomes import Outcomes
    from engine.study import Study

WIDTH = 80
KINDS = ("strategy", "symbol", "side", "timeframe", "end", "condition", "hour", "weekday", "month")


def tell(done: Done, by: Sequence[str]) -> None:
    """Print the summary, and a table for each kind of group in `by`."""
    for line in (*_head(done), "", *_money(done), "", *_trades(done.study), "", *_doubts(done.study)):
        show.say(line)
    kinds = list(dict.fromkeys(by or (["strategy"] if len(done.plan.strategies) > 1 else [])))
    for kind in kinds:
        show.say()
        for line in _group_lines(done.study, kind):
            show.say(line)


def _head(done: Done) -> Iterator[str]:
    made = done.study
    result, account = made.result, made.question.account
    names = ", ".join(rules.id for rules in done.plan.strategies)
    days = (result.end - result.start) / 86_400_000
    yield from _wrapped("strategies", names)
    yield from _wrapped("span", f"{show.when(result.start)} to {show.when(result.end)} UTC, {days:.1f} days")
    yield from _wrapped("universe", done.universe)
    costs = f"fees {_rate(done.fees.taker)}"
    if done.fees.maker != done.fees.taker:
        costs = f"fees {_rate(done.fees.maker)} maker, {_rate(done.fees.taker)} taker"
    funding = f"funding of {len(made.funded)} symbols" if made.funded else "no funding"
    yield from _wrapped("costs", f"{costs}, slippage {_rate(done.slippage)}, {funding}")
    if account is None:
        yield from _wrapped("account", "none: every signal counts, one stake each, results are added")
        return
    limits = [("open", account.max_open), ("per strategy", account.max_per_strategy)]
    said = [f"at most {limit} {what}" for what, limit in (*limits, ("per symbol", account.max_per_symbol)) if limit]
    leverage = [f"leverage {account.leverage:g}"] if account.leverage != 1 else []
    yield from _wrapped("account", ", ".join([f"{account.capital:,.0f}, stake {account.stake}", *said, *leverage]))


def _money(done: Done) -> Iterator[str]:
    made = done.study
    own, hold = made.equity, made.hold_equity
    yield f"{'':<24}{'strategies':>14}{'buy and hold':>16}"
    if made.question.account is not None:
        yield _pair("end of equity", f"{made.curve.value[-1]:,.2f}", f"{made.hold.value[-1]:,.2f}")
        yield _pair("total", _percent(own.total), _percent(hold.total))
        yield _pair("per year (CAGR)", _percent(own.cagr), _percent(hold.cagr))
    else:
        yield _pair("sum of results", _percent(own.change), _percent(hold.change))
    yield _pair("max drawdown", _fall(own), _fall(hold))
    yield _pair("  on closed trades", _percent(-made.closed_fall or 0.0), "")
    yield _pair("longest under water", hold_text(own.longest_under_water), hold_text(hold.longest_under_water))
    yield _pair("Sharpe, daily", _number(own.sharpe), _number(hold.sharpe))
    yield _pair("Sortino, daily", _number(own.sortino), _number(hold.sortino))
    if made.question.account is not None:
        yield _pair("Calmar", _number(own.calmar), _number(hold.calmar))
    yield _pair("time in the market", f"{own.exposure * 100:.1f} %", f"{hold.exposure * 100:.1f} %")


def _trades(made: Study) -> Iterator[str]:
    all_of = made.outcomes
    positions = made.counted
    live = sum(p.status.live for p in positions)
    unfilled = sum(not p.status.live and not p.filled for p in positions)
    yield from _wrapped(
        "signals",
        f"{len(made.positions):,}: {all_of.trades:,} trades, {unfilled:,} never filled, {live:,} still live"
        + ("" if made.taken is None else f", {len(made.taken.skipped):,} skipped by the account"),
    )
    if made.taken is not None and made.taken.skipped:
        yield from _wrapped("skipped", ", ".join(f"{name} {n:,}" for name, n in made.taken.reasons.most_common()))
    if made.taken is not None and made.taken.cut:
        yield from _wrapped("cut", f"{made.taken.cut:,} positions made smaller, because capital was short")
    if not all_of.trades:
        return
    rate, factor = made.intervals["win_rate"], made.intervals["profit_factor"]
    mean, in_r = made.intervals["expectancy"], made.intervals["average_r"]
    yield from _wrapped(
        "win rate", f"{_share(all_of.win_rate)}{_range(rate, _share)}: {all_of.wins:,} wins, {all_of.losses:,} losses, "
        f"{all_of.even:,} even; target 1 reached by {_share(all_of.target_rate)}",
    )  # fmt: skip
    yield from _wrapped("profit factor", f"{_number(all_of.profit_factor)}{_range(factor, _number)}")
    yield from _wrapped(
        "expectancy", f"{_percent(all_of.expectancy)}{_range(mean, _percent)}; average win "
        f"{_percent(all_of.average_win)}, loss {_percent(all_of.average_loss and -all_of.average_loss)}",
    )  # fmt: skip
    if all_of.average_r is not None and all_of.quantiles_r is not None:
        spread = " ".join(_number(one) for one in all_of.quantiles_r)
        yield from _wrapped("R", f"{_number(all_of.average_r)} on average{_range(in_r, _number)}, SQN "
                            f"{_number(all_of.sqn)}; 5 25 50 75 95 %: {spread}")  # fmt: skip
    yield from _wrapped("streaks", f"{all_of.longest_wins} wins, {all_of.longest_losses} losses in a row at most")
    yield from _wrapped("hold", f"{hold_text(all_of.hold_ms or 0)} on average, winners {_hold(all_of.hold_wins_ms)}, "
                        f"losers {_hold(all_of.hold_losses_ms)}")  # fmt: skip
    yield from _wrapped("open profit", f"best {_percent(all_of.mfe)}, worst {_percent(all_of.mae)} on average; winners "
                        f"kept {_share(all_of.efficiency)} of their best")  # fmt: skip


def _doubts(made: Study) -> Iterator[str]:
    """Say what hangs on assumptions."""
    hang = made.hanging
    yield from _wrapped("in brackets", "95 % of 2,000 resamplings of the same trades lie between")
    if not hang.trades:
        yield from _wrapped("left open", "no candle left open which of two things came first")
        return
    total = made.outcomes.result
    other = total - hang.result + hang.other
    text = (
        f"{hang.candles:,} candles of {hang.trades:,} trades left open which of two things came first; each was taken "
        f"as the worse one. These trades give {_percent(hang.result)}; had all gone the other way, "
        f"{_percent(hang.other)} (all trades: {_percent(total)}, then {_percent(other)})"
    )  # fmt: skip
    if hang.unknown:
        text += f"; of {hang.unknown:,} the other way is not known, they count as taken"
    if hang.profit is not None and hang.other_profit is not None:
        text += f"; in money {hang.profit:+,.2f} and {hang.other_profit:+,.2f}"
    yield from _wrapped("left open", text)


def _group_lines(made: Study, kind: str) -> Iterator[str]:
    money = made.taken is not None
    yield (
        f"{kind:<26}{'trades':>7}{'win rate':>10}{'factor':>8}{'mean':>10}{'R':>7}"
        + (f"{'profit':>12}" if money else f"{'sum':>12}")
    )
    for name, one in _groups(made, kind):
        profit = f"{one.profit:+,.2f}" if money and one.profit is not None else _percent(one.result)
        yield (
            f"{_cut(name, 25):<26}{one.trades:>7,}{_share(one.win_rate):>10}{_number(one.profit_factor):>8}"
            f"{_percent(one.expectancy):>10}{_number(one.average_r):>7}{profit:>12}"
        )
    if kind == "condition":
        always = [f"{strategy} {side} {name}" for (strategy, side, name), (_, other) in made.conditions.items()
                  if not other.trades]  # fmt: skip
        yield from _wrapped("always held", ", ".join(always) or "none")


def _groups(made: Study, kind: str) -> Iterable[tuple[str, Outcomes]]:
    if kind != "condition":
        yield from made.groups.get(kind, {}).items()
        return
    for (strategy, side, name), (held, other) in made.conditions.items():
        if other.trades:
            yield f"{strategy} {side} {name}", held
            yield "  where it did not hold", other


def _wrapped(label: str, text: str) -> Iterator[str]:
    yield from textwrap.wrap(
        text, WIDTH, initial_indent=f"{label:<14}", subsequent_indent=" " * 14, break_on_hyphens=False
    )


def _pair(label: str, own: str, hold: str) -> str:
    return f"{label:<24}{own:>14}{hold:>16}".rstrip()


def _fall(numbers: EquityNumbers) -> str:
    return _percent(-numbers.max_drawdown.depth) if numbers.max_drawdown else _percent(0.0)


def _range(interval: Interval | None, shown: object) -> str:
    if interval is None or not callable(shown):
        return ""
    return f" [{shown(interval.low)} to {shown(interval.high)}]"


def _percent(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio * 100:+.2f} %"


def _share(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio * 100:.1f} %"


def _rate(ratio: float) -> str:
    return f"{ratio * 100:g} %"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _hold(ms: float | None) -> str:
    return "-" if ms is None else hold_text(ms)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
