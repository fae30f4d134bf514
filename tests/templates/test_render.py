"""Every event on every channel: complete, within the channel's limits, and unbreakable by hostile names."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twitter_text import extract_urls_with_indices, parse_tweet

from templates import dialects
from templates.dialects import dialect_of, utf16_length
from templates.render import HERE, RenderError, Templates
from templates.samples import sample, samples
from tests.servers.backend import validator
from tests.servers.linkedin import read_little
from tests.servers.telegram import parse_html

CHANNELS = ("telegram", "x", "linkedin", "webhook", "apprise", "console", "feed")
EVENTS = ("signal", "opened", "added", "target", "stop_moved", "part_exited", "closed", "report", "blocked", "alert")
SAMPLES = dict(samples())
TEMPLATES = Templates()
_CASHTAG = re.compile(r"(?<![\w$])[$＄][A-Za-z]{1,6}\b")
_MENTION = re.compile(r"(?<![A-Za-z0-9_])[@＠][A-Za-z0-9_]")


def rendered(name: str, channel: str, payload: dict[str, Any] | None = None) -> Any:
    payload = SAMPLES[name] if payload is None else payload
    return TEMPLATES.render(payload["event"]["kind"], channel, payload)


def check(channel: str, text: str, plain: str) -> None:
    """Hold a rendering to what its network demands."""
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", text)
    assert "\n\n\n" not in text
    assert text.strip()
    if channel == "telegram":
        assert parse_html(text) == plain
        assert utf16_length(plain) <= 4096
    elif channel == "x":
        assert parse_tweet(text).valid, text
        assert len(_CASHTAG.findall(text)) <= 1
        assert not _MENTION.search(text)
        assert not extract_urls_with_indices(text)
    elif channel == "linkedin":
        assert read_little(text) == plain
        assert len(text) <= 3000
    elif channel == "apprise":
        assert len(text) <= 1900


def test_the_samples_have_every_kind_of_event() -> None:
    assert {payload["event"]["kind"] for payload in SAMPLES.values()} == set(EVENTS)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("name", SAMPLES)
def test_every_event_on_every_channel(name: str, channel: str) -> None:
    shown = rendered(name, channel)
    if channel in ("webhook", "feed"):
        assert shown.body
    else:
        check(channel, shown.text, shown.plain)
        assert not re.search(r"\bNone\b|\bnan\b|\bundefined\b", shown.text)
    assert TEMPLATES.has(SAMPLES[name]["event"]["kind"], channel)


@pytest.mark.parametrize("channel", ["telegram", "x", "linkedin"])
def test_a_signal_says_all_a_follower_needs(channel: str) -> None:
    plain = rendered("signal", channel).plain
    facts = ["Northlight Signals", "Scalping Bot", "BTC/USDT", "LONG", "63250.0", "63629.5", "64009.0", "64374.8"]
    facts += ["62800.1", "+0.60%", "−0.71%", "78", "Binance USD-M", "1.0.0", "Uptrend", "Oversold", "Strength"]
    for fact in facts:
        assert fact in plain, fact
    assert re.search(r"15m|15-minute", plain)
    assert "not financial advice" in plain.lower()
    assert "Calm" not in plain.split("Not met")[0]


def test_the_reasons_are_in_words_with_values() -> None:
    plain = rendered("signal", "telegram").plain
    assert "✓ Uptrend: price 63,250 > EMA25 63,102" in plain
    assert "✓ Oversold: lowest RSI14 of 3 candles 27.41 ≤ low RSI 30" in plain
    assert "✗ Not met: Calm, Funding" in plain


@pytest.mark.parametrize("channel", ["telegram", "x", "linkedin", "apprise", "console"])
@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("closed-won", "+1.02% (+1.4R)"),
        ("closed-stopped", "−0.73% (−1.0R)"),
        ("closed-expired", "0.00% (0.00R)"),
        ("closed-by-rule", "+0.14% (+0.19R)"),
    ],
)
def test_an_end_tells_the_result_in_percent_and_r(name: str, channel: str, result: str) -> None:
    shown = rendered(name, channel)
    assert result in shown.title + shown.plain


def test_a_loss_looks_like_a_loss() -> None:
    plain = rendered("closed-stopped", "telegram").plain
    assert plain.startswith("❌ −0.73%")
    assert "Stopped out" in plain
    assert "the worse case is counted" in plain


def test_a_stop_in_profit_is_not_called_a_loss() -> None:
    payload = copy.deepcopy(SAMPLES["closed-stopped"])
    payload["position"] |= {"result_pct": 0.31, "result_r": 0.4}
    assert "Stopped in profit" in rendered("", "telegram", payload).plain


def test_what_never_opened_has_no_result() -> None:
    for channel in ("telegram", "x", "linkedin", "console"):
        plain = rendered("closed-cancelled", channel).plain
        assert "Never opened, nothing won or lost: Not filled in 6 bars" in plain
        assert "%" not in plain


def test_a_signal_without_a_stop_says_so() -> None:
    payload = sample("signal", text={"stop": None}, signal={"stop_loss": None})
    for channel in CHANNELS:
        assert rendered("", channel, payload).text
    assert "Stop  none" in rendered("", "telegram", payload).plain


def test_adds_and_limit_entries_are_shown() -> None:
    meta = copy.deepcopy(SAMPLES["signal"]["signal"]["meta"])
    adds = [{"price": 61985.0, "part": 0.3}, {"price": 60720.0, "part": 0.3}]
    meta["entry"] = {"kind": "limit", "part": 0.4, "cancel_after": 6, "adds": adds}
    plain = rendered("", "telegram", sample("signal", signal={"meta": meta})).plain
    assert "Entry  63250.0  limit order · 40%" in plain
    assert "Add 2  60720.0  30%" in plain


def test_webhook_bodies_hold_to_the_schema_of_a_signal() -> None:
    validator("signal").validate(rendered("signal", "webhook").body)


# -- the report of a day --


def report(channel: str, **numbers: Any) -> str:
    payload = copy.deepcopy(SAMPLES["report"])
    payload["report"] = {"strategy": "scalper", "day": "2025-04-07", **numbers}
    return str(rendered("", channel, payload).plain)


@pytest.mark.parametrize("channel", ["telegram", "x", "linkedin", "apprise", "console"])
def test_a_losing_coin_is_not_called_the_best_nor_a_winning_one_the_worst(channel: str) -> None:
    numbers = {"closed": 1, "wins": 0, "losses": 1, "profit_factor": 0.5935}
    lost = report(channel, **numbers, best="SOL/USDT -1.14%")
    assert "Best coin" not in lost
    assert re.search(r"Closed:? 1 \(0 won, 1 lost\)", lost)
    assert "0.59" in lost
    assert "0.5935" not in lost
    assert "Worst coin" not in report(channel, **numbers, worst="SOL/USDT +1.14%")
    both = report(channel, **numbers, best="BTC/USDT +3.84%", worst="LINK/USDT -1.14%")
    assert "BTC/USDT +3.84%" in both
    assert "LINK/USDT −1.14%" in both


@pytest.mark.parametrize("channel", ["telegram", "x", "linkedin", "apprise", "console"])
def test_a_day_on_which_nothing_ended_is_one_line(channel: str) -> None:
    plain = report(channel, signals=2, closed=0, wins=0, losses=0, profit_factor=0.0)
    assert "No signal ended that day; 2 new signals" in plain
    assert "Profit factor" not in plain
    assert "No signal ended that day; 1 new signal" in report(channel, signals=1)
    assert "No signal ended that day" in report(channel)


@pytest.mark.parametrize("channel", ["telegram", "x", "linkedin", "apprise"])
def test_a_report_names_the_brand_once(channel: str) -> None:
    shown = rendered("report", channel)
    assert (shown.title + shown.plain).count("Northlight Signals") == 1


# -- too long, and hostile --


def long_signal(conditions: int) -> dict[str, Any]:
    meta = copy.deepcopy(SAMPLES["signal"]["signal"]["meta"])
    words = "momentum breadth liquidity"
    meta["conditions"] = [
        {**meta["conditions"][2], "name": f"condition_{n}_{words}", "text": " + ".join(["volume"] * 30) + " > 0"}
        for n in range(conditions)
    ]
    return sample("signal", signal={"meta": meta})


@pytest.mark.parametrize("channel", ["telegram", "x", "linkedin", "apprise"])
def test_a_long_message_loses_its_least_important_lines_and_no_half_words(
    channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialect = dialect_of(channel)
    long = rendered("", channel, long_signal(80))
    check(channel, long.text, long.plain)
    for price in ("63250.0", "63629.5", "64374.8", "62800.1"):
        assert price in long.plain
    # Every line is one of the unshortened message.
    monkeypatch.setitem(dialects.BY_CHANNEL, channel, replace(dialect, limit=0))
    whole = Templates().render("signal", channel, long_signal(80))
    assert len(whole.plain) > len(long.plain)
    assert set(long.plain.split("\n")) <= set(whole.plain.split("\n"))


HOSTILE = st.one_of(
    st.sampled_from(
        [
            "<b>", "</b><script>alert(1)</script>", "_*[]()~`>#+-=|{}.!\\", "{hashtag|\\#|x}", "🚀🚀🚀" * 30,
            "👨‍👩‍👧‍👦" * 40, "a" * 700, "word " * 300, "$BTC $ETH $SOL", "@elonmusk", "evil.example.com/path",
            "https://evil.example/?a=b", "{{ 7*7 }}", "{% raw %}", "line\nbreak\r\n\ttab", "\x00\x01\x02\x03", "‮evil",
            "&amp; &lt; &", "نص عربي", "日本語" * 60, "\ud800", "ZWJ\u200d", "é" * 90, "", " ",
        ]
    ),
    st.text(max_size=120),
)  # fmt: skip


@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_hostile_names_break_nothing(data: st.DataObject) -> None:
    payload = copy.deepcopy(data.draw(st.sampled_from(list(SAMPLES.values()))))
    brand = {name: data.draw(HOSTILE) for name in ("name", "url", "disclaimer", "hashtag")}
    payload["brand"] = brand
    if "bot" in payload:
        payload["bot"] = {**payload["bot"], "name": data.draw(HOSTILE), "about": data.draw(HOSTILE)}
        payload["pair"] = data.draw(HOSTILE)
    if payload.get("signal"):
        payload["signal"] |= {"venue": data.draw(HOSTILE), "strategy_version": data.draw(HOSTILE)}
        for condition in payload["signal"]["meta"]["conditions"]:
            condition |= {"name": data.draw(HOSTILE), "text": data.draw(HOSTILE)}
        payload["detail"] |= {"reason": data.draw(HOSTILE), "rule": data.draw(HOSTILE), "why": data.draw(HOSTILE)}
    for channel in ("telegram", "x", "linkedin", "apprise", "console", "feed"):
        shown = rendered("", channel, payload)
        if channel != "feed":
            check(channel, shown.text, shown.plain)


def test_links_on_x_are_broken_unless_the_brand_asks() -> None:
    payload = sample("signal", brand={"name": "signals.io", "link_on_x": False})
    assert "signals․io" in rendered("", "x", payload).text
    payload = sample("signal", brand={"name": "signals.io", "link_on_x": True})
    assert "signals.io" in rendered("", "x", payload).text


def test_only_the_traded_coin_is_a_cashtag() -> None:
    payload = sample("signal", brand={"name": "$MOON Signals"}, bot={"name": "$BTC killer"})
    assert _CASHTAG.findall(rendered("", "x", payload).text) == ["$BTC"]


# -- the user's own templates --


def write(folder: Path, name: str, text: str) -> Templates:
    (folder / name).write_text(text)
    return Templates([folder])


def test_a_users_template_comes_first(tmp_path: Path) -> None:
    mine = write(tmp_path, "signal.telegram.j2", "{{ pair }} <b>{{ brand.name }}</b>")
    payload = sample("signal", brand={"name": "A & B"})
    assert mine.render("signal", "telegram", payload).text == "BTC/USDT <b>A &amp; B</b>"
    assert mine.render("signal", "telegram", payload).plain == "BTC/USDT A & B"
    assert "Why now" in TEMPLATES.render("signal", "telegram", payload).text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("one\n{{ signal.stoploss }}", "signal.telegram.j2:2: .*stoploss"),
        ("{{ nothing }}", "nothing"),
        ("{% if %}", "signal.telegram.j2:1"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ signal.update({'id': 1}) }}", "not safely|unsafe"),
        ("{{ 1 / 0 }}", "division"),
        ("{% include 'missing.j2' %}", "missing"),
    ],
)
def test_a_wrong_template_is_one_line_with_its_place(tmp_path: Path, text: str, why: str) -> None:
    mine = write(tmp_path, "signal.telegram.j2", text)
    with pytest.raises(RenderError, match=why) as caught:
        mine.render("signal", "telegram", SAMPLES["signal"])
    assert "\n" not in str(caught.value)


def test_a_webhook_template_must_make_json(tmp_path: Path) -> None:
    mine = write(tmp_path, "signal.webhook.j2", "{{ pair }}")
    with pytest.raises(RenderError, match="does not make JSON"):
        mine.render("signal", "webhook", SAMPLES["signal"])


def test_a_channel_of_a_third_party_gets_plain_text() -> None:
    assert "LONG BTC/USDT" in TEMPLATES.render("signal", "carrier_pigeon", SAMPLES["signal"]).text
    with pytest.raises(RenderError, match=r"no template earthquake\.telegram\.j2"):
        TEMPLATES.render("earthquake", "telegram", SAMPLES["signal"])


def test_every_template_is_of_a_known_event_and_channel() -> None:
    for path in HERE.glob("*.j2"):
        if path.name != "shared.j2":
            event, channel, _ = path.name.split(".")
            assert event in (*EVENTS, "any"), path.name
            assert channel in CHANNELS, path.name


def test_the_feed_holds_what_each_follower_reads() -> None:
    body = rendered("signal", "feed").body
    assert body["views"]["telegram"]["text"] == rendered("signal", "telegram").text
    assert body["views"]["x"]["text"] == rendered("signal", "x").plain
    assert body["views"]["linkedin"]["text"] == rendered("signal", "linkedin").plain
    assert body["views"]["x"]["length"] <= body["views"]["x"]["limit"] == 280
    assert (body["thread"], body["pair"], body["side"]) == ("9f2c5d7e1a3b4c5d6e7f8091", "BTC/USDT", "long")
