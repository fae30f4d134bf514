"""One kind of registry for every kind of plug-in: name -> thing.

A registry scans one package (one thing per module, the module's name is the thing's name), then the
entry points of third parties. Modules are imported when their thing is first asked for, so that
listing names costs nothing and heavy libraries load only where they are used.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Generic, TypeVar, cast

T = TypeVar("T")


class UnknownName(LookupError):
    """Raised when a registry has no thing of that name. `known` lists the names it has."""

    def __init__(self, kind: str, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"there is no {kind} named {name!r}; known: {', '.join(known)}")
        self.kind, self.name, self.known = kind, name, known


class Registry(Generic[T]):
    """Things of one kind, by name.

    `package` is scanned for modules; each module holds its thing in the attribute `attribute`.
    Entry points of the group `signal_engine.<kind>` add to it; they never replace a built-in.
    """

    def __init__(self, kind: str, package: str, attribute: str) -> None:
        self.kind, self.package, self.attribute = kind, package, attribute
        self._loaded: dict[str, T] = {}
        self._own: dict[str, str] | None = None
        self._all: dict[str, str] | None = None

    def names(self) -> tuple[str, ...]:
        """Return every name, sorted, without importing any of the things."""
        return tuple(sorted(self._where()))

    def __contains__(self, name: object) -> bool:
        return name in self._built_in() or name in self._where()

    def __iter__(self) -> Iterator[T]:
        return (self[name] for name in self.names())

    def __getitem__(self, name: str) -> T:
        """Return the thing of that name. Raises UnknownName with the names that exist."""
        if name not in self._loaded:
            where = self._built_in() if name in self._built_in() else self._where()
            if name not in where:
                raise UnknownName(self.kind, name, self.names())
            module, _, attribute = where[name].partition(":")
            self._loaded[name] = cast(T, getattr(importlib.import_module(module), attribute))
        return self._loaded[name]

    def _built_in(self) -> dict[str, str]:
        if self._own is None:
            package = importlib.import_module(self.package)
            self._own = {
                module.name: f"{self.package}.{module.name}:{self.attribute}"
                for module in pkgutil.iter_modules(package.__path__)
                if not module.name.startswith("_")
            }
        return self._own

    def _where(self) -> dict[str, str]:
        if self._all is None:
            # Reading what is installed takes longer than all the rest, so it waits for a name that is not ours.
            from importlib.metadata import entry_points

            points = {point.name: point.value for point in entry_points(group=f"signal_engine.{self.kind}")}
            self._all = {**points, **self._built_in()}
        return self._all
