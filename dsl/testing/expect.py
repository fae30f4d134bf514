"""What a case expected, held against what happened; and for what failed, why."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dsl.errors import Span
from dsl.explain.page import WORDS, word
from dsl.suggest import nearest
from dsl.testing.cases import Case
from dsl.testing.expectations import Expectation, Within
from dsl.testing.shown import Facts, story, verdicts, wrapped
from engine.domain.position import Position
from engine.domain.signal import Verdict


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
    wrong = [(differences(expected, position, facts), position) for position in near]
    if all(found for found, _ in wrong):
        found, position = min(wrong, key=lambda pair: len(pair[0]))
        bar = facts.bar(position.signal.close_time)
        details = (*(line for one in found for line in wrapped(one.text)), *_why_so(found, position, facts))
        yield Failed(expected.span, f"the {position.signal.side} signal at bar {bar} is not as expected", details)


def _why_so(found: Sequence[Difference], position: Position, facts: Facts) -> Iterator[str]:
    """Yield what a signal that is otherwise than expected was made of, and what became of its position."""
    about = {one.key for one in found}
    if about & {"confidence", "when"}:
        yield from verdicts(position.signal)
    if about & {"ends", "reason", "targets_hit", "result"}:
        yield from story(facts, position)


def fits(expected: Expectation, facts: Facts, time: int, side: str) -> bool:
    """Tell whether something at that time, of that side, is where it is expected."""
    return (
        (expected.side is None or expected.side == side)
        and (expected.bars is None or expected.bars.holds(facts.bar(time)))
        and (expected.at is None or expected.at == time)
    )


class Difference(NamedTuple):
    """One thing that is otherwise than expected, by its key, in a line."""

    key: str
    text: str


def differences(expected: Expectation, position: Position, facts: Facts) -> list[Difference]:
    """Return in a line each what a signal and its position are otherwise than expected."""
    signal, reason = position.signal, facts.reason(position)
    actual = actual_numbers(position)
    wrong = [
        Difference(name, f"{name} is {actual[name]:.10g}, expected {within.text}")
        for name, within in expected.numbers.items()
        if not within.holds(actual[name])
    ]
    wrong += _target_differences(expected.targets, [t.price for t in signal.targets])
    wrong += _verdict_differences(expected, position, facts)
    if expected.ends is not None and position.status != expected.ends:
        wrong.append(Difference("ends", f"it ends as {position.status}, expected {expected.ends}"))
    if expected.reason is not None and reason != expected.reason:
        wrong.append(Difference("reason", f"its end has the reason `{reason}`, expected `{expected.reason}`"))
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
    missing = expected.when.keys() - told.keys()
    lets = facts.seen.lets(missing, position.signal.close_time) if missing else {}
    return {name: (told | lets)[name] for name in expected.when if name in told or name in lets}


def _verdict_differences(expected: Expectation, position: Position, facts: Facts) -> Iterator[Difference]:
    """Yield what conditions, or lets that are conditions, said otherwise than expected."""
    told: dict[str, Verdict] = {verdict.name: verdict for verdict in position.signal.verdicts}
    found = truths(expected, position, facts)
    for name, truth in expected.when.items():
        if name not in found:
            near = nearest(name, (*told, *facts.seen.names()))
            hint = f"did you mean `{near}`?" if near else f"its conditions are {', '.join(told)}"
            message = f"no condition of the {position.signal.side} side and no let of it is named `{name}`"
            yield Difference("name", f"{message}; {hint}")
        elif found[name] != truth:
            yield Difference("when", f"`{name}` is {word(found[name])}, expected {WORDS[truth]}")


def _target_differences(expected: Sequence[Within], actual: Sequence[float]) -> Iterator[Difference]:
    if expected and len(expected) != len(actual):
        yield Difference("targets", f"it has {len(actual)} targets, expected {len(expected)}")
        return
    for place, (within, price) in enumerate(zip(expected, actual, strict=False), 1):
        if not within.holds(price):
            yield Difference("targets", f"target {place} is {price:.10g}, expected {within.text}")


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
            message = f"a {position.signal.side} signal was made at bar {bar}"
            yield Failed(expected.span, message, tuple(verdicts(position.signal)))
            return


def _count(expected: Expectation, facts: Facts) -> Iterator[Failed]:
    count = sum(fits(expected, facts, p.signal.close_time, p.signal.side) for p in facts.positions)
    holds = {
        "exactly": count == expected.count,
        "at_least": count >= expected.count,
        "at_most": count <= expected.count,
    }[expected.kind]
    if holds:
        return
    wanted = f"{expected.kind.replace('_', ' ')} {expected.count}" + (f" {expected.side}" if expected.side else "")
    details = tuple(_why_not(expected, facts)) if not count else ()
    yield Failed(expected.span, f"expected {wanted}, there are {count}; {_listed(facts)}", details)


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
    first, last = _asked(expected, facts)
    for event in facts.blocked:
        if first <= event.time <= last and expected.side in (None, event.side):
            why = facts.why_blocked(event)
            yield from wrapped(f"{event.side} fired at bar {facts.bar(event.time)}, but it was blocked: {why}")
    yield from facts.seen.nearest(first, last, expected.side)


def _asked(expected: Expectation, facts: Facts) -> tuple[int, int]:
    """Return the first and last close time (ms) at which something is expected; nothing said: anywhere."""
    if expected.at is not None:
        return expected.at, expected.at
    if expected.bars is None or not math.isfinite(expected.bars.high):
        return facts.begin, facts.end
    return facts.time(expected.bars.low), facts.time(expected.bars.high)
