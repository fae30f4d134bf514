"""What ends a command: one clear line and an exit status, never a traceback."""

from __future__ import annotations

CLEAN, FINDINGS, BROKEN, USAGE = 0, 1, 2, 3
"""Exit statuses of every command: clean, findings, a strategy cannot be loaded, wrong usage or configuration."""
STOPPED = 130
"""The exit status of what was interrupted before its end."""


class Failure(Exception):
    """A user's mistake or the world's trouble. `status` is the exit status of the command."""

    def __init__(self, message: str, status: int = USAGE) -> None:
        super().__init__(message)
        self.status = status
