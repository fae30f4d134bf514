"""Options of a channel: declared as a frozen dataclass, read from the configuration's mapping.

A kind of channel is a settings class and what makes a notifier from it. The declaration serves
configuration checks (`problems`), the docs (`Kind.options`) and the notifier, which gets typed settings.
"""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.ports import Notifier
from notifiers._secret import Secret


class OptionError(ValueError):
    """The options of a channel are wrong. `problems` has one line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def option(about: str, default: Any = dataclasses.MISSING) -> Any:
    """Declare an option; without a default it must be given."""
    return dataclasses.field(default=default, metadata={"about": about})


def secret(about: str, default: Any = dataclasses.MISSING) -> Any:
    """Declare a secret: it is given by the name of an environment variable, never in the file."""
    return dataclasses.field(default=default, metadata={"about": about, "secret": True})


@dataclass(frozen=True, slots=True)
class Option:
    """One declared option, for docs and checks."""

    name: str
    about: str
    type: Any
    required: bool
    default: Any
    secret: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of channel: calling it with options and secrets makes the notifier of one channel."""

    about: str
    settings: type
    make: Callable[[Any], Notifier]
    idempotent: bool = False

    def __call__(self, options: Mapping[str, Any], secrets: Mapping[str, str]) -> Notifier:
        """Make the notifier; `secrets` maps an option's name to its value. Raises OptionError."""
        return self.make(self.read(options, secrets))

    @property
    def options(self) -> tuple[Option, ...]:
        hints = typing.get_type_hints(self.settings)
        return tuple(
            Option(
                name=item.name,
                about=str(item.metadata.get("about", "")),
                type=hints[item.name],
                required=item.default is dataclasses.MISSING,
                default=None if item.default is dataclasses.MISSING else item.default,
                secret=bool(item.metadata.get("secret")),
            )
            for item in dataclasses.fields(self.settings)
        )

    def problems(self, options: Mapping[str, Any], secrets: Mapping[str, str]) -> list[str]:
        """Return what is wrong with the options, one line each; empty when they are right."""
        try:
            self.read(options, secrets)
        except OptionError as error:
            return error.problems
        return []

    def read(self, options: Mapping[str, Any], secrets: Mapping[str, str]) -> Any:
        """Return the typed settings. Raises OptionError with every problem, not only the first."""
        declared = {item.name: item for item in self.options}
        problems = [_unknown(name, declared) for name in (*options, *secrets) if name not in declared]
        values: dict[str, Any] = {}
        for name, item in declared.items():
            given, other = (secrets, options) if item.secret else (options, secrets)
            if name in other:
                problems.append(_misplaced(item))
            elif name in given and (given[name] != "" or not item.secret):
                values[name] = _convert(item, given[name], problems)
            elif item.required:
                problems.append(f"the {'secret' if item.secret else 'option'} `{name}` is missing: {item.about}")
        if not problems:
            try:
                return self.settings(**values)
            except ValueError as error:
                problems.append(str(error))
        raise OptionError(problems)


def _unknown(name: str, declared: Mapping[str, Option]) -> str:
    close = difflib.get_close_matches(name, declared, 1)
    advice = f"did you mean `{close[0]}`?" if close else f"known: {', '.join(sorted(declared))}"
    return f"there is no option `{name}`; {advice}"


def _misplaced(item: Option) -> str:
    if item.secret:
        return f"`{item.name}` is a secret: give it under `secrets` by the name of an environment variable"
    return f"`{item.name}` is not a secret: give it under `options`"


def _convert(item: Option, value: Any, problems: list[str]) -> Any:
    if item.secret:
        return Secret(str(value))
    wanted = typing.get_args(item.type) if isinstance(item.type, types.UnionType) else (item.type,)
    for kind in wanted:
        origin = typing.get_origin(kind) or kind
        if origin is float and isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
        if origin is tuple and isinstance(value, (list, tuple)) and all(isinstance(entry, str) for entry in value):
            return tuple(value)
        if isinstance(origin, type) and isinstance(value, origin) and (origin is bool or not isinstance(value, bool)):
            return value
    names = " or ".join(_SPOKEN.get(typing.get_origin(kind) or kind, str(kind)) for kind in wanted)
    problems.append(f"the option `{item.name}` must be {names}, not {value!r}")
    return None


_SPOKEN = {
    str: "text", int: "a whole number", float: "a number", bool: "true or false", tuple: "a list of texts",
    dict: "a mapping", type(None): "left out",
}  # fmt: skip
