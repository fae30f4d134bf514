"""One contract for every kind of channel: what each answer of its network means for a message.

Each kind runs with its real client library against a server on loopback that speaks its wire format.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from engine.domain.message import Later, Lost, Post, Refused, Rendered, Sent
from engine.ports import Notifier
from notifiers import NOTIFIERS
from templates.render import Templates
from templates.samples import sample
from tests.servers import apprise_target, backend, linkedin, telegram, x
from tests.servers.loopback import Fault, Loopback, Reply, free_port

TIMEOUT = 0.4


@dataclass(frozen=True)
class Network:
    """How to reach one kind's network, and its own way to say no."""

    server: Callable[[], Loopback]
    options: Callable[[str], dict[str, Any]]
    secrets: Callable[[str], dict[str, str]]
    flood: Callable[[], Reply]
    flood_seconds: tuple[float, float]
    busy: Reply
    delivered: Callable[[Any], int]


NETWORKS = {
    "telegram": Network(
        telegram.Telegram,
        lambda base: {"chat": "@channel", "api_base": base, "timeout": TIMEOUT},
        lambda base: {"token": telegram.TOKEN},
        lambda: telegram.too_many(17),
        (17, 17),
        telegram.broken(),
        lambda server: len(server.delivered),
    ),
    "x": Network(
        x.X,
        lambda base: {"api_base": base, "timeout": TIMEOUT},
        lambda base: x.KEYS,
        lambda: x.too_many(300),
        (297, 301),
        x.BUSY.reply,
        lambda server: len(server.posts),
    ),
    "linkedin": Network(
        linkedin.LinkedIn,
        lambda base: {"author": linkedin.AUTHOR, "api_base": base, "timeout": TIMEOUT},
        lambda base: {"token": linkedin.TOKEN},
        linkedin.too_many,
        (1, 900),
        Reply(503),
        lambda server: len(server.posts),
    ),
    "webhook": Network(
        backend.Backend,
        lambda base: {"api_base": base, "timeout": TIMEOUT},
        lambda base: {"token": backend.TOKEN},
        lambda: Reply(429, {"error": "slowly"}, headers={"Retry-After": "9"}),
        (9, 9),
        Reply(503, headers={"Retry-After": "3"}),
        lambda server: len(server.taken),
    ),
    "apprise": Network(
        apprise_target.AppriseTarget,
        lambda base: {},
        lambda base: {"url": base.replace("http://", "json://user:apprise-password@") + f"/?rto={TIMEOUT}&cto=0.5"},
        lambda: Reply(429),
        (0, 0),  # apprise does not tell how long
        Reply(503),
        lambda server: len(server.notified),
    ),
}
KINDS = sorted(NETWORKS)


@contextmanager
def connected(kind: str) -> Iterator[tuple[Any, Notifier]]:
    network = NETWORKS[kind]
    with network.server() as server:
        notifier = NOTIFIERS[kind](network.options(server.base), network.secrets(server.base))
        yield server, notifier
        notifier.close()


def post(kind: str, event: str = "signal", key: str = "event@channel", reply_to: str = "", **changes: Any) -> Post:
    return Post(key, event, Templates().render(event, kind, sample(event, **changes)), reply_to)


def test_every_kind_is_covered() -> None:
    assert {*KINDS, "console", "feed"} == set(NOTIFIERS.names())


