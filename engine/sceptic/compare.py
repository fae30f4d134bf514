"""Two tellings of the same time, signal by signal: where they differ, and why.

A telling is what a backtest or a database says of one strategy. A signal is the same where symbol, timeframe, side and
candle are. For one that only one of the two has, the other is asked what it saw on that candle: whether it looked
there at all, had the candle, was blocked, or which condition did not hold, with both values; and where the rules are
the same, the candles under it are compared, because only they can differ.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from engine.domain.event import Event, SignalBlocked
from engine.domain.market import FIELDS, Timeframe
from engine.domain.position import Position
from engine.domain.signal import Signal, Verdict
from engine.domain.strategy import SideRules, StrategyRules
from engine.plan import explain
from engine.plan.evaluate import Evaluator
from engine.ports import Predictor
from engine.sceptic.walk import Ground

Key = tuple[str, str, str, int]
"""Symbol, timeframe, side and close time of a signal's candle."""
Lane = tuple[str, str, str]
TRUE = 2
TRUTHS = ("false", "unknown", "true")
NEAR = 1e-6


@dataclass(frozen=True, slots=True)
class Witness:
    """What a side's rules say on one candle: whether they fire (0 1 2), and every condition. None: no such candle."""

    fires: int
    verdicts: tuple[Verdict, ...]


@dataclass
class Telling:
    """What one side of a comparison says of one strategy over (begin, end], ms.

    `ground` has the candles to ask what was seen (None: not known), `silent` spans in which nothing ran. `rules` None:
    the rules it was made by are not here; `hashes` are those its signals carry.
    """

    label: str
    begin: int
    end: int
    rules: StrategyRules | None
    symbols: frozenset[str]
    positions: Mapping[Key, Position]
    blocks: Mapping[Lane, tuple[SignalBlocked, ...]]
    ground: Ground | None = None
    models: Mapping[str, Predictor] | None = None
    silent: tuple[tuple[int, int], ...] = ()
    hashes: frozenset[str] = frozenset()
    seen: dict[Key, Witness | None] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        return self.rules.hash if self.rules is not None else ", ".join(sorted(self.hashes))

    def side(self, key: Key) -> SideRules | None:
        """Return the rules of the side that a key is about, None where there are none."""
        if self.rules is None:
            return None
        sides = self.rules.rules.get(Timeframe.parse(key[1]), ())
        return next((side for side in sides if str(side.side) == key[2]), None)


@dataclass(frozen=True, slots=True)
class Difference:
    """One signal that differs. `only`: the label of the telling that has it, '' where both do and it came out
    otherwise. `reason` is one word for machines, `text` a line for people, `details` further ones."""

    key: Key
    only: str
    reason: str
    text: str
    details: tuple[str, ...] = ()


def told(
    events: Sequence[Event], positions: Sequence[Position]
) -> tuple[dict[Key, Position], dict[Lane, tuple[SignalBlocked, ...]]]:
    """Return positions by the key of their signal, and what was told as blocked per lane, in the order of time."""
    blocks: dict[Lane, list[SignalBlocked]] = {}
    for event in events:
        if isinstance(event, SignalBlocked):
            blocks.setdefault((event.symbol, event.timeframe, event.side), []).append(event)
    by_key = {key_of(position.signal): position for position in positions}
    return by_key, {lane: tuple(found) for lane, found in blocks.items()}


def key_of(signal: Signal) -> Key:
    return signal.symbol, signal.timeframe, str(signal.side), signal.close_time


def compare(a: Telling, b: Telling) -> list[Difference]:
    """Return every signal that differs, in the order of time."""
    only_a = [key for key in a.positions if key not in b.positions]
    only_b = [key for key in b.positions if key not in a.positions]
    _ask(a, [*only_b, *only_a])
    _ask(b, [*only_a, *only_b])
    found = [_missing(key, a, b) for key in only_a] + [_missing(key, b, a) for key in only_b]
    both = [key for key in a.positions if key in b.positions]
    found += [one for key in both if (one := _otherwise(key, a, b)) is not None]
    return sorted(found, key=lambda one: (one.key[3], one.key))


# -- what a side saw --


