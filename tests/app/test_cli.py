"""The command line: it starts in a blink, its statuses mean one thing, and machines can read it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from app.cli.main import COMMANDS
from engine import __version__
from tests.app.command import ENGINE, ROOT, SWING, Answer, call, candles, run, swing

HEAVY = ("pandas", "numba", "numpy", "scipy", "ccxt", "sklearn", "joblib", "sqlite_utils", "requests", "tweepy",
         "apprise", "jinja2", "asyncio", "jsonschema")  # fmt: skip
SUBS = {"candles": ("import", "fetch", "list"), "db": ("migrate", "backup"), "report": ("daily",)}
PROBE = """
import contextlib, io, sys
sys.argv = ["engine", *sys.argv[1:]]
from app.cli.main import main
with contextlib.redirect_stdout(io.StringIO()) as said:
    try:
        main()
    except SystemExit as end:
        status = end.code
print(status, len(said.getvalue()), *sorted(set(%r) & set(sys.modules)))
"""


def loads(*arguments: str) -> tuple[int, int, set[str]]:
    """Return a command's status, how much it said, and which heavy libraries it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE % (HEAVY,), *arguments], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    assert not done.stderr, done.stderr
    status, length, *heavy = done.stdout.split()
    return int(status), int(length), set(heavy)


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("--version",), ("validate", "strategies"), ("lint", "dsl/library/rsi.yaml"), ("indicators",),
     ("run", "--help"), ("backtest", "--help"), ("train", "--help")],
    ids=" ".join,
)  # fmt: skip
def test_light_commands_load_nothing_heavy(arguments: tuple[str, ...]) -> None:
    status, length, heavy = loads(*arguments)
    assert status in (0, 1, 2)
    assert length > 10
    assert heavy == set()


def test_every_command_has_help_and_loads_nothing_heavy_for_it() -> None:
    """One process for all of them: what any of them loads shows."""
    names = [[name, *sub] for name in COMMANDS for sub in ([], *([s] for s in SUBS.get(name, ())))]
    program = f"""
import sys
from click.testing import CliRunner
from app.cli.main import root
for name in {names!r}:
    for option in ("--help", "-h"):
        done = CliRunner().invoke(root, [*name, option])
        assert done.exit_code == 0 and done.output.startswith("Usage:"), (name, done.output)
print(*sorted(set({HEAVY!r}) & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == []


def test_the_help_lists_every_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = call(monkeypatch, tmp_path, "--help").out
    files = {path.stem for path in (ROOT / "app" / "cli").glob("*.py")}
    for name, about in COMMANDS.items():
        assert name in files
        assert f"  {name} " in told
        assert about in " ".join(told.split())


def test_the_version_is_the_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert __version__ in call(monkeypatch, tmp_path, "--version").out


def test_python_m_app_is_engine(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "app", "validate"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, "without a path: the built-in strategies"
    assert run("validate", cwd=tmp_path).out == done.stdout


# -- statuses --

QUESTIONABLE = SWING.replace("about: Buys what rises, for tests.\n", "").replace("  stop: 1%\n", "")
BROKEN = SWING.replace("sma(close, 10)", "smaa(closs, 10)")


@pytest.mark.parametrize(
    ("text", "validate", "lint"), [(SWING, 0, 0), (QUESTIONABLE, 0, 1), (BROKEN, 2, 2), ("a: [", 2, 2)],
    ids=["clean", "questionable", "broken", "no-yaml"],
)  # fmt: skip
def test_the_status_says_what_was_found(
    text: str, validate: int, lint: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "swing.yaml").write_text(text)
    for command, status in (("validate", validate), ("lint", lint)):
        for form in ("text", "json", "github", "sarif"):
            answer = call(monkeypatch, tmp_path, command, "swing.yaml", "--format", form)
            assert answer.status == status, (command, form, answer.out)
            if form in ("json", "sarif"):
                assert answer.json is not None
        told = call(monkeypatch, tmp_path, command, "swing.yaml").out
        assert ("nothing found" in told) == (status == 0)
        assert ("swing.yaml:" in told) == (status > 0)


def test_a_broken_strategy_does_not_stop_the_good_ones(tmp_path: Path) -> None:
    swing(tmp_path / "rules")
    (tmp_path / "rules" / "broken.yaml").write_text(BROKEN.replace("swing", "broken"))
    candles(tmp_path / "c")
    answer = run("run", "rules", "--replay", "c", cwd=tmp_path)
    assert answer.status == 0
    assert "broken.yaml cannot be loaded and was left out" in answer.err
    assert run("run", "rules/broken.yaml", "--replay", "c", cwd=tmp_path).status == 2


def test_tests_of_strategies_pass_fail_and_break(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swing(tmp_path)
    suite = tmp_path / "swing.test.yaml"
    head = (
        "language: 1\ntests:\n  - name: rises\n    timeframe: 5m\n    close: 100 x20, 100 to 110 in 20\n    expect:\n"
    )
    for text, status in ((f"{head}      - at_least: 1\n", 0), (f"{head}      - nothing: always\n", 1), ("tests: 3", 2)):
        suite.write_text(text)
        assert call(monkeypatch, tmp_path, "test", "swing.yaml").status == status
        assert call(monkeypatch, tmp_path, "test", "swing.yaml", "--json").json["tests"] is not None


# -- for machines --


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a strategy, candles, and a database that a replay has filled."""
    folder = tmp_path_factory.mktemp("home")
    swing(folder)
    candles(folder / "c")
    done = run("run", "swing.yaml", "--replay", "c", "--db", "replay.db", cwd=folder)
    assert done.status == 0, done.err
    return folder


