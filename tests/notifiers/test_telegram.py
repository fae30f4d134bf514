"""Telegram: what the contract of all channels does not say."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from engine.domain.message import Lost, Post, Refused, Rendered, Sent
from notifiers import NOTIFIERS
from templates.render import Templates
from templates.samples import samples
from tests.servers.loopback import Fault
from tests.servers.telegram import TOKEN, ParseError, Telegram, parse_html

ROOT = Path(__file__).parents[2]


@pytest.fixture
def server() -> Iterator[Telegram]:
    with Telegram() as running:
        yield running


def made(server: Telegram, **options: Any) -> Any:
    return NOTIFIERS["telegram"]({"chat": "@c", "api_base": server.base, "timeout": 1.0, **options}, {"token": TOKEN})


def post(text: str = "<b>x</b>", plain: str = "x", **more: Any) -> Post:
    return Post("k", more.pop("event", "signal"), Rendered(text, plain), **more)


def test_every_sample_is_taken_as_html(server: Telegram) -> None:
    notifier, templates = made(server), Templates()
    for name, payload in samples():
        rendered = templates.render(payload["event"]["kind"], "telegram", payload)
        assert isinstance(notifier.send(Post(name, payload["event"]["kind"], rendered)), Sent), name
        assert server.delivered[-1]["parse_mode"] == "HTML"
        assert server.delivered[-1]["text"] == rendered.plain


def test_refused_markup_goes_as_plain_text_once(server: Telegram) -> None:
    assert isinstance(made(server).send(post("<b>no <i>end", "no end")), Sent)
    assert [(m["text"], m["parse_mode"]) for m in server.delivered] == [("no end", None)]
    assert len(server.requests) == 2


def test_an_answer_is_a_reply_and_survives_a_deleted_first_message(server: Telegram) -> None:
    notifier = made(server)
    first = notifier.send(post())
    notifier.send(post(reply_to=first.remote_id))
    assert isinstance(notifier.send(post(reply_to="99")), Sent)
    assert isinstance(notifier.send(post(reply_to="urn:li:share:1")), Sent)
    assert [m["reply_to"] for m in server.delivered] == [None, 1, 99, None]


def test_a_migrated_chat_is_followed(server: Telegram, caplog: pytest.LogCaptureFixture) -> None:
    server.migrated[-5] = -1005
    notifier = made(server, chat=-5)
    assert isinstance(notifier.send(post()), Sent)
    assert isinstance(notifier.send(post()), Sent)
    assert [m["chat_id"] for m in server.delivered] == [-1005, -1005]
    assert len(server.requests) == 3
    assert "-1005" in caplog.text


def test_a_chat_that_threw_the_bot_out_refuses(server: Telegram) -> None:
    server.gone.add("@c")
    delivery = made(server).send(post())
    assert delivery == Refused("HTTP 403: Forbidden: bot was kicked from the channel chat")


def test_too_long_a_text_is_refused_after_parsing(server: Telegram) -> None:
    notifier = made(server)
    assert isinstance(notifier.send(post("<b>" + "x" * 4096 + "</b>")), Sent)
    assert isinstance(notifier.send(post("x" * 4097)), Refused)


def test_options_reach_the_wire(server: Telegram) -> None:
    made(server, topic=7, silent=["closed"]).send(post(event="closed"))
    body = server.requests[-1].json
    assert (body["message_thread_id"], body["disable_notification"]) == (7, True)
    assert body["link_preview_options"] == {"is_disabled": True}


@pytest.mark.parametrize("chat", ["channel", "t.me/channel", ""])
def test_a_wrong_chat_is_told_before_anything_is_sent(chat: str) -> None:
    assert NOTIFIERS["telegram"].problems({"chat": chat}, {"token": TOKEN}) == [
        f"the option `chat` is `@name` or a number, not {chat!r}"
    ]


def test_probe_says_why_the_chat_cannot_be_used(server: Telegram) -> None:
    assert made(server).probe() == ""
    server.gone.add("@c")
    assert "kicked" in made(server).probe()


def test_an_answer_that_drips_for_ever_is_given_up(server: Telegram) -> None:
    server.plan(Fault("half", after=True))
    assert isinstance(made(server, timeout=0.3).send(post()), Lost)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<b>a</i>", "Unmatched end tag"),
        ("<blink>a</blink>", "Unsupported start tag"),
        ("a < b", "Unsupported start tag"),
        ("<b>a", "Can't find end tag"),
    ],
)
def test_the_server_refuses_what_telegram_refuses(text: str, why: str) -> None:
    with pytest.raises(ParseError, match=why):
        parse_html(text)


def test_the_server_runs_as_a_process_and_records_before_it_answers(tmp_path: Path) -> None:
    log = tmp_path / "delivered.jsonl"
    command = [sys.executable, "-m", "tests.servers.telegram", "--log", str(log)]
    command += ["--fault", "drop-after@2", "--fault", "429@*3"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        base = process.stdout.readline().strip()
        notifier = NOTIFIERS["telegram"]({"chat": "@c", "api_base": base, "timeout": 5.0}, {"token": TOKEN})
        kinds = [type(notifier.send(post(plain=str(n)))).__name__ for n in range(4)]
    finally:
        process.terminate()
        process.wait()
    assert kinds == ["Sent", "Lost", "Later", "Sent"]
    assert [json.loads(line)["message_id"] for line in log.read_text().splitlines()] == [1, 2, 3]


def test_the_server_is_strict_about_fields(server: Telegram) -> None:
    body = {"chat_id": "@c", "text": "x", "disable_web_page_preview": True}
    answer = requests.post(f"{server.base}/bot{TOKEN}/sendMessage", json=body, timeout=5)
    assert answer.status_code == 400
    assert "unknown field" in answer.json()["description"]
