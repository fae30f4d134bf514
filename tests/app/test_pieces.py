"""Work in pieces: what is done stays done, whatever ends the rest, and the bar tells the truth."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.failure import Failure
from app.pieces import Pieces, Tell
from tests.app.command import ROOT


def square(piece: tuple[int, str], tell: Tell) -> int:
    """Note in the log that the piece was worked on; 7 waits to be killed, 8 kills itself, 9 fails, by the switches."""
    number, log = piece
    with Path(log).open("a") as file:
        file.write(f"{number}\n")
    tell(number / 2)
    if number == 7 and Path(log).with_name("hang").exists():
        time.sleep(60)
    if number == 8 and Path(log).with_name("die").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 9 and Path(log).with_name("fail").exists():
        raise ValueError("nine")
    return number * number


def work(folder: Path, key: str = "key") -> Pieces[tuple[int, str], int]:
    numbers = range(1, 13)
    return Pieces(key, [(n, str(folder / "log")) for n in numbers], [float(n) for n in numbers], square)


def worked(folder: Path) -> list[int]:
    return sorted(map(int, (folder / "log").read_text().split()))


SQUARES = [n * n for n in range(1, 13)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_piece_is_worked_on_once_and_answers_are_in_order(tmp_path: Path, jobs: int) -> None:
    told: list[float] = []
    assert list(work(tmp_path).run(tmp_path / "kept", jobs, told.append)) == SQUARES
    assert worked(tmp_path) == list(range(1, 13))
    assert told == sorted(told)
    assert told[0] == 0
    assert told[-1] == sum(range(1, 13))
    assert list(work(tmp_path).run(tmp_path / "kept", jobs, told.append)) == SQUARES
    assert worked(tmp_path) == list(range(1, 13))
    assert list(work(tmp_path, "other").run(tmp_path / "kept", 1, told.append)) == SQUARES
    assert len(worked(tmp_path)) == 24
    work(tmp_path).forget(tmp_path / "kept")
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["other", "other.lock"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_fails_leaves_what_was_done(tmp_path: Path, jobs: int) -> None:
    (tmp_path / "fail").touch()
    with pytest.raises(ValueError, match="nine"):
        list(work(tmp_path).run(tmp_path / "kept", jobs, lambda done: None))
    (tmp_path / "fail").unlink()
    before = len(list((tmp_path / "kept" / "key").glob("*.pickle")))
    assert before >= 4
    told: list[float] = []
    assert list(work(tmp_path).run(tmp_path / "kept", jobs, told.append)) == SQUARES
    assert told[0] > 0


def test_an_answer_that_is_not_whole_is_worked_on_again(tmp_path: Path) -> None:
    assert list(work(tmp_path).run(tmp_path / "kept", 1, lambda done: None)) == SQUARES
    for name, data in (("00002", b""), ("00004", os.urandom(100))):
        (tmp_path / "kept" / "key" / f"{name}.pickle").write_bytes(data)
    whole = tmp_path / "kept" / "key" / "00007.pickle"
    whole.write_bytes(whole.read_bytes()[:-1])
    assert list(work(tmp_path).run(tmp_path / "kept", 1, lambda done: None)) == SQUARES
    assert worked(tmp_path) == sorted([*range(1, 13), 3, 5, 8])


def test_one_process_at_a_time_is_at_a_work(tmp_path: Path) -> None:
    first = work(tmp_path).run(tmp_path / "kept", 1, lambda done: None)
    assert next(first) == 1
    with pytest.raises(Failure, match="another process is at this very work"):
        list(work(tmp_path).run(tmp_path / "kept", 1, lambda done: None))
    assert list(work(tmp_path, "other").run(tmp_path / "kept", 1, lambda done: None)) == SQUARES
    assert list(first) == SQUARES[1:]
    assert list(work(tmp_path).run(tmp_path / "kept", 1, lambda done: None)) == SQUARES


def test_a_worker_that_is_killed_is_one_clear_line_and_loses_only_its_piece(tmp_path: Path) -> None:
    (tmp_path / "die").touch()
    with pytest.raises(Failure, match="a worker process died"):
        list(work(tmp_path).run(tmp_path / "kept", 2, lambda done: None))
    (tmp_path / "die").unlink()
    kept = {int(path.stem) + 1 for path in (tmp_path / "kept" / "key").glob("*.pickle")}
    assert kept
    assert 8 not in kept
    (tmp_path / "log").unlink()
    assert list(work(tmp_path).run(tmp_path / "kept", 2, lambda done: None)) == SQUARES
    assert set(worked(tmp_path)) == set(range(1, 13)) - kept


SCRIPT = """
import sys
from pathlib import Path
from tests.app.test_pieces import work
if __name__ == "__main__":
    folder = Path(sys.argv[1])
    print(list(work(folder).run(folder / "kept", int(sys.argv[2]), lambda done: None)), flush=True)
"""


@pytest.mark.parametrize(("how", "jobs"), [(signal.SIGKILL, 1), (signal.SIGINT, 1), (signal.SIGINT, 2)])
def test_stopped_from_outside_it_goes_on_and_leaves_no_process(tmp_path: Path, how: signal.Signals, jobs: int) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    (tmp_path / "hang").touch()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, script, tmp_path, str(jobs)],
        env=environment,
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(600):
        if (tmp_path / "log").exists() and 7 in worked(tmp_path):
            break
        time.sleep(0.05)
    os.kill(process.pid, how)
    assert process.wait(20) != 0
    for _ in range(100):
        if subprocess.run(["pgrep", "-g", str(process.pid)], capture_output=True, check=False).returncode:
            break
        time.sleep(0.1)
    else:
        raise AssertionError("a worker was left behind")
    (tmp_path / "hang").unlink()
    kept = {int(path.stem) + 1 for path in (tmp_path / "kept" / "key").glob("*.pickle")}
    assert kept >= set(range(1, 7))
    (tmp_path / "log").unlink()
    done = subprocess.run(
        [sys.executable, script, tmp_path, str(jobs)], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{SQUARES}\n"
    assert set(worked(tmp_path)) == set(range(1, 13)) - kept
