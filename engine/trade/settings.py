"""How to decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.domain.market import Followed, Timeframe
from engine.ports import RiskRule


@dataclass(frozen=True, slots=True)
class Settings:
    """How to decide.

    `fees` and `slippage` are ratios. `follow` has per symbol the candles on which positions are followed (default: the
    finest panel of the block); every timeframe of a strategy must be a multiple of theirs. `now` (ms): an entry
    whose candle closed more than one candle before it is stale (None: none is). `since` (ms): entries at or
    before it have been decided already; positions are followed all the same, and give the same events again.
    `risk` are protections, asked in their order. `universe` has per strategy id the symbols that it may trade
    (default: those it names, else all that have a market). `history` has per symbol the time (ms) at which its
    known history begins.
    """

    fees: float = 0.0
    slippage: float = 0.0
    venue: str = ""
    engine_version: str = ""
    follow: Mapping[str, Timeframe | Followed] = field(default_factory=dict)
    now: int | None = None
    since: int = 0
    risk: tuple[RiskRule, ...] = ()
    universe: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    history: Mapping[str, int] = field(default_factory=dict)
