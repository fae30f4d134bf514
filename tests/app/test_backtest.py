"""`engine backtest` as its users run it: accounts, costs, what lies beside the candles, and every mistake in a line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.study_facts import FORMAT, VERSION
from tests.app.command import OPEN, SWING, Answer, call, candles, swing

Ask = Callable[..., Answer]
DAY = 86_400_000


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    swing(tmp_path)
    candles(tmp_path / "c")
    candles(tmp_path / "c", "ETHUSDT")

    def asked(*arguments: object) -> Answer:
        return call(monkeypatch, tmp_path, "backtest", *arguments, "--candles", "c")

    return asked


def test_the_summary_fits_eighty_columns_and_says_what_it_rests_on(ask: Ask) -> None:
    said = ask(
        "swing.yaml", "--capital", 10_000, "--stake", "risk 1%", "--max-open", 1, "--by", "symbol", "--by", "condition"
    )
    assert said.status == 0
    assert max(map(len, said.out.splitlines())) <= 80
    for part in (
        "account       10,000, stake risk 1%, at most 1 open",
        "buy and hold",
        "max drawdown",
        "win rate",
        "Sharpe",
    ):
        assert part in said.out
    assert "1 symbol, named by the strategies" in said.out
    assert "funding on binanceusdm is not known" in said.err
    plain = ask("swing.yaml").out
    assert "none: every signal counts" in plain
    assert "CAGR" not in plain


def test_json_has_all_of_it_and_agrees_with_itself(ask: Ask) -> None:
    told = ask("swing.yaml", "--capital", 10_000, "--stake", "20%", "--json").json
    assert (told["format"], told["version"]) == (FORMAT, VERSION)
    assert told["strategies"][0]["id"] == "swing"
    ended = [t for t in told["trades"] if t["status"] not in ("PENDING", "OPEN") and t["entry"] is not None]
    assert told["numbers"]["trades"] == len(ended) > 5
    assert told["numbers"]["profit"] == pytest.approx(sum(trade["profit"] for trade in ended))
    assert told["numbers"]["result"] == pytest.approx(sum(trade["result"] for trade in ended))
    assert told["account"]["end"] == told["equity"]["daily"][-1][1]
    assert told["equity"]["daily"][0][1] == 10_000
    assert set(told["groups"]) == {"strategy", "symbol", "side", "timeframe", "end", "hour", "weekday", "month"}
    assert told["conditions"][0]["condition"] == "up"
    assert told["intervals"]["win_rate"]["low"] <= told["numbers"]["win_rate"] <= told["intervals"]["win_rate"]["high"]
    assert told["settings"]["account"]["stake"] == "20%"
    assert told["settings"]["followed"] == {"BTC/USDT": "5m"}
    assert {"win_rate", "sharpe", "calmar"} <= set(told["freqtrade"])
    assert ask("swing.yaml", "--json").json["account"] is None
    assert ask("swing.yaml", "--json").json == ask("swing.yaml", "--json").json


def test_limits_and_skips_are_counted_with_their_reasons(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(
        SWING.replace("id: swing", "id: other").replace("[BTC/USDT]", "[BTC/USDT, ETH/USDT]")
    )
    both = ("swing.yaml", "other.yaml", "--capital", 1000, "--stake", "100")
    free = ask(*both, "--json").json["account"]
    assert free["skipped"] == {}
    for option, reason in (
        ("--max-open", "max-open"),
        ("--max-per-symbol", "max-per-symbol"),
        ("--max-per-strategy", "max-per-strategy"),
    ):
        told = ask(*both, option, 1, "--json").json
        assert set(told["account"]["skipped"]) == {reason}
        assert told["account"]["taken"] + told["account"]["skipped"][reason] == len(told["trades"]) == free["taken"]
        assert sum(trade["skipped"] == reason for trade in told["trades"]) == told["account"]["skipped"][reason]
    assert "skipped       max-open" in ask(*both, "--max-open", 1).out
    assert ask(*both, "--stake", "600", "--json").json["account"]["skipped"]["no-capital"] > 0


def test_steps_of_the_markets_round_prices_and_amounts(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "c" / "markets.csv").write_text("symbol,tick,lot,min_cost\nBTC/USDT,0.5,0.25,30\n")
    told = ask("swing.yaml", "--capital", 1000, "--stake", "100", "--json").json
    assert told["settings"]["ticks"]["BTC/USDT"] == {"tick": "0.5", "lot": "0.25", "min_amount": None, "min_cost": "30"}
    assert all(trade["stop"] * 2 == int(trade["stop"] * 2) for trade in told["trades"])
    assert {trade["amount"] % 0.25 for trade in told["trades"]} == {0}
    assert (
        ask("swing.yaml", "--capital", 1000, "--stake", "20", "--json").json["account"]["skipped"]["below-minimum"] > 0
    )
    (tmp_path / "c" / "markets.csv").write_text("symbol,tick\nBTC/USDT,x\n")
    assert "markets.csv:2: tick is not a number" in ask("swing.yaml").complaint


def test_funding_beside_the_candles_is_paid(ask: Ask, tmp_path: Path) -> None:
    before = ask("swing.yaml", "--json").json
    rows = "".join(f"{OPEN + n * 3_600_000},0.001\n" for n in range(-1, 60))
    (tmp_path / "c" / "binanceusdm_BTCUSDT_funding.csv").write_text(f"timestamp_ms,rate\n{rows}")
    told = ask("swing.yaml", "--json")
    assert told.json["settings"]["funding"] == ["BTC/USDT"]
    assert told.json["numbers"]["funding"] > 0
    paid = before["numbers"]["result"] - told.json["numbers"]["funding"]
    assert told.json["numbers"]["result"] == pytest.approx(paid)
    assert "funding" not in told.err
    assert [t["signal_at"] for t in told.json["trades"]] == [t["signal_at"] for t in before["trades"]]


def test_the_universe_of_each_day(ask: Ask, tmp_path: Path) -> None:
    days = [f"2025-01-0{day},{symbol}" for day, symbol in ((6, "BTC/USDT"), (6, "LUNA/USDT"), (7, "ETH/USDT"))]
    (tmp_path / "listed.csv").write_text("\n".join(["day,symbol", *days]))
    (tmp_path / "swing.yaml").write_text(SWING.replace("symbols: [BTC/USDT]", "watchlist: majors"))
    told = ask("swing.yaml", "--universe", "listed.csv", "--json")
    second = OPEN // DAY * DAY + DAY
    assert {(t["symbol"], t["signal_at"] < second) for t in told.json["trades"]} == {
        ("BTC/USDT", True),
        ("ETH/USDT", False),
    }
    assert "those that listed.csv recorded" in told.json["universe"]
    assert told.json["blocked"]["swing"]["protection:universe"] > 0
    assert "LUNA/USDT: in the recorded universe, but without candles here" in told.err
    assert "did not survive" in ask("swing.yaml").out
    assert "whoever chose knew the outcome" in ask("swing.yaml", "--symbols", "BTC/USDT").out.replace(
        "\n              ", " "
    )
    (tmp_path / "listed.csv").rename(tmp_path / "c" / "universe.csv")
    assert "universe.csv recorded" in ask("swing.yaml", "--json").json["universe"]


def test_the_detail_on_which_positions_are_followed(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "swing.yaml").write_text(SWING.replace("[5m]", "[30m]"))
    fine, coarse = (ask("swing.yaml", "--json", *more).json for more in ((), ("--detail-timeframe", "30m")))
    assert fine["settings"]["followed"] == {"BTC/USDT": "5m"}
    assert coarse["settings"]["followed"] == {"BTC/USDT": "30m"}
    assert coarse["settings"]["detail_timeframe"] == "30m"
    said = ask("swing.yaml", "--detail-timeframe", "1m")
    assert "BTC/USDT: there are no 1m candles here, so positions are followed on 5m" in said.err
    assert "no multiple of the detail of 1h" in ask("swing.yaml", "--detail-timeframe", "1h").complaint
    assert "--detail-timeframe: 'five'" in ask("swing.yaml", "--detail-timeframe", "five").complaint


def test_a_strategy_that_cannot_be_loaded_is_said_and_the_others_run(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("language: 1\nid: broken\n")
    said = ask("swing.yaml", "broken.yaml")
    assert said.status == 2
    assert "broken.yaml cannot be loaded and was left out" in said.err
    assert "win rate" in said.out
    assert ask("swing.yaml", "broken.yaml", "--json").json["failed"] == ["broken.yaml"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--stake", "5%"), "--stake belongs to an account: give it --capital"),
        (("--max-open", 2, "--leverage", 3), "--max-open and --leverage belong"),
        (("--capital", 0), "must be above 0"), (("--capital", "abc"), "not a valid float"),
        (("--capital", 100, "--stake", "many"), "is not a stake"), (("--capital", 100, "--leverage", 0), "above 0"),
        (("--capital", 100, "--max-open", 0), "0 is not in the range"), (("--by", "mood"), "'mood' is not one of"),
        (("--universe", "missing.csv"), "does not exist"), (("--from", "2030-01-01"), "no candles"),
        (("--fees", 11), "not in the range"),
    ],
)  # fmt: skip
def test_mistakes_are_one_clear_line(ask: Ask, options: tuple[object, ...], why: str) -> None:
    said = ask("swing.yaml", *options)
    assert said.status == 3
    assert why in said.complaint


def test_maker_fees_are_those_of_what_rests(ask: Ask) -> None:
    dear, cheap = (ask("swing.yaml", "--fees", 1, *more, "--json").json for more in ((), ("--maker", 0)))
    assert cheap["numbers"]["result"] > dear["numbers"]["result"]
    hits = [t for t in cheap["trades"] if t["status"] == "TP_HIT"]
    assert all(t["fees"] == pytest.approx(0.01) for t in hits), "only the entry took"
    assert "fees 0 % maker, 1 % taker" in ask("swing.yaml", "--fees", 1, "--maker", 0).out


def test_every_name_of_the_json_is_on_its_page(ask: Ask) -> None:
    page = (Path(__file__).parents[2] / "docs" / "backtest.md").read_text()
    table = page.partition("## JSON")[2]
    told = ask("swing.yaml", "--capital", 1000, "--json").json
    assert [name for name in told if f"`{name}`" not in table and name not in ("format", "version")] == []
