"""Every sub-command ends with the statuses that docs/commands.md promises: 0, 1, 2, 3, and with one clear line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from app.cli.main import COMMANDS, root
from tests.app.command import SWING, call, candles

BROKEN = SWING.replace("sma(close, 10)", "smaa(closs, 10)")
AT = ("--symbol", "BTC/USDT", "--timeframe", "5m", "--at", "2025-01-06T20:00Z")


def commands() -> Iterator[tuple[str, ...]]:
    """Yield every command, those under a group included."""
    context = click.Context(root)
    for name in COMMANDS:
        command = root.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from ((name, inner) for inner in command.list_commands(context))
        else:
            yield (name,)


ALL = list(commands())
BROKEN_STRATEGY: dict[str, tuple[str, ...]] = {
    "backtest": ("broken.yaml", "--candles", "c"),
    "compare": ("broken.yaml", "broken.yaml", "--candles", "c"),
    "explain": ("broken.yaml", "--candles", "c", *AT),
    "fmt": ("broken.yaml",),
    "funnel": ("broken.yaml", "--candles", "c"),
    "lint": ("broken.yaml",),
    "lookahead": ("broken.yaml", "--candles", "c"),
    "montecarlo": ("broken.yaml", "--candles", "c"),
    "optimize": ("broken.yaml", "--candles", "c"),
    "run": ("broken.yaml", "--replay", "c"),
    "stability": ("broken.yaml", "--candles", "c"),
    "test": ("broken.test.yaml",),
    "train": ("broken.yaml", "--candles", "c"),
    "validate": ("broken.yaml",),
}
"""How each command that takes a strategy is given one that cannot be loaded."""
WITHOUT = {"candles", "db", "demo", "eval", "indicators", "lsp", "report", "status", "warm"}
"""The commands that take no strategy."""


def test_the_table_names_every_command() -> None:
    assert {*BROKEN_STRATEGY, *WITHOUT} == set(COMMANDS)


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_help_is_0_and_an_option_that_is_not_there_3(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call(monkeypatch, tmp_path, *words, "--help").status == 0
    answer = call(monkeypatch, tmp_path, *words, "--no-such-option")
    assert answer.status == 3
    assert "--no-such-option" in answer.complaint


@pytest.mark.parametrize("name", BROKEN_STRATEGY)
def test_a_strategy_that_cannot_be_loaded_is_2(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    candles(tmp_path / "c")
    (tmp_path / "broken.yaml").write_text(BROKEN.replace("id: swing", "id: broken"))
    (tmp_path / "broken.test.yaml").write_text(
        "language: 1\ntests:\n  - name: a\n    timeframe: 5m\n    close: 100 x20\n    expect: [nothing: always]\n"
    )
    answer = call(monkeypatch, tmp_path, name, *BROKEN_STRATEGY[name])
    assert answer.status == 2, answer.err
    assert "Traceback" not in answer.out + answer.err
    assert "broken.yaml:10:29" in answer.out + answer.err


@pytest.mark.parametrize("name", BROKEN_STRATEGY)
def test_a_strategy_that_is_not_there_is_told(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    candles(tmp_path / "c")
    answer = call(monkeypatch, tmp_path, name, *BROKEN_STRATEGY[name])
    assert answer.status in (2, 3)
    assert "Traceback" not in answer.out + answer.err
    assert "broken" in answer.out + answer.err


@pytest.mark.parametrize("words", ["eval close", "eval clsoe --candles c", "eval close --candles nowhere"])
def test_an_expression_is_a_strategy_too(words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    candles(tmp_path / "c")
    status = 2 if "clsoe" in words else 3
    assert call(monkeypatch, tmp_path, *words.split()).status == status
    assert call(monkeypatch, tmp_path, "eval", "close", "--candles", "c").status == 0


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("validate swing.yaml", 0), ("lint swing.yaml", 0), ("lint loud.yaml", 1), ("fmt --check swing.yaml", 0),
        ("fmt --check loud.yaml", 1), ("test", 1), ("backtest swing.yaml --candles c", 0), ("indicators", 0),
        ("indicators no_such_thing", 3), ("status", 3), ("report daily", 3), ("db backup x.db", 3),
        ("demo --days x", 3),
        ("run swing.yaml --replay nowhere", 3), ("", 3), ("no-such-command", 3),
    ],
)  # fmt: skip
def test_clean_findings_and_wrong_usage(
    words: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    candles(tmp_path / "c")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "engine.yaml").write_text("strategies: [../swing.yaml]\n")
    (tmp_path / "swing.yaml").write_text(SWING)
    (tmp_path / "loud.yaml").write_text(SWING.replace("id: swing", "id: loud").replace("stop: 1%", "stop:   1%"))
    (tmp_path / "swing.test.yaml").write_text(
        "language: 1\ntests:\n  - name: a\n    timeframe: 5m\n    close: 100 x40\n    expect: [signal: {side: long}]\n"
    )
    answer = call(monkeypatch, tmp_path, *words.split())
    assert answer.status == status, answer.out + answer.err
    assert "Traceback" not in answer.out + answer.err


def test_a_configuration_with_a_mistake_is_3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "engine.yaml").write_text("strategie: [x]\n")
    for name in ("validate", "lint", "test", "fmt"):
        answer = call(monkeypatch, tmp_path, name)
        assert answer.status == 3, name
        assert "engine.yaml:1:1" in answer.err
