"""Options that several commands share, and the configuration they lead to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.failure import USAGE, Failure

if TYPE_CHECKING:
    from app.config import Config
    from dsl.errors import Diagnostic

_FILE = click.Path(dir_okay=False, path_type=Path)
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
config = click.option("--config", type=_EXISTING, help="Configuration. [default: config/engine.yaml, if it is there]")
database = click.option("--db", "database", type=_FILE, help="Database file, instead of the configuration's.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
candles = click.option(
    "--candles", type=click.Path(exists=True, path_type=Path), help="A candle file, or a folder of them."
)


def read_config(path: Path | None) -> Config:
    """Return the configuration. Raises Failure with every mistake in it, each at its place."""
    from app.config import load_config

    loaded, found = load_config(path)
    if any(finding.severity == 2 for finding in found):
        raise Failure(f"the configuration cannot be used\n\n{_texts(found)}", USAGE)
    return loaded


def _texts(found: Sequence[Diagnostic]) -> str:
    from dsl.report import text

    return text(found)


def chosen_symbols(text: str | None, known: Sequence[str] | None = None) -> tuple[str, ...]:
    """Return the symbols of `--symbols`: none given, none; `all`, the known ones. Raises Failure for an unknown one.

    `known` None: whoever has them will be asked.
    """
    if not text:
        return ()
    if text == "all":
        return tuple(known or ())
    named = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for symbol in named:
        if known is not None and symbol not in known:
            raise Failure(f"there are no candles of {symbol} here; there is {', '.join(known)}")
        if "/" not in symbol:
            raise Failure(f"{symbol!r} is not a symbol; write it as in BTC/USDT")
    return named


def database_path(config: Path | None, database: Path | None) -> Path:
    return database or read_config(config).database
