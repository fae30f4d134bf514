"""Secrets: from the environment, else from a `.env` file; never from a file of ours, never into one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from app.failure import Failure


def read_secrets(channel: str, names: Mapping[str, str], folders: tuple[Path, ...] = (Path(),)) -> dict[str, str]:
    """Return the values of a channel's secrets by option name. Raises Failure naming every absent variable."""
    env_file: Mapping[str, str | None] = {}
    if any(name not in os.environ for name in names.values()):
        from dotenv import dotenv_values

        for folder in folders:
            if (folder / ".env").is_file():
                env_file = {**dotenv_values(folder / ".env"), **env_file}
    values = {option: os.environ.get(name) or env_file.get(name) or "" for option, name in names.items()}
    absent = sorted({names[option] for option, value in values.items() if not value})
    if absent:
        raise Failure(f"the channel {channel!r} needs {', '.join(absent)}: set it in the environment or in a .env file")
    return values
