"""Parts: a block that is too long for the cache is evaluated piece by piece, which nobody can notice."""

from __future__ import annotations

import numpy as np
import pytest

from engine.plan import parts, run
from engine.plan.evaluate import Evaluator
from tests.engine.plan.grids import MONDAY
from tests.engine.plan.test_strategies import HOURS, MINUTE, built_in, history

UNTIL = MONDAY + HOURS * 60 * MINUTE


@pytest.mark.parametrize("large", [1, 40, 10**9])
@pytest.mark.parametrize("cells", [1, 17, 100])
def test_the_built_in_strategies_have_the_same_bits_in_parts(
    cells: int, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In parts of any size, and whichever of them are large enough to be worked on where they are."""
    block, symbols = history().block(MONDAY, UNTIL), history().symbols
    whole = Evaluator(built_in(), symbols)
    values = whole.advance(block)
    monkeypatch.setattr(parts, "CELLS", cells * len(symbols))
    monkeypatch.setattr(run, "LARGE", large)
    pieced = Evaluator(built_in(), symbols)
    assert len(parts.parts(block, block.panels, len(symbols))) > 1
    same = pieced.advance(block)
    for node in whole.kept:
        assert values.of(node).dtype == same.of(node).dtype
        assert values.of(node).tobytes() == same.of(node).tobytes(), built_in().nodes[node]
        assert not same.of(node).flags.writeable
    for frame in {built_in().nodes[node].frame for node in whole.kept}:
        assert values.here(frame).tolist() == same.here(frame).tolist()
        np.testing.assert_array_equal(values.close_time(frame.timeframe), same.close_time(frame.timeframe))
    later = history().block(UNTIL, UNTIL + 30 * MINUTE)
    after, again = whole.advance(later), pieced.advance(later)
    for node in whole.kept:
        assert after.of(node).tobytes() == again.of(node).tobytes(), built_in().nodes[node]


def test_parts_are_consecutive_and_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    block = history().block(MONDAY, UNTIL)
    monkeypatch.setattr(parts, "CELLS", 100)
    pieces = parts.parts(block, block.panels, 3)
    assert [piece.after for piece in pieces] == [block.after, *(piece.until for piece in pieces[:-1])]
    assert pieces[-1].until == block.until
    for timeframe, panel in block.panels.items():
        cut = [piece.panels[timeframe] for piece in pieces]
        assert np.concatenate([part.close_time for part in cut]).tolist() == panel.close_time.tolist()
        for piece, part in zip(pieces, cut, strict=True):
            assert ((part.close_time > piece.after) & (part.close_time <= piece.until)).all()
        for name, values in panel.fields.items():
            np.testing.assert_array_equal(np.concatenate([part.fields[name] for part in cut]), values)
    assert parts.parts(block, (), 3) == [block]


@pytest.mark.parametrize("cells", [17, 10_000])
def test_what_is_skipped_leaves_the_same_behind(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "LARGE", 20)
    symbols, later = history().symbols, history().block(UNTIL, UNTIL + 30 * MINUTE)
    seen, skipped = Evaluator(built_in(), symbols), Evaluator(built_in(), symbols)
    seen.advance(history().block(MONDAY, UNTIL))
    monkeypatch.setattr(parts, "CELLS", cells * len(symbols))
    skipped.skip(history().block(MONDAY, UNTIL))
    values, same = seen.advance(later), skipped.advance(later)
    for node in seen.kept:
        assert values.of(node).tobytes() == same.of(node).tobytes(), built_in().nodes[node]


@pytest.mark.parametrize("threads", [2, 3])
def test_several_threads_give_the_same_bits(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    symbols, later = history().symbols, history().block(UNTIL, UNTIL + 30 * MINUTE)
    alone = Evaluator(built_in(), symbols)
    alone.skip(history().block(MONDAY, MONDAY + 60 * MINUTE))
    values = alone.advance(history().block(MONDAY + 60 * MINUTE, UNTIL))
    wanted = alone.advance(later)
    monkeypatch.setattr(run, "LARGE", 30)
    monkeypatch.setattr(parts, "CELLS", 40 * len(symbols))
    for _ in range(3):
        many = Evaluator(built_in(), symbols, threads=threads)
        many.skip(history().block(MONDAY, MONDAY + 60 * MINUTE))
        same = many.advance(history().block(MONDAY + 60 * MINUTE, UNTIL))
        for node in alone.kept:
            assert same.of(node).tobytes() == values.of(node).tobytes(), built_in().nodes[node]
        after = many.advance(later)
        for node in alone.kept:
            assert after.of(node).tobytes() == wanted.of(node).tobytes(), built_in().nodes[node]
