"""Test files as text for tests of the runner: a strategy with as little as there can be, and cases for it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

from dsl.errors import Diagnostic
from dsl.testing.run import Outcome, Tested, run_suites

STRATEGY = """\
language: 1
id: probe
name: Probe
version: 1.0.0
about: Buys a close above the last ten highs, sells one below the last ten lows.
timeframes: [5m, 1h]
universe: {symbols: [BTC/USDT]}
let:
  up: close > highest(high, 10)[1]
  loud: volume > 2 * sma(volume, 10)
long:
  when:
    broke: must up
    noisy: loud weight 1
    index: fng < 80 weight 1
  fire: confidence >= 50
  stop: 2%
  targets: [1% take 50%, 3%]
  exit: {back: "close < lowest(low, 5)[1]"}
  expire: 2h
short:
  when: {broke_down: "close < lowest(low, 10)[1]"}
  stop: 2%
  targets: 3%
cooldown: 30m after stop
"""


def write(folder: Path, tests: str, *, strategy: str = STRATEGY, name: str = "probe") -> Path:
    """Write a strategy and its test file; return the test file."""
    (folder / f"{name}.yaml").write_text(strategy)
    path = folder / f"{name}.test.yaml"
    path.write_text("language: 1\ntests:\n" + indent(dedent(tests), "  "))
    return path


def run(folder: Path, tests: str) -> Tested:
    return run_suites([write(folder, tests)])


def case(folder: Path, body: str) -> Outcome:
    """Run one case, of which only what matters is written."""
    tested = run(folder, "- name: it\n" + indent(dedent(body), "  "))
    assert not tested.diagnostics, [str(found.message) for found in tested.diagnostics]
    (outcome,) = tested.outcomes
    return outcome


def mistakes(folder: Path, tests: str) -> list[tuple[str, str, str]]:
    """Return (name, text under the caret, message) of what is wrong with a test file."""
    return [_seen(found) for found in run(folder, tests).diagnostics]


def _seen(found: Diagnostic) -> tuple[str, str, str]:
    return found.name, found.span.text, found.message
