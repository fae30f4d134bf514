"""The notation for made series: numbers a trader can write by hand.

    100 x60            sixty candles of 100
    100 to 94 in 12    twelve candles, from the one after 100 down to 94
    to 94 in 12        the same, from the last value
    94.6, 95.1         two candles
    _ x3               three candles that do not exist
    100 x*             as many as are missing to the length of `close`; for what stands beside it
    +0.5 x10           ten candles, each 0.5 above the one before (-0.5 likewise)
    noise 0.2 seed 7   at the end: adds a repeatable wobble of at most 0.2 to every candle

Items are separated by commas. A number may be a percentage: `70%` is 0.7. Volumes and external series use the same
notation.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from engine.domain.market import Floats

_NUMBER = r"[0-9][0-9_]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?%?"
_RUN = re.compile(rf"(?P<value>-?{_NUMBER}|_)(?:\s*x\s*(?P<times>[0-9_]+|\*))?")
_STEPS = re.compile(rf"(?P<step>[+-]{_NUMBER})\s*x\s*(?P<times>[0-9_]+)")
_RAMP = re.compile(rf"(?:(?P<start>-?{_NUMBER})\s+)?to\s+(?P<end>-?{_NUMBER})\s+in\s+(?P<times>[0-9_]+)")
_NOISE = re.compile(rf"noise\s+(?P<size>{_NUMBER})(?:\s+seed\s+(?P<seed>[0-9]{{1,9}}))?")
LONGEST = 200_000


@dataclass(frozen=True, slots=True)
class NotationError(ValueError):
    """`message` in English; the mistake is at characters start to end of the text."""

    message: str
    start: int
    end: int

    def __str__(self) -> str:
        return self.message


def parse_series(text: str, length: int | None = None) -> Floats:
    """Return the values, NaN where a candle does not exist. `length` is what `x*` fills up to. Raises NotationError."""
    values: list[float] = []
    noise: tuple[float, int] | None = None
    for item, start in _items(text):
        if match := _NOISE.fullmatch(item):
            noise = _number(match["size"], item, start), int(match["seed"] or 1)
        else:
            _extend(values, item, start, length)
        if len(values) > LONGEST:
            raise NotationError(f"a series has at most {LONGEST:,} candles", start, start + len(item))
    series = np.array(values, dtype=np.float64)
    if noise is not None:
        generator = np.random.Generator(np.random.PCG64(noise[1]))
        series = series + generator.uniform(-noise[0], noise[0], len(series))
    return series


def _items(text: str) -> list[tuple[str, int]]:
    items: list[tuple[str, int]] = []
    offset = 0
    for piece in text.split(","):
        stripped = piece.strip()
        start = offset + len(piece) - len(piece.lstrip())
        if not stripped:
            raise NotationError("a number is missing between the commas", start, start + 1)
        items.append((stripped, start))
        offset += len(piece) + 1
    return items


def _extend(values: list[float], item: str, start: int, length: int | None) -> None:
    if match := _RAMP.fullmatch(item):
        times, end = _times(match["times"], item, start), _number(match["end"], item, start)
        begin = _number(match["start"], item, start) if match["start"] else _last(values, item, start)
        values.extend(begin + (end - begin) * i / times for i in range(1, times))
        values.append(end)
    elif (match := _STEPS.fullmatch(item)) and values:
        step = _number(match["step"], item, start)
        last = _last(values, item, start)
        values.extend(last + step * (i + 1) for i in range(_times(match["times"], item, start)))
    elif match := _RUN.fullmatch(item):
        value = float("nan") if match["value"] == "_" else _number(match["value"], item, start)
        if match["times"] == "*":
            values.extend([value] * _missing(values, length, item, start))
        else:
            values.extend([value] * _times(match["times"] or "1", item, start))
    else:
        raise NotationError(
            f"`{_short(item)}` is no run of candles; {_advice(item)}", start, start + len(item)
        )  # fmt: skip


def _advice(item: str) -> str:
    """Say how a run is written; `100 x60 noise 0.2` lacks its comma."""
    run, noise, size = item.partition("noise")
    run = run.strip()
    if noise and any(form.fullmatch(run) for form in (_RUN, _STEPS, _RAMP)):
        return f"`noise` is an item of its own: write `{_short(f'{run}, noise{size}')}`"
    forms = "`100`, `100 x60`, `100 to 94 in 12`, `+0.5 x10`, `_ x3` or, at the end, `noise 0.2 seed 7`"
    return f"write {forms}, with commas between"


def _number(text: str, item: str, start: int) -> float:
    digits = text.replace("_", "")
    value = float(digits.removesuffix("%")) / (100 if digits.endswith("%") else 1)
    if not math.isfinite(value):
        raise NotationError(f"`{_short(item)}` is too large a number", start, start + len(item))
    return value


def _times(text: str, item: str, start: int) -> int:
    digits = text.replace("_", "").lstrip("0")
    if not digits or len(digits) > len(str(LONGEST)) or int(digits) > LONGEST:
        raise NotationError(f"a run has 1 to {LONGEST:,} candles", start, start + len(item))
    return int(digits)


def _missing(values: list[float], length: int | None, item: str, start: int) -> int:
    if length is None:
        raise NotationError("`x*` fills up to the length of `close`: write a number here", start, start + len(item))
    if len(values) >= length:
        raise NotationError(f"nothing is left for `x*`: `close` has {length} candles", start, start + len(item))
    return length - len(values)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."


def _last(values: list[float], item: str, start: int) -> float:
    known = [value for value in values[-1:] if value == value]
    if not known:
        raise NotationError(
            f"`{_short(item)}` goes on from a candle, but there is none before it", start, start + len(item)
        )
    return known[-1]
