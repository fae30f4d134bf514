"""The `engine` command as its users run it, for tests."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ENGINE = Path(sys.executable).with_name("engine")
OPEN = 1_736_121_600_000  # 6 January 2025


@dataclass(frozen=True)
class Answer:
    """What a command printed and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out, parse_constant=_no_such_json)

    @property
    def complaint(self) -> str:
        """Return the one clear line of a failure, after checking that it is one."""
        assert "Traceback" not in self.err + self.out
        lines = [line for line in self.err.splitlines() if line.startswith("engine: ")]
        assert len(lines) == 1, self.err
        return lines[0].removeprefix("engine: ")


def _no_such_json(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def run(*arguments: object, cwd: Path, env: Mapping[str, str] | None = None) -> Answer:
    """Run `engine` as a process of its own."""
    done = subprocess.run(
        [ENGINE, *map(str, arguments)], cwd=cwd, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return Answer(done.returncode, done.stdout, done.stderr)


def start(*arguments: object, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Start `engine` as a process of its own; the caller ends it."""
    return subprocess.Popen(
        [ENGINE, *map(str, arguments)], cwd=cwd, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def call(monkeypatch: pytest.MonkeyPatch, cwd: Path, *arguments: object) -> Answer:
    """Run the command line in this process: the same, many times faster. Not for what takes over signals."""
    from app.cli.main import main

    monkeypatch.chdir(cwd)
    monkeypatch.setattr(sys, "argv", ["engine", *map(str, arguments)])
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as end:
        main()
    code = end.value.code
    assert isinstance(code, int)
    return Answer(code, out.getvalue(), err.getvalue())


def candles(folder: Path, symbol: str = "BTCUSDT", rows: int = 600, timeframe_ms: int = 300_000) -> Path:
    """Write 5m candles that swing and drift."""
    folder.mkdir(parents=True, exist_ok=True)
    lines, price = ["timestamp_ms,open,high,low,close,volume"], 100.0
    for row in range(rows):
        close = round(100 + 4 * ((row // 24) % 2 * 2 - 1) * (row % 24) / 24 + row / 200, 2)
        high, low = round(max(price, close) + 0.3, 2), round(min(price, close) - 0.3, 2)
        lines.append(f"{OPEN + row * timeframe_ms},{price},{high},{low},{close},{100 + row % 7}")
        price = close
    path = folder / f"binanceusdm_{symbol}_5m.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


SWING = """\
language: 1
id: swing
name: Swing Bot
version: 1.0.0
about: Buys what rises, for tests.
timeframes: [5m]
universe: {symbols: [BTC/USDT]}
long:
  when:
    up: close crosses above sma(close, 10)
  stop: 1%
  targets: 2%
  expire: 4h
"""


def swing(folder: Path) -> Path:
    """Write a strategy that makes many signals on `candles`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "swing.yaml"
    path.write_text(SWING)
    return path