def _ask(telling: Telling, keys: Sequence[Key]) -> None:
    """Evaluate a telling's rules on these candles."""
    ground, rules = telling.ground, telling.rules
    wanted = sorted({key for key in keys if telling.side(key) is not None}, key=lambda key: key[3])
    if ground is None or rules is None or not wanted:
        return
    sides = {key[1:3]: side for key in wanted if (side := telling.side(key)) is not None}
    keep = {node for side in sides.values() for node in _nodes(side)}
    evaluator = Evaluator(ground.plan, ground.scope.symbols, predictors=telling.models, keep=keep)
    place = 0
    for after, until in ground.cuts(ground.first, min(ground.end, wanted[-1][3]), max(len(keep), 1)):
        block = ground.block(after, until)
        if wanted[place][3] > until:
            evaluator.skip(block)
            continue
        values = evaluator.advance(block)
        while place < len(wanted) and wanted[place][3] <= until:
            key = wanted[place]
            place += 1
            telling.seen[key] = None
            timeframe = Timeframe.parse(key[1])
            if key[0] not in values.symbols or timeframe not in ground.timeframes:
                continue
            times, lane = values.close_time(timeframe), values.lane(key[0])
            row = int(times.searchsorted(key[3]))
            panel = block.panels[timeframe]
            if row < len(times) and times[row] == key[3] and panel.here[row, lane]:
                side = sides[key[1:3]]
                fires = values.of(side.fires)
                truth = int(fires[row, lane if fires.shape[1] > 1 else 0])
                telling.seen[key] = Witness(truth, explain.verdicts(side, values, row, lane))
        if place == len(wanted):
            return


def _nodes(side: SideRules) -> Iterator[int]:
    yield side.fires
    for condition in side.conditions:
        yield condition.node
        yield from (node for _, node in condition.parts)


# -- why --


def _missing(key: Key, has: Telling, lacks: Telling) -> Difference:
    """Say why `lacks` has no signal that `has` has."""
    reason, text, details = _why(key, has, lacks)
    return Difference(key, has.label, reason, text, tuple(details))


def _why(key: Key, has: Telling, lacks: Telling) -> tuple[str, str, list[str]]:
    symbol, timeframe, side, time = key
    name = lacks.label
    if not lacks.begin < time <= lacks.end:
        return "not-decided", f"{name} decided from {when(lacks.begin)} to {when(lacks.end)} only", []
    if symbol not in lacks.symbols:
        return "symbol", f"{name} does not look at {symbol}", []
    if lacks.rules is not None and lacks.side(key) is None:
        return "rules", f"{name} has no {side} side on {timeframe}", []
    if key in lacks.seen and lacks.seen[key] is None:
        return "missing-candle", f"{name} has no {timeframe} candle of {symbol} that closed then", []
    blocked = _blocked(key, lacks)
    if blocked is not None:
        known = f" ({blocked.detail})" if blocked.detail else ""
        since = "" if blocked.time == time else f", told first at {when(blocked.time)}"
        return blocked.reason, f"{name} was blocked: {blocked.reason}{known}{since}", _cause(key, has, lacks)
    seen = lacks.seen.get(key)
    if seen is not None and seen.fires != TRUE:
        details = _verdicts(key, has, lacks, seen)
        if has.hash == lacks.hash:
            return "candles", f"{name} did not fire, by the same rules", [*details, *_candles(key, has, lacks)]
        return "condition", f"{name} did not fire, by other rules", details
    silent = next(((start, end) for start, end in lacks.silent if start < time <= end), None)
    if silent is not None:
        return "not-running", f"{name} did not run from {when(silent[0])} to {when(silent[1])}", []
    if seen is not None:
        return "not-recorded", f"{name} has nothing of it, although its rules fire on its candles", []
    return "unknown", f"{name} has nothing of it, and no candles to ask", []


def _blocked(key: Key, telling: Telling) -> SignalBlocked | None:
    """Return the block that holds on a candle: the one told then, else the last one before it that still runs.

    Of a run of blocked candles only the first is told, so an earlier one counts where the rules fire, and no signal
    came between.
    """
    earlier = [block for block in telling.blocks.get(key[:3], ()) if block.time <= key[3]]
    if not earlier:
        return None
    last = earlier[-1]
    if last.time == key[3]:
        return last
    seen = telling.seen.get(key)
    if seen is None or seen.fires != TRUE:
        return None
    between = any(other[:3] == key[:3] and last.time < other[3] < key[3] for other in telling.positions)
    return None if between and last.reason != "open-position" else last


def _cause(key: Key, has: Telling, lacks: Telling) -> list[str]:
    """Name the last signal of the lane before, where only the blocked one has it: the block follows from it."""
    before = [other for other in lacks.positions if other[0] == key[0] and other[3] < key[3]]
    if not before:
        return []
    last = max(before, key=lambda other: other[3])
    if last in has.positions:
        return []
    return [f"its signal of {when(last[3])} on {last[1]} {last[2]}, which {has.label} has not, came before"]


def _verdicts(key: Key, has: Telling, lacks: Telling, seen: Witness) -> list[str]:
    """Return a line per condition that the two do not say the same of."""
    signal = has.positions[key].signal
    own = has.seen.get(key)
    before = {verdict.name: verdict for verdict in (own.verdicts if own is not None else signal.verdicts)}
    lines = []
    for verdict in seen.verdicts:
        other = before.pop(verdict.name, None)
        if other is None:
            if verdict.truth != TRUE:
                lines.append(
                    f"{verdict.name}: {TRUTHS[verdict.truth]} ({parts(verdict)}); {has.label} has no such condition"
                )
        elif other.truth != verdict.truth:
            text = "" if other.text == verdict.text else f"; {has.label} asks `{other.text}`"
            here, there = TRUTHS[verdict.truth], TRUTHS[other.truth]
            lines.append(f"{verdict.name}: {here}, in {has.label} {there}: {_values(verdict, other, has.label)}{text}")
    if not lines:
        lines = [f"{v.name}: {TRUTHS[v.truth]} ({parts(v)})" for v in seen.verdicts if v.truth != TRUE]
    return lines


