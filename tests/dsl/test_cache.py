"""What is kept between commands: as it was, never stale or torn, never from a folder that others may write."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from dsl import cache
from dsl.catalogue import LIBRARY, Catalogue


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache._folder.cache_clear()
    yield tmp_path
    cache._folder.cache_clear()


def _keep(made_from: str, thing: object) -> None:
    cache.keep("thing", made_from, lambda file: pickle.dump(thing, file))


def test_what_is_kept_is_read_back(folder: Path) -> None:
    assert cache.kept("thing", "a", pickle.load) is None
    _keep("a", {"x": 1})
    assert cache.kept("thing", "a", pickle.load) == {"x": 1}
    assert cache.kept("thing", "b", pickle.load) is None


def test_a_torn_file_is_made_anew(folder: Path) -> None:
    _keep("a", list(range(100)))
    (file,) = (folder / "signal-engine" / "language").iterdir()
    file.write_bytes(file.read_bytes()[:20])
    assert cache.kept("thing", "a", pickle.load) is None
    file.write_bytes(b"\x00 nothing of ours")
    assert cache.kept("thing", "a", pickle.load) is None


def test_a_change_of_the_code_makes_everything_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _keep("a", 1)
    monkeypatch.setattr(cache, "_code", lambda: "another day")
    assert cache.kept("thing", "a", pickle.load) is None


def test_a_folder_that_others_may_write_is_not_trusted(folder: Path) -> None:
    _keep("a", 1)
    (folder / "signal-engine" / "language").chmod(0o777)
    cache._folder.cache_clear()
    assert cache.kept("thing", "a", pickle.load) is None
    _keep("b", 2)
    assert len(list((folder / "signal-engine" / "language").iterdir())) == 1


def test_a_definition_read_from_the_cache_is_the_one_in_the_file(folder: Path) -> None:
    first, second = Catalogue(LIBRARY).get("rsi"), Catalogue(LIBRARY).get("rsi")
    assert first is not None
    assert first == second
    assert list((folder / "signal-engine" / "language").glob("library-*"))
    assert second is not None
    assert second.definition is not None
    assert second.definition.span.source.text == (LIBRARY / "rsi.yaml").read_text()
