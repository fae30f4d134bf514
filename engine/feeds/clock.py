"""The clock of the wall, for live runs."""

from __future__ import annotations

import threading
import time


class SystemClock:
    """UTC in ms. `stop` may be called from a signal handler or another thread."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def sleep_until(self, time: int) -> bool:
        while not self._stopped.is_set() and (wait := time - self.now()) > 0:
            self._stopped.wait(min(wait, 60_000) / 1000)  # in steps, because the wall clock may be set meanwhile
        return not self._stopped.is_set()

    def stop(self) -> None:
        """Wake every sleeper and let each further sleep return False at once."""
        self._stopped.set()
