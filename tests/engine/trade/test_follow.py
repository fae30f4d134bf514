"""What becomes of a signal, case by case: the candles are 1m, written as `open high low close`."""

from __future__ import annotations

import pytest

from engine.domain.signal import Add, EntryOrder, TakeProfit
from tests.engine.trade.reference_life import Costs
from tests.engine.trade.story import candles, follow, signal, story

LADDER = [(102.0, 0.5, "entry"), (104.0, 0.3), (108.0, 0.2)]


def test_a_market_signal_fills_at_the_next_open():
    assert story(signal(), "100.5 101 100 101") == ["1 opened 100.5"]


def test_a_missing_candle_is_waited_for():
    assert story(signal(), None, None, "100.2 101 100 101") == ["3 opened 100.2"]


@pytest.mark.parametrize(
    ("side", "stop", "row"),
    [("long", 95, "95 96 94 96"), ("long", 95, "94 96 94 96"), ("short", 105, "105 106 99 100")],
)
def test_an_open_at_or_beyond_the_stop_cancels(side, stop, row):
    assert story(signal(side, stop=stop), row) == ["1 CANCELLED (beyond-stop)"]


def test_an_open_beyond_target_one_fills_and_takes_it_at_the_open():
    assert story(signal(targets=[(101, 0.5), (110, 0.5)]), "102 103 101 102") == ["1 opened 102", "1 target 1 102 x0.5"]


@pytest.mark.parametrize(
    ("side", "row", "lines"),
    [
        ("long", "100 102 99 101", ["2 target 1 102 x1", "2 TP_HIT (target 1) 102"]),
        ("short", "100 101 98 99", ["2 target 1 98 x1", "2 TP_HIT (target 1) 98"]),
        ("long", "100 101 95 96", ["2 SL_HIT (stop) 95"]),
        ("short", "100 105 99 101", ["2 SL_HIT (stop) 105"]),
    ],
)
def test_targets_and_stop_fill_at_their_own_price(side, row, lines):
    stop, target = (95, 102) if side == "long" else (105, 98)
    told = story(signal(side, stop=stop, targets=[target]), "100 101 99 100", row)
    assert told == ["1 opened 100", *lines]


def test_a_ladder_closes_its_parts_in_order_and_the_last_target_ends_it():
    rows = ["100 101 99.5 101", "101 104.5 100.5 104", "104 108 103 107"]
    assert story(signal(targets=LADDER), *rows) == [
        "1 opened 100", "2 target 1 102 x0.5", "2 stop 100 (target 1)", "2 target 2 104 x0.3", "3 target 3 108 x0.2",
        "3 TP_HIT (target 3) 108",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("to", "stop"), [("entry", 100.0), ("+0.1%", 100.1), ("101", 101.0), ("target 1", 102.0), ("90", None)]
)
def test_then_stop_to(to, stop):
    lines = story(signal(targets=[(102, 0.5), (104, 0.3, to), (108, 0.2)]), "100 101 99 101", "103.1 104 102.5 103.9")
    assert lines[:3] == ["1 opened 100", "2 target 1 102 x0.5", "2 target 2 104 x0.3"]
    assert lines[3:] == ([] if stop is None else [f"2 stop {stop:g} (target 2)"])  # it never loosens


def test_a_moved_stop_says_so_at_the_end():
    rows = ["100 101 99.5 101", "101 102 100.5 102", "101 101 99 99"]
    assert story(signal(targets=LADDER), *rows)[-1] == "3 SL_HIT (target 1) 100"


