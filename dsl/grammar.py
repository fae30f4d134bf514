"""The parser that lark makes of `grammar.lark`.

Its tables are kept in the user's cache folder under a name that changes with the grammar, so that a command need not
build them again.
"""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lark import Lark

STARTS = (
    "expr", "condition", "param", "stop", "target", "entry", "exit", "trail", "cooldown", "duration", "schedule",
    "gaps", "label", "bounds", "signature",
)  # fmt: skip


@lru_cache(maxsize=1)
def grammar() -> Lark:
    """Return the parser: from the cache folder if it is there, else built from the grammar (and kept)."""
    from lark import Lark

    text = (Path(__file__).parent / "grammar.lark").read_text(encoding="utf-8")
    path = _cache_path(text)
    if path is not None and (known := _load(path)) is not None:
        return known
    built = Lark(
        text, parser="lalr", lexer="contextual", start=list(STARTS), propagate_positions=True, maybe_placeholders=True
    )
    if path is not None:
        _keep(built, path)
    return built


def _cache_path(text: str) -> Path | None:
    """Return where the tables of this grammar are kept, in a folder that only this user can write; None: nowhere."""
    import hashlib

    import lark
    from platformdirs import user_cache_path

    version = f"{lark.__version__} {sys.version_info[:2]} {' '.join(STARTS)}"
    name = hashlib.sha256(f"{version}\n{text}".encode()).hexdigest()[:24]
    folder = user_cache_path("signal-engine") / "grammar"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError:
        return None
    if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
        return None
    return folder / f"{name}.tables"


def _load(path: Path) -> Lark | None:
    import pickle

    from lark import Lark

    try:
        with path.open("rb") as file:
            return Lark.load(file)
    except (OSError, pickle.PickleError, EOFError, ValueError, KeyError, AttributeError, TypeError, ImportError):
        return None


def _keep(built: Lark, path: Path) -> None:
    """Write the tables beside and move them into place, so that nobody reads half a file."""
    import tempfile

    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            built.save(file)
        os.replace(file.name, path)
    except OSError:
        return
