"""Decide a block, and step every position of it once more in the plainest way: the lives must be the same."""

from __future__ import annotations

from engine.domain.event import SignalFired
from engine.domain.market import Block
from engine.domain.strategy import Plan
from engine.trade.settings import Settings
from tests.engine.made import FOLLOW, M1, MARKETS, Values, run
from tests.engine.trade.reference_life import Costs, Terms
from tests.engine.trade.reference_path import Bars, Path
from tests.engine.trade.reference_step import step_by_step


def assert_stepped(plan: Plan, values: Values, block: Block) -> int:
    """Compare the life of every signal with its reference; return how many signals there are."""
    how = Settings(fees=0.001, slippage=0.0005, follow=FOLLOW)
    events, book = run(plan, values, block, settings=how)
    last = {position.id: position for position in book.live_positions()}
    path = Path.of(block.panels[M1], 0)
    signals = [event for event in events if isinstance(event, SignalFired)]
    for fired in signals:
        signal = fired.signal
        timeframe, side = next(
            (timeframe, side)
            for timeframe, sides in plan.strategy(signal.strategy).rules.items() for side in sides
            if (timeframe.text, side.side) == (signal.timeframe, signal.side)
        )  # fmt: skip
        truths = frozenset(node for node in side.held_nodes if plan.nodes[node].boolean)
        terms = Terms(MARKETS[signal.symbol], Costs(0.001, 0.0005), side, truths)
        bars = Bars.of(block.panels[timeframe], 0, values)
        told, end = step_by_step(fired.position, terms, path, bars, block.until)
        assert repr(told) == repr([e for e in events if e is not fired and getattr(e, "signal", None) == signal])
        if end.status.live:
            assert repr(end) == repr(last[signal.id])
    return len(signals)