@pytest.fixture
def ask(home: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def asked(*arguments: object) -> Answer:
        return call(monkeypatch, home, *arguments)

    return asked


def test_what_machines_are_told_is_json(ask) -> None:  # type: ignore[no-untyped-def]
    status = ask("status", "--db", "replay.db", "--json").json
    assert status["signals"] > 5
    assert status["runs"][0]["outcome"] == "finished"
    tested = ask("backtest", "swing.yaml", "--candles", "c", "--json").json
    assert len(tested["trades"]) == status["signals"] == tested["bots"]["swing"]["signals"]
    report = ask("report", "daily", "--db", "replay.db", "--all", "--json").json
    same = ("signals", "closed", "live", "wins", "win_rate", "profit_factor", "best")
    assert {k: report["bots"]["swing"][k] for k in same} == {k: tested["bots"]["swing"][k] for k in same}
    assert ask("report", "daily", "--db", "replay.db", "--day", "2025-01-07", "--json").json["day"] == "2025-01-07"
    functions = ask("indicators", "--json").json
    assert {"rsi", "macd", "qfl_base"} <= {function["name"] for function in functions}
    assert ask("indicators", "rsi", "--json").json[0]["converged_after"] > 14
    values = ask("eval", "rsi(close, 14)", "--candles", "c", "--format", "json").json
    assert len(values) == 600
    assert values[0]["value"] is None, "unknown is null, never NaN"
    assert 0 <= values[-1]["value"] <= 100
    truths = ask("eval", "close > sma(close, 10)", "--candles", "c", "--last", 3, "--format", "json").json
    assert {row["value"] for row in truths} <= {True, False}


def test_what_people_are_told_fits_and_agrees(ask) -> None:  # type: ignore[no-untyped-def]
    count = ask("status", "--db", "replay.db", "--json").json["signals"]
    assert f"signals    {count}, " in ask("status", "--db", "replay.db").out
    table = ask("backtest", "swing.yaml", "--candles", "c", "--trades").out
    assert table.count("BTC/USDT") >= count
    assert "swing" in ask("report", "daily", "--db", "replay.db", "--all").out
    lines = ask("eval", "close", "--candles", "c", "--last", 2, "--format", "csv").out.splitlines()
    assert lines[0] == "close_time_ms,close,close"
    assert len(lines) == 3
    assert "known after" in ask("indicators", "rsi").out


def test_the_functions_are_listed_by_what_they_are_for_in_80_columns(ask) -> None:  # type: ignore[no-untyped-def]
    from dsl.catalogue import catalogue
    from dsl.groups import GROUPS

    lines = ask("indicators").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line in GROUPS] == list(GROUPS), "every group, in order"
    assert "Others" not in lines
    told = [line.split()[0] for line in lines if line.startswith("  ")]
    assert sorted(told) == sorted(set(catalogue().names()) - {"recur"})
    found = ask("indicators", "hilbert").out
    assert "trendline" in found, "a name tells all about it"
    found = ask("indicators", "cdlhammer").out
    assert "  hammer" in found, "a word is looked for in what is said about each"
    assert "1 function." in found
    both = ask("indicators", "ehlers", "rsi", "--json").json
    assert {"laguerre_rsi", "inverse_fisher_rsi"} <= {function["name"] for function in both}
    assert max(map(len, ask("indicators", "pivots_demark").out.splitlines())) <= 100


