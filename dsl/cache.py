"""What takes long to make and is the same every time, kept in the user's cache folder between commands.

A name changes with everything the thing is made from, the code of this package included, so nothing kept is ever
stale. The folder is used only if nobody else can write there, because what is read from it is trusted.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import IO, TypeVar

T = TypeVar("T")
PACKAGE = Path(__file__).parent


def kept(kind: str, made_from: str, load: Callable[[IO[bytes]], T]) -> T | None:
    """Return the thing of that kind that was made from `made_from`; None where it is not kept or cannot be read."""
    path = _path(kind, made_from)
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            return load(file)
    except Exception:  # noqa: BLE001 (a torn or foreign file of any kind: the thing is simply made anew)
        return None


def keep(kind: str, made_from: str, save: Callable[[IO[bytes]], object]) -> None:
    """Keep a thing for later commands; written beside and moved into place, so that nobody reads half of it."""
    import tempfile

    path = _path(kind, made_from)
    if path is None:
        return
    with contextlib.suppress(OSError):
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            save(file.file)
        os.replace(file.name, path)


def _path(kind: str, made_from: str) -> Path | None:
    folder = _folder()
    if folder is None:
        return None
    name = hashlib.sha256(f"{_code()}\n{made_from}".encode()).hexdigest()[:24]
    return folder / f"{kind}-{name}"


@lru_cache(maxsize=1)
def _folder() -> Path | None:
    """Return the cache folder, None where there is none that only this user can write."""
    from platformdirs import user_cache_path

    folder = user_cache_path("signal-engine") / "language"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError:
        return None
    if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
        return None
    return folder


@lru_cache(maxsize=1)
def _code() -> str:
    """Return what names the code that makes the things: this package's files by size and time of change."""
    files = sorted(entry.path for entry in os.scandir(PACKAGE) if entry.name.endswith((".py", ".lark")))
    stats = [os.stat(path) for path in files]
    told = [f"{path}:{stat.st_size}:{stat.st_mtime_ns}" for path, stat in zip(files, stats, strict=True)]
    return f"{sys.version_info[:3]}\n" + "\n".join(told)
