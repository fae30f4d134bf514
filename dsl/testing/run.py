"""Cases run on the real road: made candles in a feed, the compiled strategy, the backtest's decide and simulator."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dsl.errors import Diagnostic
from dsl.load import Loaded, load
from dsl.testing.cases import Case, Suite, read_suite, there
from dsl.testing.expect import Failed, failures
from dsl.testing.feeds import FOREVER, as_given, feed_of
from dsl.testing.shown import Facts
from engine.backtest import Result, backtest
from engine.decide import Settings
from engine.domain.event import PositionEvent, SignalBlocked, SignalFired
from engine.domain.market import Candles, Timeframe
from engine.domain.strategy import Plan, StrategyRules
from engine.ports import Feed, FeedError


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case: its failures (none: passed), or why it was skipped; and how long it took."""

    path: Path
    case: Case
    failed: tuple[Failed, ...] = ()
    skipped: str = ""
    signals: int = 0
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return not self.failed and not self.skipped


@dataclass(frozen=True, slots=True)
class Tested:
    """Everything that came of some test files. `diagnostics` are mistakes in test files or strategies.

    `stopped`: the first failure ended it, and there was more to run.
    """

    outcomes: tuple[Outcome, ...]
    diagnostics: tuple[Diagnostic, ...] = field(default=())
    files: int = 0
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Ran:
    """One case as it was run: its strategy on the case's timeframe alone, the candles, and what came of them.

    `begin` is the close time (ms) of bar 0.
    """

    suite: Suite
    case: Case
    loaded: Loaded
    plan: Plan
    rules: StrategyRules
    timeframe: Timeframe
    feed: Feed
    result: Result
    begin: int


Watch = Callable[[Ran], None]


def suites_in(paths: Sequence[Path]) -> list[Path]:
    """Return the test files among `paths`: those named, beside a named strategy, and in folders, sorted."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(path.glob("*.test.yaml"))
        elif path.name.endswith(".test.yaml"):
            found.append(path)
        else:
            found.append(path.with_name(f"{path.stem}.test.yaml"))
    return list(dict.fromkeys(found))


def run_suites(
    paths: Sequence[Path],
    *,
    wanted: Callable[[Case], bool] = lambda case: True,
    fail_fast: bool = False,
    loaded_too: Callable[[Suite, Loaded], None] = lambda suite, loaded: None,
    watch: Watch = lambda ran: None,
) -> Tested:
    """Run test files and folders of them. A bad one never stops the good ones.

    `wanted` chooses cases. `fail_fast`: the first failure ends it. `loaded_too` is told of each suite whose strategy
    could be loaded, `watch` of each case that could be run.
    """
    outcomes: list[Outcome] = []
    diagnostics: list[Diagnostic] = []
    files = suites_in(paths)
    for path in files:
        suite, found = read_suite(path)
        diagnostics += found
        if suite is None or found or not there(suite.strategy):
            continue
        loaded = load([suite.strategy])
        diagnostics += loaded.errors
        if not loaded.plan.strategies:
            continue
        loaded_too(suite, loaded)
        for case in filter(wanted, suite.cases):
            outcomes.append(timed_case(suite, case, loaded, watch))
            if fail_fast and outcomes[-1].failed:
                return Tested(tuple(outcomes), tuple(diagnostics), len(files), stopped=True)
    return Tested(tuple(outcomes), tuple(diagnostics), len(files))


def timed_case(suite: Suite, case: Case, loaded: Loaded, watch: Watch = lambda ran: None) -> Outcome:
    """Run one case against a strategy that was loaded, by the clock."""
    begun = time.perf_counter()
    outcome = run_case(suite, case, loaded, watch)
    return replace(outcome, seconds=time.perf_counter() - begun)


def run_case(suite: Suite, case: Case, loaded: Loaded, watch: Watch = lambda ran: None) -> Outcome:
    """Run one case against a strategy that was loaded."""
    plan = as_given(loaded.plan, case)
    rules = plan.strategies[0]
    timeframe = Timeframe.parse(case.timeframe)
    if timeframe not in rules.rules:
        known = ", ".join(map(str, rules.rules))
        return Outcome(
            suite.path, case, (Failed(case.span, f"{rules.id} does not run on {timeframe}; it runs on {known}"),)
        )
    if case.candles is not None and not there(case.candles):
        return Outcome(suite.path, case, skipped=f"there is no {case.candles}")
    # A made series stands for one market on one timeframe: the strategy trades it there, and nothing else.
    plan = replace(plan, strategies=(replace(rules, rules={timeframe: rules.rules[timeframe]}),))
    rules = plan.strategies[0]
    try:
        feed = feed_of(case, timeframe)
        result = backtest(plan, feed, {rules.id: (case.symbol,)}, Settings(), start=case.since, end=case.until)
    except (FeedError, ValueError) as error:  # no candles there, or a candle file that is broken
        return Outcome(suite.path, case, (Failed(case.span, str(error)),))
    base = feed.candles(case.symbol, timeframe, 0, FOREVER)
    ran = Ran(suite, case, loaded, plan, rules, timeframe, feed, result, _begin(case, base, timeframe))
    watch(ran)
    facts = facts_of(ran)
    return Outcome(suite.path, case, tuple(failures(case, facts)), signals=len(facts.positions))


def facts_of(ran: Ran) -> Facts:
    """Return what a case's expectations are held against."""
    positions = {p.id: p for p in ran.result.positions}
    events = ran.result.events
    lives: dict[str, list[PositionEvent]] = {name: [] for name in positions}
    for event in events:
        if isinstance(event, PositionEvent):
            lives[event.position.id].append(event)
    return Facts(
        case=ran.case,
        loaded=ran.loaded,
        plan=ran.plan,
        rules=ran.rules,
        timeframe=ran.timeframe,
        feed=ran.feed,
        begin=ran.begin,
        end=ran.result.end,
        events=events,
        positions=tuple(positions[e.signal.id] for e in events if isinstance(e, SignalFired)),
        blocked=tuple(e for e in events if isinstance(e, SignalBlocked)),
        lives={name: tuple(told) for name, told in lives.items()},
    )


def _begin(case: Case, base: Candles, timeframe: Timeframe) -> int:
    """Return the close time of bar 0: of the first candle written, there or not; of a file the first in the span."""
    if case.candles is None:
        return case.start + timeframe.ms
    since = 0 if case.since is None else case.since
    later = base.close_time[base.close_time > since]
    return int(later[0]) if len(later) else 0
