"""A long backtest in pieces is the same backtest, is bounded, and goes on where it was stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from app import backtested, piecewise
from app.config import Config
from app.failure import Failure
from app.wish import Wish
from engine.domain.market import Timeframe
from engine.feeds.keeping import StoreWriter
from engine.feeds.synthetic import COINS, MarketSettings, SyntheticFeed
from tests.app.command import ROOT, run, start

STRATEGIES = tuple(ROOT / "strategies" / f"{name}.yaml" for name in ("scalper", "trend", "qfl"))
MADE = MarketSettings(days=4, history_days=40, coins=COINS)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six coins of a made market, one listed late, in a candle store."""
    feed, folder = SyntheticFeed(MADE), tmp_path_factory.mktemp("made") / "store"
    with StoreWriter(folder) as writer:
        for place, coin in enumerate(COINS):
            for track in feed.recorded[coin.symbol].values():
                candles = track.candles
                late = candles.between(int(candles.close_time[len(candles) // 2]), 2**62) if place == 3 else candles
                writer.add(replace(late, venue="made"))
    return folder


def wish(store: Path, jobs: int, **more: object) -> Wish:
    return replace(Wish(STRATEGIES, store, symbols=tuple(coin.symbol for coin in COINS), jobs=jobs), **more)


@pytest.mark.parametrize("span", [(None, None), (MADE.begin + 86_400_000, MADE.end - 86_400_000)])
def test_pieces_tell_what_the_whole_tells(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, span: tuple[int | None, int | None]
) -> None:
    config = Config(home=tmp_path)
    whole = backtested.run(wish(store, 1, since=span[0], until=span[1]), config)
    monkeypatch.setattr(piecewise, "CELLS", 4_000)
    monkeypatch.setattr(piecewise, "LONG", 0)
    told: list[tuple[float, float]] = []
    pieces = backtested.run(wish(store, 1, since=span[0], until=span[1]), config, lambda *d: told.append(d))
    assert len(whole.study.positions) > 30
    assert list(map(repr, pieces.study.positions)) == list(map(repr, whole.study.positions))
    assert list(map(repr, pieces.study.result.blocked)) == list(map(repr, whole.study.result.blocked))
    assert (pieces.study.result.start, pieces.study.result.end) == (whole.study.result.start, whole.study.result.end)
    assert pieces.study.result.skipped == whole.study.result.skipped
    assert pieces.notes == whole.notes
    done = [ready for ready, _ in told]
    assert done == sorted(done)
    assert done[-1] == told[-1][1]
    assert len(set(done)) > len(COINS), "the bar moves within a piece, too"
    assert not list((tmp_path / "backtest").iterdir())


def test_a_symbol_without_candles_in_the_span_is_as_if_it_were_not_there(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was listed after the end, or delisted before the start, is a piece in which nothing happens."""
    config, until = Config(home=tmp_path), MADE.begin - MADE.history_days * 86_400_000 // 2 - 86_400_000
    alone = (STRATEGIES[1],)  # it reads no other symbol, whose candles would be there
    listed = backtested.run(wish(store, 1, strategies=alone), config).study.result
    late = COINS[3].symbol
    assert min(p.signal.close_time for p in listed.positions if p.signal.symbol == late) > until
    whole = backtested.run(wish(store, 1, strategies=alone, until=until), config)
    assert whole.study.positions
    monkeypatch.setattr(piecewise, "LONG", 0)
    pieces = backtested.run(wish(store, 1, strategies=alone, until=until), config)
    assert list(map(repr, pieces.study.positions)) == list(map(repr, whole.study.positions))
    assert (pieces.study.result.start, pieces.study.result.end) == (whole.study.result.start, whole.study.result.end)
    assert pieces.study.result.skipped == whole.study.result.skipped
    for before in (whole.study.result.start, 1):
        with pytest.raises(Failure, match="no candles of these symbols in that span"):
            backtested.run(wish(store, 1, strategies=alone, until=before), config)


@pytest.mark.parametrize("jobs", [1, 2])
def test_strategies_that_are_changed_meanwhile_are_never_mixed(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    """A long backtest reads its strategies piece by piece, and people go on editing while it runs."""
    config, mine = Config(home=tmp_path), tmp_path / "trend.yaml"
    mine.write_bytes(STRATEGIES[1].read_bytes())
    order = replace(wish(store, jobs), strategies=(mine,))
    monkeypatch.setattr(piecewise, "LONG", 0)

    def edit(ready: float, amount: float) -> None:
        mine.write_text(STRATEGIES[1].read_text().replace("version: ", "version: 9."))

    with pytest.raises(Failure, match="the strategies were changed while they were worked on"):
        backtested.run(order, config, edit)


def test_two_processes_tell_the_same(store: Path, tmp_path: Path) -> None:
    config = Config(home=tmp_path)
    one, two = (backtested.run(wish(store, jobs), config) for jobs in (1, 2))
    assert list(map(repr, two.study.positions)) == list(map(repr, one.study.positions))


def test_protections_that_look_at_other_symbols_keep_the_symbols_together(store: Path, tmp_path: Path) -> None:
    config = replace(Config(home=tmp_path), max_open=2)
    one, two = (backtested.run(wish(store, jobs), config) for jobs in (1, 2))
    assert list(map(repr, two.study.positions)) == list(map(repr, one.study.positions))
    assert any(event.reason == "protection:max_open" for event in one.study.result.blocked)


def test_the_key_knows_what_the_answer_depends_on(store: Path, tmp_path: Path) -> None:
    from app import wiring
    from engine.decide import Settings

    config = Config(home=tmp_path)
    plan = wiring.load_strategies(STRATEGIES).plan
    order = piecewise.Order(wish(store, 1), config, {"trend": ("BTC/USDT",)}, Settings(fees=0.001))
    key = piecewise._key(order, plan)
    assert key == piecewise._key(replace(order, wish=wish(store, 2)), plan)
    others = [
        replace(order, wish=wish(store, 1, since=1)),
        replace(order, wish=wish(store, 1, detail=Timeframe.parse("5m"))),
        replace(order, settings=Settings(fees=0.002)),
        replace(order, universe={"trend": ("ETH/USDT",)}),
    ]
    assert key not in {piecewise._key(other, plan) for other in others}
    index = next(store.glob("*/series.json"))
    os.utime(index, ns=(1, 1))
    assert key != piecewise._key(order, plan)


def test_an_interrupted_command_goes_on_where_it_was(store: Path, tmp_path: Path) -> None:
    names = ",".join(coin.symbol for coin in COINS)
    command = ("backtest", *STRATEGIES[1:], "--candles", store, "--symbols", names, "--jobs", "2")
    want = run(*command, "--json", cwd=tmp_path)
    kept = tmp_path / "var" / "backtest"
    assert not list(kept.iterdir())
    process = start(*command, cwd=tmp_path)
    for _ in range(1200):
        if list(kept.glob("*/*.pickle")) or process.poll() is not None:
            break
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.search(r"^engine: stopped; what is done is kept", said, re.MULTILINE)
    before = {path: path.stat().st_mtime_ns for path in kept.glob("*/*.pickle")}
    assert before
    done = run(*command, "--json", cwd=tmp_path)
    assert json.loads(done.out) == json.loads(want.out)
    assert not list(kept.iterdir())
