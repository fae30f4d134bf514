"""How a history is divided for a search."""

from __future__ import annotations

import pytest

from engine.optimise.windows import layout

DAY = 86_400_000


def days(*spans: tuple[int, int]) -> list[tuple[float, float]]:
    return [(start / DAY, end / DAY) for start, end in spans]


def test_the_hold_out_is_no_part_of_anything_else() -> None:
    found = layout((0, 100 * DAY), hold_out=20 * DAY, walk=(30 * DAY, 10 * DAY))
    assert days(found.search) == [(0, 80)]
    assert found.hold_out is not None
    assert days(found.hold_out) == [(80, 100)]
    assert max(window.test[1] for window in found.windows) == 80 * DAY


def test_rolling_windows_keep_their_length_and_tests_follow_each_other() -> None:
    found = layout((0, 65 * DAY), walk=(30 * DAY, 10 * DAY))
    assert days(*(w.train for w in found.windows)) == [(0, 30), (10, 40), (20, 50), (30, 60)]
    assert days(*(w.test for w in found.windows)) == [(30, 40), (40, 50), (50, 60), (60, 65)]


def test_anchored_windows_grow_from_the_start() -> None:
    found = layout((0, 62 * DAY), walk=(30 * DAY, 10 * DAY), anchored=True)
    assert days(*(w.train for w in found.windows)) == [(0, 30), (0, 40), (0, 50)]
    assert days(*(w.test for w in found.windows)) == [(30, 40), (40, 50), (50, 60)], "two days are no test"


def test_no_test_begins_before_its_training_ends() -> None:
    for anchored in (False, True):
        for window in layout((0, 300 * DAY), 30 * DAY, (45 * DAY, 15 * DAY), anchored).windows:
            assert window.train[1] == window.test[0] < window.test[1]


def test_too_little_history_is_told() -> None:
    with pytest.raises(ValueError, match="no room for one window of 30 days and 10 days in 20 days"):
        layout((0, 20 * DAY), walk=(30 * DAY, 10 * DAY))
    with pytest.raises(ValueError, match="the hold-out of 20 days takes all there is: 20 days"):
        layout((0, 20 * DAY), hold_out=20 * DAY)
