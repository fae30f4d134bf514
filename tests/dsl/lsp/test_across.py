"""Names across files: tests beside a strategy, libraries and those that use them, texts that are not saved."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol.types import Hover, MarkupContent

from dsl.errors import Severity
from dsl.lsp import across, symbols, tests
from dsl.lsp.analysis import Analysis
from dsl.lsp.completion import complete
from dsl.lsp.hover import hover
from dsl.lsp.rename import rename

from .texts import MARK, SMALL

TESTS = """\
language: 1
strategy: small
tests:
  - name: turns
    close: 100 x60, 100 to 94 in 12
    expect:
      - signal: {side: long, when: {turn: true, oversold: true}}
      - signal:
          side: long
          when:
            turn: false
      - nothing: always
"""
LIBRARY = """\
language: 1
id: vol
params:
  usual: 20 in 5 to 100
let:
  busy: volume > 3 * sma(volume, usual)
define:
  twice(source=close, times=2 in 1 to 9):
    about: Many.
    returns: times * source
"""
USER = SMALL.replace("let:\n", "use: [lib/vol.yaml]\nlet:\n").replace(
    "must rsi14 < low_rsi", "must vol.busy and vol.twice(close, times=3) > close and vol.usual > 3"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lib").mkdir()
    (tmp_path / "small.yaml").write_text(SMALL)
    (tmp_path / "small.test.yaml").write_text(TESTS)
    (tmp_path / "user.yaml").write_text(USER)
    (tmp_path / "lib" / "vol.yaml").write_text(LIBRARY)
    return tmp_path


def at(path: Path, part: str, plus: int = 1) -> tuple[Analysis, int]:
    """Return a file, and a character of a part of it."""
    text = path.read_text()
    return Analysis(path, text), text.index(part) + plus


def written(places: dict[Path, list[symbols.Span]]) -> dict[str, list[str]]:
    return {path.name: [span.text for span in spans] for path, spans in places.items()}


def test_a_condition_is_renamed_from_its_test(folder: Path) -> None:
    places = rename(*at(folder / "small.test.yaml", "turn: false"), "hook")
    assert written(places) == {"small.yaml": ["turn", "turn"], "small.test.yaml": ["turn", "turn"]}


def test_a_verdict_leads_to_its_condition(folder: Path) -> None:
    span = across.definition(*at(folder / "small.test.yaml", "oversold: true"))
    assert span is not None
    assert (Path(span.source.path).name, span.text) == ("small.yaml", "oversold")
    span = across.definition(*at(folder / "small.test.yaml", "small"))
    assert span is not None
    assert Path(span.source.path).name == "small.yaml"


@pytest.mark.parametrize(
    ("name", "part", "uses"),
    [
        ("lib/vol.yaml", "busy:", {"vol.yaml": ["busy"], "user.yaml": ["busy"]}),
        ("user.yaml", "busy and", {"vol.yaml": ["busy"], "user.yaml": ["busy"]}),
        ("user.yaml", "twice(", {"vol.yaml": ["twice"], "user.yaml": ["twice"]}),
        ("lib/vol.yaml", "usual:", {"vol.yaml": ["usual", "usual"], "user.yaml": ["usual"]}),
        ("lib/vol.yaml", "times=2", {"vol.yaml": ["times", "times"], "user.yaml": ["times"]}),
    ],
)
def test_a_name_of_a_library_is_known_to_its_users(
    folder: Path, name: str, part: str, uses: dict[str, list[str]]
) -> None:
    found = across.subject(*at(folder / name, part))
    assert found is not None
    assert written(across.everywhere(found[0], found[1], {})) == uses
    assert written(rename(*at(folder / name, part), "another")) == uses


def test_a_renamed_library_still_goes_with_its_user(folder: Path) -> None:
    for path, spans in rename(*at(folder / "lib" / "vol.yaml", "busy:"), "crowded").items():
        text = path.read_text()
        for span in reversed(spans):
            text = text[: span.start] + "crowded" + text[span.end :]
        path.write_text(text)
    path = folder / "user.yaml"
    assert "must vol.crowded and" in path.read_text()
    assert [d.message for d in Analysis(path, path.read_text()).mistakes if d.severity is Severity.ERROR] == []


def test_what_is_not_saved_is_what_counts(folder: Path) -> None:
    path = folder / "lib" / "vol.yaml"
    unsaved = {path: LIBRARY.replace("  busy:", "  quiet: volume < 3\n  busy:")}
    text = USER.replace("vol.busy and", "vol.q")
    items = complete(Analysis(folder / "user.yaml", text, texts=unsaved), text.index("vol.q") + 5)
    assert "quiet" in [item.label for item in items]
    strategy = {folder / "small.yaml": SMALL.replace("turn: rising", "swing: rising")}
    analysis, offset = at(folder / "small.test.yaml", "turn: false", 0)
    items = complete(Analysis(analysis.path, analysis.text, texts=strategy), offset)
    assert "swing" in [item.label for item in items]


def completed(folder: Path, old: str, new: str) -> list[str]:
    text = TESTS.replace(old, new, 1)
    offset = text.index(MARK)
    return [item.label for item in complete(Analysis(folder / "small.test.yaml", text.replace(MARK, "")), offset)]


@pytest.mark.parametrize(
    ("old", "new", "has", "has_not"),
    [
        ("    close:", "    ‸\n    close:", ["timeframe", "volume", "others", "series"], ["close", "name", "expect"]),
        ("  - name: turns\n", "  - ‸\n", ["name", "candles"], ["close"]),
        ("      - nothing: always", "      - ‸", ["signal", "nothing", "exactly", "blocked"], ["name", "side"]),
        ("{side: long, when: {turn: true, oversold: true}}", "{‸", ["side", "bar", "confidence", "ends"], ["name"]),
        ("{side: long, when: {turn: true, oversold: true}}", "{side: ‸", ["long", "short"], ["bar"]),
        ("            turn: false", "            ‸", ["turn", "oversold"], ["side", "rsi14", "bands"]),
        ("turn: false", "turn: ‸", ["true", "false", "unknown"], ["turn"]),
        ("          when:\n            turn: false", "          ends: ‸", ["TP_HIT", "SL_HIT"], ["long"]),
        ("          when:\n            turn: false", "          reason: ‸", ["faded"], ["turn"]),
        ("strategy: small", "strategy: ‸", ["small", "user"], ["small.test"]),
        ("language: 1\n", "language: 1\n‸\n", [], ["strategy", "tests", "language"]),
    ],
)
def test_completion_knows_test_files(folder: Path, old: str, new: str, has: list[str], has_not: list[str]) -> None:
    found = completed(folder, old, new)
    assert set(has) <= set(found)
    assert not set(has_not) & set(found)


def test_hover_knows_test_files(folder: Path) -> None:
    def said(part: str) -> str:
        found = hover(*at(folder / "small.test.yaml", part))
        assert isinstance(found, Hover)
        assert isinstance(found.contents, MarkupContent)
        return found.contents.value

    assert "rising(rsi14, 1) weight 2" in said("turn: false")
    assert "100 x60, 100 to 94 in 12" in said("close:")
    assert "No signal in these bars" in said("nothing")


def test_a_verdict_of_a_condition_that_is_not_there_is_told_while_typing(folder: Path) -> None:
    text = TESTS.replace("turn: false", "turm: false").replace("oversold: true", "nonsense: true")
    found = [d for d in tests.found(Analysis(folder / "small.test.yaml", text)) if d.name == "unknown-name"]
    assert [(d.span.text, d.help) for d in found] == [
        ("nonsense", "there are `oversold` and `turn`"),
        ("turm", "did you mean `turn`?"),
    ]
    assert tests.found(Analysis(folder / "small.test.yaml", TESTS)) == ()
