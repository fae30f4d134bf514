"""The pages of the functions say what the catalogue says, all of it, and their examples run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from dsl.catalogue import catalogue
from dsl.errors import Severity
from dsl.load import load_expression
from dsl.read import read_document

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs" / "functions"
FUNCTIONS = [f for f in catalogue() if f.kind != "builtin" and f.name != "recur"]
BUILT_IN = [f.name for f in catalogue() if f.kind == "builtin"]
LARGEST = 12_000
"""Bytes of a picture: a page with one is read on a phone, too."""


def test_the_pages_are_up_to_date() -> None:
    """Where this fails, run `python docs/write_functions.py`."""
    script = ROOT / "docs" / "write_functions.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", [f.name for f in FUNCTIONS])
def test_every_function_has_a_whole_page(name: str) -> None:
    """Where the formula of a primitive is missing, write it into docs/formulas.py."""
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {name}\n")
    assert [
        part
        for part in ("## Formula", "## Example", "## Source", "With these defaults it is known")
        if part not in text
    ] == []
    assert "Gives: **" in text or "| output | gives |" in text
    assert f"(pictures/{name}.svg)" in text
    assert "{" not in re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    found = catalogue().get(name)
    assert found is not None
    for slot in found.slots:
        assert f"| `{slot.name}` |" in text
    if found.kind == "definition":
        (shown,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
        document, findings = read_document(shown, path=f"{name}.yaml")
        assert not findings
        assert name in document.defines


@pytest.mark.parametrize("name", [f.name for f in FUNCTIONS])
def test_every_example_runs(name: str) -> None:
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```expr\n(.*?)```", text, re.DOTALL)
    found = catalogue().get(name)
    assert found is not None
    assert tuple(shown.splitlines()) == found.examples
    for example in found.examples:
        _, node, told = load_expression(example, "1h")
        assert [d.message for d in told if d.severity is Severity.ERROR] == []
        assert node is not None
        assert f"- `{example}` " in text


@pytest.mark.parametrize("name", [f.name for f in FUNCTIONS])
def test_every_function_has_a_small_picture_for_light_and_dark(name: str) -> None:
    path = FOLDER / "pictures" / f"{name}.svg"
    assert path.stat().st_size < LARGEST
    text = path.read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    drawn = [part.get("d", "") for part in root.iter("{http://www.w3.org/2000/svg}path")]
    assert sum(d.count("z") for d in drawn) >= 96  # a body for each candle
    assert len([d for d in drawn if d]) >= 3  # rising and falling candles, and what the function gives
    assert "prefers-color-scheme:dark" in text
    assert not re.search(r"nan|inf\b", " ".join(drawn))


def test_the_overview_names_every_function_and_builtin() -> None:
    text = (ROOT / "docs" / "indicators.md").read_text(encoding="utf-8")
    assert [f.name for f in FUNCTIONS if f"(functions/{f.name}.md)" not in text] == []
    assert [name for name in BUILT_IN if f"(functions/{name}.md)" not in text] == []


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_is_built_in_has_a_page_too(name: str) -> None:
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {name}\n")
    assert [part for part in ("## Formula", "## Example", "Gives: **") if part not in text] == []
    if "(pictures/" not in text:
        assert "Only in" in text
        return
    assert (FOLDER / "pictures" / f"{name}.svg").stat().st_size < LARGEST
    (example,) = re.findall(r"```expr\n(.*?)\n```", text, re.DOTALL)
    assert f"{name}(" in example
    assert load_expression(example, "1h")[2] == []
