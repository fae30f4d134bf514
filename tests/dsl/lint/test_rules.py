"""Each rule on strategies that deserve it and on ones that do not: cases/NAME.bad.yaml and cases/NAME.good.yaml.

A file holds several strategies with `---` between them; `# finds: TEXT` names what stands under the caret.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dsl.lint import RULES
from tests.dsl.lint.samples import told

CASES = Path(__file__).with_name("cases")
_FINDS = re.compile(r"^# finds: (.*)\n", re.MULTILINE)


def _cases(kind: str) -> list[tuple[str, str]]:
    return [
        (path.name.split(".")[0], text)
        for path in sorted(CASES.glob(f"*.{kind}.yaml"))
        for text in path.read_text(encoding="utf-8").split("---\n")
    ]


@pytest.mark.parametrize(("name", "text"), _cases("bad"))
def test_what_a_rule_is_for_is_found(name: str, text: str, tmp_path: Path) -> None:
    wanted = _FINDS.findall(text)
    assert wanted
    found = told({"sample.yaml": _FINDS.sub("", text)}, tmp_path)
    assert [(d.name, d.span.text) for d in found] == [(name, place) for place in wanted], text


@pytest.mark.parametrize(("name", "text"), _cases("good"))
def test_what_is_fine_is_left_in_peace(name: str, text: str, tmp_path: Path) -> None:
    assert [(d.name, d.span.text, d.message) for d in told({"sample.yaml": text}, tmp_path)] == [], (name, text)


def test_every_rule_bears_the_name_of_its_file() -> None:
    for module in RULES.names():
        assert RULES[module].name == module.replace("_", "-")
        assert RULES[module].about.endswith(".")
    assert {name for name, _ in _cases("bad")} == {name for name, _ in _cases("good")}
