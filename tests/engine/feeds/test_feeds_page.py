"""The examples of the pages on feeds and on learning run as they stand."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
EXAMPLES = [
    pytest.param(code, id=f"{page}-{place}")
    for page in ("feeds", "learn")
    for place, code in enumerate(
        re.findall(r"```python\n(.*?)```", (ROOT / "docs" / f"{page}.md").read_text(), re.DOTALL)
    )
]


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_runs(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "strategies").symlink_to(ROOT / "strategies")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "example", "exec"), {})
    assert os.listdir(tmp_path)


def test_there_is_an_example_on_each_page() -> None:
    assert len(EXAMPLES) == 2
