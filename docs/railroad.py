"""Railroad diagrams of grammar rules, as small SVG files for light and dark.

A part knows how wide it is and how far it reaches above and below the line that runs through it, and draws itself from
where the line enters it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from xml.sax.saxutils import escape

CHAR, PAD, HALF, GAP, ARC = 7.0, 9, 11, 10, 8
EDGE = 12
STYLE = """\
svg{--paper:#fff;--ink:#1f2328;--line:#8c959f;--word:#ddf4ff;--edge:#54aeff;--rule:#fff8c5;--brim:#d4a72c}
@media(prefers-color-scheme:dark){svg{--paper:#0d1117;--ink:#e6edf3;--line:#6e7681;--word:#0c2d6b;--edge:#388bfd;\
--rule:#3b2300;--brim:#9e6a03}}
text{font:12px ui-monospace,monospace;fill:var(--ink);text-anchor:middle}path{fill:none;stroke:var(--line);\
stroke-width:1.5}.w{fill:var(--word);stroke:var(--edge)}.n{fill:var(--rule);stroke:var(--brim)}"""


class Part(Protocol):
    """What a diagram is made of; sizes in pixels."""

    @property
    def width(self) -> float: ...
    @property
    def above(self) -> float: ...
    @property
    def below(self) -> float: ...
    def draw(self, x: float, y: float) -> list[str]:
        """Return SVG elements; the line enters at (x, y) and leaves at (x + width, y)."""
        ...


@dataclass(frozen=True, slots=True)
class Box:
    """A word as it is typed (round) or the name of another rule (square)."""

    text: str
    rule: bool = False
    above: float = HALF
    below: float = HALF

    @property
    def width(self) -> float:
        return round(len(self.text) * CHAR + 2 * PAD)

    def draw(self, x: float, y: float) -> list[str]:
        shape = "n" if self.rule else "w"
        return [
            f'<rect class="{shape}" x="{x:g}" y="{y - HALF:g}" width="{self.width:g}" height="{2 * HALF}" '
            f'rx="{2 if self.rule else HALF}"/>',
            f'<text x="{x + self.width / 2:g}" y="{y + 4:g}">{escape(self.text)}</text>',
        ]


@dataclass(frozen=True, slots=True)
class Row:
    """Parts one after the other."""

    parts: Sequence[Part]

    @property
    def width(self) -> float:
        return sum(part.width for part in self.parts) + GAP * (len(self.parts) - 1)

    @property
    def above(self) -> float:
        return max(part.above for part in self.parts)

    @property
    def below(self) -> float:
        return max(part.below for part in self.parts)

    def draw(self, x: float, y: float) -> list[str]:
        drawn: list[str] = []
        for place, part in enumerate(self.parts):
            if place:
                drawn.append(_path(f"M{x:g} {y:g}h{GAP}"))
                x += GAP
            drawn += part.draw(x, y)
            x += part.width
        return drawn


@dataclass(frozen=True, slots=True)
class Stack:
    """One of several; the first is on the line, the others below it."""

    parts: Sequence[Part]

    @property
    def width(self) -> float:
        return max(part.width for part in self.parts) + 4 * ARC

    @property
    def above(self) -> float:
        return self.parts[0].above

    @property
    def below(self) -> float:
        return self._drops()[-1] + self.parts[-1].below

    def _drops(self) -> list[float]:
        """Return how far below the line each part is."""
        drops = [0.0]
        for last, part in zip(self.parts, self.parts[1:], strict=False):
            drops.append(max(drops[-1] + last.below + part.above + 6, 2 * ARC))
        return drops

    def draw(self, x: float, y: float) -> list[str]:
        end = x + self.width
        drawn = []
        for part, drop in zip(self.parts, self._drops(), strict=True):
            inner = x + 2 * ARC
            if drop:
                drawn += [
                    _path(f"M{x:g} {y:g}{_turn(1, 1)}v{drop - 2 * ARC:g}{_turn(1, 1, down=True)}"),
                    _path(f"M{end:g} {y:g}{_turn(-1, 1)}v{drop - 2 * ARC:g}{_turn(-1, 1, down=True)}"),
                ]
            else:
                drawn.append(_path(f"M{x:g} {y:g}h{2 * ARC}"))
            drawn += part.draw(inner, y + drop)
            drawn.append(_path(f"M{inner + part.width:g} {y + drop:g}H{end - 2 * ARC:g}"))
            if not drop:
                drawn.append(_path(f"M{end - 2 * ARC:g} {y:g}h{2 * ARC}"))
        return drawn


@dataclass(frozen=True, slots=True)
class Maybe:
    """A part that may be left out: a line runs over it."""

    part: Part

    @property
    def width(self) -> float:
        return self.part.width + 4 * ARC

    @property
    def above(self) -> float:
        return self.part.above + ARC

    @property
    def below(self) -> float:
        return self.part.below

    def draw(self, x: float, y: float) -> list[str]:
        up, end = max(self.above, 2 * ARC), x + self.width
        over = f"M{x:g} {y:g}{_turn(1, -1)}v{2 * ARC - up:g}{_turn(1, -1, down=True)}H{end - 2 * ARC:g}"
        return [
            _path(over),
            _path(f"M{end:g} {y:g}{_turn(-1, -1)}v{2 * ARC - up:g}{_turn(-1, -1, down=True)}"),
            _path(f"M{x:g} {y:g}h{2 * ARC}"),
            *self.part.draw(x + 2 * ARC, y),
            _path(f"M{end - 2 * ARC:g} {y:g}h{2 * ARC}"),
        ]


@dataclass(frozen=True, slots=True)
class Loop:
    """A part once or more; `between` stands on the way back."""

    part: Part
    between: Part | None = None

    @property
    def width(self) -> float:
        return max(self.part.width, self.between.width if self.between else 0) + 2 * ARC

    @property
    def above(self) -> float:
        return self.part.above

    @property
    def _drop(self) -> float:
        return max(self.part.below + (self.between.above if self.between else 0) + 6, 2 * ARC)

    @property
    def below(self) -> float:
        return self._drop + (self.between.below if self.between else 0)

    def draw(self, x: float, y: float) -> list[str]:
        left, right, drop = x + ARC, x + self.width - ARC, self._drop
        start = left + (right - left - self.part.width) / 2
        down = drop - 2 * ARC
        back = f"M{right:g} {y:g}a{ARC} {ARC} 0 0 1 {ARC} {ARC}v{down:g}a{ARC} {ARC} 0 0 1 -{ARC} {ARC}"
        home = f"M{left:g} {y:g}a{ARC} {ARC} 0 0 0 -{ARC} {ARC}v{down:g}a{ARC} {ARC} 0 0 0 {ARC} {ARC}"
        drawn = [_path(f"M{x:g} {y:g}H{start:g}M{start + self.part.width:g} {y:g}H{x + self.width:g}"), _path(back)]
        drawn += [_path(home), *self.part.draw(start, y)]
        if self.between is None:
            return [*drawn, _path(f"M{left:g} {y + drop:g}H{right:g}")]
        inner = left + (right - left - self.between.width) / 2
        sides = f"M{left:g} {y + drop:g}H{inner:g}M{inner + self.between.width:g} {y + drop:g}H{right:g}"
        return [*drawn, _path(sides), *self.between.draw(inner, y + drop)]


def _path(d: str) -> str:
    return f'<path d="{d}"/>'


def _turn(along: int, across: int, *, down: bool = False) -> str:
    """Return a quarter turn: off the line, or with `down` back onto one that runs beside it."""
    sweep = (1 if along * across > 0 else 0) ^ (1 if down else 0)
    return f"a{ARC} {ARC} 0 0 {sweep} {along * ARC} {across * ARC}"


def diagram(part: Part, title: str) -> str:
    """Return the SVG of a rule, with a stop at both ends of the line."""
    width, height = part.width + 2 * EDGE + 20, part.above + part.below + 2 * EDGE
    x, y = EDGE + 10, part.above + EDGE
    ends = f"M{EDGE:g} {y - 8:g}v16m0 -8h10M{x + part.width:g} {y:g}h10m0 -8v16"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img"><title>{escape(title)}</title><style>{STYLE}</style>'
        f'<rect width="{width:g}" height="{height:g}" rx="6" fill="var(--paper)"/>'
    )
    return "\n".join([head, _path(ends), *part.draw(x, y), "</svg>\n"])
