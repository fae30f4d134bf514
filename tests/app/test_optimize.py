"""`engine optimize` as its users run it: what it finds, what it writes, how it is stopped, and what it refuses."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import subprocess
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from dsl.load import load
from tests.app.command import ENGINE, SWING, Answer, call, candles, run, start

TUNED = (
    SWING.replace(
        "long:\n",
        "params:\n  length: 10 in 4 to 30 step 1   # of the average\n  risk: 1% in 0.3% to 2% step 0.1%\nlong:\n",
    )
    .replace("sma(close, 10)", "sma(close, length)")
    .replace("stop: 1%", "stop: risk")
    .replace("targets: 2%", "targets: 2 * risk")
)  # fmt: skip
LOOK = ("swing.yaml", "--candles", "data", "--min-trades", 3)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write three weeks of 5m candles and the strategy."""
    home = tmp_path_factory.mktemp("market")
    candles(home / "data", rows=6000)
    (home / "swing.yaml").write_text(TUNED)
    return home


@pytest.fixture
def home(market: Path, tmp_path: Path) -> Path:
    (tmp_path / "swing.yaml").write_text(TUNED)
    (tmp_path / "data").symlink_to(market / "data")
    return tmp_path


def search(monkeypatch: pytest.MonkeyPatch, home: Path, *more: object) -> Any:
    answer = call(monkeypatch, home, "optimize", *LOOK, "--jobs", 1, "--json", *more)
    assert answer.status == 0, answer.err
    return answer.json


