"""What a person sees of a running engine, and how it is asked to stop."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from types import FrameType

from app.cli import show
from engine.domain.event import Event


def stop_on_signals(stop: Callable[[], None]) -> None:
    """Let Ctrl-C and a termination call `stop`, which ends at a safe point; a second Ctrl-C ends at once."""

    def handler(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        show.note("stopping at a safe point; press Ctrl-C again to stop at once")
        stop()

    signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGTERM, handler)


class Screen:
    """A watcher of the loop: progress by `update`, warnings as lines, each told once."""

    def __init__(self, update: Callable[[float, str], None], *, events: bool = False) -> None:
        self._update, self._events = update, events
        self._warned: set[str] = set()
        self.count = 0

    def progress(self, time: int, start: int, end: int) -> None:
        if time < start:
            self._update(0.0, f"warming up {show.when(time)}")
        else:
            self._update((time - start) / max(end - start, 1), show.when(time))

    def told(self, time: int, events: Sequence[Event]) -> None:
        self.count += len(events)

    def warn(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            show.note(text)
