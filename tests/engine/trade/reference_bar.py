"""What a closed candle of the strategy does to a position: exit rules, trails, an entry that waited too long.

It is applied after the fine candles that closed with it. What it decides takes effect from the next fine candle.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from engine.domain.position import Status
from engine.domain.strategy import SideRules, TrailRule
from tests.engine.trade.reference_held import UNKNOWN, Read, evaluate
from tests.engine.trade.reference_life import Life
from tests.engine.trade.reference_path import Bars

TRUE = 2.0


def apply_bar(life: Life, bars: Bars, index: int) -> None:
    """Step a live position over the strategy's candle `index`."""
    time = int(bars.close_time[index])
    life.bars += 1
    entry = life.signal.entry
    if life.pending:
        if entry.kind != "market" and 0 < entry.cancel_after <= life.bars:
            life.cancel(Status.CANCELLED, "unfilled", time)
        return
    rules = life.terms.rules
    if rules is None or not (rules.exits or rules.trails):
        return
    read = partial(bars.at, index=index)
    about = partial(life.field, close=float(bars.close[index]))
    if not _exits(life, rules, read, about):
        _trails(life, rules, read, about)


def _exits(life: Life, rules: SideRules, read: Read, about: Callable[[str], float]) -> bool:
    """Let the exit rules that hold wait for the next price; return whether one of them closes all."""
    for rule in rules.exits:
        if rule.name in life.exits_taken:
            continue
        if evaluate(rule.when, read, life.kept, about) == TRUE:
            life.wait_to_exit(rule.name)
            if rule.take >= 1:
                return True
    return False


def _trails(life: Life, rules: SideRules, read: Read, about: Callable[[str], float]) -> None:
    """Move the stop to the tightest of the active trails, if that is tighter than the stop in force."""
    active = tuple(
        place
        for place, rule in enumerate(rules.trails)
        if place in life.trailing or _begins(life, rule)
    )  # fmt: skip
    life.trailing = active
    prices = [_price(life, rules.trails[place], read, about) for place in active]
    known = [price for price in prices if price == price]
    if known:
        life.move_stop(max(known) if life.sign > 0 else min(known), "trail")


def _begins(life: Life, rule: TrailRule) -> bool:
    """Tell whether what the trail waits for (`after`) has happened."""
    if rule.after is None:
        return True
    kind, value = rule.after
    gain = life.sign * (life.best - life.entry)
    match kind:
        case "target":
            return life.targets_hit >= value
        case "r":
            return gain >= value * life.risk
        case "percent":
            return gain >= value * life.entry
    raise ValueError(f"a trail cannot begin after {kind!r}")


def _price(life: Life, rule: TrailRule, read: Read, about: Callable[[str], float]) -> float:
    """Return where a trail puts the stop: a line as it is, else that far behind the best price."""
    value = evaluate(rule.level.value, read, life.kept, about)
    best = life.best
    match rule.level.kind:
        case "price":
            return value
        case "distance":
            distance = value
        case "percent":
            distance = value * best
        case "r":
            distance = value * life.risk
        case kind:
            raise ValueError(f"a trail cannot be a {kind!r}")
    return best - life.sign * distance if distance >= 0 else UNKNOWN
