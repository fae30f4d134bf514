"""What a case expected, held against what happened; and for what failed, why."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dsl.errors import Span
from dsl.testing.cases import Case, Expectation, Within
from engine.domain.event import SignalBlocked
from engine.domain.market import Timeframe
from engine.domain.position import Position
from engine.domain.signal import Side, Verdict
from engine.domain.strategy import Plan, StrategyRules
from engine.feeds.blocks import gather
from engine.feeds.scope import survey
from engine.plan.evaluate import Evaluator
from engine.plan.explain import verdicts
from engine.ports import Feed

WORDS = ("false", "unknown", "true")


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened in one case, on the case's own timeframe. `begin` is the close time of the first candle (ms)."""

    plan: Plan
    rules: StrategyRules
    timeframe: Timeframe
    feed: Feed
    symbol: str
    begin: int
    start: int
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
    near = [p for p in facts.positions if _placed(expected, facts, p.signal.close_time, p.signal.side)]
    if not near:
        made = _listed(facts)
        yield Failed(expected.span, f"there is no {_what(expected)}; {made}", tuple(_why_not(expected, facts)))
        return
    wrong = [_differences(expected, position, facts.reasons.get(position.id, "")) for position in near]
    if all(wrong):
        best = min(wrong, key=len)
        yield Failed(expected.span, f"the {_what(expected)} is not as expected", tuple(best))


def _placed(expected: Expectation, facts: Facts, time: int, side: str) -> bool:
    return (
        (expected.side is None or expected.side == side)
        and (expected.bars is None or expected.bars.holds(facts.bar(time)))
        and (expected.at is None or expected.at == time)
    )


def _differences(expected: Expectation, position: Position, reason: str) -> list[str]:
    signal = position.signal
    actual = {
        "confidence": signal.confidence,
        "entry": signal.entry.price,
        "stop": math.nan if signal.stop is None else signal.stop,
        "targets_hit": position.targets_hit,
        "result": position.result,
    }
    wrong = [
        f"{name} is {actual[name]:.10g}, expected {within.text}"
        for name, within in expected.numbers.items()
        if not within.holds(actual[name])
    ]
    wrong += list(_target_differences(expected.targets, [t.price for t in signal.targets]))
    told = {verdict.name: verdict for verdict in signal.verdicts}
    for name, truth in expected.when.items():
        if name not in told:
            wrong.append(f"there is no condition `{name}`; there are {', '.join(told)}")
        elif told[name].truth != truth:
            wrong.append(f"`{name}` is {WORDS[told[name].truth]}, expected {WORDS[truth]}: {_parts(told[name])}")
    if expected.ends is not None and position.status != expected.ends:
        wrong.append(f"it ends as {position.status}, expected {expected.ends}")
    if expected.reason is not None and reason != expected.reason:
        wrong.append(f"its end has the reason `{reason}`, expected `{expected.reason}`")
    return wrong


def _target_differences(expected: Sequence[Within], actual: Sequence[float]) -> Iterator[str]:
    if expected and len(expected) != len(actual):
        yield f"it has {len(actual)} targets, expected {len(expected)}"
        return
    for number, (within, price) in enumerate(zip(expected, actual, strict=False), 1):
        if not within.holds(price):
            yield f"target {number} is {price:.10g}, expected {within.text}"


def _blocked(expected: Expectation, facts: Facts) -> Iterator[Failed]:
    for event in facts.blocked:
        if _placed(expected, facts, event.time, event.side) and expected.reason in (None, event.reason):
            return
    told = (
        "; ".join(f"bar {facts.bar(e.time)} {e.side}: {e.reason}" for e in facts.blocked[:8]) or "nothing was blocked"
    )
    yield Failed(expected.span, f"no such signal was blocked; {told}")


def _nothing(expected: Expectation, facts: Facts) -> Iterator[Failed]:
    for position in facts.positions:
        bar = facts.bar(position.signal.close_time)
        if expected.bars is None or expected.bars.holds(bar):
            shown = tuple(_verdict(verdict) for verdict in position.signal.verdicts)
            yield Failed(expected.span, f"a {position.signal.side} signal was made at bar {bar}", shown)
            return


def _count(expected: Expectation, facts: Facts) -> Iterator[Failed]:
    count = sum(_placed(expected, facts, p.signal.close_time, p.signal.side) for p in facts.positions)
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
    """Yield, for the bar where a signal was expected, every condition with its verdict and the values under it."""
    if expected.at is not None:
        time = expected.at
    elif expected.bars is not None and math.isfinite(expected.bars.high):
        time = facts.time(expected.bars.low)
    else:
        yield "give `bar` or `at` to be shown every condition there"
        return
    for event in facts.blocked:
        if event.time == time and expected.side in (None, event.side):
            yield f"at bar {facts.bar(time)} {event.side} fired and was blocked: {event.reason} {event.detail}".rstrip()
    yield from explain_at(facts, time, expected.side)


def explain_at(facts: Facts, time: int, side: str | None) -> Iterator[str]:
    """Yield the conditions of each side (or of `side`) at `time` as lines."""
    scope = survey(facts.plan, facts.feed, {facts.rules.id: (facts.symbol,)})
    block = gather(facts.feed, scope.symbols, scope.timeframes, facts.start - 1, time, scope.series)
    panel = block.panels.get(facts.timeframe)
    if panel is None or not len(panel.close_time) or panel.close_time[-1] != time:
        yield f"there is no candle at bar {facts.bar(time)}"
        return
    values = Evaluator(facts.plan, scope.symbols).advance(block)
    for rules in facts.rules.rules[facts.timeframe]:
        if side is not None and rules.side != Side(side):
            continue
        fires = WORDS[int(values.of(rules.fires)[-1, values.lane(facts.symbol)])]
        yield f"{rules.side} at bar {facts.bar(time)}: fires {fires}"
        for verdict in verdicts(rules, values, len(panel.close_time) - 1, values.lane(facts.symbol)):
            yield "  " + _verdict(verdict)


def _verdict(verdict: Verdict) -> str:
    must = "must " if verdict.must else f"weight {verdict.weight:g} "
    return f"{WORDS[verdict.truth]:7} {verdict.name}: {must}{verdict.text}   {_parts(verdict)}".rstrip()


def _parts(verdict: Verdict) -> str:
    return ", ".join(
        f"{text} = {'unknown' if value != value else format(value, '.6g')}" for text, value in verdict.parts
    )
