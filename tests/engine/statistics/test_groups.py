"""Trades taken apart: every trade is in one group of each kind, and the groups add up."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from engine.domain.signal import Verdict
from engine.statistics.groups import by_condition, groups
from engine.statistics.outcomes import outcomes
from engine.statistics.trades import trades_of
from tests.engine.account.made import lived


def many():
    chance = random.Random(3)
    made = []
    for number in range(300):
        at = number * 181
        end = (at + chance.randint(1, 4000), 100 * chance.uniform(0.9, 1.1), 1, chance.choice(["stop", "exit"]))
        said = lived(
            (at, 100, 1, "entry"), end,
            at=at, symbol=chance.choice(["BTC/USDT", "ETH/USDT"]), strategy=chance.choice("ab"),
            side=chance.choice(["long", "short"]), stop=None,
        )  # fmt: skip
        verdicts = (Verdict("must", "", 2, True, 0), Verdict("maybe", "", chance.randint(0, 2), False, 1))
        made.append(replace(said, signal=replace(said.signal, verdicts=verdicts)))
    return made


def test_the_groups_of_every_kind_add_up_to_all() -> None:
    made = trades_of(many())
    whole = outcomes(made)
    found = groups(made)
    assert set(found) == {"strategy", "symbol", "side", "timeframe", "end", "hour", "weekday", "month"}
    for kind, part in found.items():
        assert sum(one.trades for one in part.values()) == whole.trades, kind
        assert sum(one.result for one in part.values()) == pytest.approx(whole.result), kind
    assert list(found["hour"]) == sorted(found["hour"])
    assert list(found["weekday"]) == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def test_the_entry_has_the_hour_and_the_end_the_month() -> None:
    sunday = 31 * 1440 + 23 * 60 + 30  # 1 February 1970, 23:30
    one = lived((sunday, 100, 1, "entry"), (sunday + 28 * 1440, 101, 1, "exit"), at=sunday)
    found = groups(trades_of([one]))
    assert (list(found["weekday"]), list(found["hour"]), list(found["month"])) == (["Sun"], ["23"], ["1970-03"])


def test_a_condition_is_asked_where_it_held_and_where_not() -> None:
    positions = many()
    made = trades_of(positions)
    found = by_condition(made, positions)
    for (strategy, side, name), (held, other) in found.items():
        mine = [p for p in positions if p.signal.strategy == strategy and str(p.signal.side) == side]
        truths = [verdict.truth for p in mine for verdict in p.signal.verdicts if verdict.name == name]
        assert (held.trades, other.trades) == (truths.count(2), len(truths) - truths.count(2))
    assert all(other.trades == 0 for (_, _, name), (_, other) in found.items() if name == "must")
    assert any(other.trades for _, other in found.values())


def test_without_trades_there_are_no_groups() -> None:
    assert all(part == {} for part in groups(trades_of([])).values())
    assert by_condition(trades_of([]), many()) == {}