def test_it_finds_and_says_what_it_is_worth(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = search(monkeypatch, home, "--method", "random", "--trials", 40, "--objective", "result,drawdown")
    trials = {trial["set"]: trial for trial in found["trials"]}
    assert sorted(trials) == list(range(41))
    assert trials[0]["params"] == {"length": 10.0, "risk": 0.01}
    judged = [trial for trial in found["trials"] if trial["judged"]]
    best = found["best"]["figures"]
    assert best["result"] == max(trial["figures"]["result"] for trial in judged)
    for one in found["front"]:
        assert not any(
            t["figures"]["result"] > one["figures"]["result"] and t["figures"]["drawdown"] < one["figures"]["drawdown"]
            for t in judged
        )
    assert 0 <= found["deflated_sharpe"]["probability"] <= 1
    assert found["deflated_sharpe"]["trials"] == 41
    assert 0 <= found["backtest_overfitting"]["probability"] <= 1
    assert {one["param"] for one in found["near"]} == {"length", "risk"}


def test_a_set_makes_what_a_backtest_of_its_own_makes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches, train spans, test spans and the hold-out: all are backtests from there to there."""
    from app.cli.show import when

    found = search(
        monkeypatch, home, "--method", "grid", "--params", "length", "--walk-forward", "4d/2d", "--hold-out", "15%",
        "--objective", "expectancy",
    )  # fmt: skip
    assert len(found["trials"]) == 27
    spans = [(found["search"], found["best"]["params"], found["best"]["figures"])]
    spans += [(s["test"], s["point"], s["tested"]) for s in found["walk_forward"]]
    spans += [(s["train"], s["point"], s["trained"]) for s in found["walk_forward"]]
    spans.append((found["hold_out"]["span"], found["best"]["params"], found["hold_out"]["chosen"]))
    assert len(spans) > 8
    for (begin, end), params, figures in spans:
        text = TUNED.replace("length: 10 in", f"length: {params['length']:.0f} in")
        (home / "swing.yaml").write_text(text)
        iso = [when(time).replace(" ", "T") for time in (begin, end)]
        answer = call(
            monkeypatch, home, "backtest", "swing.yaml", "--candles", "data", "--from", iso[0], "--to", iso[1], "--json"
        )
        told = answer.json["bots"]["swing"]
        assert figures["trades"] == told["closed"]
        assert figures["result"] == pytest.approx(told["result"], abs=1e-12)
        assert figures["profit_factor"] == told["profit_factor"]


def test_the_hold_out_is_not_seen_before_the_end(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Other prices there change nothing but its own figures."""
    more = ("--method", "tpe", "--trials", 40, "--hold-out", "5d", "--walk-forward", "4d/2d")
    found = search(monkeypatch, home, *more)
    border = found["hold_out"]["span"][0]
    lines = (home / "data" / "binanceusdm_BTCUSDT_5m.csv").read_text().splitlines()
    changed = [lines[0]]
    for line in lines[1:]:
        opened, *prices = line.split(",")
        if int(opened) >= border:
            prices[:4] = [str(round(float(price) * 1.5 + int(opened) % 7, 2)) for price in prices[:4]]
            prices[1], prices[2] = (str(f(map(float, prices[:4]))) for f in (max, min))
        changed.append(",".join([opened, *prices]))
    (home / "data").unlink()
    (home / "data").mkdir()
    (home / "data" / "binanceusdm_BTCUSDT_5m.csv").write_text("\n".join(changed) + "\n")
    other = search(monkeypatch, home, *more, "--study", "other.jsonl")
    for part in ("best", "trials", "walk_forward", "near", "deflated_sharpe", "backtest_overfitting"):
        assert other[part] == found[part]
    assert other["hold_out"]["chosen"] != found["hold_out"]["chosen"]


def test_a_hold_out_that_was_opened_is_said_to_be_spent(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = ("--method", "random", "--hold-out", "5d", "--objective", "result")
    first = search(monkeypatch, home, *more, "--trials", 2)
    assert first["hold_out"]["before"] == 0
    assert search(monkeypatch, home, *more, "--trials", 2, "--resume")["hold_out"] == first["hold_out"], "looked up"
    later = search(monkeypatch, home, *more, "--trials", 60, "--resume")
    assert later["best"]["params"] != first["best"]["params"]
    assert later["hold_out"]["before"] == 1
    text = call(monkeypatch, home, "optimize", *LOOK, *more, "--trials", 60, "--resume", "--jobs", 1).out
    assert "it is spent" in text


@pytest.mark.parametrize("method", ["grid", "random", "tpe"])
def test_processes_change_nothing(method: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = ("--method", method, "--walk-forward", "8d/4d", *(() if method == "grid" else ("--trials", 70)))
    more = (*more, "--params", "length") if method == "grid" else more
    alone = search(monkeypatch, home, *more)
    both = run("optimize", *LOOK, *more, "--jobs", 2, "--study", "two.jsonl", "--json", cwd=home)
    assert both.status == 0, both.err
    assert {**both.json, "study": ""} == {**alone, "study": ""}


def test_a_cluster_changes_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    alone = search(monkeypatch, home, "--method", "random", "--trials", 30)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None, silence_logs=50
    ) as cluster:
        more = ("--backend", "dask", "--scheduler", cluster.scheduler_address, "--study", "far.jsonl")
        far = search(monkeypatch, home, "--method", "random", "--trials", 30, *more)
    assert {**far, "study": ""} == {**alone, "study": ""}


# -- stopping and going on --

LONG = ("optimize", *LOOK, "--trials", 70, "--walk-forward", "12d/6d", "--hold-out", "3d", "--jobs", 2)


def results(study: Path) -> int:
    return len(study.read_bytes().splitlines()) - 1 if study.is_file() else 0


def stopped(home: Path, with_signal: int, method: str) -> Answer:
    """Start a long search, and stop it once some of it is done."""
    study = home / "s.jsonl"
    process = start(*LONG, "--method", method, "--study", study, cwd=home)
    end = time.monotonic() + 60
    while results(study) < 30 and process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    assert process.poll() is None, process.communicate()
    process.send_signal(with_signal)
    out, err = process.communicate(timeout=60)
    return Answer(process.returncode, out, err)


@pytest.mark.parametrize("method", ["random", "tpe"])
def test_a_killed_search_goes_on_as_if_nothing_had_been(
    method: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = stopped(home, signal.SIGKILL, method)
    assert answer.status == -signal.SIGKILL
    before = results(home / "s.jsonl")
    refused = run(*LONG, "--method", method, "--study", "s.jsonl", cwd=home)
    assert refused.status == 3
    assert "--resume goes on with them" in refused.complaint
    resumed = run(*LONG, "--method", method, "--study", "s.jsonl", "--resume", "--json", cwd=home)
    assert resumed.status == 0, resumed.err
    assert results(home / "s.jsonl") > before >= 30
    whole = call(monkeypatch, home, *LONG, "--jobs", 1, "--method", method, "--study", "whole.jsonl", "--json")
    assert {**resumed.json, "study": ""} == {**whole.json, "study": ""}


def test_a_killed_worker_changes_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    psutil = pytest.importorskip("psutil")
    process = start(*LONG, "--method", "random", "--study", "s.jsonl", "--json", cwd=home)
    killed, end = 0, time.monotonic() + 60
    while not killed and process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
        if results(home / "s.jsonl") < 10:
            continue
        for child in psutil.Process(process.pid).children(recursive=True):
            if "popen_loky" in " ".join(child.cmdline()):
                child.kill()
                killed = child.pid
                break
    out, err = process.communicate(timeout=120)
    assert killed, "a worker was there to be killed"
    assert process.returncode == 0, err
    assert "Traceback" not in err
    whole = call(monkeypatch, home, *LONG, "--jobs", 1, "--method", "random", "--study", "whole.jsonl", "--json")
    assert {**Answer(0, out, err).json, "study": ""} == {**whole.json, "study": ""}


def test_ctrl_c_leaves_all_that_was_done(home: Path) -> None:
    answer = stopped(home, signal.SIGINT, "random")
    assert answer.status == 130, answer.err
    assert "Traceback" not in answer.err
    assert "the same command with --resume goes on" in answer.err
    assert answer.complaint == "stopped"
    assert run(*LONG, "--method", "random", "--study", "s.jsonl", "--resume", cwd=home).status == 0


def test_another_search_does_not_go_on_with_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    search(monkeypatch, home, "--trials", 3)
    answer = call(monkeypatch, home, "optimize", *LOOK, "--jobs", 1, "--trials", 3, "--resume", "--seed", 8)
    assert (answer.status, answer.complaint) == (
        3, "var/studies/swing.jsonl is a study of something else: its seed is 7, here it is 8",
    )  # fmt: skip


@pytest.mark.parametrize("method", ["random", "tpe"])
def test_the_bar_tells_the_truth(method: str, home: Path) -> None:
    """On a terminal: it never goes back, ends at its total, and that is what the study has."""
    ours, theirs = pty.openpty()
    command = [ENGINE, "optimize", *map(str, LOOK), "--trials", "160", "--method", method, "--walk-forward", "8d/4d",
               "--hold-out", "3d", "--jobs", "1", "--study", "s.jsonl"]  # fmt: skip
    wide = {**os.environ, "COLUMNS": "120", "TERM": "xterm"}
    process = subprocess.Popen(command, cwd=home, stdout=subprocess.DEVNULL, stderr=theirs, env=wide)
    os.close(theirs)
    said = b""
    with contextlib.suppress(OSError):  # the terminal is closed at the end
        while part := os.read(ours, 4096):
            said += part
    os.close(ours)
    assert process.wait(timeout=60) == 0
    counts = [(int(done), int(total)) for done, total in re.findall(rb"(\d+)/(\d+)", said)]
    assert len({done for done, _ in counts}) > 3, "it is drawn ten times a second, and moves in between"
    assert counts == sorted(counts)
    assert len({total for _, total in counts}) == 1
    assert counts[-1][0] == counts[-1][1]
    assert results(home / "s.jsonl") <= counts[-1][1] + 1, "and the line that the hold-out was opened"
    assert results(home / "s.jsonl") > 0.8 * counts[-1][1]


# -- what it writes --


def test_the_best_becomes_a_new_version(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = search(
        monkeypatch, home, "--trials", 40, "--hold-out", "4d", "--write", "swing.yaml", "--objective", "result"
    )
    text = (home / "swing.yaml").read_text()
    loaded = load([home / "swing.yaml"])
    assert not loaded.diagnostics
    rules = loaded.plan.strategies[0]
    assert rules.version == "1.1.0"
    assert rules.params == found["best"]["params"]
    comment = [line for line in text.splitlines() if line.startswith("#")]
    assert comment[0].startswith("# Optimised 20")
    assert re.search(r"for result: \d\d sets by tpe, seed 7\.$", comment[0])
    assert any(line.startswith("# In sample: result ") for line in comment)
    assert any(line.startswith("# Held out (") for line in comment)
    assert comment[-1].startswith("# Deflated Sharpe ratio 0.") or comment[-1].startswith("# Deflated Sharpe ratio 1.")
    assert "# of the average" in text


class Page(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: dict[str, int] = {}
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_is_whole_and_needs_no_network(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    search(monkeypatch, home, "--trials", 20, "--hold-out", "4d", "--walk-forward", "6d/3d", "--html", "out/page.html")
    text = (home / "out" / "page.html").read_text()
    page = Page()
    page.feed(text)
    assert page.tags["svg"] == 2
    assert page.tags["table"] == 3
    assert page.tags["circle"] > 20
    assert page.links == []
    assert "script" not in page.tags
    assert "nan" not in text.lower()
    assert not list((home / "out").glob(".*")), "nothing half written is left"


def test_the_tables_fit(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = call(
        monkeypatch, home, "optimize", *LOOK, "--jobs", 1, "--trials", 12, "--walk-forward", "6d/3d", "--hold-out", "4d"
    ).out
    assert max(map(len, (line.rstrip() for line in text.splitlines() if "params" not in line))) <= 100
    for part in ("the best", "walk forward", "around the best", "hold-out", "deflated Sharpe ratio", "overfitting"):
        assert part in text


# -- what it refuses --

NO_RANGE = TUNED.replace(" in 4 to 30 step 1", "").replace(" in 0.3% to 2% step 0.1%", "")
REFUSALS = {
    "no params": (NO_RANGE, (), 3, "swing has no params with a range: write `params:` with lines such as"),
    "backwards": (TUNED.replace("4 to 30", "30 to 4"), (), 2, "there is no strategy to run in swing.yaml"),
    "outside": (TUNED.replace("length: 10", "length: 40"), (), 2, "there is no strategy to run in swing.yaml"),
    "unknown param": (TUNED, ("--params", "speed"), 3, "swing has no param speed; it has length, risk"),
    "unknown objective": (TUNED, ("--objective", "luck"), 3, "there is no objective 'luck'; there is result,"),
    "too few trades": (TUNED, ("--min-trades", 5000), 3, "too few trades: the most that any of 6 sets made is"),
    "unknown symbol": (TUNED, ("--symbols", "DOGE/USDT"), 3, "there are no candles of DOGE/USDT here"),
    "no candles then": (TUNED, ("--from", "2030-01-01"), 3, "there are no candles from 2030-01-01"),
    "all held out": (TUNED, ("--hold-out", "400d"), 3, "the hold-out of 400 days takes all there is"),
    "no room": (TUNED, ("--walk-forward", "300d/30d"), 3, "there is no room for one window of 300 days and 30 days"),
    "no length": (TUNED, ("--walk-forward", "300"), 3, "'300' is not a train and a test length; write 90d/30d"),
    "no span": (TUNED, ("--hold-out", "much"), 3, "'much' is not a length of time"),
    "anchored": (TUNED, ("--anchored",), 3, "--anchored says how windows grow; give --walk-forward too"),
    "impossible": (TUNED, ("--where", "length > 50"), 3, "no combination of the ranges meets the condition"),
    "no condition": (TUNED, ("--where", "close > length"), 3, "is not about the params alone"),
    "large grid": (TUNED, ("--method", "grid"), 3, "the grid has 486 points, --trials allows 5"),
    "no address": (TUNED, ("--backend", "dask"), 3, "--backend dask needs the --scheduler of a cluster"),
    "no cluster": (TUNED, ("--backend", "dask", "--scheduler", "tcp://127.0.0.1:1"), 3, "there is no dask scheduler"),
    "other file": (TUNED, ("--write", "taken.yaml"), 3, "taken.yaml is there already; --write takes a new file"),
    "no folder for it": (TUNED, ("--study", "taken.yaml/s.jsonl"), 3, "the study cannot be kept: "),
    "no folder for a page": (TUNED, ("--html", "taken.yaml/p.html"), 3, "taken.yaml/p.html cannot be written: "),
    "no version": (TUNED.replace("1.0.0", "new"), ("--write", "x.yaml"), 3, "'new' is not written as 1.0.0"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_done_is_told_in_a_line(case: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, more, status, told = REFUSALS[case]
    (home / "swing.yaml").write_text(text)
    (home / "taken.yaml").write_text("mine\n")
    answer = call(monkeypatch, home, "optimize", *LOOK, "--jobs", 1, "--trials", 5, *more)
    assert answer.status == status
    assert told in answer.complaint
    assert (home / "taken.yaml").read_text() == "mine\n"


def test_a_broken_candle_file_is_told_with_its_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "data").unlink()
    path = candles(home / "data")
    path.write_text(path.read_text() + "1736121600000,1,2,x,4,5\n")
    answer = call(monkeypatch, home, "optimize", *LOOK, "--jobs", 1, "--trials", 5)
    assert answer.status == 3
    assert f"{path.name}:602:" in answer.complaint


def test_optuna_and_dask_load_only_where_they_are_used(home: Path) -> None:
    import sys

    program = """
import sys
from app.cli.main import main
sys.argv = ["engine", "optimize", "swing.yaml", "--candles", "data", "--min-trades", "3", "--jobs", "1",
            "--method", "random", "--trials", "2"]
try:
    main()
except SystemExit as end:
    heavy = {"optuna", "dask", "distributed", "joblib", "sklearn"}
    print("ended", end.code, *sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=home, capture_output=True, text=True, env=os.environ)
    assert done.stdout.splitlines()[-1] == "ended 0", done.stderr
