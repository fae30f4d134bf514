"""What a case expected, held against what happened; and for what failed, why."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dsl.errors import Span
from dsl.testing.cases import Case
from dsl.testing.expectations import Expectation, Within
from dsl.testing.why import WORDS, Why, number, wrapped
from engine.domain.event import SignalBlocked
from engine.domain.market import Timeframe, Times
from engine.domain.position import Position
from engine.domain.signal import Side, Verdict
from engine.domain.strategy import Plan, StrategyRules
from engine.feeds.blocks import gather
from engine.feeds.scope import first_candle, survey
from engine.plan.evaluate import Evaluator, Values
from engine.ports import Feed


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened in one case, on the case's own timeframe. `begin` is the close time of the first candle (ms)."""

    plan: Plan
    rules: StrategyRules
    timeframe: Timeframe
    feed: Feed
    symbol: str
    begin: int
    positions: tuple[Position, ...]
    blocked: tuple[SignalBlocked, ...]
    reasons: Mapping[str, str]

    def bar(self, time: int) -> int:
        return (time - self.begin) // self.timeframe.ms

    def time(self, bar: float) -> int:
        return self.begin + round(bar) * self.timeframe.ms


@dataclass(frozen=True, slots=True)
class Failed:
    """One expectation that did not hold: where it stands, what was wrong, and the explanation under it."""

    span: Span
    message: str
    details: tuple[str, ...] = ()


def failures(case: Case, facts: Facts) -> Iterator[Failed]:
    """Yield every expectation of a case that does not hold."""
    for expected in case.expect:
        match expected.kind:
            case "signal":
                yield from _signal(expected, facts)
            case "blocked":
                yield from _blocked(expected, facts)
            case "nothing":
                yield from _nothing(expected, facts)
            case _:
                yield from _count(expected, facts)


def _signal(expected: Expectation, facts: Facts) -> Iterator[Failed]:
    near = [p for p in facts.positions if fits(expected, facts, p.signal.close_time, p.signal.side)]
    if not near:
        made = _listed(facts)
        yield Failed(expected.span, f"there is no {_what(expected)}; {made}", tuple(_why_not(expected, facts)))
        return
    wrong = [differences(expected, position, facts) for position in near]
    if all(wrong):
        best = min(wrong, key=len)
        yield Failed(expected.span, f"the {_what(expected)} is not as expected", tuple(best))


def fits(expected: Expectation, facts: Facts, time: int, side: str) -> bool:
    """Tell whether something at that time, of that side, is where it is expected."""
    return (
        (expected.side is None or expected.side == side)
        and (expected.bars is None or expected.bars.holds(facts.bar(time)))
        and (expected.at is None or expected.at == time)
    )


def differences(expected: Expectation, position: Position, facts: Facts) -> list[str]:
    """Return in a line each what a signal and its position are otherwise than expected."""
    signal, reason = position.signal, facts.reasons.get(position.id, "")
    actual = actual_numbers(position)
    wrong = [
        f"{name} is {actual[name]:.10g}, expected {within.text}"
        for name, within in expected.numbers.items()
        if not within.holds(actual[name])
    ]
    wrong += list(_target_differences(expected.targets, [t.price for t in signal.targets]))
    wrong += _verdict_differences(expected, position, facts)
    if expected.ends is not None and position.status != expected.ends:
        wrong.append(f"it ends as {position.status}, expected {expected.ends}")
    if expected.reason is not None and reason != expected.reason:
        wrong.append(f"its end has the reason `{reason}`, expected `{expected.reason}`")
    return wrong


def actual_numbers(position: Position) -> dict[str, float]:
    """Return the numbers of a signal and its position, by the keys under which they are expected."""
    signal = position.signal
    return {
        "confidence": signal.confidence,
        "entry": signal.entry.price,
        "stop": math.nan if signal.stop is None else signal.stop,
        "targets_hit": position.targets_hit,
        "result": position.result,
    }


def truths(expected: Expectation, position: Position, facts: Facts) -> dict[str, int]:
    """Return what the conditions and lets said that are named under `when`, as far as there are any."""
    told = {verdict.name: verdict.truth for verdict in position.signal.verdicts}
    lets = _lets(facts, expected.when.keys() - told.keys(), position.signal.close_time)
    return {name: (told | lets)[name] for name in expected.when if name in told or name in lets}


def _verdict_differences(expected: Expectation, position: Position, facts: Facts) -> Iterator[str]:
    """Yield what conditions, or lets that are conditions, said otherwise than expected."""
    told = {verdict.name: verdict for verdict in position.signal.verdicts}
    lets = _lets(facts, expected.when.keys() - told.keys(), position.signal.close_time)
    for name, truth in expected.when.items():
        if name in told and told[name].truth != truth:
            yield f"`{name}` is {WORDS[told[name].truth]}, expected {WORDS[truth]}: {_parts(told[name])}"
        elif name in lets and lets[name] != truth:
            yield f"`{name}` is {WORDS[lets[name]]}, expected {WORDS[truth]}"
        elif name not in told and name not in lets:
            yield f"no condition of the {position.signal.side} side and no let of it is named `{name}`; " + (
                f"its conditions are {', '.join(told)}"
            )


def _lets(facts: Facts, names: Collection[str], time: int) -> dict[str, int]:
    """Return the truth of boolean lets at a candle; a let that no rule reads is not there."""
    nodes = {
        node.text: place
        for place, node in enumerate(facts.plan.nodes)
        if node.boolean and node.text in names and node.frame.timeframe == facts.timeframe and not node.frame.symbol
    }
    if not nodes:
        return {}
    values, times, lane = _evaluated(facts, time)
    return {name: Why(facts.plan, values, len(times) - 1, lane).truth(node) for name, node in nodes.items()}


