"""The schema files that editors use: current, sound, helpful at every key, and in one mind with the checks."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.json_schema import FILES, json_schema, schema_text
from dsl.read import read_document
from dsl.schema import DEFINITION, LIBRARY, STRATEGY, Section
from dsl.testing.cases import read_suite
from dsl.testing.keys import BLOCKED, COUNT, EXPECTATION, MODEL, OTHER, SIGNAL, TEST, TESTS

ROOT = Path(__file__).parents[2]
STRATEGIES = [path for path in sorted((ROOT / "strategies").glob("*.yaml")) if "." not in path.stem]
LIBRARIES = sorted((ROOT / "dsl" / "library").glob("*.yaml"))
BROKEN = sorted(Path(__file__).with_name("broken").glob("*.yaml"))


@pytest.mark.parametrize("name", FILES)
def test_the_checked_in_files_are_current(name: str) -> None:
    """`python -m dsl.json_schema` writes them."""
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


TEXTS = [(STRATEGY, path) for path in STRATEGIES] + [(LIBRARY, path) for path in LIBRARIES[::9]]
TEXTS += [(TESTS, path) for path in sorted((ROOT / "strategies").glob("*.test.yaml"))]
SHAPE = {"unknown-key", "missing-key", "duplicate-key"}
ODD: list[Any] = [None, 5, -1.5, True, "", "text", [], ["a"], [["a"]], {}, {"a": 1}, [{"a": "b"}], {"a": {"b": 1}}]


def places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every (container, key) of a document."""
    if isinstance(data, dict | list):
        for key, value in list(data.items() if isinstance(data, dict) else enumerate(data)):
            yield data, key
            yield from places(value)


def changed(data: Any, random: Random) -> Any:
    """Return a document with one thing changed: a key lost, misspelt or added, or a value of another kind."""
    data = copy.deepcopy(data)
    holder, key = random.choice(list(places(data)))
    match random.randrange(4):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[f"{key}z"] = holder.pop(key)
        case 2 if isinstance(holder, dict):
            holder[random.choice(["when", "close", "x-mine", "nonsense", "tests", "Big", "stop"])] = "close > open"
        case _:
            holder[key] = copy.deepcopy(random.choice(ODD))
    return data


@pytest.mark.parametrize(("section", "path"), TEXTS, ids=lambda given: getattr(given, "stem", ""))
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_schema_and_checks_are_of_one_mind(section: Section, path: Path, seed: int) -> None:
    """What the schema refuses the checks refuse; what it takes has no key wrong or missing for the checks."""
    random = Random(seed)
    data = changed(yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader), random)
    data = changed(data, random) if random.random() < 0.3 and data else data
    if not data:
        return
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    instance = _as_read(yaml.load(text, yaml.BaseLoader))
    kind = "library" if section is LIBRARY else "strategy"
    found = read_suite(path, text)[1] if section is TESTS else read_document(text, kind=kind, path=str(path))[1]
    refused = [error.message for error in jsonschema.Draft7Validator(json_schema(section)).iter_errors(instance)]
    if refused:
        assert found, refused
    else:
        wrong = [d for d in found if d.name in SHAPE and not d.message.startswith(BEYOND)]
        assert not wrong, [d.message for d in wrong]


BEYOND = ("a test has either", "a strategy needs", "there is neither", "the function has no output")
"""What a schema without branches cannot say: that of two keys there must be one, that names agree with others."""


def _as_read(node: Any) -> Any:
    """Return a document as an editor's schema sees it: whole numbers and booleans by their kind."""
    if isinstance(node, dict):
        return {key: _as_read(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_as_read(value) for value in node]
    if node in ("true", "false"):
        return node == "true"
    if re.fullmatch(r"-?[0-9]+", node):
        return int(node)
    return None if node in ("null", "") else node


def test_a_test_file_of_ours_fits_and_every_key_is_known_to_its_reader() -> None:
    for path in sorted((ROOT / "strategies").glob("*.test.yaml")):
        data = _as_read(yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader))
        jsonschema.Draft7Validator(json_schema(TESTS)).validate(data)
    text = (ROOT / "schemas" / "test.schema.json").read_text(encoding="utf-8")
    assert text == schema_text(TESTS)
    rows = "".join(f"  {name}: 1\n" for name, _, _ in _fields(TESTS) if name not in ("tests", "language", "strategy"))
    known = {name for section in (TEST, EXPECTATION, SIGNAL, BLOCKED, COUNT, OTHER, MODEL) for name in section.by_name}
    assert {line.split(":")[0].strip() for line in rows.splitlines()} == known
    for section, wrap in (
        (TEST, "tests:\n  - {}"), (SIGNAL, "tests:\n  - expect:\n      - signal: {}"),
        (BLOCKED, "tests:\n  - expect:\n      - blocked: {}"), (COUNT, "tests:\n  - expect:\n      - exactly: {}"),
        (OTHER, "tests:\n  - close: 1 x9\n    name: a\n    others:\n      - {}"),
        (MODEL, "tests:\n  - name: a\n    model: {}"), (EXPECTATION, "tests:\n  - name: a\n    expect:\n      - {}"),
    ):  # fmt: skip
        for name in section.by_name:
            body = wrap.replace("{}", f"{{{name}: 1}}")
            if section in (SIGNAL, BLOCKED, COUNT):
                body = body.replace("- expect:", "- name: a\n    expect:")
            _, found = read_suite(STRATEGIES[0].with_suffix(".test.yaml"), f"language: 1\n{body}\n")
            assert not [d.message for d in found if d.name == "unknown-key"], (section.title, name)


def described(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield the schema of every key, entry and item."""
    if not isinstance(node, dict):
        return
    for name, inner in node.get("properties", {}).items():
        yield (*path, name), inner
        yield from described(inner, (*path, name))
    for word in ("additionalProperties", "items"):
        if isinstance(node.get(word), dict):
            yield (*path, word), node[word]
            yield from described(node[word], (*path, word))


@pytest.mark.parametrize("section", [STRATEGY, LIBRARY, TESTS], ids=lambda section: section.title)
def test_hover_says_something_everywhere(section: Section) -> None:
    """Every key, entry under names of the user and item has words and, where it is written, an example."""
    for path, schema in described(json_schema(section)):
        assert len(str(schema.get("description", ""))) > 8, path
        assert "`" not in str(schema["description"]), path
        held = "properties" in schema or isinstance(schema.get("additionalProperties"), dict) or "enum" in schema
        nested = schema.get("items", {}).get("properties")
        assert held or nested or schema.get("examples"), path


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
