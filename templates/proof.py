"""Templates proved on a sample of every event: which fields are not there, and which messages do not fit."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from jinja2 import Undefined

from templates.render import RenderError, Templates
from templates.samples import samples

EVENTS = (
    "signal", "opened", "added", "target", "stop_moved", "trailed", "part_exited", "closed", "report", "blocked",
    "alert",
)  # fmt: skip

PARTS = ("event", "brand", "bot", "signal", "pair", "text", "position", "detail", "report", "view", "alert")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a template. kind: field | length | form | name; `word` stands in `line` (from 1; 0: nowhere).

    known: the names that could stand there.
    """

    kind: str
    message: str
    line: int = 0
    word: str = ""
    known: tuple[str, ...] = ()


def prove(path: Path) -> list[Fault]:
    """Return what is wrong with the template `EVENT.CHANNEL.j2` or `any.CHANNEL.j2` at `path`, each fault once."""
    event, _, channel = path.name.removesuffix(".j2").partition(".")
    if not channel:
        return []  # a part that templates import is proved with them
    known = EVENTS if event == "any" else (event,)
    if event != "any" and event not in EVENTS:
        return [Fault("name", f"there is no event `{event}`, so this template is never used", 0, event)]
    found: dict[Fault, None] = {}
    for kind, payload in samples():
        if payload["event"]["kind"] in known:
            for fault in _one(path, payload["event"]["kind"], channel, payload, kind):
                found.setdefault(fault)
    return _longest([*found])


def _one(path: Path, event: str, channel: str, payload: dict[str, Any], sample: str) -> Iterator[Fault]:
    """Yield the faults that one sample shows."""
    noted: dict[Fault, None] = {}

    class Noted(_Noted):
        faults = noted

    try:
        length, limit = Templates((path.parent,), undefined=Noted).least(event, channel, payload)
    except RenderError as error:
        place = re.match(r"\S+\.j2:(\d+): (.*)", str(error))
        line = int(place[1]) if place else 0
        yield from noted
        if not any(fault.line == line for fault in noted):  # else what is not there may be what broke it
            yield Fault("form", place[2] if place else str(error).partition(": ")[2], line)
        return
    yield from noted
    if not noted and limit and length > limit:
        yield Fault("length", f"the lines that must stay take {length} on `{sample}`, and {limit} fit on {channel}")


def _longest(faults: list[Fault]) -> list[Fault]:
    """Return the faults, of those about length the first alone: they are one mistake."""
    lengths = [fault for fault in faults if fault.kind == "length"]
    return [fault for fault in faults if fault not in lengths[1:]]


class _Noted(Undefined):
    """Stands for a field that is not there, and notes that it is used. Templates go on, so that all are found."""

    faults: dict[Fault, None]

    def _note(self) -> None:
        name = str(self._undefined_name)
        owner = self._undefined_obj
        known: tuple[str, ...] = PARTS
        if isinstance(owner, Mapping):
            known = tuple(sorted(map(str, owner)))
        elif is_dataclass(owner):
            known = tuple(field.name for field in fields(owner))
        self.faults.setdefault(Fault("field", f"there is no field `{name}`", _line(), name, known))

    def __str__(self) -> str:
        self._note()
        return ""

    def __format__(self, form: str) -> str:
        return str(self)

    def __iter__(self) -> Iterator[Any]:
        self._note()
        return iter(())

    def __bool__(self) -> bool:
        self._note()
        return False

    def __len__(self) -> int:
        self._note()
        return 0

    def _value(self, *_: Any, **__: Any) -> Any:
        self._note()
        return 0.0

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        self._note()
        return 0.0

    def __eq__(self, other: object) -> bool:
        self._note()
        return False

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return id(type(self))

    __call__ = __getitem__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _value
    __truediv__ = __rtruediv__ = __floordiv__ = __mod__ = __pow__ = __neg__ = __abs__ = __round__ = _value
    __float__ = __lt__ = __le__ = __gt__ = __ge__ = _value

    def __int__(self, *_: Any, **__: Any) -> Any:
        self._note()
        return 0


def _line() -> int:
    """Return the line of the template that is being rendered; 0 where none is."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        template = frame.f_globals.get("__jinja_template__")
        if template is not None and frame.f_code.co_filename.endswith(".j2"):
            return int(template.get_corresponding_lineno(frame.f_lineno))
        frame = frame.f_back
    return 0