def _values(verdict: Verdict, other: Verdict, label: str) -> str:
    """Return the values under a condition that the two do not have alike, all where they have them alike."""
    before = dict(other.parts)
    apart = [
        f"{text} {value:.6g}, in {label} {before[text]:.6g}"
        for text, value in verdict.parts
        if text in before and before[text] != value and not (math.isnan(value) and math.isnan(before[text]))
    ]
    return "; ".join(apart) or parts(verdict)


def parts(verdict: Verdict) -> str:
    """Return the values under a condition."""
    known = ", ".join(f"{text} {value:.6g}" for text, value in verdict.parts)
    return known or verdict.text


def _candles(key: Key, has: Telling, lacks: Telling) -> list[str]:
    """Return the last candle under a decision that the two do not have alike, and how many there are."""
    a, b = has.ground, lacks.ground
    side = lacks.side(key)
    if a is None or b is None or side is None:
        return []
    symbol, timeframe, _, time = key
    frame = Timeframe.parse(timeframe)
    begin = time - max(b.plan.nodes[side.fires].history_ms, frame.ms)
    one, other = (ground.feed.candles(symbol, frame, begin, time) for ground in (a, b))
    first = {int(t): i for i, t in enumerate(one.close_time)}
    second = {int(t): i for i, t in enumerate(other.close_time)}
    apart: list[tuple[int, str]] = []
    for moment in {**first, **second}:
        if moment not in second:
            apart.append((moment, f"{lacks.label} has none"))
        elif moment not in first:
            apart.append((moment, f"{has.label} has none"))
        else:
            pairs = [
                (f, float(getattr(one, f)[first[moment]]), float(getattr(other, f)[second[moment]])) for f in FIELDS
            ]
            told = [f"{f} {x:g} and {y:g}" for f, x, y in pairs if x != y and not (math.isnan(x) and math.isnan(y))]
            if told:
                apart.append((moment, ", ".join(told)))
    if not apart:
        return ["the candles of this series are the same: another symbol, timeframe or series differs"]
    last = max(apart)
    return [
        f"{len(apart)} of the candles under it differ, the last at {when(last[0])}: {last[1]} "
        f"({has.label}, {lacks.label})"
    ]


# -- signals that both have --


def _otherwise(key: Key, a: Telling, b: Telling) -> Difference | None:
    one, other = a.positions[key], b.positions[key]
    levels = _levels(one.signal, other.signal)
    if levels:
        rules = "" if one.signal.plan_hash == other.signal.plan_hash else ", by other rules"
        return Difference(key, "", "levels", f"{a.label} and {b.label} quote otherwise{rules}", tuple(levels))
    if one.status.live or other.status.live:
        return None
    ends = _ends(one, other)
    return (
        Difference(key, "", "outcome", f"it came out otherwise in {a.label} and {b.label}", tuple(ends))
        if ends
        else None
    )


def _levels(one: Signal, other: Signal) -> list[str]:
    pairs = [("entry", one.entry.price, other.entry.price), ("stop", one.stop, other.stop),
             ("confidence", one.confidence, other.confidence)]  # fmt: skip
    if len(one.targets) != len(other.targets):
        return [f"{len(one.targets)} targets and {len(other.targets)}"]
    pairs += [
        (f"target {n}", x.price, y.price) for n, (x, y) in enumerate(zip(one.targets, other.targets, strict=True), 1)
    ]
    return [f"{what}: {_number(x)} and {_number(y)}" for what, x, y in pairs if not _near(x, y)]


def _ends(one: Position, other: Position) -> list[str]:
    lines = []
    if one.status is not other.status:
        lines.append(f"end: {one.status} at {when(one.closed_at)} and {other.status} at {when(other.closed_at)}")
    for what, x, y in (("fill", one.entry, other.entry), ("exit", one.exit_price, other.exit_price)):
        if not _near(x, y):
            lines.append(f"{what}: {_number(x)} and {_number(y)}")
    if not _near(one.result, other.result, absolute=1e-9):
        lines.append(f"result: {one.result * 100:+.3f} % and {other.result * 100:+.3f} %")
    if not lines and one.closed_at != other.closed_at:
        lines.append(f"end: at {when(one.closed_at)} and at {when(other.closed_at)}")
    return lines


def _near(x: float | None, y: float | None, absolute: float = 0.0) -> bool:
    if x is None or y is None:
        return x is y
    return (x != x and y != y) or math.isclose(x, y, rel_tol=NEAR, abs_tol=absolute)


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.8g}"


def when(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M}"
