"""LinkedIn: little text, versions, comments, daily limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.message import Post, Refused, Rendered, Sent
from notifiers import NOTIFIERS
from templates.dialects import LINKEDIN as DIALECT
from templates.render import Templates
from templates.samples import samples
from tests.servers.linkedin import AUTHOR, TOKEN, LinkedIn, read_little


@pytest.fixture
def server() -> Iterator[LinkedIn]:
    with LinkedIn() as running:
        yield running


def made(server: LinkedIn, **options: Any) -> Any:
    given = {"author": AUTHOR, "api_base": server.base, "timeout": 1.0, **options}
    return NOTIFIERS["linkedin"](given, {"token": TOKEN})


def test_every_sample_is_shown_whole(server: LinkedIn) -> None:
    notifier, templates = made(server), Templates()
    for name, payload in samples():
        rendered = templates.render(payload["event"]["kind"], "linkedin", payload)
        assert isinstance(notifier.send(Post(name, "signal", rendered)), Sent), name
        assert server.posts[-1]["shown"] == rendered.plain


@given(st.text(max_size=60))
def test_little_text_shows_what_was_meant(text: str) -> None:
    assert read_little(DIALECT.escape(text)) == text
    assert DIALECT.read(DIALECT.escape(text)) == text


def test_the_id_is_in_the_header(server: LinkedIn) -> None:
    delivery = made(server).send(Post("k", "signal", Rendered("text", "text")))
    assert delivery == Sent(server.posts[0]["urn"])


def test_a_version_that_ended_is_refused_with_advice(server: LinkedIn) -> None:
    delivery = made(server, version="202401").send(Post("k", "signal", Rendered("text", "text")))
    assert isinstance(delivery, Refused)
    assert "set a newer option `version`" in delivery.why


def test_updates_are_posts_or_comments(server: LinkedIn) -> None:
    first = made(server).send(Post("k", "signal", Rendered("first", "first")))
    made(server).send(Post("k2", "target", Rendered("a post", "a post"), first.remote_id))
    commenting = made(server, updates="comment")
    assert isinstance(commenting.send(Post("k3", "target", Rendered(r"\(a\)", "(a)"), first.remote_id)), Sent)
    assert len(server.posts) == 2
    assert [comment["message"]["text"] for comment in server.comments] == ["(a)"]
    long = "word " * 300
    commenting.send(Post("k4", "target", Rendered(long, long), first.remote_id))
    assert len(server.posts) == 3


@pytest.mark.parametrize(
    "options",
    [{"author": "me"}, {"version": "2026"}, {"updates": "thread"}, {"visibility": "ALL"}, {"version": 202607}],
)
def test_wrong_options_are_told(options: dict[str, Any]) -> None:
    problems = NOTIFIERS["linkedin"].problems({"author": AUTHOR, **options}, {"token": TOKEN})
    assert len(problems) == 1
    assert next(iter(options)) in problems[0]
