"""The report of a backtest: one page, in a real browser, that asks no network for anything."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from app import backtested, study_facts, study_page
from app.config import Config
from app.failure import Failure
from engine.account.equity import Curve
from engine.account.settings import Account, Stake
from engine.domain.market import Candles, Market, Timeframe
from engine.statistics.equity import equity_numbers, falls_of
from engine.statistics.outcomes import outcomes
from engine.statistics.trades import trades_of
from templates.report_page import fallen, months, percent
from tests.app.command import SWING, call, candles

CHROMIUM = shutil.which("chromium")
DAY = 86_400_000


def done_of(folder: Path, text: str = SWING, **wish: Any) -> backtested.Done:
    candles(folder / "c")
    candles(folder / "c", "ETHUSDT")
    (folder / "swing.yaml").write_text(text.replace("[BTC/USDT]", "[BTC/USDT, ETH/USDT]").replace("1%", "0.3%"))
    return backtested.run(backtested.Wish((folder / "swing.yaml",), folder / "c", **wish), Config())


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> backtested.Done:
    return done_of(tmp_path_factory.mktemp("page"), account=Account(10_000, Stake("percent", 0.2), max_open=1))


@pytest.fixture(scope="module")
def text(done: backtested.Done) -> str:
    return study_page.page(done, backtested.funnels(done, Config()))


def inside(text: str) -> dict[str, Any]:
    """Return the data in a page, as its script unpacks it."""
    found = re.search(r'<script id="data" type="text/plain">([A-Za-z0-9+/=]+)</script>', text)
    assert found is not None
    data: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(found[1])))
    return data


# -- what is in it --


def test_the_command_writes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    candles(tmp_path / "c")
    (tmp_path / "swing.yaml").write_text(SWING)
    said = call(monkeypatch, tmp_path, "backtest", "swing.yaml", "--candles", "c", "--html", "out/report.html")
    assert said.status == 0
    assert "the report is out/report.html, 0." in said.err
    assert "win rate" in said.out
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.startswith("<!doctype html>")
    (tmp_path / "file").write_text("")
    said = call(monkeypatch, tmp_path, "backtest", "swing.yaml", "--candles", "c", "--html", "file/report.html")
    assert (said.status, "cannot be written" in said.complaint) == (3, True)


def test_the_same_backtest_gives_the_same_page(done: backtested.Done, text: str) -> None:
    assert study_page.page(done, backtested.funnels(done, Config())) == text


def test_it_names_no_other_host_but_in_a_link(text: str) -> None:
    ours = text.replace(study_page.chart_script(), "")
    assert re.findall(r"https?://[^\"'\s<)]+", ours) == ["https://www.tradingview.com/"]
    assert "default-src 'none'" in ours
    assert not re.search(r"<(img|link|iframe)\b|@import|url\(", ours)


def test_the_chart_library_is_the_published_build() -> None:
    """The file in the package is byte for byte that of the library's own release 5.2.0."""
    digest = hashlib.sha256(study_page.chart_script().encode()).hexdigest()
    assert digest == "c0992580867c4912cc9385b3c2728315bcc1a76c7f1087dca908430fccdf31d7"


def test_a_missing_chart_library_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study_page, "CHARTS", ("no_such_charts", "x.js"))
    with pytest.raises(Failure, match="pip install no_such_charts"):
        study_page.chart_script()


