"""The wheel has everything in it, and works where the repository is not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.app.command import SWING, candles

ROOT = Path(__file__).parents[2]
ROOMS = ("app", "db", "dsl", "engine", "notifiers", "schemas", "strategies", "templates")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc", "*.egg-info")


def wanted() -> set[str]:
    """Return every file of the rooms that a user's machine needs."""
    return {
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".nbi", ".nbc") and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy, so that nothing is left behind here and nothing left behind gets in."""
    copy, out = tmp_path_factory.mktemp("copy") / "project", tmp_path_factory.mktemp("wheel")
    copy.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for room in ROOMS:
        shutil.copytree(ROOT / room, copy / room, ignore=LEFT_OUT)
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(copy)],
        capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (made,) = out.glob("*.whl")
    return made


def test_every_file_of_every_room_is_in_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
        entry = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert "engine = app.cli.main:main" in archive.read(entry).decode()
        assert any(name.endswith("LICENSE") for name in archive.namelist())
    assert wanted() - inside == set()
    assert inside - wanted() == set()
    kinds = {Path(name).suffix for name in inside}
    assert {".py", ".yaml", ".lark", ".j2", ".json"} <= kinds


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("installed")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--target",
         str(target), str(wheel)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return target


def engine(installed: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed engine; `-P` and a path of its own keep the repository out."""
    program = f"""
import sys
sys.path[:] = [path for path in sys.path if path != {str(ROOT)!r}]
import app
assert app.__file__.startswith({str(installed)!r}), app.__file__
from app.cli.main import main
main()
"""
    return subprocess.run(
        [sys.executable, "-P", "-c", program, *arguments],
        cwd=cwd, env={**os.environ, "PYTHONPATH": str(installed)}, capture_output=True, text=True, timeout=240,
    )  # fmt: skip


def test_it_works_where_the_repository_is_not(installed: Path, tmp_path: Path) -> None:
    done = engine(installed, tmp_path, "validate")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing found" in done.stdout
    done = engine(installed, tmp_path, "indicators", "macd", "rsi", "qfl_base")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("example:") >= 2


def test_it_runs_and_publishes_where_the_repository_is_not(installed: Path, tmp_path: Path) -> None:
    candles(tmp_path / "c", rows=300)
    (tmp_path / "swing.yaml").write_text(SWING)
    done = engine(installed, tmp_path, "run", "swing.yaml", "--replay", "c")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "var" / "replay.html").read_text()
    assert "Swing Bot" in page
    assert "BTC/USDT" in page
