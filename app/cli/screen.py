"""What a person sees of a running engine, and how it is asked to stop."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from types import FrameType

from app import wiring
from app.cli import show
from app.config import Config
from engine.domain.event import Event
from engine.domain.strategy import Plan


def stop_on_signals(stop: Callable[[], None]) -> None:
    """Let Ctrl-C and a termination call `stop`, which ends at a safe point; a second Ctrl-C ends at once."""

    def handler(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        show.note("stopping at a safe point; press Ctrl-C again to stop at once")
        stop()

    signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGTERM, handler)


def load_and_tell(config: Config, only: Sequence[str]) -> Plan:
    """Return the plan of the strategies that can run, and say which were left out or stay silent, and why."""
    loaded = wiring.load_strategies(config.strategies, only=only)
    for failed in loaded.failed:
        show.note(f"{failed} cannot be loaded and was left out; `engine validate {failed}` tells why")
    for line in wiring.missing_models(loaded.plan, config):
        show.note(line)
    return loaded.plan


class Screen:
    """A watcher of the loop: progress by `update`, warnings as lines, each told once."""

    def __init__(self, update: Callable[[float, str], None]) -> None:
        self._update = update
        self._warned: set[str] = set()

    def progress(self, time: int, start: int, end: int) -> None:
        if time < start:
            self._update(0.0, f"warming up {show.when(time)}")
        else:
            self._update((time - start) / max(end - start, 1), show.when(time))

    def told(self, time: int, events: Sequence[Event]) -> None:
        """Events are read in the posts and in `engine status`, not on this screen."""

    def warn(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            show.note(text)
