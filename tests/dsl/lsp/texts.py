"""Texts with a mark where the cursor is."""

from __future__ import annotations

from pathlib import Path

from dsl.lsp.analysis import Analysis

ROOT = Path(__file__).parents[3]
STRATEGIES = sorted(p for p in (ROOT / "strategies").glob("*.yaml") if ".test" not in p.name)
MARK = "‸"
SMALL = """\
language: 1
id: small
name: Small
version: 1.0.0
about: A strategy for tests.
timeframes: [5m, 1h]
universe: {symbols: [BTC/USDT, ETH/USDT]}
params:
  low_rsi: 30 in 10 to 45 step 1
let:
  rsi14: rsi(close, 14)
  bands: bbands(close, 20, 2)
long:
  when:
    oversold: must rsi14 < low_rsi
    turn: rising(rsi14, 1) weight 2
  fire: oversold and turn
  entry: market
  stop: lowest(low, 10) - 0.25 * atr(14)
  targets: [1%, 2R]
  exit:
    faded: rsi14 crosses below 50
"""


def marked(text: str, path: str = "strategies/small.yaml") -> tuple[Analysis, int]:
    """Return a text without its mark, and where that was."""
    at = text.index(MARK)
    return Analysis(ROOT / path, text.replace(MARK, "", 1)), at


def small(old: str, new: str) -> tuple[Analysis, int]:
    """Return the small strategy with a part replaced by one that holds the mark."""
    assert SMALL.count(old) == 1, f"{SMALL.count(old)} times {old!r}"
    return marked(SMALL.replace(old, new))
