"""The feed: kept posts, one line each, and the page as a browser shows it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from engine.domain.message import Post, Refused, Rendered, Sent
from notifiers import NOTIFIERS
from templates.render import Templates
from templates.samples import sample, samples

TEMPLATES = Templates()
CHROMIUM = shutil.which("chromium")


def made(folder: Path, **options: Any) -> Any:
    return NOTIFIERS["feed"]({"path": str(folder / "feed.html"), **options}, {})


def post(kind: str, payload: dict[str, Any], key: str | None = None) -> Post:
    return Post(key or f"{payload['event']['id']}@feed", kind, TEMPLATES.render(kind, "feed", payload))


def fill(feed: Any) -> int:
    number = 0
    for name, payload in samples():
        assert feed.send(post(payload["event"]["kind"], payload, name)) == Sent(name)
        number += 1
    return number


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "feed.jsonl").read_text().splitlines()]


def test_posts_are_kept_in_order_and_in_the_page(tmp_path: Path) -> None:
    feed = made(tmp_path)
    number = fill(feed)
    kept = lines(tmp_path)
    assert [entry["key"] for entry in kept] == [name for name, _ in samples()]
    assert len(kept) == number
    page = (tmp_path / "feed.html").read_text()
    assert page.endswith((tmp_path / "feed.jsonl").read_text())
    assert "/*" + "STYLE*/" not in page
    feed.close()


def test_a_key_is_written_once_across_restarts(tmp_path: Path) -> None:
    for _ in range(3):
        feed = made(tmp_path)
        assert feed.idempotent
        fill(feed)
        fill(feed)
        feed.close()
    assert len(lines(tmp_path)) == len(list(samples()))


def test_a_torn_last_line_is_mended_and_its_post_written_again(tmp_path: Path) -> None:
    feed = made(tmp_path)
    fill(feed)
    feed.close()
    kept = tmp_path / "feed.jsonl"
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-40])
    feed = made(tmp_path)
    fill(feed)
    feed.close()
    assert kept.read_bytes() == whole
    assert (tmp_path / "feed.html").read_bytes().endswith(whole)


def test_only_the_channels_asked_for_are_shown(tmp_path: Path) -> None:
    feed = made(tmp_path, show=["x"])
    fill(feed)
    assert all(set(entry["views"]) == {"x"} for entry in lines(tmp_path))
    assert "`show` lists" in NOTIFIERS["feed"].problems({"show": ["myspace"]}, {})[0]


def test_a_folder_that_cannot_be_written_refuses(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    feed = NOTIFIERS["feed"]({"path": str(tmp_path / "file" / "feed.html")}, {})
    assert isinstance(feed.send(Post("k", "signal", Rendered("t", "t"))), Refused)
    assert feed.probe() != ""


def test_a_plain_rendering_is_shown_too(tmp_path: Path) -> None:
    made(tmp_path).send(Post("k", "custom", Rendered("<b>", "<b>")))
    assert lines(tmp_path)[0]["views"] == {"telegram": {"text": "&lt;b&gt;"}}


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


def opened(browser: Any, path: Path, **context: Any) -> tuple[Any, list[str]]:
    page = browser.new_context(**context).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if not request.url.startswith("file:") else None)
    page.goto((path / "feed.html").as_uri())
    return page, said


def test_the_page_shows_each_channel_and_asks_the_network_for_nothing(tmp_path: Path, browser: Any) -> None:
    fill(made(tmp_path))
    page, said = opened(browser, tmp_path)
    assert said == []
    assert page.title() == "Northlight Signals"
    assert page.locator(".phone").count() == 3
    telegram = page.locator(".telegram .thread.long")
    plain = TEMPLATES.render("signal", "telegram", dict(samples())["signal"]).plain
    assert telegram.locator(".bubble .text").first.inner_text().split() == plain.split()
    assert telegram.locator(".bubble").count() == len(list(samples())) - 3  # the others belong to no signal
    assert page.locator(".x .count").last.inner_text().endswith("/280")
    assert "Signals" in page.locator("#stats").inner_text()


def test_hostile_posts_run_nothing_and_break_nothing(tmp_path: Path, browser: Any) -> None:
    feed = made(tmp_path)
    evil = "</script><img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    feed.send(post("signal", sample("signal", brand={"name": evil, "disclaimer": "<!--<script>"}, bot={"name": evil})))
    feed.send(
        Post("k", "alert", Rendered("", "", body={"kind": "alert", "time": "", "views": {"telegram": {"text": evil}}}))
    )
    page, said = opened(browser, tmp_path)
    page.wait_for_selector(".bubble")
    assert page.title() != "owned"
    assert said == []
    assert page.locator("img").count() == 0
    assert evil[:19] in " ".join(page.locator(".telegram .name").all_inner_texts())


def test_filters_search_and_results(tmp_path: Path, browser: Any) -> None:
    feed = made(tmp_path)
    for n, (pair, percent, r) in enumerate(
        [("BTC/USDT", 1.2, 1.5), ("ETH/USDT", -0.8, -1.0), ("SOL/USDT", None, None)]
    ):
        common: dict[str, Any] = {"pair": pair, "signal": {"id": f"{n:024x}"}}
        feed.send(post("signal", sample("signal", **common), f"s{n}"))
        if percent is not None:
            end = {"status": "TP_HIT", "opened_at": "2025-04-07T13:00:00Z", "result_pct": percent, "result_r": r}
            feed.send(post("closed", sample("closed", position={**end, "entry_price": 1.0}, **common), f"c{n}"))
    page, _ = opened(browser, tmp_path)
    assert page.locator("#stats div").nth(2).inner_text().split() == ["Won", "·", "lost", "1", "·", "1"]
    assert "+0.25R" in page.locator("#stats").inner_text()
    page.click("[data-value=win]")
    assert page.locator(".x .badge").all_inner_texts() == ["+1.20% · +1.5R"]
    page.click("[data-value=win]")
    page.fill("#search", "eth/")
    expect(page.locator(".x .thread")).to_have_count(1)
    assert page.locator(".x .badge").all_inner_texts() == ["−0.80% · −1.0R"]
    page.fill("#search", "nothing like this")
    page.wait_for_selector(".x .empty")


def test_a_signal_is_seen_first_and_reports_have_their_own_chip(tmp_path: Path, browser: Any) -> None:
    feed = made(tmp_path)
    fill(feed)
    report = dict(samples())["report"]
    late = {**report, "event": {**report["event"], "id": "late", "time": "2025-04-09T00:00:00Z"}}
    feed.send(post("report", late, "late"))
    page, said = opened(browser, tmp_path)
    assert said == []
    first = page.locator(".telegram .thread").first
    assert first.locator(".what").inner_text() == "LONG BTC/USDT"
    assert first.locator(".when").inner_text() == "Signal of 7 Apr, 13:00 UTC · last news 7 Apr, 16:25"
    assert "the day of" not in page.locator(".linkedin").inner_text()
    page.click("[data-value=report]")
    expect(page.locator(".linkedin .thread")).to_have_count(2)
    assert "the day of 2025-04-07" in page.locator(".linkedin .thread").first.inner_text()
    assert page.locator("#stats dd").first.inner_text() == "0"


def test_a_page_of_reports_alone_shows_them(tmp_path: Path, browser: Any) -> None:
    made(tmp_path).send(post("report", dict(samples())["report"]))
    page, _ = opened(browser, tmp_path)
    assert page.locator(".x .thread").count() == 1
    assert page.locator("[data-value=report]").count() == 0
    assert page.locator("#sum").is_hidden()


def test_the_tiles_describe_what_is_shown(tmp_path: Path, browser: Any) -> None:
    feed = made(tmp_path)
    for n, (pair, percent, r) in enumerate([("BTC/USDT", 1.2, 1.5), ("ETH/USDT", -0.8, -1.0), ("ETH/USDT", 0.6, 1.0)]):
        common: dict[str, Any] = {"pair": pair, "signal": {"id": f"{n:024x}"}}
        feed.send(post("signal", sample("signal", **common), f"s{n}"))
        end = {"status": "EXITED", "opened_at": "2025-04-07T13:00:00Z", "result_pct": percent, "result_r": r}
        feed.send(post("closed", sample("closed", position={**end, "entry_price": 1.0}, **common), f"c{n}"))
    page, _ = opened(browser, tmp_path)
    tiles = page.locator("#stats dd")
    assert tiles.all_inner_texts() == ["3", "0", "2 · 1", "67%", "+0.50R", "+1.5R"]
    assert page.locator("#sum figcaption").inner_text() == "Sum of R"
    page.click("[data-value=loss]")
    assert tiles.all_inner_texts() == ["1", "0", "0 · 1", "0%", "−1.00R", "−1.0R"]
    page.click("[data-value=loss]")
    page.fill("#search", "eth/")
    expect(tiles.first).to_have_text("2")
    assert tiles.all_inner_texts() == ["2", "0", "1 · 1", "50%", "0.00R", "0.0R"]


def test_linkedin_folds_long_posts_between_words_and_leaves_short_ones_whole(tmp_path: Path, browser: Any) -> None:
    feed = made(tmp_path)
    feed.send(post("signal", sample("signal")))
    moved = dict(samples())["stop_moved"]
    feed.send(post("stop_moved", moved))
    page, _ = opened(browser, tmp_path)
    long, short = (page.locator(".linkedin .lpost .text").nth(place) for place in (0, 1))
    whole = TEMPLATES.render("signal", "linkedin", sample("signal")).plain
    head = long.inner_text()
    assert head.count("…") == 1
    assert head.endswith(" …more")
    words = head.removesuffix("…more").split()
    assert words == whole.split()[: len(words)]
    assert len(words) > 20
    long.locator(".more").click()
    assert long.inner_text().split() == whole.split()
    assert short.inner_text().split() == TEMPLATES.render("stop_moved", "linkedin", moved).plain.split()


def test_on_a_phone_there_is_one_channel_and_nothing_overflows(tmp_path: Path, browser: Any) -> None:
    fill(made(tmp_path))
    page, _ = opened(browser, tmp_path, viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    for channel in ("telegram", "x", "linkedin"):
        page.click(f"#tabs [data-channel={channel}]")
        assert [one.get_attribute("class").split()[1] for one in page.locator(".phone:visible").all()] == [channel]
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_dark_and_light_follow_the_system_and_the_button(tmp_path: Path, browser: Any) -> None:
    fill(made(tmp_path))
    page, _ = opened(browser, tmp_path, color_scheme="dark")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.click("#theme")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"


def test_thousands_of_posts_are_shown_a_screenful_at_a_time(tmp_path: Path, browser: Any) -> None:
    feed = made(tmp_path)
    payload = sample("signal")
    body = dict(TEMPLATES.render("signal", "feed", payload).body or {})
    for n in range(4000):
        feed.send(Post(f"k{n}", "signal", Rendered("", "", body={**body, "thread": f"{n:024x}"})))
    feed.close()
    page, said = opened(browser, tmp_path)
    assert said == []
    assert page.locator(".telegram .bar small").inner_text() == "4,000 posts"
    assert page.locator(".telegram .thread").count() < 100
    page.evaluate("document.querySelector('.telegram .scroll').scrollTo(0, 1e9)")
    expect(page.locator(".telegram .thread").nth(20)).to_be_attached()


def test_the_parts_of_the_page_travel_with_the_package() -> None:
    from setuptools import find_packages

    root = Path(__file__).parents[2]
    assert {"notifiers", "notifiers._page"} <= set(find_packages(str(root), include=["notifiers*"]))
    assert "_page" not in NOTIFIERS.names()
