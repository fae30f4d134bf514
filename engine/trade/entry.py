"""What would come of one candle if a rule fired on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engine.domain.book import Book, Lane
from engine.domain.signal import Signal
from engine.domain.strategy import StrategyRules
from engine.kernels import columns as at
from engine.trade.candidates import judged
from engine.trade.lanes import Lanes, Symbols
from engine.trade.quote import Refusal
from engine.trade.rulebook import rulebook_of
from engine.trade.scene import Rule, Scene
from engine.trade.told import Told


def decide_entry(
    scene: Scene, strategy: StrategyRules, symbol: str, rule: Rule, row: int, lane: Lane, book: Callable[[], Book]
) -> Signal | Refusal:
    """Return the signal that a rule makes, or would make, on panel row `row`, or why there would be none.

    `lane` is what is remembered of the strategy on the symbol, `book()` of all (asked for by protections only).
    """
    rulebook = rulebook_of(scene.plan, strategy)
    on_scene = np.array([scene.lanes[symbol]], np.intp)
    room = rulebook.room
    made = judged(scene, strategy, rulebook, rulebook.rule_of(rule.key), on_scene, np.array([row], np.intp), room)
    tape, on_tape = scene.tape(symbol)
    symbols = Symbols((symbol,), on_scene, tape, np.array([on_tape], np.intp))
    before = replace(lane, live={}, blocked={}, fired={})
    lanes = Lanes(scene, strategy.id, strategy, rulebook, room, made, symbols, {symbol: before})
    lanes.occupy(0, lane.live)
    told = Told(lanes)
    now = int(made.time[0])
    if lanes.run(asking=True) != at.ASK:
        refusals = np.flatnonzero(told.log[:, at.WHAT] == at.BLOCKED)
        return Refusal(*told.refusal(told.log[int(refusals[0])].tolist()))
    for protection in scene.settings.risk:
        why = protection.refuse(strategy.id, symbol, str(rule.side.side), now, book())
        if why is not None:
            return Refusal(f"protection:{protection.name}", why)
    return told.signal(0, 0)
