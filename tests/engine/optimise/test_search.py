"""Searches come again with their seed, and find what is there to be found."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.optimise.objectives import costs
from engine.optimise.ranges import NothingAllowed, Point, Range, key
from engine.optimise.search import STARTUP, Tpe, better, fixed_points

RANGES = (Range("a", 5.0, 0.0, 40.0, 1.0), Range("b", 0.5, 0.0, 1.0))


def everything(point: Point) -> bool:
    return True


def bowl(point: Point) -> tuple[float, ...]:
    return ((point["a"] - 31) ** 2 / 100 + (point["b"] - 0.2) ** 2,)


def searched(generations: int, answer: Callable[[Point], tuple[float, ...] | None], objectives: int = 1) -> list[Point]:
    search = Tpe(RANGES, objectives, 7, everything)
    found = []
    for _ in range(generations):
        points = search.ask(32)
        search.tell([answer(point) for point in points])
        found += points
    return found


def test_the_adaptive_search_comes_again_and_adapts() -> None:
    points = searched(6, bowl)
    assert points == searched(6, bowl)
    early = sorted(bowl(point) for point in points[:STARTUP])[len(points[:STARTUP]) // 2]
    late = sorted(bowl(point) for point in points[-64:])[32]
    assert late[0] < early[0] / 4
    assert all(point["a"] == int(point["a"]) for point in points)


def test_points_without_a_figure_are_avoided() -> None:
    points = searched(6, lambda point: None if point["a"] > 20 else bowl(point))
    assert sum(point["a"] > 20 for point in points[-64:]) < sum(point["a"] > 20 for point in points[:64])


def test_several_objectives() -> None:
    points = searched(4, lambda point: (point["a"], -point["a"] - point["b"]), 2)
    assert len(points) == 128


def test_the_adaptive_search_keeps_the_condition() -> None:
    search = Tpe(RANGES, 1, 7, lambda point: point["a"] > 30)
    points = search.ask(32)
    search.tell([bowl(point) for point in points])
    assert all(point["a"] > 30 for point in [*points, *search.ask(32)])
    with pytest.raises(NothingAllowed):
        Tpe(RANGES, 1, 7, lambda point: False).ask(4)


def test_a_grid_is_taken_whole_or_refused() -> None:
    few = (Range("a", 1.0, 1.0, 5.0, 1.0), Range("b", 1.0, 1.0, 4.0, 1.0))
    assert len(fixed_points("grid", few, None, 7, everything)) == 20
    assert len(fixed_points("grid", few, 20, 7, everything)) == 20
    with pytest.raises(ValueError, match="the grid has 20 points, --trials allows 19"):
        fixed_points("grid", few, 19, 7, everything)
    with pytest.raises(ValueError, match="b has none: write `step`"):
        fixed_points("grid", RANGES, None, 7, everything)
    with pytest.raises(ValueError, match="the grid has 1,000,000 points"):
        fixed_points("grid", [Range(name, 1.0, 1.0, 100.0, 1.0) for name in "abc"], 500, 7, everything)
    assert len({key(point) for point in fixed_points("random", few, 12, 7, everything)}) == 12


def test_the_front_is_what_no_other_beats() -> None:
    found = [(3.0, 1.0), None, (1.0, 3.0), (2.0, 2.0), (2.0, 3.0), (1.0, 4.0), (1.0, 3.0)]
    assert better(found) == [2, 3, 0]
    assert better([(2.0,), (1.0,), None, (1.0,)]) == [1]
    assert better([None]) == []


def test_figures_become_costs_of_which_less_is_better() -> None:
    assert costs({"result": 0.5, "drawdown": 0.2}, ("result", "drawdown")) == (-0.5, 0.2)
    assert costs({"result": 0.5, "profit_factor": None}, ("result", "profit_factor")) is None
