"""apprise: titles, kinds, addresses that cannot be read, and an unchanged logger."""

from __future__ import annotations

import logging

from engine.domain.message import Post, Refused, Sent
from notifiers import NOTIFIERS
from templates.render import Templates
from templates.samples import samples
from tests.servers.apprise_target import AppriseTarget


def test_titles_texts_and_kinds_arrive() -> None:
    templates = Templates()
    with AppriseTarget() as server:
        notifier = NOTIFIERS["apprise"]({}, {"url": server.base.replace("http", "json") + "/"})
        for name, payload in samples():
            kind = payload["event"]["kind"]
            rendered = templates.render(kind, "apprise", payload)
            assert notifier.send(Post(name, kind, rendered)) == Sent(), name
            told = server.notified[-1]
            assert (told["title"], told["message"]) == (rendered.title, rendered.text)
            assert told["type"] == ("failure" if kind == "alert" else "info")


def test_an_address_that_cannot_be_read_is_refused_without_quoting_it() -> None:
    notifier = NOTIFIERS["apprise"]({}, {"url": "carrierpigeon://my-secret-token"})
    delivery = notifier.send(Post("k", "alert", Templates().render(*_alert())))
    assert isinstance(delivery, Refused)
    assert "my-secret-token" not in delivery.why
    assert notifier.probe() != ""


def test_the_library_s_logger_is_left_as_it_was() -> None:
    logger = logging.getLogger("apprise")
    before = (logger.level, logger.propagate, list(logger.handlers))
    with AppriseTarget() as server:
        notifier = NOTIFIERS["apprise"]({}, {"url": server.base.replace("http", "json") + "/"})
        notifier.send(Post("k", "alert", Templates().render(*_alert())))
    assert (logger.level, logger.propagate, list(logger.handlers)) == before


def _alert() -> tuple[str, str, dict[str, object]]:
    return "alert", "apprise", next(payload for name, payload in samples() if name == "alert")
