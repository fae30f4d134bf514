"""Ranges of params: their values, grids, draws and neighbours."""

from __future__ import annotations

import pytest

from engine.optimise.ranges import NothingAllowed, Range, draws, grid, key, neighbours, size

STEP = Range("share", 0.3, 0.1, 0.5, 0.1)
LENGTH = Range("length", 14.0, 5.0, 30.0, 5.0)
FREE = Range("free", 1.0, 0.0, 2.0)


def everything(point: object) -> bool:
    return True


def test_steps_are_counted_in_decimals() -> None:
    assert STEP.values() == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert STEP.count == 5
    assert [STEP.place(value) for value in (0.1, 0.29, 0.5, 9.0)] == [0, 2, 4, 4]


def test_a_range_that_its_step_does_not_divide_ends_below_its_high_end() -> None:
    assert Range("x", 1.0, 1.0, 10.0, 4.0).values() == [1.0, 5.0, 9.0]


def test_a_grid_has_every_combination_that_is_allowed() -> None:
    points = grid([STEP, LENGTH], everything)
    assert len(points) == size([STEP, LENGTH]) == 30
    assert len({key(point) for point in points}) == 30
    few = grid([STEP, LENGTH], lambda point: point["length"] < 12 and point["share"] > 0.3)
    assert [(p["share"], p["length"]) for p in few] == [(0.4, 5.0), (0.4, 10.0), (0.5, 5.0), (0.5, 10.0)]


def test_draws_differ_from_each_other_and_come_again_with_their_seed() -> None:
    points = draws([STEP, LENGTH, FREE], 40, (7, 1), everything)
    assert len({key(point) for point in points}) == 40
    assert points == draws([STEP, LENGTH, FREE], 40, (7, 1), everything)
    assert points[:15] == draws([STEP, LENGTH, FREE], 15, (7, 1), everything), "more trials go on where fewer ended"
    assert points != draws([STEP, LENGTH, FREE], 40, (8, 1), everything)


def test_draws_find_every_point_of_a_small_grid() -> None:
    assert {key(p) for p in draws([STEP, LENGTH], 99, (1,), everything)} == {
        key(p) for p in grid([STEP, LENGTH], everything)
    }


def test_a_condition_that_nothing_meets_is_told() -> None:
    with pytest.raises(NothingAllowed, match="no combination"):
        grid([STEP], lambda point: False)
    with pytest.raises(NothingAllowed, match="no combination"):
        draws([STEP, FREE], 5, (1,), lambda point: False)


def test_neighbours_move_one_param_within_its_range() -> None:
    near = neighbours([STEP, LENGTH], {"share": 0.1, "length": 15.0}, 2)
    assert [(name, point[name]) for name, point in near] == [
        ("share", 0.2), ("share", 0.3), ("length", 5.0), ("length", 10.0), ("length", 20.0), ("length", 25.0),
    ]  # fmt: skip
    assert [point["free"] for _, point in neighbours([FREE], {"free": 1.0}, 1)] == pytest.approx([0.9, 1.1])
