"""Pools: independent tasks over processes of this machine, or the workers of a dask cluster.

A worker that dies takes only its own task with it, which another one does again; what several workers died of is
given up with a clear line. Results come as they are done, each with the place of its task.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")
DEATHS = 3
"""So many workers in a row may die without any result between."""


class WorkersLost(RuntimeError):
    """Workers die again and again, or none is there, as one line."""


def here(function: Callable[[T], R], tasks: Sequence[T]) -> Iterator[tuple[int, R]]:
    """Do the tasks one after another in this process."""
    for place, task in enumerate(tasks):
        yield place, function(task)


def processes(function: Callable[[T], R], tasks: Sequence[T], jobs: int) -> Iterator[tuple[int, R]]:
    """Do the tasks in `jobs` processes. Raises WorkersLost, and what a task raised."""
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    # A worker whose memory has grown is replaced by another: nothing is lost, and nobody needs to know.
    warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)
    waiting = dict(enumerate(tasks))
    deaths = 0
    while waiting:
        try:
            parallel = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1, pre_dispatch=2 * jobs)
            todo = list(waiting.items())
            for place, found in parallel(delayed(_numbered)(function, p, task, os.getpid()) for p, task in todo):
                del waiting[place]
                deaths = 0
                yield place, found
        except TerminatedWorkerError:
            deaths += 1
            if deaths >= DEATHS:
                raise WorkersLost(
                    f"{deaths} workers died one after another: is there too little memory? --jobs 1 needs less"
                ) from None


def _numbered(function: Callable[[T], R], place: int, task: T, parent: int) -> tuple[int, R]:
    _serve(parent)
    return place, function(task)


@lru_cache(maxsize=1)
def _serve(parent: int) -> None:
    """Make a good worker of this process: Ctrl-C is for the one it serves, and it does not outlive that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def has_dask() -> bool:
    """Say whether dask is installed, without loading it."""
    return importlib.util.find_spec("distributed") is not None


def cluster(function: Callable[[T], R], tasks: Sequence[T], address: str) -> Iterator[tuple[int, R]]:
    """Do the tasks on the workers of a dask scheduler. Raises WorkersLost, and what a task raised."""
    # dask is only half typed.
    distributed: Any = importlib.import_module("distributed")
    try:
        client = distributed.Client(address, timeout="5s", set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise WorkersLost(f"there is no dask scheduler at {address}: {error}") from None
    with client:
        if not client.scheduler_info()["workers"]:
            raise WorkersLost(f"the dask scheduler at {address} has no workers")
        yield from _submitted(client, function, tasks)


def _submitted(client: Any, function: Callable[[T], R], tasks: Sequence[T]) -> Iterator[tuple[int, R]]:
    distributed: Any = importlib.import_module("distributed")
    deaths: dict[int, int] = {}
    places = {client.submit(function, task, pure=False): place for place, task in enumerate(tasks)}
    done = distributed.as_completed(places, loop=client.loop)
    for future in done:
        place = places.pop(future)
        if future.status == "finished":
            yield place, future.result()
            continue
        error = future.exception()
        lost = future.status in ("cancelled", "lost") or isinstance(error, distributed.KilledWorker)
        if isinstance(error, ModuleNotFoundError):
            raise WorkersLost(f"the workers of the cluster cannot run this engine: {error}; install it there too")
        if not lost:
            raise error
        deaths[place] = deaths.get(place, 0) + 1
        if deaths[place] >= DEATHS:
            raise WorkersLost(f"workers of the cluster die again and again at the same task: {error}")
        again = client.submit(function, tasks[place], pure=False)
        places[again] = place
        done.add(again)
