"""Expected values brought up to what happens now, in place: the rest of the file stays as it is, to the character.

Only what a test already expects is set anew, and only where it differs: a number keeps its decimals and its
tolerance, of a range the nearer end moves. Where a signal came at another bar the bar is set. What is not there
cannot be expected otherwise: a signal that is gone, or one where there should be none, is left to the author.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dsl.errors import Span
from dsl.testing.cases import Case, Suite, read_suite
from dsl.testing.expect import actual_numbers, differences, fits, truths
from dsl.testing.expectations import EXACT, NEAR, RANGE, TRUTHS, Expectation, Within
from dsl.testing.run import Outcome, Ran, facts_of, run_case, run_suites
from dsl.testing.shown import Facts
from engine.domain.event import SignalBlocked
from engine.domain.position import Position

WORDS = {value: word for word, value in TRUTHS.items()}


@dataclass(frozen=True, slots=True)
class Edit:
    """What stands at `span` becomes `text`."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Updated:
    """A test file before and after; `left` are the cases that still fail, as they do then."""

    path: Path
    before: str
    after: str
    edits: int
    left: tuple[Outcome, ...]


def update(path: Path, wanted: Callable[[Case], bool] = lambda case: True) -> Updated | None:
    """Return a test file with its expected values set to what happens. None where it cannot be run."""
    edits: list[Edit] = []
    seen: list[Ran] = []
    tested = run_suites([path], wanted=wanted, watch=seen.append)
    if tested.diagnostics or not tested.outcomes:
        return None
    failed = {id(outcome.case) for outcome in tested.outcomes if outcome.failed}
    for ran in seen:
        if id(ran.case) in failed:
            edits += _of_case(ran.case, facts_of(ran))
    before = tested.outcomes[0].case.span.source.text
    after = written(before, edits)
    suite, found = read_suite(path, after)
    if suite is None or found:  # what was written cannot be read: nothing is
        return Updated(path, before, before, 0, tuple(o for o in tested.outcomes if o.failed))
    return Updated(path, before, after, len(edits), _left(suite, seen, tested.outcomes))


