"""Everything that can be said of files at once: mistakes, what is questionable, and remarks.

Many files are shared out to the processors; what only shows across all of them (one id twice) is found at the end.
"""

from __future__ import annotations

import contextlib
import datetime
import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dsl.errors import Diagnostic, Severity, Span
from dsl.fix import not_formatted, with_fix
from dsl.lint import lint, unsilenced, with_comments
from dsl.lint._rule import Before, Seen
from dsl.load import Loaded, load, plan_of

if TYPE_CHECKING:
    from dsl.testing.cases import Suite

TESTS = (".test.yaml", ".test.yml")
_MANY = 60
"""Files from which on starting more processes costs less than it saves."""


@dataclass(frozen=True)
class _Part:
    """What came of some of the files. `ids`: the place of each strategy's id."""

    findings: list[Diagnostic]
    ids: list[tuple[str, Span]]


def survey(
    files: Sequence[Path],
    *,
    before: Mapping[str, Before] | None = None,
    with_tests: bool = False,
    today: datetime.date | None = None,
    processes: int | None = None,
) -> list[Diagnostic]:
    """Return what is found in strategies, libraries and test files, silenced findings left out.

    before: by path, what a strategy was at a commit. with_tests: run the tests to see what no test sees.
    processes: None as many as there are processors, where it pays.
    """
    ask = partial(_examine, before=before or {}, with_tests=with_tests, today=today)
    count = processes or (min(os.cpu_count() or 1, len(files) // (_MANY // 2)) if len(files) >= _MANY else 1)
    if count <= 1:
        with _little_garbage():
            return ask(files).findings
    with ProcessPoolExecutor(count, _context(), initializer=_quiet) as pool:
        parts = list(pool.map(ask, [files[at::count] for at in range(count)]))
    return [*(finding for part in parts for finding in part.findings), *_twice(parts)]


def _context() -> multiprocessing.context.BaseContext:
    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


def _quiet() -> None:
    """Leave Ctrl-C to the process that asked, and all garbage to the end of this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()


def _twice(parts: Sequence[_Part]) -> list[Diagnostic]:
    """Return the ids that strategies of different parts have in common; within a part the loader has told."""
    found: list[Diagnostic] = []
    known: dict[str, tuple[int, Span]] = {}
    for number, part in enumerate(parts):
        for name, span in part.ids:
            owner, first = known.setdefault(name, (number, span))
            if owner != number:
                message = f"the id `{name}` is that of {first.source.path} too"
                found.append(Diagnostic("shadowed-name", message, span))
    return found


def _examine(
    files: Sequence[Path], *, before: Mapping[str, Before], with_tests: bool, today: datetime.date | None
) -> _Part:
    tests = [path for path in files if path.name.endswith(TESTS)]
    loaded = load([path for path in files if path not in tests], compiled=False)
    found = [with_fix(finding) for finding in loaded.diagnostics]
    broken = {finding.span.source.path for finding in found if finding.severity is Severity.ERROR}
    for document in loaded.documents:
        remark = not_formatted(document.span.source) if document.path not in broken else None
        found += [remark] if remark else []
    seen = _seen(loaded, with_tests)
    told = lint(loaded, today=today, others=found, before=before, seen=seen, compiled=plan_of)
    told += [finding for path in tests for finding in _test_file(path, today)]
    ids = [(d.id, d.id_span) for d in loaded.documents if d.kind == "strategy" and d.id and d.id_span]
    return _Part([*unsilenced(found, today=today), *told], ids)


@contextlib.contextmanager
def _little_garbage() -> Iterator[None]:
    """Let the interpreter look for garbage seldom: nearly all that is made here is kept."""
    threshold = gc.get_threshold()
    gc.set_threshold(200_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*threshold)


def _test_file(path: Path, today: datetime.date | None) -> list[Diagnostic]:
    """Return all there is to say of a test file."""
    from dsl.source import read_source
    from dsl.testing.cases import read_suite

    source, unread = read_source(path)
    if unread:
        return unread
    found = read_suite(path, source.text)[1]
    remark = not_formatted(source) if not found else None
    return with_comments(source, [*found, *([remark] if remark else [])], today=today)


def _seen(loaded: Loaded, with_tests: bool) -> dict[str, Seen]:
    """Return by path what the tests beside each good strategy look at; nothing of those without tests."""
    found = {}
    for checked in loaded.checked.values():
        path = Path(checked.document.path)
        beside = path.with_name(f"{path.stem}.test.yaml")
        if not beside.is_file():
            continue
        from dsl.testing.cases import read_suite

        suite, told = read_suite(beside)
        if suite is not None and not told:
            found[checked.document.path] = Seen(_sides(suite), _lacks(path) if with_tests else {})
    return found


def _sides(suite: Suite) -> frozenset[str]:
    """Return the sides of which some test expects a signal; one that names no side may speak of either."""
    wanted = [one for case in suite.cases for one in case.expect if one.kind != "nothing" and one.count]
    return frozenset(side for one in wanted for side in (one.side or "long short").split())


def _lacks(strategy: Path) -> dict[tuple[str, str], tuple[str, ...]]:
    """Run the tests beside a strategy; return the verdicts of its conditions that none of them sees."""
    from dsl.testing.coverage import coverage

    found = coverage(strategy)
    return {(one.side, one.name): one.lacks for one in found.conditions if one.name and one.lacks} if found else {}
