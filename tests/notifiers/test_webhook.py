"""The backend: paths, bodies, idempotency."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from engine.domain.message import Lost, Post, Refused, Sent
from notifiers import NOTIFIERS
from templates.render import Templates
from templates.samples import samples
from tests.servers.backend import TOKEN, Backend
from tests.servers.loopback import Fault, Reply

TAKEN = {"report", "blocked", "alert"}


@pytest.fixture
def server() -> Iterator[Backend]:
    with Backend() as running:
        yield running


def made(server: Backend, **options: Any) -> Any:
    return NOTIFIERS["webhook"]({"api_base": server.base + "/", "timeout": 0.5, **options}, {"token": TOKEN})


def posts() -> Iterator[tuple[str, Post]]:
    templates = Templates()
    for name, payload in samples():
        kind = payload["event"]["kind"]
        yield name, Post(f"{name}@backend", kind, templates.render(kind, "webhook", payload))


def test_every_event_of_a_signal_has_its_path_and_holds_to_its_schema(server: Backend) -> None:
    notifier = made(server)
    for name, post in posts():
        delivery = notifier.send(post)
        assert isinstance(delivery, Refused if name in TAKEN else Sent), (name, delivery)
    paths = {key.split("@")[0]: path.rpartition("/")[2] for key, (path, _) in server.taken.items()}
    assert paths == {
        "signal": "new",
        "opened": "update",
        "added": "update",
        "target": "tp",
        "stop_moved": "update",
        "part_exited": "update",
        "closed-won": "close",
        "closed-stopped": "sl",
        "closed-expired": "close",
        "closed-by-rule": "close",
        "closed-cancelled": "close",
    }


def test_a_lost_answer_is_sent_again_and_taken_once(server: Backend) -> None:
    notifier, (_, post) = made(server), next(posts())
    assert notifier.idempotent
    server.plan(Fault("drop", after=True))
    assert isinstance(notifier.send(post), Lost)
    assert notifier.send(post) == Sent("row-1")
    assert len(server.taken) == 1


def test_a_conflict_means_that_it_is_there(server: Backend) -> None:
    server.plan(Fault("status", Reply(409, {"id": "row-7"})))
    assert made(server).send(next(posts())[1]) == Sent("row-7")


def test_a_redirect_is_not_followed_with_the_token(server: Backend) -> None:
    server.plan(Fault("status", Reply(302, headers={"Location": "http://127.0.0.1:1/elsewhere"})))
    assert isinstance(made(server).send(next(posts())[1]), Refused)
    assert len(server.requests) == 1


def test_other_paths_are_an_option(server: Backend) -> None:
    notifier = made(server, paths={"report": "/api/reports"})
    report = next(post for name, post in posts() if name == "report")
    notifier.send(report)
    assert server.requests[-1].path == "/api/reports"
    assert server.requests[-1].json["type"] == "report"
