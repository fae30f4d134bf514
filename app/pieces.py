"""Long work in pieces: each piece is kept as soon as it is done, so that what is stopped or killed goes on from there.

Answers are pickled into a folder that only the user can write, under a key that names everything they depend on.
With more than one job the pieces run in processes of their own; what each has done so far is told through numbers that
they share, so that a progress bar moves with the work and not with the pieces.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import multiprocessing
import os
import pickle
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from app.failure import Failure

P = TypeVar("P")
T = TypeVar("T")
Tell = Callable[[float], None]
"""Called with how much of its piece a worker has done so far, in the unit of the pieces' sizes."""
Work = Callable[[P, Tell], T]

_LOOK_S = 0.25
_DIGEST = 32


@dataclass(frozen=True, slots=True)
class Pieces(Generic[P, T]):
    """The pieces of a work, how large each is, and what does one. `work` must be importable by name in a process.

    `key` names all that the answers depend on: the folder of another key is another work.
    """

    key: str
    pieces: Sequence[P]
    sizes: Sequence[float]
    work: Work[P, T]

    def run(self, folder: Path, jobs: int, tell: Tell) -> Iterator[T]:
        """Yield the answers in the order of the pieces; those that were kept are not worked on again.

        `tell` is called with how much of all is done. Raises Failure where a worker dies or another process is at the
        same work, and whatever `work` raises.
        Stopped at any point (closed, interrupted, killed), what is done stays.
        """
        kept = _Kept(folder / self.key)
        with kept.alone():
            yield from self._run(kept, jobs, tell)

    def _run(self, kept: _Kept, jobs: int, tell: Tell) -> Iterator[T]:
        open_ = [place for place in range(len(self.pieces)) if not kept.has(place)]
        done = sum(size for place, size in enumerate(self.sizes) if place not in set(open_))
        tell(done)
        if jobs > 1 and len(open_) > 1:
            _in_processes(self, open_, kept, min(jobs, len(open_)), _onwards(tell, done))
        else:
            for place in open_:
                kept.put(place, self.work(self.pieces[place], _onwards(tell, done)))
                done += self.sizes[place]
                tell(done)
        for place in range(len(self.pieces)):
            yield kept.get(place)

    def forget(self, folder: Path) -> None:
        """Remove what was kept: the whole is done, or is to be done anew."""
        _Kept(folder / self.key).clear()


def _onwards(tell: Tell, done: float) -> Tell:
    """Return what tells of more than is done already."""
    return lambda more: tell(done + more)


class _Kept:
    """The answers that were kept, one file each: written beside, moved into place, and only read if they are whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, place: int) -> Path:
        return self._folder / f"{place:05}.pickle"

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder for this process. Raises Failure where another one has it. The lock ends with its process."""
        self._folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._folder.with_suffix(".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Failure("another process is at this very work: wait for it, or stop it") from None
            yield

    def has(self, place: int) -> bool:
        return self._read(place) is not None

    def get(self, place: int) -> Any:
        data = self._read(place)
        if data is None:
            raise Failure(f"{self._path(place)} was damaged or removed meanwhile: the same command works on it again")
        return pickle.loads(data)  # noqa: S301 (our own file, in a folder that only this user can write)

    def _read(self, place: int) -> bytes | None:
        """Return a pickled answer, None where there is none or not all of it: a power cut may leave half of one."""
        try:
            data = self._path(place).read_bytes()
        except OSError:
            return None
        digest, data = data[:_DIGEST], data[_DIGEST:]
        return data if hashlib.sha256(data).digest() == digest else None

    def put(self, place: int, answer: Any) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = self._path(place).with_suffix(f".{os.getpid()}")
        with beside.open("wb") as file:
            data = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
            file.write(hashlib.sha256(data).digest() + data)
        os.replace(beside, self._path(place))

    def clear(self) -> None:
        for path in self._folder.glob("*") if self._folder.is_dir() else ():
            path.unlink(missing_ok=True)
        if self._folder.is_dir():
            self._folder.rmdir()
        self._folder.with_suffix(".lock").unlink(missing_ok=True)


def _in_processes(work: Pieces[Any, Any], open_: Sequence[int], kept: _Kept, jobs: int, tell: Tell) -> None:
    """Work on the pieces in so many processes; each worker keeps its answers itself."""
    context = multiprocessing.get_context("spawn")
    progress = context.Array("d", jobs)
    pool = ProcessPoolExecutor(jobs, context, _begin, (progress, context.Value("i", 0)))
    finished = told = 0.0
    try:
        waiting = {pool.submit(_one, work.work, work.pieces[place], kept, place): place for place in open_}
        while waiting:
            ready, _ = wait(waiting, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
            for future in ready:
                finished += work.sizes[waiting.pop(future)]
                future.result()
            told = max(told, finished + sum(progress[:]))  # a worker that has just ended stands at 0 already
            tell(told)
    except BrokenProcessPool:
        _stop(pool)
        raise Failure(
            "a worker process died (it may have run out of memory): what was done is kept, and the same command goes "
            "on from there; with --jobs 1 it needs less memory"
        ) from None
    except BaseException:
        _stop(pool)
        raise
    pool.shutdown()


def _stop(pool: ProcessPoolExecutor) -> None:
    """End the workers at once: whatever they have not finished is not kept."""
    pool.shutdown(wait=False, cancel_futures=True)
    for process in multiprocessing.active_children():
        process.terminate()


_mine: tuple[Any, int] | None = None
"""In a worker: the shared numbers, and which of them is its own."""


def _begin(progress: Any, number: Any) -> None:
    """Prepare a worker. An interrupt from the terminal reaches the whole group: the parent answers it."""
    global _mine
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with number.get_lock():
        _mine = (progress, number.value)
        number.value += 1


def _one(work: Work[Any, Any], piece: Any, kept: _Kept, place: int) -> None:
    assert _mine is not None
    progress, mine = _mine

    def tell(done: float) -> None:
        progress[mine] = done

    kept.put(place, work(piece, tell))
    tell(0.0)