def test_a_backtest_can_be_cut_and_priced(ask) -> None:  # type: ignore[no-untyped-def]
    span = ("--from", "2025-01-06T12:00", "--to", "2025-01-07T12:00Z")
    whole = ask("backtest", "swing.yaml", "--candles", "c", "--json").json
    cut = ask("backtest", "swing.yaml", "--candles", "c", *span, "--json").json
    assert (cut["from"], cut["to"]) == (1_736_164_800_000, 1_736_251_200_000)
    assert all(cut["from"] < trade["signal_at"] <= cut["to"] for trade in cut["trades"])
    assert 0 < len(cut["trades"]) < len(whole["trades"])
    free = ask("backtest", "swing.yaml", "--candles", "c", "--fees", 0, "--slippage", 0, "--json").json
    assert free["bots"]["swing"]["result"] > whole["bots"]["swing"]["result"]


def test_a_backup_is_a_database_like_the_first(ask, home: Path) -> None:  # type: ignore[no-untyped-def]
    assert "integrity checked" in ask("db", "backup", "copy.db", "--db", "replay.db").out
    first = ask("status", "--db", "replay.db", "--json").json
    again = ask("status", "--db", "copy.db", "--json").json
    assert {**again, "database": ""} == {**first, "database": ""}
    assert ask("db", "migrate", "--db", "copy.db").status == 0


def test_a_replay_goes_on_only_with_the_same_candles_and_rules(tmp_path: Path) -> None:
    swing(tmp_path)
    candles(tmp_path / "c")
    replay = ("run", "swing.yaml", "--replay", "c", "--db", "x.db")
    first = run(*replay, cwd=tmp_path)
    assert first.status == 0, first.err
    assert "swing" in first.out
    assert "x.html" in first.out, "a replay has a page of its own"
    again = run(*replay, cwd=tmp_path)
    assert again.status == 0
    assert "nothing is decided again" in again.err

    (tmp_path / "c").rename(tmp_path / "d")
    moved = run("run", "swing.yaml", "--replay", "d", "--db", "x.db", cwd=tmp_path)
    assert moved.status == 3
    assert "something else (replay of c)" in moved.err
    (tmp_path / "d").rename(tmp_path / "c")
    strategy = tmp_path / "swing.yaml"
    strategy.write_text(strategy.read_text().replace("sma(close, 10)", "sma(close, 20)"))
    changed = run(*replay, cwd=tmp_path)
    assert changed.status == 3
    assert "other rules" in changed.err


def test_a_daily_report_counts_its_own_day(ask) -> None:  # type: ignore[no-untyped-def]
    days = [f"2025-01-{day:02}" for day in range(6, 9)]
    told = [ask("report", "daily", "--db", "replay.db", "--day", day, "--json").json["bots"] for day in days]
    whole = ask("report", "daily", "--db", "replay.db", "--all", "--json").json["bots"]["swing"]
    assert sum(bots.get("swing", {}).get("signals", 0) for bots in told) == whole["signals"]
    assert sum(bots.get("swing", {}).get("closed", 0) for bots in told) == whole["closed"]
    late = ask("report", "daily", "--db", "replay.db", "--day", "2035-01-01")
    assert late.status == 3
    assert "has not come" in late.complaint


def test_tables_fit_a_terminal_of_80_columns_and_break_no_word(tmp_path: Path) -> None:
    candles(tmp_path / "c")
    swing(tmp_path)
    assert run("run", "swing.yaml", "--replay", "c", "--db", "r.db", cwd=tmp_path).status == 0
    assert run("candles", "import", "c", "--store", "s", cwd=tmp_path).status == 0
    for line, words in (
        ("candles list s", ["binanceusdm", "BTC/USDT", "missing", "spans"]),
        ("report daily --db r.db", ["signals", "unfilled", "factor", "average R"]),
        ("backtest swing.yaml --candles c --trades", ["BTC/USDT", "TP_HIT", "+1.88 %"]),
    ):
        told = _on_a_terminal(line, tmp_path)
        assert max(map(len, told.splitlines())) <= 80, told
        assert not [word for word in words if word not in told], told


def _on_a_terminal(line: str, cwd: Path) -> str:
    """Return what a command prints on a terminal of 80 columns; errors and the bar go nowhere."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
    env = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR")} | {"TERM": "dumb"}
    with open(ours, "rb", buffering=0) as reader:
        done = subprocess.Popen(
            [ENGINE, *line.split()], cwd=cwd, env=env, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL
        )
        os.close(theirs)
        parts = []
        with contextlib.suppress(OSError):  # the end of a terminal
            while part := reader.read(65536):
                parts.append(part)
        assert done.wait(60) == 0
    return b"".join(parts).decode().replace("\r\n", "\n")
