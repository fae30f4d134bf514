"""Made histories: signals whose positions live and end, as decide would tell them, for tests of what remembers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from engine.domain.book import Book
from engine.domain.event import (
    DailyReport,
    Event,
    PartExited,
    PositionAdded,
    PositionClosed,
    PositionOpened,
    SignalBlocked,
    SignalFired,
    StopMoved,
    TakeProfitHit,
)
from engine.domain.position import Fill, Position, Status
from engine.domain.signal import Add, EntryOrder, Side, Signal, StopMove, TakeProfit, Verdict

START = 1_743_465_600_000  # 2025-04-01
STEP = 300_000
NAN = float("nan")


def made_signal(
    strategy: str = "scalper", symbol: str = "BTC/USDT", side: Side = Side.LONG, time: int = START, price: float = 100.5
) -> Signal:
    """Return a signal with all that a signal may have."""
    sign = side.sign
    return Signal(
        strategy, symbol, "5m", side, time,
        EntryOrder("limit", price, 6, 0.7, (Add(price * (1 - 0.01 * sign), 0.3),)),
        price * (1 - 0.02 * sign),
        (TakeProfit(price * (1 + 0.01 * sign), 0.5, StopMove("entry")), TakeProfit(price * (1 + 0.03 * sign), 0.5)),
        72.5, 14_400_000, "1.0.0", "abc", "0.1.0", "binanceusdm",
        (Verdict("oversold", "rsi(14) < 30", 2, True, 3.0, (("rsi(14)", 28.25), ("atr(14)", NAN))),
         Verdict("calm", "abs(x) < 1%", 1, False, 1.0)),
        (("momentum", 81.5), ("nested", (1, "two", None, NAN, True))), 4,
    )  # fmt: skip


@dataclass
class History:
    """Events in the order in which they happened; every method adds the next ones and returns them."""

    events: list[Event] = field(default_factory=list)
    time: int = START
    numbers: dict[str, int] = field(default_factory=dict)

    def fire(self, strategy: str, symbol: str, side: Side, price: float) -> list[Event]:
        signal = made_signal(strategy, symbol, side, self._later(), price)
        kept = ((0, 1.5), (3, NAN))
        position = Position(signal, Status.PENDING, stop=signal.stop, at_entry=kept, followed_until=self.time)
        return self._add(SignalFired(f"{signal.id}-0", self.time, signal, position))

    def block(self, strategy: str, symbol: str, side: Side, reason: str) -> list[Event]:
        time = self._later()
        name = f"blocked-{strategy}-{symbol}-{side}-{time}"
        return self._add(SignalBlocked(name, time, strategy, symbol, "5m", side.value, reason, "why", ()))

    def step(self, position: Position, what: str) -> list[Event]:
        """Let `what` (open, add, target, move, part, close) happen to a live position."""
        time, price = self._later(), position.signal.entry.price * 1.001
        name = f"{position.id}-{time}"
        fill = Fill(time - 60_000, price, 0.5, what, 0.0005)
        now = replace(
            position, followed_until=time, bars=position.bars + 1, best=price * 1.002, worst=price / 1.003,
            fills=(*position.fills, fill), trailing=(0,),
        )  # fmt: skip
        match what:
            case "open":
                opened = replace(now, status=Status.OPEN, opened_at=time, entry=price, filled=0.7, remaining=0.7)
                return self._add(PositionOpened(name, time, opened, time - 60_000, fill=fill))
            case "add":
                return self._add(PositionAdded(name, time, replace(now, adds_filled=1, filled=1.0), fill=fill))
            case "target":
                hit = replace(now, targets_hit=1, remaining=0.5, result=0.005)
                return self._add(TakeProfitHit(name, time, hit, target=1, fill=fill))
            case "move":
                moved = replace(now, stop=price, fills=position.fills)
                return self._add(StopMoved(name, time, moved, old=position.stop, why="target 1"))
            case "part":
                part = replace(now, remaining=0.25, exits_taken=("faded",))
                return self._add(PartExited(name, time, part, rule="faded", fill=fill))
        status = Status.SL_HIT if position.signal.side is Side.LONG else Status.TP_HIT
        closed = replace(now, status=status, closed_at=time, exit_price=price, remaining=0.0, result_r=-1.0)
        return self._add(PositionClosed(name, time, closed, reason="stop", fill=fill))

    def report(self, strategy: str) -> list[Event]:
        numbers = (("signals", 3), ("win_rate", 0.5), ("best", None), ("coins", (("BTC/USDT", 1.25),)))
        time = self._later()
        return self._add(DailyReport(f"report-{strategy}-{time}", time, strategy, "2025-04-01", numbers))

    def book(self) -> Book:
        return Book().apply(self.events)

    def _later(self) -> int:
        self.time += STEP
        return self.time

    def _add(self, *events: Event) -> list[Event]:
        self.events.extend(events)
        return list(events)


STEPS = ("open", "add", "target", "move", "part", "close")


@st.composite
def histories(draw: st.DrawFn, most: int = 25) -> list[list[Event]]:
    """Draw a history as slices of events: signals, blocks, reports, and what happens to live positions."""
    history = History()
    slices: list[list[Event]] = []
    for _ in range(draw(st.integers(1, most))):
        strategy = draw(st.sampled_from(("scalper", "trend")))
        symbol = draw(st.sampled_from(("BTC/USDT", "ETH/USDT")))
        side = draw(st.sampled_from(Side))
        live = history.book().lane(strategy, symbol).live.get(side)
        choice = draw(st.sampled_from(("fire", "fire", "block", "report") if live is None else (*STEPS, "block")))
        if choice == "fire":
            price = draw(st.floats(1e-9, 1e9, allow_subnormal=False))
            slices.append(history.fire(strategy, symbol, side, price))
        elif choice == "block":
            slices.append(history.block(strategy, symbol, side, draw(st.sampled_from(("cooldown", "stale")))))
        elif choice == "report":
            slices.append(history.report(strategy))
        elif live is not None:
            slices.append(history.step(live, choice))
    return slices
