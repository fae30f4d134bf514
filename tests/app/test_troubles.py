"""Whatever is wrong is told in one clear line, with status 3, and never as a traceback."""

from __future__ import annotations

import fcntl
import gzip
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.command import ENGINE, SWING, Answer, call, candles, run, start, swing
from tests.engine.road import contents

HEAD = "timestamp_ms,open,high,low,close,volume\n"
Ask = Callable[..., Answer]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    swing(folder)
    candles(folder / "c")
    (folder / "empty").mkdir()
    (folder / "broken.yaml").write_text(SWING.replace("close crosses", "closs crosses").replace("swing", "broken"))
    assert run("run", "swing.yaml", "--replay", "c", "--db", "replay.db", cwd=folder).status == 0
    return folder


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    """Return a copy of a folder with a strategy, candles, and a database that a replay has filled."""
    return Path(shutil.copytree(made, tmp_path / "home"))


@pytest.fixture
def ask(home: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    return lambda text, *more: call(monkeypatch, home, *text.split(), *more)


USAGE = [
    ("frobnicate", "there is no command 'frobnicate'"),
    ("validat", "did you mean `engine validate`?"),
    ("run --bogus", "No such option '--bogus'"),
    ("run --replay nowhere", "'nowhere' does not exist"),
    ("run --replay empty", "empty: there is no candle file here"),
    ("run --replay c --from yesterday", "'yesterday' is not a time; write 2025-04-07"),
    ("run --replay c --from 2025-13-01", "is not a time"),
    ("run --replay c --speed fast", "not 'fast'"),
    ("run --replay c --speed 0x", "not '0x'"),
    ("run --replay c --once", "--once is for the live engine"),
    ("run --from 2025-01-01", "belong to --replay"),
    ("run --speed 2x", "belong to --replay"),
    ("run --replay c --symbols NOPE/USDT", "no candles of NOPE/USDT here; there is BTC/USDT"),
    ("run --symbols BTCUSDT --once", "'BTCUSDT' is not a symbol; write it as in BTC/USDT"),
    ("run --replay c --only nope", "there is no strategy nope"),
    ("run --config nowhere.yaml", "'nowhere.yaml' does not exist"),
    ("run --replay c --db c", "'c' is a directory"),
    ("run swing.yaml --replay c --from 2030-01-01 --db n.db", "no candles of these symbols in that span"),
    ("run swing.yaml --replay c --from 2025-01-08 --to 2025-01-07 --db n.db", "no candles of these symbols in that"),
    ("validate --format xml", "'xml' is not one of"),
    ("validate empty", "there is no strategy in empty"),
    ("lint empty", "there is no strategy in empty"),
    ("test nowhere", "there is no nowhere"),
    ("test empty", "there are no tests"),
    ("backtest swing.yaml", "Missing option '--candles'"),
    ("backtest nowhere.yaml --candles c", "'nowhere.yaml' does not exist"),
    ("backtest swing.yaml --candles c --symbols XYZ/USDT", "no candles of XYZ/USDT"),
    ("backtest swing.yaml --candles c --fees -5", "not in the range"),
    ("backtest swing.yaml --candles c --from 2030-01-01", "no candles of these symbols in that span"),
    ("train nope --candles c", "there is no strategy nope"),
    ("train swing.yaml --candles c", "the strategy swing has no model to train"),
    ("train ai_ml --candles c --symbols BTC/USDT --to 2025-01-06T10:00", "more history"),
    ("eval close --candles c --timeframe 7m", "no candles from which 7m can be built"),
    ("eval close --candles c --timeframe 5q", "5q"),
    ("eval close --candles c --symbol ETH/USDT", "choose a --symbol: BTC/USDT"),
    ("eval close --candles c --last 0", "not in the range"),
    ("indicators rsj", "there is no function 'rsj'; did you mean rsi?"),
    ("status --db nowhere.db", "there is no database at nowhere.db; `engine run`"),
    ("report daily --db nowhere.db", "there is no database at nowhere.db"),
    ("report daily --day never --db replay.db", "'never' is not a time"),
    ("report weekly", "No such command 'weekly'"),
    ("db backup", "Missing argument 'TARGET'"),
    ("db backup out.db --db nowhere.db", "there is no database at nowhere.db"),
    ("db backup replay.db --db replay.db", "exists"),
    ("demo --days 2", "not in the range"),
]


@pytest.mark.parametrize(("line", "says"), USAGE, ids=[line for line, _ in USAGE])
def test_wrong_usage(ask: Ask, line: str, says: str) -> None:
    answer = ask(line)
    assert says in answer.complaint
    assert answer.status == 3
    assert answer.out == ""


@pytest.mark.parametrize("line", ["run broken.yaml --replay c", "backtest broken.yaml --candles c",
                                  "train broken.yaml --candles c", "eval closs --candles c"])  # fmt: skip
def test_a_strategy_that_cannot_be_loaded_is_shown_with_the_place(ask: Ask, line: str) -> None:
    answer = ask(line)
    assert answer.status == 2
    assert answer.complaint
    assert "did you mean `close`?" in answer.err
    assert "^^^^^" in answer.err


@pytest.mark.parametrize("line", ["", "db", "report"])
def test_a_group_alone_shows_its_help(ask: Ask, line: str) -> None:
    answer = ask(line)
    assert answer.status == 3
    assert answer.err.startswith("Usage: engine")


def test_a_mistake_in_the_configuration_is_shown_with_its_place(ask: Ask, home: Path) -> None:
    (home / "mine.yaml").write_text("venues: [binanse]\nmax_open: two\n")
    answer = ask("run swing.yaml --replay c --config mine.yaml")
    assert (answer.status, answer.complaint) == (3, "the configuration cannot be used")
    assert "mine.yaml:1:10" in answer.err
    assert "mine.yaml:2:11" in answer.err


CONFIGS = [
    ("watchlists: {mine: [BTC/USDT]}\nseries: {fng: gone.csv}", "gone.csv: cannot be read: No such file"),
    ("channels: {a: {kind: telegram, events: signal, options: {chat: '@a'}, secrets: {token: NO_SUCH}}}", "NO_SUCH"),
    ("channels: {a: {kind: webhook, events: signal}}", "the channel 'a'"),
    ("channels: {a: {kind: console, events: signal, options: {colour: blue}}}", "colour"),
]


@pytest.mark.parametrize(("text", "says"), CONFIGS, ids=["series", "secret", "option-missing", "option-unknown"])
def test_what_a_configuration_lacks_is_named(ask: Ask, home: Path, text: str, says: str) -> None:
    (home / "mine.yaml").write_text(text)
    answer = ask("run swing.yaml --replay c --publish --config mine.yaml --db new.db")
    assert says in answer.complaint
    assert answer.status == 3


CANDLES = {
    "no-header": (b"1736121600000,1,2,1,2,3\n", ":1: the first line must be"),
    "high-below-low": (HEAD.encode() + b"1736121600000,100,90,99,95,1\n", ":2: the high is below the low"),
    "text": (HEAD.encode() + b"1736121600000,100,x,99,95,1\n", ":2: high is not a number: 'x'"),
    "backwards": (HEAD.encode() + b"1736121900000,1,1,1,1,1\n1736121600000,1,1,1,1,1\n", ":3: the timestamp is earl"),
    "seconds": (HEAD.encode() + b"1736121600,1,1,1,1,1\n", ":2: the timestamp is not in milliseconds"),
    "no-gzip": (b"\x1f\x8b broken", ": cannot be read"),
    "cut-gzip": (gzip.compress(HEAD.encode() * 999)[:40], ": cannot be read"),
    "empty": (b"", ":1: the first line must be"),
    "binary": (bytes(range(256)) * 9, "binanceusdm_BTCUSDT_5m.csv"),
}  # fmt: skip


@pytest.mark.parametrize("kind", CANDLES)
@pytest.mark.parametrize(
    "line", ["backtest swing.yaml --candles", "run swing.yaml --db n.db --replay", "eval close --candles"]
)
def test_a_corrupt_candle_file_is_named_with_the_line(ask: Ask, home: Path, kind: str, line: str) -> None:
    content, says = CANDLES[kind]
    path = home / "c" / "binanceusdm_BTCUSDT_5m.csv"
    path.write_bytes(content)
    answer = ask(line, "c")
    assert says in answer.complaint
    assert str(path.name) in answer.complaint
    assert answer.status == 3


# -- the database --

READERS = ("status", "report daily", "db backup copy.db", "db migrate", "run swing.yaml --replay c")


@pytest.mark.parametrize("line", READERS)
def test_what_is_no_database_is_left_alone(ask: Ask, home: Path, line: str) -> None:
    path = home / "mine.db"
    path.write_text("these are my notes, and no database\n" * 200)
    answer = ask(f"{line} --db mine.db")
    assert "mine.db: this file is not a database" in answer.complaint
    assert answer.status == 3
    assert path.read_text().startswith("these are my notes")


@pytest.mark.parametrize("line", [line for line in READERS if "backup" not in line])
def test_a_newer_database_is_refused_and_untouched(ask: Ask, home: Path, line: str) -> None:
    with sqlite3.connect(home / "replay.db") as db:
        db.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('signal_engine', 'm9999', 'x')"
        )
    db.close()
    before = contents(home / "replay.db")
    answer = ask(f"{line} --db replay.db")
    assert "replay.db was written by a newer engine" in answer.complaint
    assert answer.status == 3
    assert contents(home / "replay.db") == before


