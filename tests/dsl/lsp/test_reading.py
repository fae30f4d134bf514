"""Hover, signature help, definitions, hints: what the document and the catalogue say of a place."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.lsp import symbols
from dsl.lsp.analysis import Analysis
from dsl.lsp.hints import hints
from dsl.lsp.hover import hover
from dsl.lsp.outlook import document_symbols
from dsl.lsp.signature import signature

from .texts import ROOT, SMALL, marked, small


def hovered(old: str, new: str) -> str:
    found = hover(*small(old, new))
    return found.contents.value if found is not None else ""  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("rsi(close, 14)", "r‸si(close, 14)", ["rsi(source=close, length=14", "index, 0 to 100", "Known after 15"]),
        ("rsi(close, 14)", "r‸si(close, 14)", ["](file://", "/docs/functions/rsi.md)"]),
        ("  rsi14: rsi", "  rsi‸14: rsi", ["rsi14: rsi(close, 14)", "index, 0 to 100", "Known after 15"]),
        ("must rsi14 <", "must rsi14‸ <", ["rsi14: rsi(close, 14)", "index, 0 to 100"]),
        ("bands: bb", "ba‸nds: bb", ["`.upper`", "price"]),
        ("< low_rsi", "< low_‸rsi", ["A param: 30; 10 to 45, in steps of 1"]),
        ("lowest(low, 10)", "lowest(l‸ow, 10)", ["`low` field: `price`", "lowest price"]),
        ("oversold and", "over‸sold and", ["condition"]),
        ("    turn:", "    tu‸rn:", ["weight 2"]),
        ("  fire:", "  fi‸re:", ["What makes a signal"]),
        ("rsi14 crosses below 50", "position.pro‸fit > 1%", ["Profit of the position"]),
        ("rsi14 crosses below 50", "bbands(close, 20, 2).low‸er > close", ["`.lower`"]),
    ],
)  # fmt: skip
def test_hover(old: str, new: str, parts: list[str]) -> None:
    text = hovered(old, new)
    for part in parts:
        assert part in text


def test_hover_is_silent_where_nothing_is_known() -> None:
    assert hovered("must rsi14 < low_rsi", "must rsi14 < low_rsi  # r‸si") == ""
    assert hovered("must rsi14", "mu‸st rsi14") == ""


@pytest.mark.parametrize(
    ("call", "active"),
    [
        ("bbands(‸", "source"),
        ("bbands(close, ‸", "length"),
        ("bbands(rsi(close, 14), ‸", "length"),
        ("bbands(20, ‸", "mult"),
        ("bbands(close, mult=‸", "mult"),
        ("bbands(mult=2, length=‸", "length"),
    ],
)
def test_signature_help_shows_the_argument_being_written(call: str, active: str) -> None:
    help_ = signature(*small("must rsi14 < low_rsi", f"must close > {call}"))
    assert help_ is not None
    (given,) = help_.signatures
    assert given.label.startswith("bbands(source=close, ")
    parts = [given.label[p.label[0] : p.label[1]] for p in given.parameters or () if isinstance(p.label, tuple)]
    assert help_.active_parameter is not None
    assert parts[help_.active_parameter].startswith(f"{active}=")


def test_signature_help_ends_with_the_call() -> None:
    assert signature(*small("must rsi14 < low_rsi", "must rsi(close, 14) ‸< low_rsi")) is None


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("must rsi14 <", "must rs‸i14 <", "rsi14"),
        ("< low_rsi", "< low_r‸si", "low_rsi"),
        ("oversold and", "over‸sold and", "oversold"),
    ],
)
def test_a_name_leads_to_its_declaration(old: str, new: str, found: str) -> None:
    analysis, offset = small(old, new)
    span = symbols.definition(analysis, offset)
    assert span is not None
    assert span.text == found
    assert analysis.text[span.end] == ":"


def test_a_function_leads_to_its_file() -> None:
    span = symbols.definition(*small("rsi(close, 14)", "r‸si(close, 14)"))
    assert span is not None
    assert Path(span.source.path).name == "rsi.yaml"
    assert span.text == "rsi"
    primitive = symbols.definition(*small("lowest(low, 10)", "lowe‸st(low, 10)"))
    assert primitive is not None
    assert Path(primitive.source.path) == ROOT / "engine" / "indicators" / "lowest.py"


def test_a_library_is_read(tmp_path: Path) -> None:
    define = "define:\n  twice(x=close):\n    about: Two.\n    returns: 2 * x\n"
    library = f"language: 1\nid: vol\nlet:\n  busy: volume > 3\n{define}"
    (tmp_path / "vol.yaml").write_text(library)
    text = SMALL.replace("let:\n", "use: [vol.yaml]\nlet:\n").replace(
        "must rsi14 < low_rsi", "vol.busy and vol.twi‸ce() > 1"
    )
    analysis, offset = marked(text, str(tmp_path / "small.yaml"))
    span = symbols.definition(analysis, offset)
    assert span is not None
    assert (span.source.path, span.text) == (str(tmp_path / "vol.yaml"), "twice")
    found = hover(analysis, offset)
    assert found is not None
    assert "vol.twice(x=close)" in found.contents.value  # type: ignore[union-attr]


def test_hints_give_the_unit_of_each_let() -> None:
    analysis, _ = small("rsi(close, 14)", "rsi(close, 14)‸")
    found = hints(analysis, 0, len(analysis.text))
    assert [hint.label for hint in found] == ["index, 0 to 100", ".upper, .middle, .lower, .width, .percent"]
    line = SMALL.splitlines().index("  rsi14: rsi(close, 14)")
    assert (found[0].position.line, found[0].position.character) == (line, len("  rsi14: rsi(close, 14)"))
    assert hints(analysis, 0, 10) == []


def test_hints_give_the_unit_of_what_a_function_returns() -> None:
    head = "language: 1\nid: lib\ndefine:\n  f(x=close, n=3 in 1 to 9):\n    about: F.\n"
    text = f"{head}    returns:\n      a: x - ema(x, n)\n      b: x / x[1]\n"
    analysis = Analysis(ROOT / "library" / "lib.yaml", text)
    assert [hint.label for hint in hints(analysis, 0, len(text))] == ["distance", "ratio, at least 0"]
    assert hints(analysis, 0, 9) == []


def test_the_outline_holds_every_key() -> None:
    analysis, _ = small("market", "market‸")
    found = {symbol.name: symbol for symbol in document_symbols(analysis)}
    assert list(found)[:3] == ["language", "id", "name"]
    assert [child.name for child in found["long"].children or ()][:2] == ["when", "fire"]
    assert found["long"].range.end.line == len(SMALL.splitlines()) - 1