def _target_differences(expected: Sequence[Within], actual: Sequence[float]) -> Iterator[str]:
    if expected and len(expected) != len(actual):
        yield f"it has {len(actual)} targets, expected {len(expected)}"
        return
    for place, (within, price) in enumerate(zip(expected, actual, strict=False), 1):
        if not within.holds(price):
            yield f"target {place} is {price:.10g}, expected {within.text}"


def _blocked(expected: Expectation, facts: Facts) -> Iterator[Failed]:
    for event in facts.blocked:
        if fits(expected, facts, event.time, event.side) and expected.reason in (None, event.reason):
            return
    told = (
        "; ".join(f"bar {facts.bar(e.time)} {e.side}: {e.reason}" for e in facts.blocked[:8]) or "nothing was blocked"
    )
    yield Failed(expected.span, f"no such signal was blocked; {told}")


def _nothing(expected: Expectation, facts: Facts) -> Iterator[Failed]:
    for position in facts.positions:
        bar = facts.bar(position.signal.close_time)
        if expected.bars is None or expected.bars.holds(bar):
            shown = tuple(line for verdict in position.signal.verdicts for line in _verdict(verdict))
            yield Failed(expected.span, f"a {position.signal.side} signal was made at bar {bar}", shown)
            return


def _count(expected: Expectation, facts: Facts) -> Iterator[Failed]:
    count = sum(fits(expected, facts, p.signal.close_time, p.signal.side) for p in facts.positions)
    holds = {
        "exactly": count == expected.count,
        "at_least": count >= expected.count,
        "at_most": count <= expected.count,
    }[expected.kind]
    if not holds:
        wanted = f"{expected.kind.replace('_', ' ')} {expected.count}"
        yield Failed(expected.span, f"expected {wanted}, there are {count}; {_listed(facts)}")


def _what(expected: Expectation) -> str:
    side = f"{expected.side} signal" if expected.side else "signal"
    return f"{side} at bar {expected.bars.text}" if expected.bars else side


def _listed(facts: Facts) -> str:
    if not facts.positions:
        return "no signal was made"
    shown = [f"{p.signal.side} at bar {facts.bar(p.signal.close_time)}" for p in facts.positions[:6]]
    more = f" and {len(facts.positions) - 6} more" if len(facts.positions) > 6 else ""
    return f"signals made: {', '.join(shown)}{more}"


# -- why not --


def _why_not(expected: Expectation, facts: Facts) -> Iterator[str]:
    """Yield, for the candle that came nearest, every condition with its verdict and the values under it."""
    asked = _asked(expected, facts)
    if asked is None:
        yield "give `bar` or `at` to be shown every condition there"
        return
    for event in facts.blocked:
        if asked[0] <= event.time <= asked[1] and expected.side in (None, event.side):
            yield f"{event.side} fired at bar {facts.bar(event.time)}, but it was blocked: {event.reason}"
    yield from explain(facts, *asked, expected.side)


def _asked(expected: Expectation, facts: Facts) -> tuple[int, int] | None:
    if expected.at is not None:
        return expected.at, expected.at
    if expected.bars is None or not math.isfinite(expected.bars.high):
        return None
    return facts.time(expected.bars.low), facts.time(expected.bars.high)


def explain(facts: Facts, first: int, last: int, side: str | None) -> Iterator[str]:
    """Yield the conditions of each side (or of `side`) as lines, on the candle from `first` to `last` that came
    nearest to firing."""
    values, times, lane = _evaluated(facts, last)
    sides = facts.rules.rules[facts.timeframe]
    here = values.here(facts.plan.nodes[sides[0].fires].frame)[:, lane]
    rows = [row for row, time in enumerate(times) if time >= first and here[row]]
    if not rows:
        yield f"there is no candle at bar {facts.bar(first)}"
        return
    for rules in sides:
        if side is None or rules.side == Side(side):
            row = max(rows, key=lambda row: Why(facts.plan, values, row, lane).nearness(rules))
            place = f"at bar {facts.bar(int(times[row]))}" + (", the nearest," if len(rows) > 1 else "")
            yield from Why(facts.plan, values, row, lane).side(rules, place)


def _evaluated(facts: Facts, until: int) -> tuple[Values, Times, int]:
    """Return the values of every node up to a time, the close times of the case's candles, and its symbol's lane."""
    scope = survey(facts.plan, facts.feed, {facts.rules.id: (facts.symbol,)})
    first = first_candle(facts.feed, scope) or 0
    block = gather(facts.feed, scope.symbols, scope.timeframes, first, until, scope.series)
    values = Evaluator(facts.plan, scope.symbols, keep=range(len(facts.plan.nodes))).advance(block)
    return values, values.close_time(facts.timeframe), values.lane(facts.symbol)


def _verdict(verdict: Verdict) -> list[str]:
    kind = "must" if verdict.must else f"weight {verdict.weight:g}"
    head = f"{WORDS[verdict.truth]:8} {verdict.name} ({kind}): "
    return wrapped(head, verdict.text, 11) + wrapped(" " * 11, _parts(verdict), 11)


def _parts(verdict: Verdict) -> str:
    return ", ".join(f"{text} {number(value)}" for text, value in verdict.parts)
