"""Slips of a first strategy in the small sentences: told in the words that mend them, and mended where that is sure."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.errors import Source
from dsl.lint import lint
from dsl.load import load, load_expression
from dsl.parser import parse
from dsl.place import Text
from dsl.read import read_document


@pytest.mark.parametrize(
    ("start", "text", "span", "message", "help_", "fixed"),
    [
        ("target", "1R take 50% then breakeven", "breakeven", "`breakeven` is not", "write `then stop to entry`",
         "1R take 50% then stop to entry"),
        ("target", "1R then move stop to entry", "move stop to entry", "is not expected", "write `then stop to entry`",
         "1R then stop to entry"),
        ("target", "1R then be", "be", "is not expected", "write `then stop to entry`", "1R then stop to entry"),
        ("entry", "limit at base", "at", "the price follows `limit`", "write `limit base`", ""),
        ("entry", "stop at highest(high, 5) for 3 bars", "at", "the price follows `stop`",
         "write `stop highest(high, 5)`", ""),
        ("cooldown", "2h", "2h", "a cooldown says after what", "`2h after stop`", ""),
        ("expr", "rsi(14) between (40, 60)", "(40, 60)", "`between` has no brackets", "write `between 40 and 60`",
         "rsi(14) between 40 and 60"),
        ("expr", "all of a, b", "all of a, b", "`all of` is not known", "write `a and b`, or count them", ""),
        ("expr", "any of (a, b, c)", "any of (a, b, c)", "`any of` is not known", "write `a or b or c`", ""),
        ("expr", "none of a or b", "none of a or b", "`none of` is not known", "write `not (a or b)`", ""),
    ],
)  # fmt: skip
def test_it_is_told_how_it_is_written(start: str, text: str, span: str, message: str, help_: str, fixed: str) -> None:
    _, (found,) = parse(start, Text.of(Source("x", text)))
    assert found.span.text == span
    assert message in found.message
    assert help_ in found.help
    if found.fix is None:
        assert fixed == ""
    else:
        place = found.fix.span
        mended = text[: place.start] + found.fix.text + text[place.end :]
        assert mended == fixed
        assert parse(start, Text.of(Source("x", mended)))[1] == []


HEAD = "language: 1\nid: a\nname: A\nversion: 1.0.0\ntimeframes: 1h\n"


def test_a_list_of_symbols_in_place_of_a_universe() -> None:
    text = f"{HEAD}universe: [BTC/USDT, ETH/USDT]\nlong:\n  when: {{a: close > open}}\n"
    (found,) = read_document(text)[1]
    assert found.help == "write `{symbols: [BTC/USDT, ETH/USDT]}`"
    assert read_document(text.replace("[BTC/USDT, ETH/USDT]", "{symbols: [BTC/USDT, ETH/USDT]}"))[1] == []


def test_another_symbols_price_by_its_name() -> None:
    _, _, found = load_expression("BTC/USDT.close > 3", "1h")
    assert 'read with `@`: `close@"BTC/USDT"`' in found[0].help


def test_what_is_unread_may_use_a_name(tmp_path: Path) -> None:
    """Where YAML breaks off, the lets above are not called unused: the rest may use them."""
    path = tmp_path / "a.yaml"
    path.write_text(f"{HEAD}let:\n  base: ema(close, 9)\nlong:\n  when:\n    a: close > base\n  fire confidence > 6\n")
    loaded = load([path])
    names = {finding.name for finding in [*loaded.diagnostics, *lint(loaded, mistakes=loaded.diagnostics)]}
    assert "yaml-syntax" in names
    assert "unused-let" not in names
