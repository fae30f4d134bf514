"""What stood in the way of a signal: which position was open, or until when a cooldown ran."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from engine.domain.book import Lane
from engine.domain.position import Position
from engine.domain.strategy import Cooldown, StrategyRules


@dataclass(frozen=True, slots=True)
class Blocker:
    """A position that was live, or a cooldown: it ran from `since` on, when a signal, exit or stop was (`after`),
    until `until` (ms)."""

    position: Position | None = None
    after: str = ""
    since: int = 0
    until: int = 0

    def text(self) -> str:
        """Say it in a few words."""
        if self.position is not None:
            return _position(self.position)
        return f"the {self.after} was at {_when(self.since)}, it ran until {_when(self.until)}"

    def facts(self) -> dict[str, Any]:
        position = self.position
        if position is None:
            return {"after": self.after, "since": self.since, "until": self.until}
        signal = position.signal
        return {
            "position": {
                "id": position.id, "side": str(signal.side), "timeframe": signal.timeframe,
                "signal_at": signal.close_time, "status": str(position.status), "entry": position.entry,
                "stop": position.stop, "targets_hit": position.targets_hit,
            }
        }  # fmt: skip


def blocker(reason: str, detail: str, lane: Lane, strategy: StrategyRules) -> Blocker | None:
    """Return what made a block, from what was remembered then; None where it was nothing that is remembered."""
    if reason == "open-position":
        found = next((position for position in lane.live.values() if position.id == detail), None)
        return Blocker(found) if found is not None else None
    if reason == "cooldown":
        return next((_running(c, lane) for c in strategy.cooldowns if detail == f"after {c.after}"), None)
    return None


def _running(cooldown: Cooldown, lane: Lane) -> Blocker | None:
    since = {"signal": lane.last_signal, "exit": lane.last_exit, "stop": lane.last_stop}[cooldown.after]
    return Blocker(None, cooldown.after, since, since + cooldown.ms) if since else None


def _position(position: Position) -> str:
    signal = position.signal
    begun = f"the {signal.side} of {_when(signal.close_time)} on {signal.timeframe}"
    if not position.filled:
        state = "waits for its entry"
    else:
        stop = f", stop {position.stop:.10g}" if position.stop is not None else ""
        state = f"is open from {position.entry:.10g}{stop}"
    return f"{begun} {state}; its signal is {position.id}"


def _when(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