def test_every_signal_is_in_it_with_its_explanation(done: backtested.Done, text: str) -> None:
    data = inside(text)["trades"]
    positions = done.study.positions
    assert len(data["signal"]) == len(positions)
    names = data["names"]
    for place, position in enumerate(positions):
        assert data["signal"][place] * 1000 == position.signal.close_time
        assert names[data["symbol"][place]] == position.signal.symbol
        if position.filled and not position.status.live:
            assert data["result"][place] == pytest.approx(position.result, rel=1e-4)
        fills = [(data["signal"][place] + after) * 1000 for after, *_ in data["fills"][place]]
        assert fills == [fill.time for fill in position.fills]
        (name, truth, said), *_ = data["why"][place]
        assert data["texts"][name] == "up|weight 1|close crosses above sma(close, 10)"
        assert truth == 2
        assert re.fullmatch(r"price [\d.,]+ crosses above SMA10 [\d.,]+", said)
    skipped = [names[reason] for reason in data["skipped"] if reason is not None]
    assert skipped == list(done.study.taken.skipped.values())  # type: ignore[union-attr]


def test_the_funnel_ends_at_the_signals(done: backtested.Done, text: str) -> None:
    (side,) = inside(text)["funnels"]["swing"]
    assert side["signals"] == len(done.study.positions)
    assert side["signals"] + sum(times for _, times in side["blocked"]) == side["fires"]
    assert side["conditions"][0]["held"] == side["fires"]


def test_candles_come_back_as_they_were() -> None:
    random_ = np.random.default_rng(2)
    times = np.delete(np.arange(1, 400, dtype=np.int64), [50, 51, 200]) * 60_000
    close = np.round(100 + np.cumsum(random_.normal(0, 0.3, len(times))), 2)
    opened = np.round(close + random_.normal(0, 0.1, len(times)), 2)
    high, low = np.round(np.maximum(opened, close) + 0.2, 2), np.round(np.minimum(opened, close) - 0.1, 2)
    made = Candles("A/B", Timeframe.parse("1m"), times, opened, high, low, close, close)

    class Wanted:
        markets = {"A/B": Market("v", "A/B")}  # noqa: RUF012

    packed = study_page.candle_columns(made, Wanted)  # type: ignore[arg-type]
    gaps, at, last = dict(packed["gaps"]), packed["first"], packed["start"]
    for row in range(len(times)):
        at += packed["step"] * gaps.get(row, 1) if row else 0
        begin, end = last + packed["open"][row], last + packed["close"][row]
        ends = max(begin, end) + packed["high"][row], min(begin, end) - packed["low"][row]
        found = [value * packed["tick"] for value in (begin, *ends, end)]
        assert at * 1000 == times[row] - 60_000
        assert found == pytest.approx([opened[row], high[row], low[row], close[row]], abs=packed["tick"])
        last = end


def test_a_long_curve_keeps_its_end_and_its_deepest_fall() -> None:
    time = np.arange(0, 50_000, dtype=np.int64) * 3_600_000
    value = 1000 * np.exp(np.cumsum(np.random.default_rng(4).normal(0, 0.004, len(time))))
    curve = Curve(time, value, 1000.0, value, value)
    packed = study_page.curve_points(curve, curve)
    assert len(packed["time"]) <= study_page.MOST_POINTS + 1
    assert packed["own"][-1] == pytest.approx(value[-1], rel=1e-6)
    assert max(packed["fall"]) == pytest.approx(float(falls_of(value, 1000.0).max()), rel=1e-6)


@pytest.mark.parametrize("account", [True, False])
def test_months_come_to_the_whole(account: bool) -> None:
    days = 20_100 + np.arange(500)
    value = 1000 + np.cumsum(np.random.default_rng(1).normal(0, 10, 500))
    facts = {"equity": {"daily": [[int(day) * DAY, float(v), 0] for day, v in zip(days, value, strict=True)]}}
    found = months(facts, account=account)
    assert [year for year, _, _ in found] == [2025, 2026]
    cells = [cell for _, part, _ in found for cell in part if cell is not None]
    assert len(cells) == 17
    if account:
        assert np.prod([1 + cell for cell in cells]) == pytest.approx(value[-1] / value[0])
        assert np.prod([1 + whole for *_, whole in found]) == pytest.approx(value[-1] / value[0])
    else:
        assert sum(cells) == pytest.approx(value[-1] - value[0])


