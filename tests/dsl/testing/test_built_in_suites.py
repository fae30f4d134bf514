"""The strategies that come with the engine: each has a test file, and all of it holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.testing.run import run_suites

STRATEGIES = Path(__file__).parents[3] / "strategies"
NAMES = sorted(path.stem for path in STRATEGIES.glob("*.yaml") if not path.name.endswith(".test.yaml"))


def test_the_five_are_there() -> None:
    assert NAMES == ["ai_ml", "elite", "qfl", "scalper", "trend"]


@pytest.mark.parametrize("name", NAMES)
def test_a_suite_holds(name: str) -> None:
    tested = run_suites([STRATEGIES / f"{name}.yaml"])
    assert not tested.diagnostics
    assert [(outcome.case.name, outcome.failed) for outcome in tested.outcomes if not outcome.passed] == []
    assert len(tested.outcomes) >= 9


@pytest.mark.parametrize("name", NAMES)
def test_a_suite_has_signals_and_silence(name: str) -> None:
    outcomes = run_suites([STRATEGIES / f"{name}.yaml"]).outcomes
    assert sum(outcome.signals > 0 for outcome in outcomes) >= 4
    assert sum(outcome.signals == 0 for outcome in outcomes) >= 3
