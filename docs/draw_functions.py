"""Pictures of functions for their pages: what each gives on candles of the made market, as one small SVG file.

Prices lie over the candles, other numbers below them with a scale of their own for each unit, conditions as bars.
One file serves light and dark. Nothing in it depends on the time or the machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
from made_candles import SYMBOL, TIMEFRAME, USUAL, bars, values

SHOWN, STEP = 96, 7  # candles, pixels for each
LEFT, RIGHT, TOP, GAP = 10, 62, 24, 10
PRICES, PANE, LANE = 150, 64, 18
WIDTH = LEFT + SHOWN * STEP + RIGHT
PRICE_UNITS = ("price", "same as source", "price of source")
STYLE = """\
svg{--paper:#fff;--ink:#1f2328;--soft:#656d76;--rule:#d8dee4;--up:#b6c2cf;--down:#6e7781;--a:#0969da;--b:#cf4a00;\
--c:#1a7f37;--d:#8250df;--e:#bf3989}
@media(prefers-color-scheme:dark){svg{--paper:#0d1117;--ink:#e6edf3;--soft:#8d96a0;--rule:#30363d;--up:#6e7681;\
--down:#3d444d;--a:#58a6ff;--b:#ff9b5e;--c:#56d364;--d:#bc8cff;--e:#f778ba}}
text{font:11px ui-sans-serif,system-ui,sans-serif;fill:var(--soft);stroke:var(--paper);stroke-width:3px;\
paint-order:stroke}.t{font-size:12px;fill:var(--ink)}
.u{fill:var(--up);stroke:var(--up)}.v{fill:var(--down);stroke:var(--down)}.r{stroke:var(--rule);fill:none}
.l{fill:none;stroke-width:1.6;stroke-linejoin:round}.b{stroke-width:0}"""
COLOURS = "abcde"
WIDEST = 1.12
"""Highest over lowest price of a stretch in which single candles can still be seen."""
BARS = "hist"
"""The output that is drawn as bars from zero, as everywhere."""


@dataclass(frozen=True, slots=True)
class Line:
    """One output: its name ('' for the only one), its unit in words, and its value on each of `bars`."""

    name: str
    unit: str
    values: Any
    bounds: tuple[float, float] = (float("-inf"), float("inf"))

    @property
    def boolean(self) -> bool:
        return bool(self.values.dtype == bool)


def picture(call: str, lines: Sequence[Line], example: str) -> str:
    """Return the SVG of a call with its outputs; where `example` is another condition, it has a bar of its own."""
    shown = list(lines)
    if example and all(example != (f"{call}.{line.name}" if line.name else call) for line in lines):
        holds = values(example)
        if holds.dtype == bool:
            shown.append(Line(example, "", holds))
    start = window(shown)
    return _Picture(call, shown, start).text()


def window(lines: Sequence[Line]) -> int:
    """Return the first candle to show: the usual one, unless more is seen elsewhere; a crash where nothing else is."""
    starts, calm = _starts()
    seen = sum((_seen(line.values, starts) for line in lines), np.zeros(len(starts)))
    return int(starts[np.lexsort((-np.abs(starts - USUAL), calm, seen))[-1]])


@cache
def _starts() -> tuple[Any, Any]:
    """Return where a picture may begin, and whether single candles can be seen in it."""
    given = bars()
    starts = np.union1d(np.arange(0, len(given) - SHOWN + 1, 12), [USUAL])
    parts = [slice(start, start + SHOWN) for start in starts]
    return starts, np.array([given.high[part].max() < WIDEST * given.low[part].min() for part in parts])


def _seen(given: Any, starts: Any) -> Any:
    """Return how much the middle of each stretch of values shows: both truths, numbers that are known."""
    known = given if given.dtype == bool else ~np.isnan(given)
    counted = np.concatenate(([0], np.cumsum(known)))
    length = SHOWN - 8 - SHOWN // 8
    share = (counted[starts + SHOWN - 8] - counted[starts + SHOWN // 8]) / length
    if given.dtype == bool:
        return 2.0 * (share > 0) + (share < 1)
    return (share > 0.9) + 1.0 * (share > 0.3)


class _Picture:
    """One picture, drawn from the top down."""

    def __init__(self, call: str, lines: Sequence[Line], start: int) -> None:
        self.call, self.part = call, slice(start, start + SHOWN)
        self.colours: dict[str, str] = {}
        given = bars()
        self.low, self.high = (getattr(given, name)[self.part] for name in ("low", "high"))
        self.numbers = [line for line in lines if not line.boolean]
        self.truths = [line for line in lines if line.boolean]
        self.y = TOP
        self.parts: list[str] = []

    def text(self) -> str:
        over = [line for line in self.numbers if self._is_price(line)]
        below: dict[tuple[str, tuple[float, float]], list[Line]] = {}
        for line in self.numbers:
            if line not in over:
                below.setdefault((line.unit, line.bounds), []).append(line)
        self._colour(over, *below.values())
        self._candles(over)
        for lines in below.values():
            self._pane(lines)
        for line in self.truths:
            self._lane(line)
        height = round(self.y + 6)
        about = escape(f"{self.call} on {SHOWN} candles of {TIMEFRAME}")
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
            f'height="{height}" role="img"><title>{about}</title><style>{STYLE}</style>'
            f'<rect width="{WIDTH}" height="{height}" rx="6" fill="var(--paper)"/>'
        )
        named = f'<text x="{LEFT}" y="16" class="t">{escape(_short(self.call, 80))}</text>'
        where = f'<text x="{WIDTH - 6}" y="16" text-anchor="end">made {SYMBOL}, {TIMEFRAME}</text>'
        return "\n".join([head, named, where, *self.parts, "</svg>\n"])

    def _colour(self, *panes: Sequence[Line]) -> None:
        """Give the lines of each pane colours of their own, and the conditions those that come after."""
        for lines in panes:
            self.colours |= {line.name: COLOURS[place % len(COLOURS)] for place, line in enumerate(lines)}
        first = max(map(len, panes))
        for place, line in enumerate(self.truths):
            self.colours[line.name] = COLOURS[(first + place) % len(COLOURS)]

    def _is_price(self, line: Line) -> bool:
        known = line.values[self.part]
        known = known[~np.isnan(known)]
        span = (self.high.max() - self.low.min()) * 0.8
        near = len(known) and known.min() > self.low.min() - span and known.max() < self.high.max() + span
        return bool(line.unit in PRICE_UNITS and near)

    def _candles(self, over: Sequence[Line]) -> None:
        given = bars()
        bodies = {True: "", False: ""}
        everything = [self.low, self.high, *(line.values[self.part] for line in over)]
        scale = _Scale(np.concatenate(everything), self.y, PRICES)
        for place, row in enumerate(range(self.part.start, self.part.stop)):
            x, wide = LEFT + place * STEP, STEP - 2
            top, bottom = scale(max(given.open[row], given.close[row])), scale(min(given.open[row], given.close[row]))
            high, low = scale(given.high[row]), scale(given.low[row])
            tall = max(0.6, bottom - top)
            path = f"M{x + 2.5:g} {high:g}v{low - high:.4g}M{x} {top:g}h{wide}v{tall:.3g}h-{wide}z"
            bodies[bool(given.close[row] >= given.open[row])] += path
        self.parts += [f'<path class="{"u" if up else "v"}" d="{path}"/>' for up, path in bodies.items()]
        self._lines(over, scale)
        for line in self.truths:
            if line.values[self.part].sum() <= SHOWN // 4:
                self._marks(line, scale)
        self._ends(scale, over, ())
        self.y += PRICES + GAP

    def _marks(self, line: Line, scale: _Scale) -> None:
        """Put a dot under each candle on which a condition that seldom holds does."""
        for place in np.flatnonzero(line.values[self.part]):
            x, y = LEFT + place * STEP + 2.5, scale(self.low[place]) + 6
            self.parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="2.6" fill="var(--{self.colours[line.name]})"/>')

    def _pane(self, lines: Sequence[Line]) -> None:
        bounds = lines[0].bounds
        known = [line.values[self.part] for line in lines]
        fixed = [edge for edge in bounds if np.isfinite(edge)] if all(map(np.isfinite, bounds)) else []
        scale = _Scale(np.concatenate([*known, fixed]), self.y, PANE)
        guides = [(bounds[0] + bounds[1]) / 2] if fixed else [0.0]
        self.parts.append(f'<path class="r" d="M{LEFT} {self.y:g}h{SHOWN * STEP}m0 {PANE}h-{SHOWN * STEP}"/>')
        for guide in guides:
            if scale.low < guide < scale.high:
                dashes = 'stroke-dasharray="3 3"'
                self.parts.append(f'<path class="r" {dashes} d="M{LEFT} {scale(guide):g}h{SHOWN * STEP}"/>')
        self._lines(lines, scale)
        self._ends(scale, lines, guides)
        self.y += PANE + GAP

    def _lines(self, lines: Sequence[Line], scale: _Scale) -> None:
        for line in lines:
            if line.name == BARS:
                self._from_zero(line, scale)
                continue
            path = _path([scale(value) for value in line.values[self.part]])
            self.parts.append(f'<path class="l" stroke="var(--{self.colours[line.name]})" d="{path}"/>')

    def _from_zero(self, line: Line, scale: _Scale) -> None:
        path = "".join(
            f"M{LEFT + place * STEP} {scale(0.0):g}h{STEP - 2}V{scale(value):g}h-{STEP - 2}z"
            for place, value in enumerate(line.values[self.part])
            if not np.isnan(value)
        )
        self.parts.append(f'<path class="b" opacity=".5" fill="var(--{self.colours[line.name]})" d="{path}"/>')

    def _ends(self, scale: _Scale, lines: Sequence[Line], guides: Sequence[float]) -> None:
        """Write the ends of a scale at its right, and the names of its lines in their colours."""
        right = LEFT + SHOWN * STEP + 4
        for value, y in ((scale.high, self.y + 9), (scale.low, self.y + scale.height)):
            self.parts.append(f'<text x="{right}" y="{y:g}">{_figure(value)}</text>')
        for guide in guides:
            y = scale(guide) + 4
            if scale.low < guide < scale.high and 20 < y - self.y < scale.height - 10:
                self.parts.append(f'<text x="{right}" y="{y:g}">{_figure(guide)}</text>')
        x = LEFT + 4
        for line in lines:
            name = line.name or self.call.partition("(")[0]
            self.parts.append(
                f'<text x="{x}" y="{self.y + 11:g}" style="fill:var(--{self.colours[line.name]})">{escape(name)}</text>'
            )
            x += 14 + 6 * len(name)

    def _lane(self, line: Line) -> None:
        colour = f"var(--{self.colours[line.name]})"
        name = escape(_short(line.name or self.call, 100))
        runs = "".join(
            f"M{LEFT + start * STEP} {self.y:g}h{(end - start) * STEP - 2}v6h-{(end - start) * STEP - 2}z"
            for start, end in _runs(line.values[self.part])
        )
        self.parts.append(f'<path class="r" d="M{LEFT} {self.y + 3:g}h{SHOWN * STEP}"/>')
        self.parts.append(f'<path class="b" fill="{colour}" d="{runs}"/>')
        self.parts.append(f'<text x="{LEFT}" y="{self.y + 18:g}" style="fill:{colour}">{name}</text>')
        self.y += LANE + 8


class _Scale:
    """From a value to a place on the page, within what is drawn and a little more."""

    def __init__(self, given: Any, top: float, height: float) -> None:
        known = given[~np.isnan(given)]
        self.low, self.high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        if self.low == self.high:
            self.low, self.high = self.low - 1, self.high + 1
        self.top, self.height = top + 3, height - 6

    def __call__(self, value: float) -> float:
        share = (float(value) - self.low) / (self.high - self.low)
        return round(self.top + (1 - share) * self.height, 1)


def _path(heights: Sequence[float]) -> str:
    """Return a line through a height for each candle, with holes where one is NaN, in as few characters as may be."""
    path, last, flat = "", float("nan"), 0
    for place, y in enumerate([*heights, float("nan")]):
        step = round(y - last, 1)
        if step == 0:
            flat += STEP
            continue
        path += f"h{flat}" if flat else ""
        flat = 0
        if step == step:
            path += f"l{STEP} {step:g}".replace(" -", "-")
        elif y == y:
            path += f"M{LEFT + place * STEP + 2.5:g} {y:g}"
        last = y
    return path


def _runs(given: Any) -> Iterator[tuple[int, int]]:
    """Yield the stretches (start, end) in which a condition holds."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], given.astype(int), [0]))))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _figure(value: float) -> str:
    """Write a number with four digits: 1.2k, 3.4M, 0.0123."""
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if sign == 'k' else size):.4g}{sign}"
    return f"{0.0 if abs(value) < 1e-9 else value:.4g}"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
