"""Two tellings of the same time, signal by signal: where they differ, and why.

A telling is what a backtest or a database says of one strategy. A signal is the same where symbol, timeframe, side and
candle are. For one that only one of the two has, the other is asked what it saw on that candle: whether it looked
there at all, had the candle, was blocked, or which condition did not hold, with both values; and where the rules are
the same, the candles under it are compared, because only they can differ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.domain.event import SignalBlocked
from engine.domain.market import FIELDS, Timeframe
from engine.domain.position import Position
from engine.domain.signal import Signal, Verdict
from engine.sceptic.telling import TRUE, Key, Telling, Witness, ask, when

TRUTHS = ("false", "unknown", "true")
NEAR = 1e-6


@dataclass(frozen=True, slots=True)
class Difference:
    """One signal that differs. `only`: the label of the telling that has it, '' where both do and it came out
    otherwise. `reason` is one word for machines, `text` a line for people, `details` further ones."""

    key: Key
    only: str
    reason: str
    text: str
    details: tuple[str, ...] = ()


def compare(a: Telling, b: Telling) -> list[Difference]:
    """Return every signal that differs, in the order of time."""
    only_a = [key for key in a.positions if key not in b.positions]
    only_b = [key for key in b.positions if key not in a.positions]
    ask(a, [*only_b, *only_a])
    ask(b, [*only_a, *only_b])
    found = [_missing(key, a, b) for key in only_a] + [_missing(key, b, a) for key in only_b]
    both = [key for key in a.positions if key in b.positions]
    found += [one for key in both if (one := _otherwise(key, a, b)) is not None]
    return sorted(found, key=lambda one: (one.key[3], one.key))


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