class TestOneCandleLeavesOpen:
    """The worse order is taken, and the candle is counted."""

    def test_stop_and_target(self):
        rows = ["100 101 99 100", "100 102 95 101"]
        assert story(signal(targets=[102]), *rows) == ["1 opened 100", "2 SL_HIT (stop) 95", "ambiguous 1"]

    def test_stop_and_target_in_the_candle_of_the_entry(self):
        assert story(signal(targets=[102]), "100 102 95 101") == ["1 opened 100", "1 SL_HIT (stop) 95", "ambiguous 1"]

    def test_target_one_and_the_stop_it_moves_to_entry(self):
        rows = ["100 101 99.5 101", "101 104 99.9 103"]
        assert story(signal(targets=LADDER), *rows) == [
            "1 opened 100", "2 target 1 102 x0.5", "2 stop 100 (target 1)", "2 SL_HIT (target 1) 100", "ambiguous 1",
        ]  # fmt: skip

    def test_a_close_beyond_the_moved_stop_is_certain(self):
        rows = ["100 101 99.5 101", "101 102 99.5 99.8"]
        assert story(signal(targets=LADDER), *rows)[-1] == "2 SL_HIT (target 1) 100"

    def test_what_the_open_passed_is_certain(self):
        rows = ["100 101 99.5 101", "103 103 94 94"]
        assert story(signal(targets=[(102, 0.5), (110, 0.5)]), *rows) == [
            "1 opened 100", "2 target 1 102 x0.5", "2 SL_HIT (stop) 95",
        ]  # fmt: skip

    def test_limit_fill_and_stop(self):
        made = signal(entry=EntryOrder("limit", 98))
        assert story(made, "100 101 94 96") == ["1 opened 98", "1 SL_HIT (stop) 95", "ambiguous 1"]

    def test_limit_fill_and_target(self):
        made = signal(entry=EntryOrder("limit", 98), targets=[102])
        assert story(made, "100 103 97 101") == ["1 opened 98", "ambiguous 1"]
        assert story(made, "100 103 97 102") == ["1 opened 98", "1 target 1 102 x1", "1 TP_HIT (target 1) 102"]

    def test_stop_entry_and_stop(self):
        made = signal(entry=EntryOrder("stop", 102))
        assert story(made, "100 103 94 102.5") == ["1 opened 102", "1 SL_HIT (stop) 95", "ambiguous 1"]


class TestGaps:
    def test_through_the_stop_fills_at_the_open(self):
        assert story(signal(), "100 101 99 100", "93 94 92 93")[-1] == "2 SL_HIT (stop) 93"
        assert story(signal("short", stop=105), "100 101 99 100", "107 108 92 93")[-1] == "2 SL_HIT (stop) 107"

    def test_beyond_a_target_fills_at_the_target(self):
        assert story(signal(targets=[102]), "100 101 99 100", "103 104 102.5 103")[-1] == "2 TP_HIT (target 1) 102"

    def test_beyond_a_moved_stop(self):
        rows = ["100 101 99.5 101", "101 102 100.5 102", "99 99 98 98"]
        assert story(signal(targets=LADDER), *rows)[-1] == "3 SL_HIT (target 1) 99"


class TestEntryOrders:
    def test_a_limit_waits_and_fills_at_its_price(self):
        made = signal(entry=EntryOrder("limit", 98))
        assert story(made, "100 101 99 100", "100 100 97.5 98.5") == ["2 opened 98"]

    def test_a_limit_never_fills_better(self):
        assert story(signal(entry=EntryOrder("limit", 98)), "97 99 96.5 98") == ["1 opened 98"]

    def test_a_limit_that_the_market_opens_beyond_the_stop_is_cancelled(self):
        assert story(signal(entry=EntryOrder("limit", 98)), "94 99 94 98") == ["1 CANCELLED (beyond-stop)"]

    def test_a_short_limit(self):
        made = signal("short", EntryOrder("limit", 102), stop=105, targets=[99])
        assert story(made, "100 101 99 100", "100 102.5 100 101", "101 101 99 99") == [
            "2 opened 102", "3 target 1 99 x1", "3 TP_HIT (target 1) 99",
        ]  # fmt: skip

    def test_a_stop_entry_fills_at_its_price_or_a_worse_open(self):
        made = signal(entry=EntryOrder("stop", 102))
        assert story(made, "100 101 99 100", "101 103 101 102") == ["2 opened 102"]
        assert story(made, "100 101 99 100", "103 104 102.5 103") == ["2 opened 103"]

    def test_slippage_worsens_what_fills_at_market_and_nothing_else(self):
        costs = Costs(slippage=0.001)
        rows = ["100 101 99 100", "100 103 99.5 102", "102 102 94 95"]
        made = signal(targets=[(102, 0.5), (110, 0.5)])
        assert story(made, *rows, costs=costs) == ["1 opened 100.1", "2 target 1 102 x0.5", "3 SL_HIT (stop) 94.905"]
        limit = signal(entry=EntryOrder("limit", 99))
        assert story(limit, rows[0], costs=costs) == ["1 opened 99"]


