"""Every channel has a page that names every option, and every event and filter of templates is documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from notifiers import NOTIFIERS
from templates.render import Templates
from templates.samples import samples

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("kind", NOTIFIERS.names())
def test_every_channel_has_a_page_that_names_its_options(kind: str) -> None:
    page = (DOCS / "channels" / f"{kind}.md").read_text()
    for option in NOTIFIERS[kind].options:
        assert f"| `{option.name}` |" in page, option.name
    assert f"](channels/{kind}.md)" in (DOCS / "publishing.md").read_text()


def test_there_is_no_page_without_a_channel() -> None:
    assert {path.stem for path in (DOCS / "channels").glob("*.md")} == set(NOTIFIERS.names())


def test_events_and_filters_are_named() -> None:
    page = (DOCS / "publishing.md").read_text()
    for _, payload in samples():
        assert payload["event"]["kind"] in page
    for name in ("percent", "r", "share", "number", "readable", "like", "clock", "clip", "humanise", "candles", "json"):
        assert name in Templates()._environment("x").filters
        assert name in page
