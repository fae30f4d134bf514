"""The example of docs/testing.md runs and holds; every built-in strategy has its page."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from dsl.testing.run import run_suites

ROOT = Path(__file__).parents[3]


def test_the_example_holds(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "testing.md").read_text()
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    shutil.copy(ROOT / "strategies" / "qfl.yaml", tmp_path)
    path = tmp_path / "qfl.test.yaml"
    path.write_text(example)
    tested = run_suites([path])
    assert not tested.diagnostics
    assert [outcome.passed for outcome in tested.outcomes] == [True]


@pytest.mark.parametrize("name", ["ai_ml", "elite", "qfl", "scalper", "trend"])
def test_a_strategy_has_its_page(name: str) -> None:
    page = (ROOT / "docs" / "strategies" / f"{name}.md").read_text()
    assert page.startswith(f"# {name}\n")
    for heading in ("What it looks for", "When it fires", "How it leaves", "What a follower sees"):
        assert f"\n## {heading}\n" in page
    assert f"(strategies/{name}.md)" in (ROOT / "docs" / "testing.md").read_text()