def many(done: backtested.Done, count: int) -> backtested.Done:
    """Return the backtest with so many trades, each with values of its own."""
    chance, made = random.Random(1), []
    ended = [p for p in done.study.positions if p.filled and not p.status.live]
    for number in range(count):
        one = ended[number % len(ended)]
        shift = number // len(ended) * 60_000
        verdicts = tuple(
            replace(v, name=f"{v.name}{n}", parts=tuple((t, x * chance.uniform(0.8, 1.2)) for t, x in v.parts))
            for v in one.signal.verdicts
            for n in range(6)
        )
        said = replace(one.signal, close_time=one.signal.close_time + shift, verdicts=verdicts)
        fills = tuple(replace(f, time=f.time + shift, price=f.price * chance.uniform(0.99, 1.01)) for f in one.fills)
        made.append(replace(one, signal=said, fills=fills, opened_at=one.opened_at + shift,
                            closed_at=one.closed_at + shift, result=one.result * chance.uniform(0.5, 1.5),
                            best=one.best * chance.uniform(0.99, 1.01)))  # fmt: skip
    trades = trades_of(made)
    study = replace(done.study, positions=tuple(made), trades=trades, outcomes=outcomes(trades), taken=None)
    return replace(done, study=study)


@pytest.fixture(scope="module")
def large(done: backtested.Done) -> str:
    return study_page.page(many(done, 5_000), {})


def test_five_thousand_trades_fit_into_four_megabytes(large: str) -> None:
    data = inside(large)
    assert len(data["trades"]["signal"]) == 5_000
    assert len({said for why in data["trades"]["why"] for _, _, said in why}) > 15_000, (
        "each explained by its own values"
    )
    assert len(large.encode()) < 4_000_000


# -- in a browser --


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


def opened(browser: Any, folder: Path, text: str, **context: Any) -> tuple[Any, list[str]]:
    page = browser.new_context(**context).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if not request.url.startswith("file:") else None)
    (folder / "report.html").write_text(text, "utf-8")
    page.goto((folder / "report.html").as_uri())
    page.wait_for_selector("html[data-ready=yes]", timeout=30_000)
    return page, said


PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}


