"""JSON Schemas for editors, written from the tables of keys that documents are checked against.

They say less than the checks, and never more: what a schema refuses is refused by the checks, too. No anyOf, under
which editors give useless messages; `patternErrorMessage`, `markdownDescription` and `defaultSnippets` are what the
YAML language server understands beyond the standard.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dsl.schema import LIBRARY, NAME_PATTERN, OWN_KEYS, STRATEGY, Field, Section

_SCALAR = ["string", "number", "boolean"]
_NAMES = {
    "propertyNames": {
        "pattern": f"{NAME_PATTERN}|^{OWN_KEYS}",
        "patternErrorMessage": "A name has lower-case letters, digits and _, and begins with a letter.",
    }
}
SNIPPETS: Mapping[str, Any] = {
    "strategy": {
        "language": 1, "id": "${1:name_of_the_file}", "name": "${2:Name Bot}", "version": "1.0.0",
        "about": "${3:What it looks for.}", "timeframes": ["${4:1h}"],
        "universe": {"symbols": ["${5:BTC/USDT}"]},
        "long": {
            "when": {"trend": "must close > ema(close, 50)", "turn": "must rsi(close, 14) crosses above 40"},
            "stop": "2 * atr(14) clamp 0.5% to 5%", "targets": ["1R take 50% then stop to entry", "3R"],
        },
    },
    "long": {"when": {"${1:trend}": "must ${2:close > ema(close, 50)}"}, "stop": "${3:2 * atr(14)}", "targets": ["2R"]},
    "short": {"when": {"${1:trend}": "must ${2:close < ema(close, 50)}"}, "stop": "${3:2%}", "targets": ["2R"]},
    "library": {
        "language": 1, "id": "${1:name}", "about": "${2:What is in it.}",
        "define": {"${3:spread(source=close, fast=12 in 1 to 500)}": {
            "about": "${4:What it computes.}", "returns": "${5:source - ema(source, fast)}"}},
    },
    "test file": {
        "language": 1,
        "tests": [{"name": "${1:buys the bounce}", "close": "${2:100 x60, 100 to 94 in 12, 95, 96}",
                   "expect": [{"signal": {"side": "${3:long}", "bar": "${4:60 to 74}"}}]}],
    },
    "test": {"name": "$1", "close": "${2:100 x60}", "expect": [{"nothing": "always"}]},
    "function": {"about": "${1:What it computes.}", "returns": "$2"},
}  # fmt: skip
"""What is offered whole where a section may begin."""

FILES = {"strategy.schema.json": STRATEGY, "library.schema.json": LIBRARY}
"""The files under schemas/ that `python -m dsl.json_schema` writes. Tests and configuration write theirs themselves."""


def json_schema(section: Section) -> dict[str, object]:
    """Return the JSON Schema of a document."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"Signal Engine {section.title}",
        **_object(section),
    }


def schema_text(section: Section) -> str:
    """Return the schema file of a document, as checked in under schemas/."""
    return json.dumps(json_schema(section), indent=2, ensure_ascii=False) + "\n"


def _object(section: Section) -> dict[str, object]:
    required = [field.name for field in section.fields if field.required]
    return {
        **_said(section.about),
        "type": "object",
        "additionalProperties": False,
        "patternProperties": {f"^{OWN_KEYS}": {"description": "Your own; the engine does not read it."}},
        **({"required": required} if required else {}),
        **({"minProperties": 1, "maxProperties": 1} if section.one else {}),
        **_snippet(section.title, section.about),
        "properties": {field.name: _property(field) for field in section.fields},
    }


def _said(about: str) -> dict[str, object]:
    """Return a description: plain, and with its code marked for editors that show it."""
    if "`" not in about:
        return {"description": about}
    return {"description": about.replace("`", ""), "markdownDescription": about}


def _snippet(title: str, about: str) -> dict[str, object]:
    body = SNIPPETS.get(title)
    return {"defaultSnippets": [{"label": title, "description": about, "body": body}]} if body else {}


def _property(field: Field) -> dict[str, object]:
    about: dict[str, object] = {"title": field.name, **_said(field.about)}
    if field.name == "language":
        return {**about, "enum": [1]}
    if field.inner is not None and field.form == "table":
        return {**about, **_object(field.inner), **_said(field.about)}
    return {**about, **_shape(field)}


def _shape(field: Field) -> dict[str, object]:
    examples: dict[str, object] = {"examples": list(field.examples)} if field.examples else {}
    text: dict[str, object] = {"type": _SCALAR, **_looks(field), **examples}
    each = {"title": field.name, **_said(field.each or field.about), **text}
    match field.form:
        case "integer" | "boolean":
            return {"type": field.form, **({"examples": [yaml_value(e) for e in field.examples]} if examples else {})}
        case "choice":
            return {"enum": list(field.examples)}
        case "text":
            return {**text, "type": "string" if field.pattern else ["string", "number"]}
        case "texts" | "sentences":
            return {"type": [*_SCALAR, "array"], **_looks(field), "items": each, "minItems": 1, **examples}
        case "named":
            return {"type": "object", **_NAMES, "additionalProperties": each, "examples": _named(field)}
        case "entries":
            return {"type": "object", "additionalProperties": each, "examples": _named(field)}
        case "lists":
            listed: dict[str, object] = {"type": [*_SCALAR, "array"], "items": {"type": _SCALAR}, "minItems": 1}
            return {"type": "object", "additionalProperties": listed}
        case "values":
            return {"type": "object"}
        case "outputs":
            return {**text, "type": [*_SCALAR, "object"], **_NAMES, "additionalProperties": each}
    return _nested(field) if field.inner is not None else text


def _named(field: Field) -> list[object]:
    """Return one mapping that shows every example under a name."""
    return [{f"name_{number}": example for number, example in enumerate(field.examples, 1)}]


def _nested(field: Field) -> dict[str, object]:
    """Return the shape of what holds tables of its own."""
    assert field.inner is not None
    inner = _object(field.inner)
    match field.form:
        case "definitions":
            return {"type": "object", "additionalProperties": {**inner, **_said(field.each or field.inner.about)}}
        case "tables":
            return {"type": "array", "items": {"title": field.inner.title, **inner}, "minItems": 1}
    return {
        **inner,
        **_said(field.about),
        "type": ["integer", "object"],
        "examples": [yaml_value(e) for e in field.examples],
    }


def yaml_value(example: str) -> object:
    """Return an example as YAML reads it."""
    return json.loads(example) if example in ("true", "false") or example.isdecimal() else example


def _looks(field: Field) -> dict[str, object]:
    if not field.pattern:
        return {}
    wanted = {"patternErrorMessage": f"This must be {field.wanted}."} if field.wanted else {}
    return {"pattern": rf"^\s*({field.pattern.removeprefix('^').removesuffix('$')})\s*$", **wanted}


def write(folder: Path) -> None:
    """Write the schema files into a folder."""
    for name, section in FILES.items():
        (folder / name).write_text(schema_text(section), encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).parent.parent / "schemas")
