"""`engine test --watch`: tests run again where a change of a file affects them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from app.cli import show
from app.failure import CLEAN, Failure

WAKE_MS = 400
"""How often a quiet watcher looks up: the first tests run once it listens, so that no change is missed meanwhile."""


def watch_tests(chosen: Sequence[Path], run: Callable[[Sequence[Path]], int]) -> int:
    """Run all tests, then those that a changed strategy, library or test file affects, until Ctrl-C."""
    stop = threading.Event()
    _stop_on_signals(stop)
    while not stop.is_set():
        _listen(chosen, run, stop)
    return CLEAN


def _listen(chosen: Sequence[Path], run: Callable[[Sequence[Path]], int], stop: threading.Event) -> None:
    """Run all tests, then what changes affect, until there is another folder to listen to, or until `stop`."""
    from watchfiles import watch

    from dsl.testing.reads import affected

    folders, waiting = _folders(chosen), _tests(chosen)
    for changes in watch(
        *folders, stop_event=stop, raise_interrupt=False, recursive=False, rust_timeout=WAKE_MS, yield_on_timeout=True
    ):
        changed = {Path(name) for _, name in changes}
        files = affected(_tests(chosen), changed) if changed else []
        if files:
            show.note("\nchanged: " + ", ".join(sorted({path.name for path in changed})))
        if waiting or files:
            _run(run, list(dict.fromkeys((*waiting, *files))))
            show.note("watching; Ctrl-C ends")
        waiting = []
        if changed and not folders.issuperset(_folders(chosen)):
            return


def _run(run: Callable[[Sequence[Path]], int], files: Sequence[Path]) -> None:
    """Run tests; what is wrong for now is told and waited out."""
    try:
        run(files)
    except Failure as failure:
        show.note(str(failure))


def _tests(chosen: Sequence[Path]) -> list[Path]:
    from dsl.testing.run import suites_in

    return [path for path in suites_in(chosen) if path.is_file()]


def _folders(chosen: Sequence[Path]) -> frozenset[Path]:
    """Return the folders that hold all that the tests read."""
    from dsl.testing.reads import files_read

    read = [path for test in _tests(chosen) for path in files_read(test)]
    folders = {(path if path.is_dir() else path.parent).resolve() for path in (*chosen, *read)}
    return frozenset(folder for folder in folders if folder.is_dir())


def _stop_on_signals(stop: threading.Event) -> None:
    def handler(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGTERM, handler)