def _left(suite: Suite, seen: Sequence[Ran], outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Run what had failed again, with what it expects now."""
    now = {case.name: case for case in suite.cases}
    loaded = {id(ran.case): ran.loaded for ran in seen}
    again = (
        run_case(suite, now[outcome.case.name], loaded[id(outcome.case)]) if id(outcome.case) in loaded else outcome
        for outcome in outcomes
        if outcome.failed
    )
    return tuple(outcome for outcome in again if outcome.failed)


def written(text: str, edits: Sequence[Edit]) -> str:
    """Return a text with all edits made; quotes around a value stay."""
    for edit in sorted(edits, key=lambda edit: edit.span.start, reverse=True):
        start, end = edit.span.start, edit.span.end
        if text[start] in "\"'" and text[end - 1] == text[start]:
            start, end = start + 1, end - 1
        text = text[:start] + edit.text + text[end:]
    return text


def _of_case(case: Case, facts: Facts) -> list[Edit]:
    taken = {id(found) for expected in case.expect if (found := _fitting(expected, facts)) is not None}
    edits: list[Edit] = []
    for expected in case.expect:
        match expected.kind:
            case "signal" if _fitting(expected, facts) is None:
                edits += _of_signal(expected, facts, taken)
            case "blocked":
                edits += _of_block(expected, facts)
            case "exactly" | "at_least" | "at_most":
                edits += _of_count(expected, facts)
    return edits


def _fitting(expected: Expectation, facts: Facts) -> Position | None:
    """Return the signal that an expectation is met by."""
    if expected.kind != "signal":
        return None
    near = (p for p in facts.positions if fits(expected, facts, p.signal.close_time, p.signal.side))
    return next((p for p in near if not differences(expected, p, facts)), None)


def _of_signal(expected: Expectation, facts: Facts, taken: set[int]) -> Iterator[Edit]:
    near = [p for p in facts.positions if fits(expected, facts, p.signal.close_time, p.signal.side)]
    if near:
        position = min(near, key=lambda p: len(differences(expected, p, facts)))
    else:
        free = [p for p in facts.positions if id(p) not in taken and expected.side in (None, p.signal.side)]
        if not free:
            return
        position = min(free, key=lambda p: _distance(expected, facts, p.signal.close_time))
        yield from _moved(expected, facts, position.signal.close_time)
    taken.add(id(position))
    yield from _values(expected, facts, position)


def _distance(expected: Expectation, facts: Facts, time: int) -> float:
    if expected.at is not None:
        return abs(time - expected.at)
    middle = 0.0 if expected.bars is None else (expected.bars.low + min(expected.bars.high, 1e9)) / 2
    return abs(facts.bar(time) - middle)


def _moved(expected: Expectation, facts: Facts, time: int) -> Iterator[Edit]:
    """Yield where something is expected, set to where it came."""
    if expected.bars is not None and not expected.bars.holds(facts.bar(time)) and "bar" in expected.places:
        yield Edit(expected.places["bar"], renewed(expected.bars, facts.bar(time)))
    if expected.at is not None and expected.at != time and "at" in expected.places:
        yield Edit(expected.places["at"], dt.datetime.fromtimestamp(time / 1000, dt.UTC).strftime("%Y-%m-%dT%H:%MZ"))


def _values(expected: Expectation, facts: Facts, position: Position) -> Iterator[Edit]:
    """Yield every value of an expected signal that differs, set to what it is."""
    places = expected.places
    for name, value in actual_numbers(position).items():
        within = expected.numbers.get(name)
        if within is not None and not within.holds(value) and math.isfinite(value):
            yield Edit(places[name], renewed(within, value))
    prices = [target.price for target in position.signal.targets]
    if len(prices) == len(expected.targets):
        for place, (within, price) in enumerate(zip(expected.targets, prices, strict=True)):
            span = places.get(f"targets.{place}", places.get("targets"))
            if not within.holds(price) and span is not None:
                yield Edit(span, renewed(within, price))
    for name, truth in truths(expected, position, facts).items():
        if truth != expected.when[name]:
            yield Edit(places[f"when.{name}"], WORDS[truth])
    if expected.ends is not None and expected.ends != position.status:
        yield Edit(places["ends"], str(position.status))
    reason = facts.reason(position)
    if expected.reason is not None and expected.reason != reason and reason:
        yield Edit(places["reason"], reason)


def _of_block(expected: Expectation, facts: Facts) -> Iterator[Edit]:
    there = [e for e in facts.blocked if fits(expected, facts, e.time, e.side)]
    if any(expected.reason in (None, event.reason) for event in there):
        return
    if there:
        yield Edit(expected.places["reason"], there[0].reason)
        return
    same = [e for e in facts.blocked if expected.side in (None, e.side) and expected.reason in (None, e.reason)]
    if same:
        nearest: SignalBlocked = min(same, key=lambda e: _distance(expected, facts, e.time))
        yield from _moved(expected, facts, nearest.time)


def _of_count(expected: Expectation, facts: Facts) -> Iterator[Edit]:
    count = sum(fits(expected, facts, p.signal.close_time, p.signal.side) for p in facts.positions)
    wrong = {
        "exactly": count != expected.count, "at_least": count < expected.count, "at_most": count > expected.count
    }[expected.kind]  # fmt: skip
    if wrong:
        yield Edit(expected.places["count"], str(count))


# -- numbers as they are written --


def renewed(within: Within, value: float) -> str:
    """Return a number, range or tolerance that holds for `value`, written as the one that did not."""
    if match := RANGE.fullmatch(within.text):
        low, high = f"{match[1]}{match[2]}", f"{match[3]}{match[4]}"
        if value < within.low:
            return f"{_rounded(value, low, math.floor)} to {high}"
        return f"{low} to {_rounded(value, high, math.ceil)}"
    if match := NEAR.fullmatch(within.text):
        reach = (within.high - within.low) / 2
        return f"{_nearest(value, f'{match[1]}{match[2]}', reach)} +- {match[3]}{match[4]}"
    match = EXACT.fullmatch(within.text)
    assert match is not None
    return _nearest(value, within.text, abs(value) * 5e-10)


def _rounded(value: float, as_in: str, how: Callable[[float], int]) -> str:
    """Return a value rounded down or up to the decimals of another."""
    scaled = value * (100 if as_in.endswith("%") else 1)
    places = _decimals(as_in)
    return _text(how(round(scaled * 10**places, 6)) / 10**places, places, as_in)


def _nearest(value: float, as_in: str, reach: float) -> str:
    """Return a value with the decimals of another, with more of them where it would be too far off else."""
    share = 100 if as_in.endswith("%") else 1
    for places in range(_decimals(as_in), 17):
        text = _text(value * share, places, as_in)
        if abs(float(text.removesuffix("%").replace("_", "")) / share - value) <= reach:
            return text
    return _text(value * share, 17, as_in)


def _decimals(text: str) -> int:
    return len(text.removesuffix("%").partition(".")[2])


def _text(value: float, places: int, as_in: str) -> str:
    grouped = f"{value:_.{places}f}" if "_" in as_in else f"{value:.{places}f}"
    plain = "0" + grouped[2:] if grouped.startswith("-0") and float(grouped.replace("_", "")) == 0 else grouped
    return plain + ("%" if as_in.endswith("%") else "")
