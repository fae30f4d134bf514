"""kill -9 at random moments of a replay that publishes: nothing told twice, nothing missed, nothing sent twice.

The whole command is run, with the real client against a strict Telegram on loopback, killed, and run again.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from db.queries import Queries
from tests.engine.road import HERE, contents, market
from tests.servers.loopback import Reply, Request
from tests.servers.telegram import TOKEN, Telegram

KILLS = 20
ROOT = Path(__file__).parents[2]
CONFIG = """
brand: {name: Kill Test}
home: %s
channels:
  vip:
    kind: telegram
    events: [signal, opened, added, target, stop_moved, closed, report]
    options: {chat: "@vip", api_base: "%s"}
    secrets: {token: KILL_TEST_TOKEN}
"""


class Deadly(Telegram):
    """A Telegram that can end the engine in the middle of a request: before it is taken, or before the answer."""

    def __init__(self) -> None:
        super().__init__()
        self.victim = 0
        self.countdown = 0
        self.taken = False

    def aim(self, pid: int, countdown: int, taken: bool) -> None:
        """Kill `pid` at its `countdown`-th request from now, after the message was taken, or before."""
        self.victim, self.countdown, self.taken = pid, countdown, taken

    def answer(self, request: Request) -> Reply:
        self.countdown -= 1
        if self.countdown != 0:
            return super().answer(request)
        if self.taken:
            super().answer(request)
        os.kill(self.victim, signal.SIGKILL)
        return Reply(500)


@dataclass
class Engine:
    """The command over one database, and how often it was killed."""

    folder: Path
    candles: Path
    server: Deadly
    kills: list[str] = field(default_factory=list)

    @property
    def database(self) -> Path:
        return self.folder / "engine.db"

    def start(self) -> subprocess.Popen[bytes]:
        config = self.folder / "engine.yaml"
        config.write_text(CONFIG % (self.folder, self.server.base))
        return subprocess.Popen(
            [
                sys.executable, "-m", "app", "run", str(HERE / "strategies" / "cross.yaml"), "--replay",
                str(self.candles), "--config", str(config), "--db", str(self.database), "--publish",
            ],
            cwd=ROOT, env={**os.environ, "KILL_TEST_TOKEN": TOKEN},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip

    def finish(self) -> None:
        """Run to the end, unharmed."""
        self.server.aim(0, 0, False)
        process = self.start()
        _, told = process.communicate(timeout=120)
        assert process.returncode == 0, told.decode()

    def kill_at_request(self, draw: random.Random) -> None:
        process = self.start()
        taken = draw.random() < 0.5
        self.server.aim(process.pid, draw.randrange(1, 20), taken)
        self._ended(process, f"request, {'taken' if taken else 'not taken'}")

    def kill_at_time(self, draw: random.Random) -> None:
        """Kill it somewhere in its start, or a moment after some of its requests."""
        self.server.aim(0, 0, False)
        already, process = len(self.server.requests), self.start()
        if draw.random() < 0.3:
            time.sleep(draw.uniform(0.1, 1.5))
        else:
            wanted = already + draw.randrange(1, 12)
            while len(self.server.requests) < wanted and process.poll() is None:
                time.sleep(0.001)
            time.sleep(draw.uniform(0.0, 0.03))
        process.kill()
        self._ended(process, "time")

    def _ended(self, process: subprocess.Popen[bytes], how: str) -> None:
        _, told = process.communicate(timeout=120)
        if process.returncode == -signal.SIGKILL:
            self.kills.append(how)
        else:
            assert process.returncode == 0, told.decode()


@pytest.fixture(scope="module")
def candles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("candles")
    market(1).write(folder)
    return folder


def test_killed_at_random_moments_it_ends_like_an_uninterrupted_run(candles: Path, tmp_path: Path) -> None:
    draw = random.Random(20250407)
    with Deadly() as calm, Deadly() as server:
        whole = Engine(tmp_path / "whole", candles, calm)
        killed = Engine(tmp_path / "killed", candles, server)
        for engine in (whole, killed):
            engine.folder.mkdir()
        whole.finish()
        while len(killed.kills) < KILLS:
            if draw.random() < 0.6:
                killed.kill_at_request(draw)
            else:
                killed.kill_at_time(draw)
        killed.finish()
        wanted = [message["text"] for message in calm.delivered]
        delivered = [message["text"] for message in server.delivered]

    assert set(killed.kills) == {"time", "request, taken", "request, not taken"}
    assert contents(killed.database) == contents(whole.database)
    with Queries(killed.database) as queries:
        posts = queries.posts()
        states = Counter(post.state for post in posts)
        assert queries.runs(100)[0].outcome == "finished"
    assert set(states) == {"sent", "in_doubt"}
    assert len(wanted) == len(posts) > 200
    more = Counter(delivered) - Counter(wanted)
    assert list(more) == [], "nothing was sent twice"
    lost = len(wanted) - len(delivered)
    assert lost <= states["in_doubt"] <= KILLS, "each lost answer is marked, and nothing else is"
    assert states["sent"] <= len(delivered)
    left = iter(wanted)
    assert all(text in left for text in delivered), "in the order in which they happened"


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_it_leaves_nothing_in_doubt(candles: Path, tmp_path: Path, asked: signal.Signals) -> None:
    with Deadly() as server:
        engine = Engine(tmp_path, candles, server)
        process = engine.start()
        while len(server.requests) < 12 and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(asked)
        _, told = process.communicate(timeout=120)
        assert process.returncode == 130, told.decode()
        assert b"safe point" in told
        with Queries(engine.database) as queries:
            assert {post.state for post in queries.posts()} <= {"sent", "due"}
            assert queries.runs()[0].outcome == "stopped"
            before = len(queries.posts())
        engine.finish()
        with Queries(engine.database) as queries:
            posts = queries.posts()
        assert 0 < before < len(posts)
        assert {post.state for post in posts} == {"sent"}
        assert len(server.delivered) == len(posts)
