"""What changed against a commit: which files, and what strategies were before."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from app.failure import Failure
from dsl.lint._rule import Before
from dsl.source import real

_USES = re.compile(r"^use:", re.MULTILINE)
_SECONDS = 60


@dataclass(frozen=True)
class Changes:
    """A work tree compared with `commit`, as somebody named it."""

    root: Path
    commit: str

    @cached_property
    def files(self) -> frozenset[Path]:
        """The files that are not what they were, new ones included. Paths are resolved."""
        changed = _git(self.root, "diff", "--name-only", "--no-renames", "-z", self.commit, "--")
        new = _git(self.root, "ls-files", "--others", "--exclude-standard", "-z")
        return frozenset(real(self.root / name) for name in (changed + new).split("\0") if name)

    def touched(self, paths: Iterable[Path]) -> list[Path]:
        """Return the given files that changed, strategies by a library that they use included."""
        return [path for path in paths if any(one in self.files for one in _with_libraries(path))]

    def before(self, paths: Sequence[Path]) -> dict[str, Before]:
        """Return by path what each changed strategy was; nothing of new ones and of ones that had mistakes."""
        from dsl.load import load

        found: dict[str, Before] = {}
        with tempfile.TemporaryDirectory(prefix="engine-before-") as folder:
            written: dict[str, Path] = {}
            for path in self.touched(paths):
                put = self._put(path, Path(folder))
                if put is not None:
                    written[str(put)] = path
            loaded = load([*written]) if written else None
            for rules in loaded.plan.strategies if loaded else ():
                checked = loaded.checked[rules.id] if loaded else None
                if checked is not None:
                    was = Before(self.commit, checked.document.version, rules.hash)
                    found[str(written[checked.document.path])] = was
        return found

    def _put(self, path: Path, folder: Path) -> Path | None:
        """Write a file as it was, and the libraries that it used, under a folder; None where it was not there."""
        try:
            name = real(path).relative_to(real(self.root)).as_posix()
            text = _git(self.root, "show", f"{self.commit}:{name}")
        except (ValueError, _GitFailed):
            return None
        put = folder / name
        if put.exists():
            return put
        put.parent.mkdir(parents=True, exist_ok=True)
        put.write_text(text, encoding="utf-8")
        for library in _uses(put):
            self._put(path.parent / library, folder)
        return put


def changes(paths: Sequence[Path], commit: str | None) -> Changes | None:
    """Return the work tree of some files compared with a commit; None: with HEAD, where there is one.

    Raises Failure where a commit is named and there is none, or no git.
    """
    folder = next((p if p.is_dir() else p.parent for p in paths if p.exists()), Path())
    try:
        root = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
        _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit or 'HEAD'}^{{commit}}")
    except _GitFailed as problem:
        if commit is None:
            return None
        why = str(problem) or "there is no such commit here"
        raise Failure(f"nothing can be compared with {commit}: {why}") from problem
    return Changes(root, commit or "HEAD")


class _GitFailed(Exception):
    """git said no. The text is its first line, '' where it said nothing."""


def _git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), *words]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603  (no shell)
    except OSError as error:
        raise _GitFailed("git is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise _GitFailed("git does not answer") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise _GitFailed(said[0].removeprefix("fatal: ") if said else "")
    return done.stdout.decode("utf-8", "surrogateescape")


def _with_libraries(path: Path) -> Iterator[Path]:
    """Yield a file and every library under it, resolved."""
    left, seen = [real(path)], set[Path]()
    while left:
        here = left.pop()
        if here in seen:
            continue
        seen.add(here)
        yield here
        left += [real(here.parent / name) for name in _uses(here)]


def _uses(path: Path) -> list[str]:
    """Return the libraries that a file names; most name none, and are not read any closer."""
    from dsl.read import read_document

    try:
        if not _USES.search(path.read_text(encoding="utf-8", errors="replace")):
            return []
    except OSError:
        return []
    document, _ = read_document(path)
    return [name for name, _ in document.use]
