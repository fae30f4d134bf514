"""What is wrong with a file beside or among the candles."""

from __future__ import annotations

from pathlib import Path

from engine.ports import FeedError


class CandleFileError(FeedError):
    """What is wrong with a candle file, as one line. `line` counts from 1; 0: the file as a whole."""

    def __init__(self, path: Path, line: int, why: str) -> None:
        super().__init__(f"{path}:{line}: {why}" if line else f"{path}: {why}")
        self.path, self.line, self.why = path, line, why
