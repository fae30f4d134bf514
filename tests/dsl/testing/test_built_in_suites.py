"""The strategies that come with the engine: each has a test file, and all of it holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.testing.coverage import measure
from dsl.testing.run import run_suites

STRATEGIES = Path(__file__).parents[3] / "strategies"
NAMES = sorted(path.stem for path in STRATEGIES.glob("*.yaml") if not path.name.endswith(".test.yaml"))


def test_the_five_are_there() -> None:
    assert NAMES == ["ai_ml", "elite", "qfl", "scalper", "trend"]


@pytest.mark.parametrize("name", NAMES)
def test_a_suite_holds(name: str) -> None:
    tested = run_suites([STRATEGIES / f"{name}.yaml"])
    assert not tested.diagnostics
    assert [(outcome.case.name, outcome.failed) for outcome in tested.outcomes if outcome.failed] == []
    assert len(tested.outcomes) >= 14
    for outcome in tested.outcomes:
        if outcome.skipped:  # the recorded candles may not be here; made ones always are
            assert "shared/data" in outcome.skipped
            assert outcome.case.candles is not None


@pytest.mark.parametrize("name", NAMES)
def test_a_suite_sees_every_verdict_and_takes_every_way_on_made_candles_alone(name: str) -> None:
    tested, (found,) = measure([STRATEGIES / f"{name}.test.yaml"], wanted=lambda case: case.candles is None)
    assert [f"{one.side} {one.name or one.text} never {word}" for one, word in found.unseen()] == []
    assert list(found.untaken()) == []
    assert found.whole
    assert not any(outcome.skipped for outcome in tested.outcomes)


@pytest.mark.parametrize("name", NAMES)
def test_a_suite_has_real_history(name: str) -> None:
    outcomes = run_suites([STRATEGIES / f"{name}.yaml"]).outcomes
    real = [outcome for outcome in outcomes if outcome.case.candles is not None]
    assert real
    missing = [outcome.skipped for outcome in real if outcome.skipped]
    if missing:
        pytest.skip(missing[0])
    assert all(outcome.passed and outcome.signals for outcome in real)


@pytest.mark.parametrize("name", NAMES)
def test_a_suite_has_signals_and_silence(name: str) -> None:
    outcomes = run_suites([STRATEGIES / f"{name}.yaml"]).outcomes
    assert sum(outcome.signals > 0 for outcome in outcomes) >= 4
    assert sum(outcome.signals == 0 for outcome in outcomes) >= 3
