"""`engine test --watch` as a process of its own: what a change affects runs again, Ctrl-C ends it clean."""

from __future__ import annotations

import queue
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dsl.testing.reads import affected, files_read
from tests.app.command import ENGINE, start
from tests.dsl.testing.suites import STRATEGY, write

GOOD = "- {name: quiet, close: 100 x20, expect: [nothing: always]}\n"
LIBRARY = "language: 1\nid: mine\nlet:\n  top: highest(high, 10)[1]\n"
USING = STRATEGY.replace("let:\n", "use: [lib/mine.yaml]\nlet:\n").replace(
    "close > highest(high, 10)[1]", "close > mine.top"
)


class Watching:
    """A running `engine test --watch` and what it says, a line at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()

    def _read(self, stream: Iterator[str]) -> None:
        for line in stream:
            self._lines.put(line.rstrip("\n"))

    def says(self, words: str) -> list[str]:
        """Wait for a line with these words; return all lines up to it."""
        heard: list[str] = []
        while not heard or words not in heard[-1]:
            heard.append(self._lines.get(timeout=150))
        return heard


@contextmanager
def watching(folder: Path, *more: str) -> Iterator[Watching]:
    # One pipe for both streams: two would not keep the order in which lines were said.
    process = subprocess.Popen(
        [ENGINE, "test", "--watch", *more], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield Watching(process)
    finally:
        process.kill()
        process.wait(timeout=10)


def test_what_a_change_affects_runs_again(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "mine.yaml").write_text(LIBRARY)
    test = write(tmp_path, GOOD, strategy=USING)
    write(tmp_path, GOOD, name="other", strategy=STRATEGY.replace("id: probe", "id: other"))
    with watching(tmp_path, ".") as watched:
        watched.says("2 test files: 2 passed")
        watched.says("watching")
        test.write_text(test.read_text().replace("nothing: always", "exactly: 1"))
        assert "changed: probe.test.yaml" in watched.says("1 test file: 1 failed")
        watched.says("watching")
        (tmp_path / "lib" / "mine.yaml").write_text(LIBRARY.replace("top:", "tip:"))
        heard = watched.says("1 test file:")
        assert "changed: mine.yaml" in heard
        assert any("error[unknown" in line for line in heard)
        watched.says("watching")
        (tmp_path / "lib" / "mine.yaml").write_text(LIBRARY)
        test.write_text(test.read_text().replace("exactly: 1", "nothing: always"))
        watched.says("1 test file: 1 passed")
        watched.process.send_signal(signal.SIGINT)
        assert watched.process.wait(timeout=30) == 0


def test_a_test_file_that_is_written_later_is_run(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    with watching(tmp_path, ".") as watched:
        watched.says("watching")
        write(tmp_path, GOOD, name="later", strategy=STRATEGY.replace("id: probe", "id: later"))
        watched.says("1 test file: 1 passed")
        watched.process.send_signal(signal.SIGTERM)
        assert watched.process.wait(timeout=30) == 0


def test_nothing_to_watch_is_wrong_usage(tmp_path: Path) -> None:
    process = start("test", "--watch", ".", cwd=tmp_path)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "there are no tests" in err


def test_what_a_test_file_reads(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "mine.yaml").write_text(LIBRARY.replace("let:", "use: [base.yaml, mine.yaml]\nlet:"))
    test = write(tmp_path, GOOD + "- {name: real, candles: data/btc.csv, expect: [nothing: always]}\n", strategy=USING)
    read = {path.relative_to(tmp_path.resolve()).as_posix() for path in files_read(test)}
    assert read == {"probe.test.yaml", "probe.yaml", "lib/mine.yaml", "lib/base.yaml", "data/btc.csv"}
    assert affected([test], {tmp_path / "lib" / "base.yaml"}) == [test]
    assert affected([test], {tmp_path / "lib" / "else.yaml"}) == []


def test_a_broken_test_file_still_names_its_strategy(tmp_path: Path) -> None:
    test = write(tmp_path, GOOD)
    test.write_text("tests: [")
    assert affected([test], {tmp_path / "probe.yaml"}) == [test]