class TestAdds:
    ORDER = EntryOrder("market", 100, 0, 0.4, (Add(98, 0.3, "percent", 0.02), Add(96, 0.3, "percent", 0.04)))
    TARGETS = (TakeProfit(102, 0.5, None, 0.02), TakeProfit(104, 0.5, None, 0.04))

    def made(self):
        return signal(entry=self.ORDER, targets=self.TARGETS, stop=90)

    def test_they_are_laid_from_the_first_fill_and_percent_targets_follow_the_average(self):
        events, position = follow(self.made(), candles("101 101 100 100", "100 100 98.9 99"))
        assert [event.kind for event in events] == ["opened", "added"]
        assert events[1].fill.price == pytest.approx(98.98)
        assert position.entry == pytest.approx((101 * 0.4 + 98.98 * 0.3) / 0.7)
        assert position.targets == (102.14, 104.14)  # 2 % and 4 % above 100.134, on the tick
        assert position.stop == 90
        assert position.filled == pytest.approx(0.7)

    def test_they_die_at_the_first_target(self):
        rows = ["100 101 99 100", "100 102 99 102", "101 101 95 96"]
        assert story(self.made(), *rows) == ["1 opened 100", "2 target 1 102 x0.2"]

    def test_add_and_stop(self):
        rows = ["100 101 99 100", "100 100 89 91"]
        assert story(self.made(), *rows) == [
            "1 opened 100", "2 added 98 x0.3", "2 added 96 x0.3", "2 SL_HIT (stop) 90", "ambiguous 1",
        ]  # fmt: skip

    def test_a_gap_through_the_stop_fills_no_add(self):
        assert story(self.made(), "100 101 99 100", "88 90 87 88")[1:] == ["2 SL_HIT (stop) 88"]

    def test_target_and_add(self):
        rows = ["100 101 99 100", "100 102 97 101"]
        assert story(self.made(), *rows) == ["1 opened 100", "2 target 1 102 x0.2", "ambiguous 1"]

    def test_a_target_that_an_add_brought_nearer_needs_the_close(self):
        rows = ["100 101 99 100", "100 101.5 97.5 100.5"]
        assert story(self.made(), *rows) == ["1 opened 100", "2 added 98 x0.3", "ambiguous 1"]
        rows = ["100 101 99 100", "100 101.5 97.5 101.4"]
        assert story(self.made(), *rows) == ["1 opened 100", "2 added 98 x0.3", "2 target 1 101.13 x0.35"]


class TestExpiry:
    def test_it_counts_from_the_fill_and_closes_at_the_next_open(self):
        made = signal(expire_ms=180_000)
        rows = [None, "100 101 99 100", "100 101 99 100", "100 101 99 100.5", "100.7 101 99 101"]
        assert story(made, *rows) == ["2 opened 100", "5 EXPIRED (expired) 100.7"]

    def test_an_entry_that_was_never_filled_expires_too(self):
        made = signal(entry=EntryOrder("limit", 98), expire_ms=120_000)
        assert story(made, *["100 101 99 100"] * 2, "100 101 97 98") == ["3 EXPIRED (unfilled)"]
