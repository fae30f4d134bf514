"""Tasks survive the workers that did them. Real processes, really killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from engine.optimise import pool

distributed = pytest.importorskip("distributed")


def squared(task: tuple[Path, int]) -> int:
    """Square a number; whoever comes first to 3 dies of it."""
    folder, number = task
    if number == 3:
        try:
            (folder / "died").touch(exist_ok=False)
        except FileExistsError:
            pass
        else:
            os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def deadly(task: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return task


def wrong(task: int) -> int:
    raise KeyError("a mistake of ours")


def tasks(folder: Path) -> list[tuple[Path, int]]:
    return [(folder, number) for number in range(8)]


def test_processes_do_what_one_process_does(tmp_path: Path) -> None:
    (tmp_path / "died").touch()
    here = sorted(pool.here(squared, tasks(tmp_path)))
    assert here == [(n, n * n) for n in range(8)]
    assert sorted(pool.processes(squared, tasks(tmp_path), 2)) == here


def test_a_killed_process_costs_nothing(tmp_path: Path) -> None:
    assert sorted(pool.processes(squared, tasks(tmp_path), 2)) == [(n, n * n) for n in range(8)]
    assert (tmp_path / "died").exists()


def test_what_kills_every_process_is_told() -> None:
    with pytest.raises(pool.WorkersLost, match="3 workers died one after another"):
        list(pool.processes(deadly, [1], 2))


def test_a_mistake_is_raised() -> None:
    with pytest.raises(KeyError, match="a mistake of ours"):
        list(pool.processes(wrong, [1, 2], 2))


@pytest.fixture(scope="module")
def cluster() -> Iterator[distributed.LocalCluster]:
    """A scheduler and two workers, processes of their own, on loopback. A worker that dies comes again."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None, silence_logs=50
    ) as found:
        yield found


def test_a_cluster_does_what_one_process_does(cluster: distributed.LocalCluster, tmp_path: Path) -> None:
    (tmp_path / "died").touch()
    run = partial(pool.cluster, address=cluster.scheduler_address)
    assert sorted(run(squared, tasks(tmp_path))) == [(n, n * n) for n in range(8)]


def test_a_killed_worker_of_a_cluster_costs_nothing(cluster: distributed.LocalCluster, tmp_path: Path) -> None:
    run = partial(pool.cluster, address=cluster.scheduler_address)
    assert sorted(run(squared, tasks(tmp_path))) == [(n, n * n) for n in range(8)]
    assert (tmp_path / "died").exists()


def test_a_mistake_on_a_cluster_is_raised(cluster: distributed.LocalCluster) -> None:
    with pytest.raises(KeyError, match="a mistake of ours"):
        list(pool.cluster(wrong, [1], cluster.scheduler_address))


def test_a_scheduler_that_is_not_there_is_told() -> None:
    begun = time.monotonic()
    with pytest.raises(pool.WorkersLost, match=r"there is no dask scheduler at tcp://127\.0\.0\.1:1"):
        list(pool.cluster(squared, [], "tcp://127.0.0.1:1"))
    assert time.monotonic() - begun < 60