@pytest.mark.parametrize("line", ["status", "report daily --all", "run swing.yaml --replay c"])
def test_a_damaged_database_is_told(ask: Ask, home: Path, line: str) -> None:
    path = home / "replay.db"
    whole = bytearray(path.read_bytes())
    for place in range(4096, len(whole), 4096):
        whole[place : place + 64] = b"\xff" * 64
    path.write_bytes(whole)
    answer = ask(f"{line} --db replay.db")
    assert "replay.db" in answer.complaint
    assert "damaged" in answer.complaint
    assert answer.status == 3


def test_a_database_in_use_by_another_engine_is_told(ask: Ask, home: Path) -> None:
    with open(home / "replay.db.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = ask("run swing.yaml --replay c --db replay.db")
        assert "replay.db is being written by another engine" in answer.complaint
        assert answer.status == 3
        assert ask("status --db replay.db").status == 0, "reading is always allowed"


def test_a_database_locked_by_another_program_is_told(ask: Ask, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.connection.BUSY_MS", 50)
    candles(home / "c", rows=700)
    other = sqlite3.connect(home / "replay.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = ask("run swing.yaml --replay c --db replay.db")
    other.close()
    assert "replay.db: the database is locked by another program" in answer.complaint
    assert answer.status == 3
    assert ask("run swing.yaml --replay c --db replay.db").status == 0, "afterwards it goes on"


# -- ends that come from outside --


@pytest.mark.parametrize("line", ["indicators", "eval close --candles c --format csv", "validate --format json"])
def test_a_reader_that_goes_away_is_no_error(home: Path, line: str) -> None:
    with subprocess.Popen([ENGINE, *line.split()], cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read().decode()
        assert (process.wait(), told) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("line", ["validate swing.yaml", "indicators", "backtest swing.yaml --candles c --json"])
def test_a_full_disk_under_the_output_is_told(home: Path, line: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [ENGINE, *line.split()], cwd=home, stdout=full, stderr=subprocess.PIPE, text=True, timeout=120, check=False
        )
    assert done.returncode == 3
    assert Answer(3, "", done.stderr).complaint == "No space left on device"


def test_a_defect_of_ours_is_one_line_and_kept_for_a_report(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.cli import show

    def broken(text: str = "") -> None:
        raise ZeroDivisionError(text)

    monkeypatch.setattr(show, "say", broken)
    answer = ask("validate swing.yaml")
    assert answer.status == 3
    assert answer.complaint.startswith("this is a defect of the engine: ZeroDivisionError; report it with ")
    kept = Path(answer.complaint.split()[-1])
    assert "Traceback" in kept.read_text()
    kept.unlink()


def test_a_replay_that_is_stopped_goes_on_and_ends_the_same(home: Path) -> None:
    candles(home / "long", rows=3_000)
    line = ("run", "swing.yaml", "--replay", "long", "--db")
    assert run(*line, "whole.db", cwd=home).status == 0
    for asked, wanted in ((signal.SIGINT, 1), (signal.SIGTERM, 20)):
        before = _signals(home / "cut.db")
        process = start(*line, "cut.db", cwd=home)
        while process.poll() is None and _signals(home / "cut.db") < before + wanted:
            time.sleep(0.002)
        process.send_signal(asked)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 130, told
        assert "stopping at a safe point" in told
        assert "Traceback" not in told
    assert 0 < _signals(home / "cut.db") < _signals(home / "whole.db")
    assert run(*line, "cut.db", cwd=home).status == 0
    assert contents(home / "cut.db") == contents(home / "whole.db")


def _signals(path: Path) -> int:
    if not path.exists():
        return 0
    db = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        return int(db.execute("SELECT count(*) FROM signals").fetchone()[0])
    except sqlite3.OperationalError:
        return 0  # it is being made
    finally:
        db.close()