@pytest.mark.parametrize("kind", KINDS)
def test_accepted_is_sent_with_an_id(kind: str) -> None:
    with connected(kind) as (server, notifier):
        delivery = notifier.send(post(kind))
        assert isinstance(delivery, Sent), delivery
        assert bool(delivery.remote_id) == (kind != "apprise")
        assert NETWORKS[kind].delivered(server) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_flood_is_later_by_the_seconds_it_asks_for(kind: str) -> None:
    low, high = NETWORKS[kind].flood_seconds
    with connected(kind) as (server, notifier):
        server.plan(Fault("status", NETWORKS[kind].flood()))
        delivery = notifier.send(post(kind))
        assert isinstance(delivery, Later)
        assert low <= delivery.seconds <= high
        assert isinstance(notifier.send(post(kind)), Sent)
        assert NETWORKS[kind].delivered(server) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_says_it_is_busy_is_later(kind: str) -> None:
    with connected(kind) as (server, notifier):
        server.plan(Fault("status", NETWORKS[kind].busy))
        assert isinstance(notifier.send(post(kind)), Later)
        assert NETWORKS[kind].delivered(server) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_gateway_that_lost_the_answer_is_in_doubt(kind: str) -> None:
    with connected(kind) as (server, notifier):
        server.plan(Fault("status", Reply(502, body=b"<html>Bad Gateway</html>"), after=True))
        # Also where the network is idempotent: there the relay sends it again.
        assert isinstance(notifier.send(post(kind)), Lost)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", ["hang", "drop", "half"])
def test_a_request_that_left_without_an_answer_is_lost(kind: str, fault: str) -> None:
    if (kind, fault) == ("apprise", "half"):
        pytest.skip("apprise takes the status line for the answer")
    with connected(kind) as (server, notifier):
        server.plan(Fault(fault, after=True, seconds=TIMEOUT * 3))
        delivery = notifier.send(post(kind))
        assert isinstance(delivery, Lost), delivery
        assert NETWORKS[kind].delivered(server) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_is_not_there_is_later(kind: str) -> None:
    network, base = NETWORKS[kind], f"http://127.0.0.1:{free_port()}"
    notifier = NOTIFIERS[kind](network.options(base), network.secrets(base))
    assert isinstance(notifier.send(post(kind)), Later)


@pytest.mark.parametrize("kind", sorted({*KINDS} - {"apprise", "linkedin"}))
def test_a_success_that_cannot_be_read_is_no_success(kind: str) -> None:
    with connected(kind) as (server, notifier):
        server.plan(Fault("garbage", after=True))
        delivery = notifier.send(post(kind))
        assert isinstance(delivery, Lost if kind != "webhook" else Sent)


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_secrets_are_refused_and_never_shown(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    network = NETWORKS[kind]
    with network.server() as server:
        secrets = {name: value.replace("123456", "999999") + "-wrong" for name, value in network.secrets("").items()}
        if kind == "apprise":
            secrets = {"url": server.base.replace("http://", "json://user:apprise-password@") + "/"}
            server.plan(Fault("status", Reply(401)))
        notifier = NOTIFIERS[kind](network.options(server.base), secrets)
        delivery = notifier.send(post(kind))
        assert isinstance(delivery, Refused), delivery
        server.plan(Fault("drop"), Fault("status", NETWORKS[kind].flood()))
        shown = [repr(notifier), repr(delivery), repr(notifier.send(post(kind))), repr(notifier.send(post(kind)))]
    shown += [repr(notifier.send(post(kind))), repr(vars(notifier)), caplog.text]
    for value in (*secrets.values(), "apprise-password"):
        assert all(value not in text for text in shown)


@pytest.mark.parametrize("kind", NOTIFIERS.names())
def test_options_are_declared_documented_and_checked(kind: str) -> None:
    made = NOTIFIERS[kind]
    assert all(option.about for option in made.options)
    problems = made.problems({"chatt": 1, "timeout": "soon"}, {})
    assert any("there is no option `chatt`" in problem for problem in problems)
    for option in made.options:
        if option.secret:
            assert any(f"`{option.name}` is a secret" in text for text in made.problems({option.name: "x"}, {}))


def test_a_rendering_without_a_template_is_plain() -> None:
    rendered = Rendered("text", "text")
    with connected("telegram") as (server, notifier):
        assert isinstance(notifier.send(Post("k", "signal", rendered)), Sent)
        assert server.delivered[0]["text"] == "text"
