"""The reasons that only an engine that lived can give: it did not run, it lost something, it cannot be asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dsl.load import load
from engine.domain.position import Position
from engine.feeds.files import FilesFeed
from engine.sceptic.compare import compare
from engine.sceptic.telling import Key, Telling, told
from engine.sceptic.walk import Ground
from tests.app.bot import UNIVERSE, furnish, history


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(tmp_path_factory.mktemp("compare"))


def telling(home: Path, label: str, **changes: object) -> Telling:
    """Return what the backtest tells, with some of it changed."""
    result = history(home)
    plan = load([home / "bot.yaml"]).plan
    positions, blocks = told(result.events, result.positions)
    ground = Ground.of(plan, FilesFeed([home / "data"]), UNIVERSE)
    made = Telling(
        label, result.start, result.end, plan.strategies[0], frozenset(UNIVERSE["bot"]), positions, blocks, ground
    )
    return replace(made, seen={}, **changes)


def without(positions: dict[Key, Position] | object, number: int) -> tuple[dict[Key, Position], Key]:
    """Return the positions but for the one of that number, and its key."""
    assert isinstance(positions, dict)
    key = sorted(positions, key=lambda key: key[3])[number]
    return {other: position for other, position in positions.items() if other != key}, key


def test_the_same_differs_in_nothing(home: Path) -> None:
    assert compare(telling(home, "A"), telling(home, "B")) == []


def test_what_was_lost_is_told_to_be_lost(home: Path) -> None:
    a = telling(home, "A")
    positions, key = without(a.positions, 7)
    (found,) = compare(a, telling(home, "B", positions=positions, blocks={}))
    assert (found.key, found.only, found.reason) == (key, "A", "not-recorded")
    assert "although its rules fire" in found.text
    (turned,) = compare(telling(home, "B", positions=positions, blocks={}), a)
    assert (turned.key, turned.only, turned.reason) == (key, "A", "not-recorded")


def test_an_engine_that_did_not_run_says_when(home: Path) -> None:
    a = telling(home, "A")
    positions, key = without(a.positions, 7)
    silent = ((key[3] - 3_600_000, key[3] + 3_600_000),)
    (found,) = compare(a, telling(home, "B", positions=positions, blocks={}, ground=None, silent=silent))
    assert (found.key, found.reason) == (key, "not-running")
    assert found.text.startswith("B did not run from 2025-01-0")


def test_one_that_cannot_be_asked_says_so(home: Path) -> None:
    a = telling(home, "A")
    positions, key = without(a.positions, 7)
    (found,) = compare(a, telling(home, "B", positions=positions, blocks={}, ground=None, rules=None))
    assert (found.key, found.reason) == (key, "unknown")


def test_what_lies_outside_of_a_span_was_not_decided(home: Path) -> None:
    a = telling(home, "A")
    middle = (a.begin + a.end) // 2
    early = {key: position for key, position in a.positions.items() if key[3] <= middle}
    found = compare(a, telling(home, "B", positions=early, end=middle))
    assert len(found) == len(a.positions) - len(early) > 5
    assert {(one.only, one.reason) for one in found} == {("A", "not-decided")}
