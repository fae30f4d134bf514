"""A study: what a search has found so far, a line of JSON each, so that killing it anywhere loses only what was
being worked on. The first line says what is searched; a study goes on only with the same.

Lines are written whole and flushed to the disk before they count; a torn last line, of a machine that lost its
power, is cut off. One process writes at a time.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

Record = dict[str, Any]
KIND = "signal-engine study"
_BEGINNING = f'{{"kind":"{KIND}"'.encode()
"""What every study begins with: so much of a first line that was torn says that the file is one."""


class StudyProblem(ValueError):
    """What keeps a study from being used, as one line."""


class Study:
    """A journal in a file. `records` are the lines after the first, in order."""

    def __init__(self, path: Path, header: Mapping[str, Any], *, resume: bool) -> None:
        """Open the study of this search. Raises StudyProblem where the file holds another, or may not be gone on."""
        self.path, self.header = path, json.loads(_line({"kind": KIND, **header}))
        self.records: list[Record] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[bytes] = open(path, "a+b")  # noqa: SIM115 (held until close)
        try:
            self._lock()
            self._take_up(resume)
        except BaseException:
            self._file.close()
            raise

    def add(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Write records and wait until they are on the disk; all of them count, or none that was not whole."""
        lines = [_line(record) for record in records]
        self._file.write("".join(f"{line}\n" for line in lines).encode())
        self._file.flush()
        os.fsync(self._file.fileno())
        self.records += [json.loads(line) for line in lines]

    def of(self, kind: str) -> Iterator[Record]:
        """Yield the records of one kind."""
        return (record for record in self.records if record.get("kind") == kind)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, why: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _lock(self) -> None:
        import fcntl

        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StudyProblem(f"{self.path} is being worked on by another process") from None

    def _take_up(self, resume: bool) -> None:
        self._file.seek(0)
        content = self._file.read()
        whole = content[: content.rfind(b"\n") + 1]
        lines = whole.splitlines()
        if not lines:
            if not content.startswith(_BEGINNING[: len(content)]):
                raise StudyProblem(f"{self.path} is not a study of this engine")
            self._file.truncate(0)
            self._begin()
            return
        try:
            found = [json.loads(line) for line in lines]
        except ValueError:
            raise StudyProblem(f"{self.path} is not a study of this engine") from None
        if not isinstance(found[0], dict) or found[0].get("kind") != KIND:
            raise StudyProblem(f"{self.path} is not a study of this engine")
        if not resume:
            raise StudyProblem(
                f"{self.path} holds {len(found) - 1} results already: --resume goes on with them, "
                "--study takes another file"
            )
        if other := _difference(found[0], self.header):
            raise StudyProblem(f"{self.path} is a study of something else: {other}")
        if len(whole) < len(content):
            self._file.truncate(len(whole))
        self.records = found[1:]

    def _begin(self) -> None:
        self._file.write(f"{_line(self.header)}\n".encode())
        self._file.flush()
        os.fsync(self._file.fileno())


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(_known(record), ensure_ascii=False, separators=(",", ":"))


def _known(value: Any) -> Any:
    """Return the value as JSON has it: what is not finite is null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(name): _known(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_known(item) for item in value]
    return value


def _difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Return the first thing in which two headers differ, '' where they are equal."""
    for name in {**before, **now}:
        if before.get(name) != now.get(name):
            return f"its {name.replace('_', ' ')} is {_short(before.get(name))}, here it is {_short(now.get(name))}"
    return ""


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."
