"""External series from files beside another feed: the Fear & Greed index next to an exchange that has none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.domain.market import Series
from engine.feeds.around import AroundFeed
from engine.feeds.files import CandleFileError, read_series
from engine.feeds.memory import known_until
from engine.ports import Feed


class BesideFeed(AroundFeed):
    """Serve `feed`, and the series of `files` by name. A file that has changed is read anew when next asked for."""

    def __init__(self, feed: Feed, files: Mapping[str, Path]) -> None:
        super().__init__(feed)
        self._files = files
        self._read: dict[str, tuple[int, Series]] = {}

    def series(self, name: str, until: int) -> Series | None:
        """Return what was published up to `until`. Raises CandleFileError for a file that cannot be read."""
        if name not in self._files:
            return super().series(name, until)
        return known_until(self._whole(name), until)

    def _whole(self, name: str) -> Series:
        path = self._files[name]
        try:
            changed = path.stat().st_mtime_ns
        except OSError as error:
            raise CandleFileError(path, 0, f"cannot be read: {error.strerror}") from None
        if name not in self._read or self._read[name][0] != changed:
            self._read[name] = (changed, read_series(path, name))
        return self._read[name][1]
