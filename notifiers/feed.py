"""The feed: one page that shows, per channel, exactly what a follower would read.

Posts are kept beside the page, one JSON line each, and the page holds the same lines at its very end,
inside a script element that is never closed: a post is one line appended to two files, however many
there are, and the page needs neither a server nor the network. A key that is there already is not
written twice. See docs/channels/feed.md.
"""

from __future__ import annotations

import html
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from engine.domain.message import Delivery, Post, Refused, Sent
from notifiers._settings import Kind, option

PARTS = Path(__file__).parent / "_page"
CHANNELS = ("telegram", "x", "linkedin")


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of a feed channel."""

    path: str = option("the page's file; its posts are kept beside it, with the ending .jsonl", "feed.html")
    show: tuple[str, ...] = option("the channels whose posts are shown, in this order", CHANNELS)
    title: str = option("the page's title; empty: the brand's name", "")

    def __post_init__(self) -> None:
        unknown = [name for name in self.show if name not in CHANNELS]
        if unknown or not self.show:
            raise ValueError(
                f"the option `show` lists some of {', '.join(CHANNELS)}, not {', '.join(unknown) or 'none'}"
            )
        if not self.path.endswith((".html", ".htm")):
            raise ValueError(f"the option `path` names an .html file, not {self.path!r}")


class Feed:
    """One page. Remote ids are the keys of the messages."""

    idempotent = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.page = Path(settings.path)
        self.lines = self.page.with_suffix(".jsonl")
        self._keys: set[str] = set()
        self._files: tuple[BinaryIO, BinaryIO] | None = None

    def send(self, post: Post) -> Delivery:
        """Append the post to both files, unless its key is there."""
        try:
            files = self._open()
            if post.key not in self._keys:
                line = _line(self._entry(post))
                for file in files:
                    file.write(line)
                self._keys.add(post.key)
        except OSError as error:
            self.close()
            return Refused(f"the feed cannot be written: {error.strerror or type(error).__name__}")
        return Sent(post.key)

    def probe(self) -> str:
        """Return an empty text if the page can be written, else why not."""
        try:
            self._open()
        except OSError as error:
            return f"{self.page}: {error.strerror}"
        return ""

    def close(self) -> None:
        for file in self._files or ():
            file.close()
        self._files = None

    def __repr__(self) -> str:
        return f"Feed({self.page})"

    def _entry(self, post: Post) -> dict[str, Any]:
        body: Mapping[str, Any] = post.rendered.body or {}
        views = body.get("views") or {name: {"text": html.escape(post.rendered.plain)} for name in CHANNELS[:1]}
        shown = {name: views[name] for name in self._settings.show if name in views}
        return {"key": post.key, "kind": post.event_kind, **body, "views": shown}

    def _open(self) -> tuple[BinaryIO, BinaryIO]:
        """Open both files; on the first call bring the page up to what is kept, in today's look."""
        if self._files is None:
            self.page.parent.mkdir(parents=True, exist_ok=True)
            _mend(self.lines)
            fresh = self.page.with_name(f".{self.page.name}.new")
            with fresh.open("wb") as page:
                page.write(self._shell())
                for line, entry in _kept(self.lines):
                    self._keys.add(str(entry.get("key", "")))
                    page.write(line)
            fresh.replace(self.page)
            # Unbuffered: a post is in both files before its delivery is told.
            self._files = self.lines.open("ab", buffering=0), self.page.open("ab", buffering=0)
        return self._files

    def _shell(self) -> bytes:
        """Return the page up to its data, style and script inside."""
        page = (PARTS / "page.html").read_text("utf-8")
        settings = {"show": list(self._settings.show), "title": self._settings.title}
        parts = {
            "/*STYLE*/": (PARTS / "page.css").read_text("utf-8"),
            "/*SCRIPT*/": (PARTS / "page.js").read_text("utf-8"),
            "/*SETTINGS*/": _json(settings),
            "<!--TITLE-->": html.escape(self._settings.title or "Signal feed"),
        }
        for mark, part in parts.items():
            page = page.replace(mark, part)
        return page.rstrip("\n").encode() + b"\n"


def _json(value: Any) -> str:
    """Return JSON in which nothing can end the script element around it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _line(entry: Mapping[str, Any]) -> bytes:
    return _json(entry).encode("utf-8", "replace") + b"\n"


def _mend(path: Path) -> None:
    """Cut off a last line that a killed process left unfinished."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        if not size:
            return
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)


def _kept(path: Path) -> Iterator[tuple[bytes, Mapping[str, Any]]]:
    """Yield the kept posts, as they are written and as they are read; lines that are no posts are left out."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict):
                yield line, entry


NOTIFIER = Kind("A local page that shows what followers read", Settings, Feed, idempotent=True)
