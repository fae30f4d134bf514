"""What a test expects: what holds is passed over, what does not hold is told with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.testing.run import run_suites
from tests.dsl.testing.suites import STRATEGY, case, write

BREAK = "close: 100 x20, 102, 102.5 x10\nvolume: 100 x20, 500, 100 x*\nseries: {fng: 50}\n"
"""Quiet, then a loud candle above all that was: the long side of the probe at bar 20."""


@pytest.mark.parametrize(
    "expected",
    [
        "signal: {side: long, bar: 20}",
        "signal: {bar: 18 to 22}",
        "signal: {at: 2026-01-05T01:45Z}",
        "signal: {confidence: 100, entry: 102, stop: 99.96, targets: [103.02, 105 to 106]}",
        "signal: {entry: 101 +- 1, when: {broke: true, noisy: true, up: true, loud: true}}",
        "signal: {ends: OPEN, targets_hit: 0}",
        "nothing: 0 to 19",
        "exactly: 1",
        "exactly: {count: 0, side: short}",
        "at_least: {count: 1, bar: 20}",
        "at_most: 1",
    ],
)
def test_what_holds(tmp_path: Path, expected: str) -> None:
    outcome = case(tmp_path, f"{BREAK}expect:\n  - {expected}\n")
    assert outcome.passed, outcome.failed
    assert outcome.signals == 1


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ("signal: {side: short}", "there is no short signal; signals made: long at bar 20"),
        ("signal: {bar: 20, confidence: 50}", "confidence is 100, expected 50"),
        ("signal: {bar: 20, entry: 103}", "entry is 102, expected 103"),
        ("signal: {bar: 20, stop: 99 +- 0.1}", "stop is 99.96, expected 99 +- 0.1"),
        ("signal: {bar: 20, targets: [103.02]}", "it has 2 targets, expected 1"),
        ("signal: {bar: 20, targets: [103.02, 200]}", "target 2 is 105.06, expected 200"),
        ("signal: {bar: 20, when: {noisy: false}}", "`noisy` is true, expected false"),
        ("signal: {bar: 20, when: {up: unknown}}", "`up` is true, expected unknown"),
        ("signal: {bar: 20, when: {nosy: true}}", "no condition of the long side and no let of it is named `nosy`"),
        ("signal: {bar: 20, ends: TP_HIT}", "it ends as OPEN, expected TP_HIT"),
        ("signal: {bar: 20, targets_hit: 2}", "targets_hit is 0, expected 2"),
        ("nothing: always", "a long signal was made at bar 20"),
        ("exactly: 2", "expected exactly 2, there are 1; signals made: long at bar 20"),
        ("at_least: 2", "expected at least 2, there are 1"),
        ("at_most: 0", "expected at most 0, there are 1"),
        ("blocked: {side: short}", "no such signal was blocked; bar 21 long: open-position"),
    ],
)
def test_what_does_not_hold(tmp_path: Path, expected: str, words: str) -> None:
    (failed,) = case(tmp_path, f"{BREAK}expect:\n  - {expected}\n").failed
    assert words in "\n".join((failed.message, *failed.details))
    assert failed.span.text == expected.partition(":")[0]


def test_a_name_with_a_slip(tmp_path: Path) -> None:
    (failed,) = case(tmp_path, f"{BREAK}expect:\n  - signal: {{bar: 20, when: {{lood: true}}}}\n").failed
    told = " ".join(failed.details)
    assert "no let of it is named `lood`; did you mean `loud`?" in " ".join(told.split())
    assert max(map(len, failed.details)) <= 74


def test_a_missing_signal_is_explained(tmp_path: Path) -> None:
    (failed,) = case(
        tmp_path, "close: 100 x20, 99.5, 99.8 x10\nvolume: 100 x*\nexpect:\n  - signal: {side: long, bar: 20}\n"
    ).failed
    assert failed.message == "there is no long signal at bar 20; signals made: short at bar 20"
    assert failed.details == (
        "long at bar 20 does not fire; confidence 0 to 50, as some is unknown;",
        "  fire: confidence >= 50 is unknown, at worst off by 50 (100%)",
        "false   broke, must: up   99.5 > 100, off by 0.5 (0.5%)",
        "false   noisy, weight 1: loud   100 > 200, off by 100 (50%)",
        "          with sma(volume, 10) = 100",
        "unknown index, weight 1: fng < 80   unknown < 80 (no fng in the data)",
    )


def test_what_fire_lacks_is_told_apart(tmp_path: Path) -> None:
    (failed,) = case(
        tmp_path, "close: 100 x20, 102\nvolume: 100 x*\nseries: {fng: 90}\nexpect:\n  - signal: {side: long, bar: 20}\n"
    ).failed
    assert failed.details[:3] == (
        "long at bar 20 does not fire; confidence 0; fire: confidence >= 50 is",
        "  false, off by 50 (100%)",
        "true    broke, must: up   close = 102, highest(high, 10)[1] = 100",
    )


def test_of_many_bars_the_nearest_is_explained(tmp_path: Path) -> None:
    (failed,) = case(
        tmp_path,
        "close: 100 x20, 99.9, 99.95, 100, 99.5\nvolume: 100 x22, 500, 100 x*\nexpect:\n"
        "  - signal: {side: long, bar: 20 to 23}\n",
    ).failed
    assert failed.details[0].startswith("long at bar 22, the nearest, does not fire; confidence 50 to 100")


@pytest.mark.parametrize(
    "expected", ["signal: {side: long}", "at_least: {count: 1, side: long}", "exactly: {count: 2, side: long}"]
)
def test_of_a_signal_that_may_be_anywhere_the_nearest_candle_is_explained(tmp_path: Path, expected: str) -> None:
    (failed,) = case(
        tmp_path, f"close: 100 x20, 99.9, 100 x20\nvolume: 100 x30, 500 x*\nexpect:\n  - {expected}\n"
    ).failed
    assert failed.details[0].startswith("long at bar 30, the nearest, does not fire; confidence 50")


def test_an_unwanted_signal_shows_what_it_was_made_of(tmp_path: Path) -> None:
    (failed,) = case(tmp_path, f"{BREAK}expect:\n  - nothing: always\n").failed
    assert failed.message == "a long signal was made at bar 20"
    assert failed.details == (
        "true    broke, must: up   close = 102, highest(high, 10)[1] = 100",
        "true    noisy, weight 1: loud   volume = 500, 2 * sma(volume, 10) = 280",
        "true    index, weight 1: fng < 80   fng = 50",
    )


def test_a_wrong_fate_is_told_as_it_came(tmp_path: Path) -> None:
    given = "close: 100 x20, 102, 103.5, 104, 101, 99.9 x4\nvolume: 100 x20, 500, 100 x*\nseries: {fng: 50}\n"
    (failed,) = case(tmp_path, f"{given}expect:\n  - signal: {{bar: 20, ends: TP_HIT}}\n").failed
    assert failed.message == "the long signal at bar 20 is not as expected"
    assert failed.details == (
        "it ends as SL_HIT, expected TP_HIT",
        "bar 21: filled at 102",
        "bar 21: target 1 at 103.02",
        "bar 24: SL_HIT, stop at 99.96; result -0.500%",
    )


def test_a_wrong_confidence_shows_what_it_was_made_of(tmp_path: Path) -> None:
    (failed,) = case(tmp_path, f"{BREAK}expect:\n  - signal: {{bar: 20, confidence: 50}}\n").failed
    assert failed.details[0] == "confidence is 100, expected 50"
    assert failed.details[2] == "true    noisy, weight 1: loud   volume = 500, 2 * sma(volume, 10) = 280"


def test_a_side_that_the_strategy_has_not(tmp_path: Path) -> None:
    long = STRATEGY[: STRATEGY.index("short:")]
    path = write(tmp_path, "- {name: it, close: 100 x20, expect: [signal: {side: short}]}\n", strategy=long)
    ((failed,),) = (outcome.failed for outcome in run_suites([path]).outcomes)
    assert failed.details == ("probe has no short side",)


def test_a_candle_that_is_not_there_is_said(tmp_path: Path) -> None:
    (failed,) = case(tmp_path, "close: 100 x20, _ x3, 100\nexpect:\n  - signal: {side: long, bar: 21}\n").failed
    assert failed.details == ("there is no candle at bar 21",)


def test_lines_stay_within_80_columns(tmp_path: Path) -> None:
    long = " and ".join(f"close > {number}" for number in range(200, 220))
    strategy = (
        "language: 1\nid: probe\nname: Probe\nversion: 1.0.0\nabout: Long.\ntimeframes: 5m\n"
        f"universe: {{symbols: [BTC/USDT]}}\nlong:\n  when:\n    all: {long}\n  stop: 2%\n  targets: 2%\n"
    )
    outcome = case(tmp_path, "close: 100 x20\nexpect:\n  - signal: {side: long, bar: 12}\n")
    (tmp_path / "probe.yaml").write_text(strategy)
    (outcome,) = run_suites([tmp_path / "probe.test.yaml"]).outcomes
    (failed,) = outcome.failed
    assert len(failed.details) > 20
    assert max(map(len, failed.details)) <= 74


@pytest.mark.parametrize(
    ("rest", "ends", "reason"),
    [
        ("102, 103.5, 106 x3", "TP_HIT", "target 2"),
        ("102, 99, 99 x3", "SL_HIT", "stop"),
        ("102, 101.5, 99.98 x3", "EXITED", "back"),
        ("102, 102.2 x40", "EXPIRED", "expired"),
    ],
)
def test_how_a_position_ends(tmp_path: Path, rest: str, ends: str, reason: str) -> None:
    outcome = case(
        tmp_path,
        f"close: 100 x20, {rest}\nvolume: 100 x20, 500, 100 x*\nseries: {{fng: 50}}\nexpect:\n"
        f"  - signal: {{side: long, bar: 20, ends: {ends}, reason: {reason}}}\n",
    )
    assert outcome.passed, outcome.failed


def test_a_blocked_signal(tmp_path: Path) -> None:
    outcome = case(
        tmp_path,
        "close: 100 x20, 102, 99, 97, 104\nvolume: 100 x20, 500, 500 x*\nseries: {fng: 50}\nexpect:\n"
        "  - signal: {side: long, bar: 20, ends: SL_HIT}\n"
        "  - blocked: {side: long, bar: 23, reason: cooldown}\n",
    )
    assert outcome.passed, outcome.failed


def test_a_blocked_signal_that_was_expected_is_explained(tmp_path: Path) -> None:
    (failed,) = case(
        tmp_path,
        "close: 100 x20, 102, 99, 97, 104\nvolume: 100 x20, 500, 500 x*\nseries: {fng: 50}\nexpect:\n"
        "  - signal: {side: long, bar: 23}\n",
    ).failed
    told = " ".join(" ".join(failed.details).split())
    assert told.startswith("long fired at bar 23, but it was blocked: cooldown (the stop was at 2026-01-05 01:50, it")
    assert "it ran until 2026-01-05 02:20) long at bar 23 fires" in told


def test_a_timeframe_that_the_strategy_has_not(tmp_path: Path) -> None:
    (failed,) = case(tmp_path, "close: 100 x20\ntimeframe: 4h\nexpect:\n  - nothing: always\n").failed
    assert failed.message == "probe does not run on 4h; it runs on 5m, 1h"


def _file(folder: Path) -> None:
    """Write as recorded candles what BREAK makes, in another year."""
    rows = ["timestamp_ms,open,high,low,close,volume"]
    closes = [100.0] * 20 + [102.0] + [102.5] * 10
    for bar, close in enumerate(closes):
        before = closes[max(bar - 1, 0)]
        low, high, volume = min(before, close), max(before, close), 500 if bar == 20 else 100
        rows.append(f"{1_736_121_600_000 + bar * 300_000},{before},{high},{low},{close},{volume}")
    (folder / "binanceusdm_BTCUSDT_5m.csv").write_text("\n".join(rows) + "\n")


def test_recorded_candles_with_lets_and_series_beside_them(tmp_path: Path) -> None:
    _file(tmp_path)
    outcome = case(
        tmp_path,
        "candles: binanceusdm_BTCUSDT_5m.csv\nseries: {fng: 50}\nexpect:\n"
        "  - signal: {side: long, at: 2025-01-06T01:45Z, bar: 20, confidence: 100, when: {up: true, index: true}}\n",
    )
    assert outcome.passed, outcome.failed


def test_a_missing_signal_on_recorded_candles_is_explained(tmp_path: Path) -> None:
    _file(tmp_path)
    (failed,) = case(
        tmp_path,
        "candles: binanceusdm_BTCUSDT_5m.csv\nexpect:\n  - signal: {side: long, at: 2025-01-06T01:40Z}\n",
    ).failed
    assert "long at bar 19 does not fire" in failed.details[0]
