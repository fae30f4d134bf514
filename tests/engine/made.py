"""Made markets and hand-made plans: random candles, rules over them, and the values that a plan would give."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from decimal import Decimal

import numpy as np

from engine.decide import Settings, decide
from engine.domain.book import Book
from engine.domain.event import Event
from engine.domain.market import Block, Market, Panel, Timeframe
from engine.domain.signal import Side
from engine.domain.strategy import (
    AddRule,
    Apply,
    AtEntry,
    Clamp,
    ConditionRule,
    Constant,
    Cooldown,
    EntryRule,
    ExitRule,
    Frame,
    Gaps,
    LevelValue,
    MoveRule,
    Node,
    Plan,
    PositionField,
    Ref,
    Schedule,
    SideRules,
    StopRule,
    StrategyRules,
    TargetRule,
    TrailRule,
    Universe,
)

MINUTE = 60_000
ORIGIN = 1_700_006_400_000  # 2023-11-15 00:00 UTC
M1, M5, M15 = (Timeframe.parse(text) for text in ("1m", "5m", "15m"))


def market_block(seed: int, minutes: int, symbols: Sequence[str] = ("BTC/USDT",), holes: float = 0.01) -> Block:
    """Return a block of 1m, 5m and 15m panels of random walks with fat tails, gaps and holes."""
    random = np.random.default_rng(seed)
    shape = (minutes, len(symbols))
    step = random.standard_t(3, shape) * 0.0015
    gap = np.where(random.random(shape) < 0.02, random.standard_t(3, shape) * 0.004, 0.0)
    close = 100 * np.exp(np.cumsum(step + gap, axis=0))
    open_ = np.vstack([np.full((1, len(symbols)), 100.0), close[:-1]]) * np.exp(gap)
    reach = np.abs(random.standard_normal((2, *shape))) * 0.001
    high, low = np.maximum(open_, close) * (1 + reach[0]), np.minimum(open_, close) * (1 - reach[1])
    here = (random.random(shape) >= holes).astype(np.int8)
    volume = random.random(shape) * 10
    fields = {"open": open_, "high": high, "low": low, "close": close, "volume": volume}
    fine = {name: np.where(here, np.round(field, 2), np.nan) for name, field in fields.items()}
    times = ORIGIN + np.arange(1, minutes + 1, dtype=np.int64) * MINUTE
    panels = {M1: Panel(M1, tuple(symbols), times, here, fine)}
    for timeframe in (M5, M15):
        panels[timeframe] = _coarser(panels[M1], timeframe)
    return Block(ORIGIN, int(times[-1]), panels)


def _coarser(panel: Panel, timeframe: Timeframe) -> Panel:
    count = timeframe.ms // panel.timeframe.ms
    rows = len(panel.close_time) // count
    parts = {name: field[: rows * count].reshape(rows, count, -1) for name, field in panel.fields.items()}
    here = panel.here[: rows * count].reshape(rows, count, -1).max(axis=1)
    with np.errstate(all="ignore"):
        filled = {name: np.where(np.isnan(part), -np.inf, part) for name, part in parts.items()}
        first = np.argmax(~np.isnan(parts["open"]), axis=1)
        last = count - 1 - np.argmax(~np.isnan(parts["close"][:, ::-1]), axis=1)
    fields = {
        "open": _pick(parts["open"], first),
        "high": filled["high"].max(axis=1),
        "low": np.where(np.isnan(parts["low"]), np.inf, parts["low"]).min(axis=1),
        "close": _pick(parts["close"], last),
        "volume": np.nansum(parts["volume"], axis=1),
    }
    fields = {name: np.where(here, field, np.nan) for name, field in fields.items()}
    return Panel(timeframe, panel.symbols, panel.close_time[count - 1 :: count][:rows], here, fields)


def _pick(part: np.ndarray, index: np.ndarray) -> np.ndarray:
    return np.take_along_axis(part, index[:, None, :], axis=1)[:, 0]


def cut(block: Block, after: int, until: int) -> Block:
    """Return the part of a block with after < close time <= until."""
    panels = {}
    for timeframe, panel in block.panels.items():
        start, stop = np.searchsorted(panel.close_time, [after, until], side="right")
        rows = slice(int(start), int(stop))
        fields = {name: field[rows] for name, field in panel.fields.items()}
        panels[timeframe] = Panel(timeframe, panel.symbols, panel.close_time[rows], panel.here[rows], fields)
    return Block(after, until, panels)


class Values:
    """Nodes by number, as (T, S) arrays of their timeframe; `cut` gives those of a part of the block."""

    def __init__(self, block: Block, nodes: dict[int, tuple[Timeframe, np.ndarray]]) -> None:
        self.symbols = next(iter(block.panels.values())).symbols
        self._block, self._nodes = block, nodes

    def of(self, node: int) -> np.ndarray:
        return self._nodes[node][1]

    def cut(self, after: int, until: int) -> Values:
        nodes = {}
        for node, (timeframe, array) in self._nodes.items():
            start, stop = np.searchsorted(self._block.panels[timeframe].close_time, [after, until], side="right")
            nodes[node] = (timeframe, array[int(start) : int(stop)])
        return Values(cut(self._block, after, until), nodes)


class Maker:
    """Collects nodes with random values for one plan over one block."""

    def __init__(self, block: Block, seed: int) -> None:
        self.block, self.random = block, np.random.default_rng(seed)
        self.nodes: list[Node] = []
        self.values: dict[int, tuple[Timeframe, np.ndarray]] = {}

    def node(self, timeframe: Timeframe, array: np.ndarray, boolean: bool = False) -> int:
        self.nodes.append(Node("made", Frame(timeframe), boolean=boolean))
        self.values[len(self.nodes) - 1] = (timeframe, array)
        return len(self.nodes) - 1

    def truth(self, timeframe: Timeframe, often: float, unknown: float = 0.02) -> int:
        shape = self.block.panels[timeframe].here.shape
        drawn = self.random.random(shape)
        return self.node(
            timeframe, np.where(drawn < often, 2, np.where(drawn > 1 - unknown, 1, 0)).astype(np.int8), True
        )

    def near(self, timeframe: Timeframe, ratio: float, unknown: float = 0.02) -> int:
        """Return a line at `ratio` of the close, sometimes unknown."""
        panel = self.block.panels[timeframe]
        line = panel.fields["close"] * (ratio + 0.002 * self.random.standard_normal(panel.here.shape))
        return self.node(timeframe, np.where(self.random.random(panel.here.shape) < unknown, np.nan, line))

    def number(self, timeframe: Timeframe, low: float, high: float) -> int:
        return self.node(timeframe, self.random.uniform(low, high, self.block.panels[timeframe].here.shape))

    def plan(self, *strategies: StrategyRules) -> tuple[Plan, Values]:
        return Plan(tuple(self.nodes), strategies, "plan"), Values(self.block, self.values)

    def strategy(self, name: str, rules: dict[Timeframe, tuple[SideRules, ...]], **more) -> StrategyRules:
        universe, mark = more.pop("universe", Universe()), f"hash of {name}"
        return StrategyRules(name, name, "1.0.0", "", "", mark, Schedule(), Gaps(), universe, rules, **more)

    def side(self, timeframe: Timeframe, side: str, often: float = 0.05, kind: str = "market", **more) -> SideRules:
        """Return rules with everything in them: adds, clamp, ladder, exits, trails, expiry."""
        long = side == "long"
        fires, confidence = self.truth(timeframe, often), self.number(timeframe, 0, 100)
        condition = ConditionRule("sometimes", "sometimes", fires, True, 0.0, (("x", confidence),))
        price = None
        if kind != "market":
            price = Ref(self.near(timeframe, 0.998 if long == (kind == "limit") else 1.002))
        kept = self.near(timeframe, 1.0)
        adds = (AddRule(_percent(0.004), 0.3), AddRule(LevelValue("distance", Constant(0.7)), 0.3))
        gain = Apply("ge", (PositionField("profit"), Constant(0.01)), True)
        exits = (
            ExitRule("half", Apply("and", (gain, Ref(self.truth(timeframe, 0.3))), True), 0.5),
            ExitRule("stale", Apply("ge", (PositionField("bars"), Constant(40.0)), True)),
            ExitRule("below", Apply("lt", (Ref(kept), Apply("mul", (AtEntry(kept), Constant(0.98)))), True)),
        )  # fmt: skip
        trails = (
            TrailRule(LevelValue("distance", Ref(self.number(timeframe, 0.5, 2.0))), ("target", 1)),
            TrailRule(_percent(0.02), ("r", 2.0)),
        )
        tighter = Apply("max" if long else "min", (PositionField("entry"), PositionField("stop")))
        targets = (
            TargetRule(_percent(0.006), 0.5, MoveRule("entry")),
            TargetRule(LevelValue("r", Constant(1.5)), 0.3, MoveRule("price", tighter)),
            TargetRule(LevelValue("price", Ref(self.near(timeframe, 1.03 if long else 0.97))), 0.2),
        )  # fmt: skip
        below = LevelValue("price", Ref(self.near(timeframe, 0.99 if long else 1.01)))
        made = {
            "entry": EntryRule(kind, price, 6 if kind != "market" else 0, 0.4, adds),
            "stop": StopRule(below, Clamp(_percent(0.008), _percent(0.02))),
            "targets": targets, "exits": exits, "trails": trails, "expire_ms": 8 * 3_600_000, "held_nodes": (kept,),
        }  # fmt: skip
        return SideRules(Side(side), (condition,), fires, confidence, **{**made, **more})


def _percent(ratio: float) -> LevelValue:
    return LevelValue("percent", Constant(ratio))


def everything(
    seed: int, minutes: int = 3000, symbols: Sequence[str] = ("BTC/USDT", "ETH/USDT")
) -> tuple[Plan, Values, Block]:
    """Return a plan of three strategies that use every part of the language over a random market."""
    block = market_block(seed, minutes, symbols)
    maker = Maker(block, seed + 1)
    where = {M5: maker.truth(M5, 0.9)}
    fast = {M5: (maker.side(M5, "long"), maker.side(M5, "short")), M15: (maker.side(M15, "long", 0.1),)}
    slow = {M15: (maker.side(M15, "short", 0.1, "limit"),), M5: (maker.side(M5, "long", 0.03, "stop"),)}
    quick = {M1: (maker.side(M1, "long", 0.02, "limit"), maker.side(M1, "short", 0.02))}
    universe = Universe(where=where, where_text="liquid")
    plan, values = maker.plan(
        maker.strategy("fast", fast, cooldowns=(Cooldown(1_800_000, "stop"), Cooldown(300_000, "signal"))),
        maker.strategy("slow", slow, universe=universe, cooldowns=(Cooldown(600_000, "exit"),)),
        maker.strategy("quick", quick),
    )
    return plan, values, block


MARKETS = {symbol: Market("made", symbol, Decimal("0.01")) for symbol in ("BTC/USDT", "ETH/USDT")}
FOLLOW = dict.fromkeys(MARKETS, M1)


def run(
    plan: Plan,
    values: Values,
    block: Block,
    borders: Sequence[int] = (),
    settings: Settings | None = None,
    book: Book | None = None,
) -> tuple[list[Event], Book]:
    """Decide a block cut at `borders`, and return every event and the last book."""
    events: list[Event] = []
    for part_values, part in parts(values, block, borders):
        decisions = decide(plan, part_values, part, book or Book(), MARKETS, settings or Settings(follow=FOLLOW))
        for time, told in decisions:
            assert all(event.time == time for event in told)
            events.extend(told)
        book = decisions.book
    return events, book or Book()


def parts(values: Values, block: Block, borders: Sequence[int]) -> Iterator[tuple[Values, Block]]:
    edges = [block.after, *borders, block.until]
    for after, until in itertools.pairwise(edges):
        yield values.cut(after, until), cut(block, after, until)
