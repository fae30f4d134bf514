"""The schema files that editors use: current, sound, and never stricter than the language."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from dsl.read import read_document
from dsl.schema import DEFINITION, FILES, LIBRARY, STRATEGY, Section, json_schema, schema_text

ROOT = Path(__file__).parents[2]
STRATEGIES = [path for path in sorted((ROOT / "strategies").glob("*.yaml")) if "." not in path.stem]
LIBRARIES = sorted((ROOT / "dsl" / "library").glob("*.yaml"))
BROKEN = sorted(Path(__file__).with_name("broken").glob("*.yaml"))


@pytest.mark.parametrize("name", FILES)
def test_the_checked_in_files_are_current(name: str) -> None:
    """`python -m dsl.schema` writes them."""
    assert (ROOT / "schemas" / name).read_text(encoding="utf-8") == schema_text(FILES[name])


@pytest.mark.parametrize("name", FILES)
def test_they_are_json_schemas_without_branches(name: str) -> None:
    """Editors give useless messages under anyOf and oneOf."""
    schema = json.loads(schema_text(FILES[name]))
    jsonschema.Draft7Validator.check_schema(schema)
    assert "anyOf" not in schema_text(FILES[name])
    assert "oneOf" not in schema_text(FILES[name])


@pytest.mark.parametrize("path", [*STRATEGIES, *LIBRARIES], ids=lambda path: path.stem)
def test_every_document_of_ours_fits(path: Path) -> None:
    section = STRATEGY if path in STRATEGIES else LIBRARY
    jsonschema.Draft7Validator(json_schema(section)).validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_it_is_never_stricter_than_the_language(path: Path) -> None:
    """What the schema refuses, reading refuses too; and both see unknown and missing keys."""
    _, found = read_document(path)
    names = {finding.name for finding in found}
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError:
        assert "yaml-syntax" in names
        return
    refused = not jsonschema.Draft7Validator(json_schema(STRATEGY)).is_valid(data)
    if refused:
        assert names
    if names & {"unknown-key", "missing-key"}:
        assert refused


def _fields(section: Section) -> list[tuple[str, str, tuple[str, ...]]]:
    rows = []
    for field in section.fields:
        rows.append((field.name, field.about, field.examples))
        rows += _fields(field.inner) if field.inner else []
    return rows


@pytest.mark.parametrize("section", [STRATEGY, LIBRARY, DEFINITION], ids=lambda section: section.title)
def test_every_key_says_what_it_means(section: Section) -> None:
    for name, about, _ in _fields(section):
        assert about.endswith("."), name
        assert len(about) < 120, name


def test_every_example_of_a_key_can_be_read() -> None:
    """Each example stands in a document at its key; reading finds nothing wrong with it."""
    for section, prefix in ((STRATEGY, ""), (STRATEGY.by_name["long"].inner, "long")):
        assert section is not None
        for field in section.fields:
            for example in field.examples:
                document = _document(prefix, field.name, field.form, example)
                _, found = read_document(yaml.safe_dump(document, sort_keys=False))
                assert not found, (field.name, example, [d.message for d in found])


def _document(prefix: str, name: str, form: str, example: str) -> dict[str, object]:
    document: dict[str, object] = {
        "language": 1, "id": "x", "name": "X", "version": "1.0.0", "timeframes": ["1m"],
        "long": {"when": {"a": "close > open"}},
    }  # fmt: skip
    place = document if not prefix else document[prefix]
    assert isinstance(place, dict)
    plain = int(example) if example.isdecimal() else example
    place[name] = {"one": plain} if form == "named" else plain
    return document
