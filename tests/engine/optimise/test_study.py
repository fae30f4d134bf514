"""A study outlives whatever ends the process that writes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.optimise.study import Study, StudyProblem

HEADER = {"strategy": "swing", "span": (1, 2), "seed": 7}


def written(path: Path, *records: dict[str, object]) -> Path:
    with Study(path, HEADER, resume=False) as study:
        study.add(records)
    return path


def test_what_was_written_is_there_again(tmp_path: Path) -> None:
    path = written(tmp_path / "deep" / "s.jsonl", {"kind": "set", "x": 0.1 + 0.2}, {"kind": "other", "x": float("nan")})
    with Study(path, HEADER, resume=True) as study:
        assert study.records == [{"kind": "set", "x": 0.1 + 0.2}, {"kind": "other", "x": None}]
        assert [record["x"] for record in study.of("set")] == [0.30000000000000004]
        study.add([{"kind": "set", "x": 1}])
    with Study(path, HEADER, resume=True) as study:
        assert len(study.records) == 3


@pytest.mark.parametrize("cut", range(1, 26))
def test_a_torn_last_line_is_cut_off(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path / "s.jsonl", {"kind": "set", "n": 1}, {"kind": "set", "n": 2})
    path.write_bytes(path.read_bytes()[:-cut])
    with Study(path, HEADER, resume=True) as study:
        left = len(study.records)
        assert [record["n"] for record in study.records] == [1, 2][:left]
        assert left == 1 if cut <= 21 else left == 0 or left == 1
        study.add([{"kind": "set", "n": 3}])
    with Study(path, HEADER, resume=True) as study:
        assert study.records[-1] == {"kind": "set", "n": 3}
        assert len(study.records) == left + 1


def test_a_file_that_lost_even_its_first_line_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    for left in (b'{"k', b'{"kind":"signal-eng', b'{"kind":"signal-engine study","strategy":"sw'):
        path.write_bytes(left)
        with Study(path, HEADER, resume=True) as study:
            assert study.records == []
    with Study(path, HEADER, resume=True) as study:
        assert study.records == []


def test_it_does_not_go_on_without_being_asked(tmp_path: Path) -> None:
    path = written(tmp_path / "s.jsonl", {"kind": "set"})
    with pytest.raises(StudyProblem, match="holds 1 results already: --resume goes on"):
        Study(path, HEADER, resume=False)


def test_it_does_not_go_on_with_another_search(tmp_path: Path) -> None:
    path = written(tmp_path / "s.jsonl", {"kind": "set"})
    with pytest.raises(StudyProblem, match="something else: its seed is 7, here it is 8"):
        Study(path, {**HEADER, "seed": 8}, resume=True)


@pytest.mark.parametrize("text", ["timestamp_ms,open\n1,2\n", '{"kind":"something"}\n', "[1]\n", "a note"])
def test_another_file_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(text)
    with pytest.raises(StudyProblem, match="is not a study"):
        Study(path, HEADER, resume=True)
    assert path.read_text() == text


def test_two_do_not_write_at_once(tmp_path: Path) -> None:
    with Study(tmp_path / "s.jsonl", HEADER, resume=False), pytest.raises(StudyProblem, match="another process"):
        Study(tmp_path / "s.jsonl", HEADER, resume=True)
