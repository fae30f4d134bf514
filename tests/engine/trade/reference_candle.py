"""What one fine candle does to a position.

A candle tells its open, its extremes and its close, but not in which order the extremes came. What the open
tells is certain and comes first. After that the worse of two possible orders is taken, and the candle is counted
as ambiguous: the stop before a target, an add or a resting entry and then the stop, a stop that a target moved
before the next target. A close beyond a level proves that the level was passed.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.domain.position import Status
from tests.engine.trade.reference_life import Life
from tests.engine.trade.reference_path import Candle


@dataclass(frozen=True, slots=True)
class _Reach:
    """How far a candle went since the position was there. `profit` and `loss` are its ends; the `sure_` ones
    are those of them known to lie after the entry. `resting`: the entry was filled within this candle."""

    profit: float
    loss: float
    sure_profit: float
    sure_loss: float
    resting: bool = False


def apply_candle(life: Life, candle: Candle) -> None:
    """Step a live position over one candle, which closed after everything that was applied to it before."""
    profit, loss = (candle.high, candle.low) if life.sign > 0 else (candle.low, candle.high)
    reach = _Reach(profit, loss, profit, loss)
    if life.pending:
        if not _enter(life, candle, reach):
            return
        if life.opened_at == candle.open_time:
            _targets_at_open(life, candle, bettered=True)
        elif life.signal.entry.kind == "limit":  # the price came from the profit side and went on to the loss end
            reach = _Reach(profit, loss, candle.close, loss, resting=True)
        else:  # a stop entry: it came from the loss side and went on to the profit end
            reach = _Reach(profit, loss, profit, candle.close, resting=True)
    else:
        _at_open(life, candle)
    if life.open:
        _within(life, candle, reach)


def _enter(life: Life, candle: Candle, reach: _Reach) -> bool:
    """Fill the entry order if the candle does; cancel it where the candle opens beyond the stop."""
    entry = life.signal.entry
    if life.deadline and candle.open_time >= life.deadline:
        life.cancel(Status.EXPIRED, "unfilled", candle.open_time)
        return False
    if life.fell_to(candle.open, life.stop):
        life.cancel(Status.CANCELLED, "beyond-stop", candle.open_time)
        return False
    match entry.kind:
        case "limit":
            filled, at_open = life.fell_to(reach.loss, entry.price), life.fell_to(candle.open, entry.price)
            price = entry.price
        case "stop":
            filled, at_open = life.beyond(reach.profit, entry.price), life.beyond(candle.open, entry.price)
            price = life.at_market(candle.open if at_open else entry.price, buying=True)
        case _:
            filled = at_open = True
            price = life.at_market(candle.open, buying=True)
    if filled:
        life.enter(price, candle.open_time if at_open else candle.close_time)
    return filled


def _at_open(life: Life, candle: Candle) -> None:
    """Do what the open decides alone: exits that wait for a price, expiry, gaps through a level."""
    time = candle.open_time
    market = life.at_market(candle.open, buying=False)
    life.saw(candle.open)
    _waiting_exits(life, market, time)
    if not life.open:
        return
    if life.deadline and time >= life.deadline:
        life.close(Status.EXPIRED, "expired", market, time)
        return
    if life.fell_to(candle.open, life.stop):
        life.close(Status.SL_HIT, life.stop_why, market, time)
        return
    while life.fell_to(candle.open, life.add()):
        life.fill_add(time)
    _targets_at_open(life, candle, bettered=False)


def _waiting_exits(life: Life, market: float, time: int) -> None:
    rules = {rule.name: rule for rule in life.terms.rules.exits} if life.terms.rules else {}
    for name in life.exiting:
        rule = rules.get(name)
        if rule is None or rule.take >= 1:
            life.close(Status.EXITED, name, market, time)
            return
        life.take_part(name, rule.take, market, time)
    life.exiting = ()


def _targets_at_open(life: Life, candle: Candle, *, bettered: bool) -> None:
    """Hit the targets that the open is beyond: at their price, or at the open where the entry was (bettered)."""
    while life.open:
        target = life.target()
        if target is None or not life.beyond(candle.open, target):
            return
        life.hit_target(candle.open if bettered else target, candle.open_time)


def _within(life: Life, candle: Candle, reach: _Reach) -> None:
    """Do what happens after the open, or after an entry within the candle; known at its close."""
    if life.fell_to(reach.loss, life.stop):
        _stopped(life, candle, reach)
        return
    target = life.target()
    sure_profit = reach.sure_profit
    unsure = False
    if target is not None and life.beyond(sure_profit, target):
        unsure = life.fell_to(reach.sure_loss, life.add())  # the target first: less of a position takes the profit
    else:
        while life.fell_to(reach.sure_loss, life.add()):
            life.fill_add(candle.close_time)
            sure_profit = candle.close  # the profit end may lie before the add: only the close is after it
        target = life.target()
        unsure = target is not None and life.beyond(reach.profit, target) and not life.beyond(sure_profit, target)
    life.saw(reach.sure_loss)
    unsure = _targets(life, candle, sure_profit, reach.loss) or unsure
    if life.open:
        life.saw(sure_profit)
    if unsure:
        life.ambiguous += 1


def _stopped(life: Life, candle: Candle, reach: _Reach) -> None:
    """Close at the stop, after the adds that lie before it."""
    stop = life.stop
    assert stop is not None
    target = life.target()
    unsure = reach.resting or (target is not None and life.beyond(reach.profit, target))
    while (add := life.add()) is not None and life.fell_to(reach.loss, add) and life.beyond(add, stop):
        life.fill_add(candle.close_time)
        unsure = True
    life.saw(stop)
    life.close(Status.SL_HIT, life.stop_why, life.at_market(stop, buying=False), candle.close_time)
    if unsure:
        life.ambiguous += 1


def _targets(life: Life, candle: Candle, sure_profit: float, loss_end: float) -> bool:
    """Hit the targets that were reached; return whether a stop that one of them moved leaves the order open."""
    while life.open:
        target = life.target()
        if target is None or not life.beyond(sure_profit, target):
            return False
        life.hit_target(target, candle.close_time)
        stop = life.stop
        if life.open and stop is not None and life.fell_to(loss_end, stop):
            life.close(Status.SL_HIT, life.stop_why, life.at_market(stop, buying=False), candle.close_time)
            return not life.fell_to(candle.close, stop)
    return False
