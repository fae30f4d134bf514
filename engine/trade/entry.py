"""From a side that fires to a signal, or to the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable

from engine.domain.book import Book, Lane
from engine.domain.position import Position, Status
from engine.domain.signal import Signal, Verdict
from engine.domain.strategy import SideRules, StrategyRules
from engine.plan import explain
from engine.trade.held import kept_nodes
from engine.trade.path import Bars
from engine.trade.quote import Refusal, quote
from engine.trade.scene import TRUE, Rule, Scene


def decide_entry(
    scene: Scene, strategy: StrategyRules, symbol: str, rule: Rule, row: int, lane: Lane, book: Callable[[], Book]
) -> Signal | Refusal:
    """Return the signal of a rule that fires on panel row `row`, or why there is none.

    `lane` is what is remembered of the strategy on the symbol, `book()` of all (asked for by protections only).
    """
    settings = scene.settings
    bars = scene.bars(symbol, rule.timeframe)
    index = int(bars.rows.searchsorted(row))
    now = int(bars.close_time[index])
    refusal = _forbidden(scene, strategy, rule, lane, bars, index)
    if refusal is not None:
        return refusal
    quoted = quote(rule.side, bars, index, scene.market(symbol))
    if isinstance(quoted, Refusal):
        return quoted
    for protection in settings.risk:
        why = protection.refuse(strategy.id, symbol, str(rule.side.side), now, book())
        if why is not None:
            return Refusal(f"protection:{protection.name}", why)
    return Signal(
        strategy.id, symbol, rule.timeframe.text, rule.side.side, now, quoted.entry, quoted.stop, quoted.targets,
        confidence=float(bars.at(rule.side.confidence, index)), expire_ms=rule.side.expire_ms,
        version=strategy.version, plan_hash=hash_of(scene, strategy), engine_version=settings.engine_version,
        venue=settings.venue or scene.market(symbol).venue, verdicts=verdicts(rule.side, bars, index),
        short_of_history=_short_of_history(scene, rule, symbol, now),
    )  # fmt: skip


def hash_of(scene: Scene, strategy: StrategyRules) -> str:
    """Return what names the rules that a signal was made by: the strategy's own hash, else the plan's."""
    return strategy.hash or scene.plan.hash


def verdicts(side: SideRules, bars: Bars, index: int) -> tuple[Verdict, ...]:
    """Return what each condition of a side says on candle `index`, with the values under it."""
    return explain.verdicts(side, bars.values, int(bars.rows[index]), bars.lane)


def pending(signal: Signal, rule: Rule, bars: Bars, row: int) -> Position:
    """Return the position of a new signal, with the values that its rules refer to later."""
    index = int(bars.rows.searchsorted(row))
    kept = tuple((place, float(bars.at(node, index))) for place, node in enumerate(kept_nodes(rule.side)))
    return Position(
        signal, Status.PENDING, stop=signal.stop, at_entry=kept, followed_until=signal.close_time, told=1
    )  # fmt: skip


def _forbidden(scene: Scene, strategy: StrategyRules, rule: Rule, lane: Lane, bars: Bars, index: int) -> Refusal | None:
    """Return the first of what forbids an entry before its prices are asked for."""
    now = int(bars.close_time[index])
    if rule.side.side in lane.live:
        return Refusal("open-position", lane.live[rule.side.side].id)
    last = {"signal": lane.last_signal, "exit": lane.last_exit, "stop": lane.last_stop}
    for cooldown in strategy.cooldowns:
        if last[cooldown.after] and now < last[cooldown.after] + cooldown.ms:
            return Refusal("cooldown", f"after {cooldown.after}")
    late = 0 if scene.settings.now is None else scene.settings.now - now
    if late > rule.timeframe.ms:
        return Refusal("stale", f"{late // 1000} s late")
    where = strategy.universe.where.get(rule.timeframe)
    if where is not None and bars.at(where, index) != TRUE:
        return Refusal("filter", strategy.universe.where_text)
    return None


def _short_of_history(scene: Scene, rule: Rule, symbol: str, now: int) -> int:
    """Return how many candles are missing before now for all that decides on the rule to have settled."""
    begin = scene.settings.history.get(symbol)
    if begin is None:
        return 0
    need = max(scene.plan.nodes[node].history_ms for node in (rule.side.fires, rule.side.confidence))
    return max(0, -(-(need - (now - begin)) // rule.timeframe.ms))
