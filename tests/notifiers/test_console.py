"""The console prints posts, also where the terminal cannot show every sign or is gone."""

from __future__ import annotations

import io

import pytest

from engine.domain.message import Post, Refused, Rendered, Sent
from notifiers import NOTIFIERS

POST = Post("k", "signal", Rendered("🟢 LONG BTC/USDT", "…"))


def test_it_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert NOTIFIERS["console"]({}, {}).send(POST) == Sent()
    assert capsys.readouterr().out == "🟢 LONG BTC/USDT\n"
    NOTIFIERS["console"]({"stream": "stderr"}, {}).send(POST)
    assert capsys.readouterr().err == "🟢 LONG BTC/USDT\n"


def test_a_poor_terminal_gets_what_it_can_show(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii"))
    assert NOTIFIERS["console"]({}, {}).send(POST) == Sent()
    assert raw.getvalue() == b"? LONG BTC/USDT\n"


def test_a_closed_stream_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = io.StringIO()
    gone.close()
    monkeypatch.setattr("sys.stdout", gone)
    assert isinstance(NOTIFIERS["console"]({}, {}).send(POST), Refused)


def test_a_wrong_stream_is_told() -> None:
    assert "stdout or stderr" in NOTIFIERS["console"].problems({"stream": "printer"}, {})[0]
