"""Nouns to JSON and back, exactly: a frozen dataclass that was stored and read equals the one that was kept.

The JSON is plain and readable with SQLite's own JSON functions; the types are in the dataclasses, not in the text:
enums as their value, tuples as lists, decimals as text, mappings with keys that are not text as lists of pairs.
Floats that JSON has no word for are the texts "nan", "inf" and "-inf". Fields that are `Any` keep tuples apart
from lists by `{"$tuple": [...]}`.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import math
import types
import typing
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, cast

from engine.domain import event as events
from engine.domain.event import Event

T = TypeVar("T")
Convert = Callable[[Any], Any]

KINDS: Mapping[str, type[Event]] = {
    kind.kind: kind
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, Event) and "kind" in vars(kind) and kind is not Event
}
"""Every kind of event, by the name under which it is stored."""


_TEXT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class NotStorable(TypeError):
    """Raised for a type that the codec has no form for: a programmer's mistake."""


def dumps(value: Any) -> str:
    """Return a dataclass as JSON text."""
    return dumps_plain(plain(value))


def plain(value: Any, without: str = "") -> Any:
    """Return a dataclass as JSON-able data, without one of its fields if that is named."""
    kind: Any = type(value)
    return _encoder(kind)(value) if not without else _part_encoder(kind, without)(value)


def loads(kind: type[T], text: str) -> T:
    """Return the `kind` that `dumps` wrote. Raises ValueError where the text is not of that form."""
    return revive(kind, json.loads(text))


def revive(kind: type[T], data: Any) -> T:
    """Return the `kind` that `plain` took apart. Raises ValueError where the data is not of that form."""
    wanted: Any = kind
    try:
        return cast(T, _decoder(wanted)(data))
    except (KeyError, TypeError, AttributeError) as problem:
        raise ValueError(f"what is stored is no {kind.__name__}: {problem!r}") from problem


def dumps_plain(value: Any) -> str:
    """Return JSON-able data as text; a NaN in it is a programmer's mistake."""
    return _TEXT.encode(value)


@cache
def _part_encoder(kind: Any, without: str) -> Convert:
    parts = [(name, _encoder(hint)) for name, hint in _fields(kind) if name != without]
    return lambda value: {name: encode(getattr(value, name)) for name, encode in parts}


@cache
def _encoder(kind: Any) -> Convert:
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        parts = [(name, _encoder(hint)) for name, hint in _fields(kind)]
        return lambda value: {name: encode(getattr(value, name)) for name, encode in parts}
    if origin in (typing.Union, types.UnionType):
        inner = _encoder(_optional(kind, args))
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        items = [_encoder(arg) for arg in args if arg is not Ellipsis]
        if args[-1] is Ellipsis:
            return lambda value: [items[0](item) for item in value]
        return lambda value: [encode(item) for encode, item in zip(items, value, strict=True)]
    if origin is not None and issubclass(origin, Mapping):
        key, item = _encoder(args[0]), _encoder(args[1])
        return lambda value: [[key(k), item(v)] for k, v in value.items()]
    if kind in _ENCODERS:
        return _ENCODERS[kind]
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return lambda value: kind(value).value
    raise NotStorable(f"no stored form for {kind}")


@cache
def _decoder(kind: Any) -> Convert:
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _dataclass_decoder(kind)
    if origin in (typing.Union, types.UnionType):
        inner = _decoder(_optional(kind, args))
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        items = [_decoder(arg) for arg in args if arg is not Ellipsis]
        if args[-1] is Ellipsis:
            return lambda value: tuple(items[0](item) for item in value)
        return lambda value: tuple(decode(item) for decode, item in zip(items, value, strict=True))
    if origin is not None and issubclass(origin, Mapping):
        key, item = _decoder(args[0]), _decoder(args[1])
        return lambda value: {key(k): item(v) for k, v in value}
    if kind in _DECODERS:
        return _DECODERS[kind]
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind
    raise NotStorable(f"no stored form for {kind}")


def _dataclass_decoder(kind: Any) -> Convert:
    """A field that the text lacks takes its default, so that a field may be added to a noun later."""
    given = [(name, _decoder(hint)) for name, hint in _fields(kind)]
    made = [field.name for field in dataclasses.fields(kind) if not field.init]

    def decode(value: Any) -> Any:
        known = {name: convert(value[name]) for name, convert in given if name in value and name not in made}
        thing = kind(**known)
        for name in made:
            if name in value and getattr(thing, name) != value[name]:
                raise ValueError(f"what is stored is no {kind.__name__}: its {name} is {value[name]!r}")
        return thing

    return decode


def _fields(kind: Any) -> list[tuple[str, Any]]:
    hints = typing.get_type_hints(kind)
    return [(field.name, hints[field.name]) for field in dataclasses.fields(kind)]


def _optional(kind: Any, args: tuple[Any, ...]) -> Any:
    inner = [arg for arg in args if arg is not type(None)]
    if len(inner) != 1:
        raise NotStorable(f"no stored form for {kind}")
    return inner[0]


def _number_out(value: float) -> float | str:
    number = float(value)
    return number if math.isfinite(number) else repr(number)


def _any_out(value: Any) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"$float": repr(float(value))}
    if isinstance(value, tuple):
        return {"$tuple": [_any_out(item) for item in value]}
    if isinstance(value, list):
        return [_any_out(item) for item in value]
    if isinstance(value, Mapping):
        return {"$map": [[_any_out(key), _any_out(item)] for key, item in value.items()]}
    raise NotStorable(f"no stored form for {value!r}")


def _any_in(value: Any) -> Any:
    if isinstance(value, list):
        return [_any_in(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((tag, inner),) = value.items()
    if tag == "$float":
        return float(inner)
    if tag == "$tuple":
        return tuple(_any_in(item) for item in inner)
    return {_any_in(key): _any_in(item) for key, item in inner}


_ENCODERS: dict[Any, Convert] = {
    int: int, float: _number_out, bool: bool, str: str, Decimal: str, Any: _any_out, object: _any_out,
}  # fmt: skip
_DECODERS: dict[Any, Convert] = {
    int: int, float: float, bool: bool, str: str, Decimal: Decimal, Any: _any_in, object: _any_in,
}  # fmt: skip
