"""The Parquet files of a candle store, one per month of a series: columns `timestamp_ms` (the open) and FIELDS."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from engine.domain.market import FIELDS, Candles
from engine.feeds.contents import Contents, Part
from engine.feeds.files import CandleFileError

GROUP_ROWS = 10_080
"""Candles in a row group, which is what is read at once: a week of minutes."""


def open_part(path: Path) -> Any:
    """Return the file, opened for `read_rows`. Raises CandleFileError."""
    import pyarrow
    from pyarrow import parquet

    try:
        return parquet.ParquetFile(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise CandleFileError(path, 0, f"cannot be read: {error}") from None


def read_rows(file: Any, path: Path, contents: Contents, group: int | None = None) -> Candles:
    """Return the candles of one row group, None: of all. Raises CandleFileError."""
    import pyarrow

    try:
        table = file.read(use_threads=False) if group is None else file.read_row_group(group, use_threads=False)
        opened, high, low, close, volume = (np.ascontiguousarray(table[name].to_numpy(), np.float64) for name in FIELDS)
        times = np.ascontiguousarray(table["timestamp_ms"].to_numpy(), np.int64) + contents.timeframe.ms
    except (OSError, KeyError, pyarrow.ArrowException) as error:
        raise CandleFileError(path, 0, f"cannot be read: {error}") from None
    return Candles(
        contents.symbol, contents.timeframe, times, opened, high, low, close, volume, contents.venue
    )  # fmt: skip


def write_rows(path: Path, candles: Candles) -> Part:
    """Write a file that is there as a whole or not at all; return what it holds. Raises OSError."""
    import pyarrow
    from pyarrow import parquet

    columns = {"timestamp_ms": candles.close_time - candles.timeframe.ms}
    columns |= {name: getattr(candles, name) for name in FIELDS}
    beside = path.with_name(f"{path.name}.new")
    parquet.write_table(pyarrow.table(columns), beside, row_group_size=GROUP_ROWS, compression="zstd")
    put(beside, path)
    times = candles.close_time
    borders = range(0, len(times), GROUP_ROWS)
    groups = tuple((int(times[a]), int(times[min(a + GROUP_ROWS, len(times)) - 1])) for a in borders)
    return Part(path.name, len(times), groups)


def put(beside: Path, path: Path) -> None:
    """Move a file that was written beside into its place, once it is on the disk."""
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(beside, path)
