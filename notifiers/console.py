"""The console: posts are printed. See docs/channels/console.md."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from engine.domain.message import Delivery, Post, Refused, Sent
from notifiers._settings import Kind, option


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of a console channel."""

    stream: str = option("where to print: stdout or stderr", "stdout")

    def __post_init__(self) -> None:
        if self.stream not in ("stdout", "stderr"):
            raise ValueError(f"the option `stream` is stdout or stderr, not {self.stream!r}")


class Console:
    """Prints each post as it comes. A terminal that cannot show a sign shows `?` instead."""

    idempotent = False

    def __init__(self, settings: Settings) -> None:
        self._name = settings.stream

    def send(self, post: Post) -> Delivery:
        stream = sys.stderr if self._name == "stderr" else sys.stdout
        encoding = stream.encoding or "utf-8"
        text = post.rendered.text.encode(encoding, "replace").decode(encoding)
        try:
            stream.write(text + "\n")
            stream.flush()
        except (OSError, ValueError) as error:  # the reader of a pipe is gone, or the stream is closed
            return Refused(f"{self._name} cannot be written ({type(error).__name__})")
        return Sent()

    def probe(self) -> str:
        return ""

    def close(self) -> None:
        """The stream is not ours to close."""


NOTIFIER = Kind("Prints posts on the terminal", Settings, Console)
