"""What closed candles of the strategy do: exit rules, trails, bars, an entry that waits. 5m over 1m candles."""

from __future__ import annotations

import pytest

from engine.domain.signal import EntryOrder, Side
from engine.domain.strategy import (
    Apply,
    AtEntry,
    Constant,
    ExitRule,
    LevelValue,
    PositionField,
    Ref,
    SideRules,
    TrailRule,
)
from tests.engine.trade.story import bars, candles, follow, signal, told

FLAT = "100 101 99 100"


def rules(exits=(), trails=(), side: str = "long", held=()) -> SideRules:
    return SideRules(Side(side), (), 0, 0, None, None, (), tuple(exits), tuple(trails), held_nodes=tuple(held))


def run(made, rows, closes, values, how, **more):
    events, position = follow(made, candles(*rows), bars(closes, values), how, **more)
    return told(events), position


class TestExits:
    def test_a_rule_that_holds_closes_at_the_next_open(self):
        how = rules([ExitRule("faded", Ref(7))])
        rows = [FLAT] * 5 + ["100.7 101 99 100"]
        assert run(signal(), rows, [100], {7: [2]}, how)[0] == ["1 opened 100", "6 EXITED (faded) 100.7"]

    def test_an_unknown_rule_does_not_hold(self):
        assert run(signal(), [FLAT] * 6, [100], {7: [1]}, rules([ExitRule("faded", Ref(7))]))[0] == ["1 opened 100"]

    def test_rules_start_on_the_first_candle_that_closes_after_the_fill(self):
        how = rules([ExitRule("faded", Ref(7))])
        rows = [None] * 5 + [FLAT] * 6
        assert run(signal(), rows, [100, 100], {7: [2, 2]}, how)[0] == ["6 opened 100", "11 EXITED (faded) 100"]

    def test_a_part_is_closed_once_and_ends_the_adds(self):
        how = rules([ExitRule("half", Ref(7), take=0.5)])
        lines, position = run(signal(targets=[(110, 0.5), (120, 0.5)]), [FLAT] * 16, [100] * 3, {7: [2, 2, 2]}, how)
        assert lines == ["1 opened 100", "6 exit half 100 x0.5"]
        assert position.remaining == 0.5
        assert position.exits_taken == ("half",)

    def test_the_stop_comes_before_an_exit_of_the_same_time(self):
        how = rules([ExitRule("faded", Ref(7))])
        rows = [FLAT] * 4 + ["100 101 94 96"]
        assert run(signal(), rows, [96], {7: [2]}, how)[0] == ["1 opened 100", "5 SL_HIT (stop) 95"]

    @pytest.mark.parametrize(
        ("what", "value"),
        [
            (PositionField("bars"), 2.0), (PositionField("profit"), 0.01), (PositionField("best"), 103.0),
            (PositionField("stop"), 95.0), (PositionField("entry"), 100.0), (AtEntry(9), 42.0), (Constant(3.0), 3.0),
        ],
    )  # fmt: skip
    def test_what_a_rule_may_read(self, what, value):
        how = rules([ExitRule("seen", Apply("eq", (what, Constant(value)), True))], held=[9])
        rows = [FLAT] * 6 + ["100 103 99 101"] * 6
        lines, _ = run(signal(), rows, [100.5, 101], {}, how, kept={9: 42.0})
        assert lines[1].endswith("EXITED (seen) 100")


class TestTrails:
    def test_a_distance_behind_the_best_applies_from_the_next_candle(self):
        how = rules(trails=[TrailRule(LevelValue("distance", Constant(2.0)))])
        rows = [
            FLAT,
            "100 104 101 103",
            FLAT.replace("99", "102.5"),
            "103 104 102.5 103",
            "103 104 101 103",
            "102.5 103 102.1 103",
            "103 103 101 102",
        ]
        assert run(signal(), rows, [103], {}, how)[0] == ["1 opened 100", "5 stop 102 (trail)", "7 SL_HIT (trail) 102"]

    def test_a_line_a_percentage_and_a_multiple_of_the_risk(self):
        for level, stop in (("price", 98.0), ("percent", 0.03), ("r", 0.6)):
            how = rules(trails=[TrailRule(LevelValue(level, Constant(stop)))])
            rows = [FLAT] * 5
            expected = {"price": 98.0, "percent": 97.97, "r": 98.0}[level]
            assert run(signal(), rows, [100], {}, how)[0] == ["1 opened 100", f"5 stop {expected:g} (trail)"]

    def test_the_tightest_of_several_counts_and_it_never_loosens(self):
        how = rules(trails=[TrailRule(LevelValue("price", Ref(1))), TrailRule(LevelValue("price", Ref(2)))])
        values = {1: [96, 94, 98.5], 2: [97, 93, float("nan")]}
        lines, position = run(signal(), [FLAT] * 15, [100] * 3, values, how)
        assert lines == ["1 opened 100", "5 stop 97 (trail)", "15 stop 98.5 (trail)"]
        assert position.stop_why == "trail"

    def test_of_a_short_it_lies_above(self):
        how = rules(trails=[TrailRule(LevelValue("distance", Constant(1.0)))], side="short")
        rows = [FLAT, "100 100 96 97", *["97 97.5 96.5 97"] * 3, "97 98 96.5 97"]
        lines, _ = run(signal("short", stop=105), rows, [97], {}, how)
        assert lines == ["1 opened 100", "5 stop 97 (trail)", "6 SL_HIT (trail) 97"]

    @pytest.mark.parametrize(
        ("after", "begins"),
        [
            (("target", 1), True), (("r", 0.8), True), (("percent", 0.03), True),
            (("target", 2), False), (("r", 1.5), False), (("percent", 0.05), False),
        ],
    )  # fmt: skip
    def test_after(self, after, begins):
        how = rules(trails=[TrailRule(LevelValue("distance", Constant(3.0)), after)])
        rows = [FLAT, "100 104 102 104", *["103 103.5 102.5 103"] * 3]
        lines, position = run(signal(targets=[(102, 0.5), (110, 0.5)]), rows, [103], {}, how)
        assert lines[2:] == (["5 stop 101 (trail)"] if begins else [])
        assert position.trailing == ((0,) if begins else ())


class TestWaitingEntries:
    ORDER = EntryOrder("limit", 98, cancel_after=2)

    def test_it_is_cancelled_after_its_candles(self):
        lines, position = run(signal(entry=self.ORDER), [FLAT] * 12, [100] * 2, {}, rules())
        assert lines == ["10 CANCELLED (unfilled)"]
        assert position.fills == ()

    def test_it_may_fill_on_its_last_candle_and_counts_from_there(self):
        rows = [FLAT] * 9 + ["100 100 97 98"] + [FLAT] * 5
        lines, position = run(signal(entry=self.ORDER), rows, [100] * 3, {}, rules())
        assert lines == ["10 opened 98"]
        assert position.bars == 2


def test_bars_count_the_strategys_candles_since_the_fill_even_if_no_rule_asks():
    assert run(signal(), [FLAT] * 16, [100] * 3, {}, None)[1].bars == 3
