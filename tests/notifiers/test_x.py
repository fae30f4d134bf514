"""X: signatures, duplicates, cashtags, replies, limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from engine.domain.message import Later, Post, Refused, Rendered, Sent
from notifiers import NOTIFIERS
from templates.render import Templates
from templates.samples import samples
from tests.servers.loopback import Fault
from tests.servers.x import KEYS, X, no_credits


@pytest.fixture
def server() -> Iterator[X]:
    with X() as running:
        yield running


def made(server: X, **options: Any) -> Any:
    return NOTIFIERS["x"]({"api_base": server.base, "timeout": 1.0, **options}, KEYS)


def post(text: str, reply_to: str = "") -> Post:
    return Post("k", "signal", Rendered(text, text), reply_to)


def test_every_sample_fits_and_is_taken(server: X) -> None:
    notifier, templates = made(server), Templates()
    for name, payload in samples():
        rendered = templates.render(payload["event"]["kind"], "x", payload)
        assert isinstance(notifier.send(Post(name, "signal", rendered)), Sent), (name, rendered.text)


def test_a_duplicate_is_refused_in_clear_words(server: X) -> None:
    notifier = made(server)
    assert isinstance(notifier.send(post("same")), Sent)
    delivery = notifier.send(post("same"))
    assert isinstance(delivery, Refused)
    assert "exactly this text already" in delivery.why
    assert len(server.posts) == 1


def test_a_reply_that_x_refuses_stands_alone(server: X) -> None:
    notifier = made(server, replies=True)
    first = notifier.send(post("first"))
    assert isinstance(notifier.send(post("second", first.remote_id)), Sent)
    assert [p["reply_to"] for p in server.posts] == [None, None]
    server.replies = True
    notifier.send(post("third", first.remote_id))
    assert server.posts[-1]["reply_to"] == first.remote_id


def test_replies_are_not_even_tried_unless_asked_for(server: X) -> None:
    made(server).send(post("text", "1456012973835788293"))
    assert "reply" not in server.requests[-1].json


def test_used_up_credits_are_refused(server: X) -> None:
    server.plan(Fault("status", no_credits()))
    delivery = made(server).send(post("text"))
    assert isinstance(delivery, Refused)
    assert "credits" in delivery.why


def test_two_cashtags_are_refused_by_the_server(server: X) -> None:
    assert isinstance(made(server).send(post("$BTC and $ETH")), Refused)


def test_probe_checks_the_signature(server: X) -> None:
    assert made(server).probe() == ""
    wrong = NOTIFIERS["x"]({"api_base": server.base}, {**KEYS, "access_token_secret": "wrong"})
    assert "401" in wrong.probe()


def test_the_window_is_counted_by_the_servers_clock(server: X) -> None:
    reply = Fault("status", no_credits()).reply
    headers = {"x-rate-limit-reset": "1000000060", "Date": "Sun, 09 Sep 2001 01:46:40 GMT"}
    server.plan(Fault("status", type(reply)(429, {"title": "Too Many Requests"}, headers=headers)))
    delivery = made(server).send(post("text"))
    assert isinstance(delivery, Later)
    # http.server adds its own Date before ours; whichever is read, the wait is never negative.
    assert delivery.seconds >= 1.0