@pytest.mark.parametrize("context", [{}, PHONE, {"color_scheme": "dark"}], ids=["desktop", "phone", "dark"])
def test_it_is_silent_asks_for_nothing_and_fits(tmp_path: Path, browser: Any, text: str, context: Any) -> None:
    page, said = opened(browser, tmp_path, text, **context)
    assert said == []
    width = page.evaluate("document.documentElement.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("#equity canvas").count() > 0
    assert page.locator("#candles canvas").count() > 0
    boxes = "[...document.querySelectorAll('.groups .scroll, .pairs .scroll')]"
    cut = page.evaluate(f"{boxes}.filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.innerText)")
    assert cut == [], "every table of numbers is seen whole"
    assert page.evaluate("document.documentElement.dataset.theme") == ("dark" if "color_scheme" in context else "light")
    page.click("#theme")
    assert page.evaluate("document.documentElement.dataset.theme") == ("light" if "color_scheme" in context else "dark")
    if context is PHONE:
        table = page.locator("#trades").bounding_box()
        assert table["x"] + table["width"] <= 360, "the result of a trade is seen without scrolling"
    assert said == []


def test_its_figures_are_those_of_the_numbers(tmp_path: Path, browser: Any, done: backtested.Done, text: str) -> None:
    page, _ = opened(browser, tmp_path, text)
    facts = study_facts.facts(done)
    tiles = dict(
        zip(
            page.locator(".tiles dt").all_inner_texts(),
            page.locator(".tiles dd:nth-of-type(1)").all_inner_texts(),
            strict=True,
        )
    )
    assert tiles["Total return"] == percent(facts["equity"]["total"])
    assert tiles["Max drawdown"] == fallen(facts["equity"]["max_drawdown"])
    assert tiles["Trades"] == str(facts["numbers"]["trades"])
    assert tiles["Win rate"] == f"{facts['numbers']['win_rate'] * 100:.1f}%"
    assert page.title() == "Swing Bot: backtest"
    assert "named by the strategies" in page.locator(".notes").inner_text()
    assert "max-open" in page.locator(".notes").inner_text()


def test_trades_are_sorted_filtered_and_explained(
    tmp_path: Path, browser: Any, done: backtested.Done, text: str
) -> None:
    page, said = opened(browser, tmp_path, text)
    study = done.study
    total = len(study.positions)
    expect(page.locator("#count")).to_have_text(f"{total} of {total}")
    page.select_option("#which", "skipped")
    expect(page.locator("#count")).to_have_text(f"{len(study.taken.skipped)} of {total}")  # type: ignore[union-attr]
    page.select_option("#which", "wins")
    expect(page.locator("#count")).to_have_text(f"{study.outcomes.wins} of {total}")
    page.click("#trades th:has-text('result')")
    best = page.locator("#trades tr.row").first
    assert best.locator("td").nth(9).inner_text() == percent(study.outcomes.best)
    best.click()
    story = page.locator("#trades tr.more")
    assert "up: price " in story.inner_text()
    assert "entry" in story.inner_text()
    assert page.locator("#told").is_visible()
    page.fill("#search", "eth long")
    rows = page.locator("#trades tr.row")
    assert rows.count() == sum(
        s == "ETH/USDT" and r > 0 for s, r in zip(study.trades.symbol, study.trades.result, strict=True)
    )
    page.fill("#search", "nothing like this")
    expect(rows).to_have_count(0)
    page.click("#symbols button:has-text('ETH/USDT')")
    assert page.locator("#symbols [aria-selected=true]").inner_text().startswith("ETH/USDT")
    box = page.locator("#scatter canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] - 12, box["y"] + box["height"] - 26)
    assert said == []


def test_names_of_users_run_nothing_and_break_nothing(tmp_path: Path, browser: Any) -> None:
    evil = "</script><img src=x onerror=document.title='owned'><script>document.title='owned'</script>{{ 7 * 7 }}"
    done = done_of(tmp_path, SWING.replace("Swing Bot", f'"{evil}"'))
    text = study_page.page(done, backtested.funnels(done, Config()))
    page, said = opened(browser, tmp_path, text)
    assert said == []
    assert page.title().startswith("</script>")
    assert page.locator("img").count() == 0
    assert page.locator("h1").inner_text() == evil
    assert page.locator("#funnel h3").first.inner_text() == f"{evil}, long"


def test_a_backtest_without_a_trade_has_a_page(tmp_path: Path, browser: Any) -> None:
    done = done_of(tmp_path, SWING.replace("close crosses above sma(close, 10)", "close > 10 * sma(close, 10)"))
    assert not done.study.positions
    page, said = opened(browser, tmp_path, study_page.page(done, backtested.funnels(done, Config())))
    assert said == []
    assert page.locator(".tiles dd").nth(0).inner_text() == "0.00%"
    assert page.locator("#count").inner_text() == "0 of 0"
    assert "no R" in page.inner_text("main")


def test_five_thousand_trades_are_shown_a_screenful_at_a_time(tmp_path: Path, browser: Any, large: str) -> None:
    page, said = opened(browser, tmp_path, large)
    assert page.locator("#count").inner_text() == "5,000 of 5,000"
    assert page.locator("#trades tr.row").count() == 25
    page.click("#next")
    assert page.locator("#where").inner_text() == "page 2 of 200"
    assert said == []


def test_a_flat_curve_divides_nothing() -> None:
    made = equity_numbers(np.array([0, DAY, 2 * DAY]), np.array([0.0, 0.0, 0.0]), 0.0)
    assert (made.change, made.sharpe, made.max_drawdown) == (0.0, None, None)
