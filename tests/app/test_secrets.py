"""A secret is used and never shown: not on the screen, not in the database, not in any file of ours."""

from __future__ import annotations

from pathlib import Path

from db.queries import Queries
from tests.app.command import candles, run, start, swing
from tests.servers.loopback import Fault, Reply
from tests.servers.telegram import FAULTS, Telegram

TOKEN = "815162342:AA-a_token_that_nobody_may_see"
PIECES = (TOKEN, "a_token_that_nobody", "815162342", "%3AAA-a_token")
CONFIG = """
home: home
channels:
  vip:
    kind: telegram
    events: [signal, opened, target, stop_moved, closed]
    options: {chat: "@vip", api_base: "%s"%s}
    secrets: {token: SECRET_TEST_TOKEN}
"""
LEAKING = Reply(400, {"ok": False, "error_code": 400, "description": f"Bad Request: no such bot {TOKEN}"})


def everything(folder: Path, *said: str) -> str:
    """Return all that was said and written, as text; databases and their logs included."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != ".env"]
    assert any(path.suffix == ".db" for path in files)
    return "\n".join([*said, *(path.read_bytes().decode("latin-1") for path in files)])


def prepared(folder: Path, base: str, more: str = "") -> None:
    swing(folder)
    candles(folder / "c", rows=300)
    (folder / "engine.yaml").write_text(CONFIG % (base, more))
    (folder / ".env").write_text(f"SECRET_TEST_TOKEN={TOKEN}\n")


LINE = ("run", "swing.yaml", "--replay", "c", "--config", "engine.yaml", "--publish")


def test_a_network_that_fails_in_every_way_learns_it_and_nobody_else(tmp_path: Path) -> None:
    faults = [fault for name, fault in FAULTS.items() if not name.startswith("hang")]
    faults += [
        Fault("hang", seconds=1.5),
        Fault("hang", after=True, seconds=1.5),
        Fault("half"),
        Fault("half", after=True),
    ]
    with Telegram(token=TOKEN) as server:
        server.plan(*faults, Fault("status", LEAKING))
        prepared(tmp_path, server.base, ", timeout: 1")
        done = run(*LINE, cwd=tmp_path)
        assert done.status == 0, done.err
        assert all(TOKEN in request.path for request in server.requests), "it was used"
        assert server.delivered
    with Queries(tmp_path / "home" / "replay.db") as queries:
        states = {post.state for post in queries.posts()}
        errors = [post.error for post in queries.posts() if post.error]
    assert states == {"sent", "dead", "in_doubt"}
    assert len(errors) >= 5, "what went wrong was written down"
    status = run("status", "--db", "home/replay.db", "--json", cwd=tmp_path)
    found = everything(tmp_path, done.out, done.err, status.out)
    assert [piece for piece in PIECES if piece in found] == []


def test_a_network_that_is_not_there_learns_nothing(tmp_path: Path) -> None:
    """Connection errors carry the address, and the address of a bot has its token in it."""
    from tests.servers.loopback import free_port

    prepared(tmp_path, f"http://127.0.0.1:{free_port()}")
    done = run(*LINE, "--to", "2025-01-06T12:00", cwd=tmp_path)
    assert done.status == 0, done.err
    with Queries(tmp_path / "home" / "replay.db") as queries:
        assert {post.state for post in queries.posts()} == {"dead"}
        assert any("onnect" in post.error for post in queries.posts())
    found = everything(tmp_path, done.out, done.err)
    assert [piece for piece in PIECES if piece in found] == []


def test_a_wrong_token_stops_nothing_and_is_not_repeated(tmp_path: Path) -> None:
    with Telegram(token="1:another") as server:
        prepared(tmp_path, server.base)
        done = run(*LINE, "--to", "2025-01-06T12:00", cwd=tmp_path)
    assert done.status == 0, done.err
    found = everything(tmp_path, done.out, done.err)
    assert [piece for piece in PIECES if piece in found] == []


def test_even_a_crash_shows_no_secret(tmp_path: Path) -> None:
    """A token in the wrong place of the configuration is refused without being repeated."""
    prepared(tmp_path, "http://127.0.0.1:1")
    text = (tmp_path / "engine.yaml").read_text().replace("SECRET_TEST_TOKEN", f'"{TOKEN}"')
    (tmp_path / "engine.yaml").write_text(text)
    process = start(*LINE, cwd=tmp_path)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "must be the NAME of an environment variable" in err
    assert [piece for piece in PIECES if piece in out + err] == []
