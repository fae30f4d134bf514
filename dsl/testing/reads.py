"""Which files a test file reads: what has to change for its tests to say something else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from dsl.read import read_document
from dsl.source import real
from dsl.testing.cases import read_suite, there


def files_read(test: Path) -> frozenset[Path]:
    """Return the test file, its strategy, the libraries that this uses, and the candles; resolved, there or not."""
    suite, _ = read_suite(test)
    strategy = suite.strategy if suite is not None else test.with_name(f"{test.name.split('.')[0]}.yaml")
    candles = [case.candles for case in suite.cases if case.candles is not None] if suite is not None else []
    return frozenset(real(path) for path in (test, *_used(strategy), *candles))


def _used(document: Path) -> Iterator[Path]:
    """Yield a document and all that it uses, each once."""
    waiting, known = [document], {real(document)}
    while waiting:
        path = waiting.pop()
        yield path
        if not there(path):
            continue
        for text, _ in read_document(path)[0].use:
            library = path.parent / text
            if real(library) not in known:
                known.add(real(library))
                waiting.append(library)


def affected(tests: Sequence[Path], changed: set[Path]) -> list[Path]:
    """Return those of the test files that read something that changed; of a candle folder, something in it."""
    there = {real(path) for path in changed}
    there |= {folder for path in there for folder in path.parents}
    return [test for test in tests if not there.isdisjoint(files_read(test))]
