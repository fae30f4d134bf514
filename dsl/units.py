"""Units: what a number of a strategy means, and which numbers may meet.

A unit is powers of price and volume (per symbol), or, where no powers are left, a flavour: number,
ratio, index, count, duration. A price is a level or a distance: the constant weights of the prices in a
sum are added, 1 is a level, 0 a distance. Where the weight cannot be known it is None, and nothing is
said: a false alarm costs more trust than a missed one earns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

OPEN = (-math.inf, math.inf)
Bounds = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Unit:
    """`powers`: sorted (dimension, power); a dimension is `price`, `volume`, or that of a symbol (`price BTC/USDT`)."""

    powers: tuple[tuple[str, float], ...] = ()
    flavour: str = "number"

    @property
    def is_price(self) -> bool:
        return len(self.powers) == 1 and self.powers[0][0].startswith("price") and self.powers[0][1] == 1

    def __str__(self) -> str:
        if not self.powers:
            return self.flavour
        known = _NAMES.get(self.powers)
        if known:
            return known
        return " x ".join(_power(name, power) for name, power in self.powers)


def _power(name: str, power: float) -> str:
    kind, _, symbol = name.partition(" ")
    text = f"{kind} of {symbol}" if symbol else kind
    return text if power == 1 else f"{text}^{power:g}"


NUMBER = Unit()
RATIO = Unit(flavour="ratio")
INDEX = Unit(flavour="index")
COUNT = Unit(flavour="count")
DURATION = Unit(flavour="duration")
ANY = Unit(flavour="any")
"""What cannot be known; it goes with everything."""
RISK = Unit(flavour="multiple of the risk")
PRICE = Unit((("price", 1.0),))
VOLUME = Unit((("volume", 1.0),))
TURNOVER = Unit((("price", 1.0), ("volume", 1.0)))
_NAMES = {PRICE.powers: "price", VOLUME.powers: "volume", TURNOVER.powers: "turnover"}
BY_NAME = {
    "number": NUMBER, "ratio": RATIO, "index": INDEX, "count": COUNT, "duration": DURATION, "any": ANY,
    "price": PRICE, "distance": PRICE, "volume": VOLUME, "turnover": TURNOVER,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Type:
    """What is known of an expression before it has a value.

    `kind`: number, bool, record (several outputs) or error (a mistake already told; goes with everything).
    `weight`: sum of the constant weights of its prices, None if not known; only of a price. `lone`: one
    price times a number, which stays a level whatever the number. `constant`: the same on every candle.
    """

    kind: str = "number"
    unit: Unit = NUMBER
    weight: float | None = None
    lone: bool = False
    constant: bool = False
    bounds: Bounds = OPEN

    @property
    def is_bool(self) -> bool:
        return self.kind == "bool"

    @property
    def loose(self) -> bool:
        """True where nothing can be said against it."""
        return self.kind == "error" or self.unit == ANY

    @property
    def bare(self) -> bool:
        return self.unit == NUMBER

    @property
    def percent(self) -> bool:
        return self.constant and self.unit == RATIO

    @property
    def form(self) -> str:
        """Of a price: level, distance, improper (a sum of prices that is neither), or '' where not known."""
        if not self.unit.is_price or self.weight is None or not math.isfinite(self.weight):
            return ""
        if self.lone:
            return "level" if self.weight else "distance"
        nearest = round(self.weight)
        return "distance" if nearest == 0 else "level" if nearest == 1 else "improper"

    def __str__(self) -> str:
        if self.kind != "number":
            return {"bool": "condition (true or false)", "record": "several outputs"}.get(self.kind, "unknown")
        if self.form == "distance":
            return str(self.unit).replace("price", "distance", 1)
        if self.percent:
            return "percentage"
        low, high = self.bounds
        if self.unit == INDEX and low != -math.inf and high != math.inf:
            return f"index, {low:g} to {high:g}"
        return str(self.unit)

    def named(self, *, bounds: bool = True) -> str:
        """Return it with its article, for the middle of a sentence."""
        text, comma, limits = str(self).partition(", ")
        if comma and bounds:
            text = f"{text} ({limits})"
        return text if self.kind == "record" else f"{'an' if text[0] in 'aeiou' else 'a'} {text}"


BOOL = Type("bool", bounds=(0, 1))
ERROR = Type("error", ANY)


def level(symbol_unit: Unit = PRICE, bounds: Bounds = (0, math.inf)) -> Type:
    return Type(unit=symbol_unit, weight=1.0, lone=True, bounds=bounds)


def distance_of(source: Type) -> Type:
    """Return the type of a spread of `source`: a distance of a price, a number of an index."""
    unit = NUMBER if source.unit == INDEX else source.unit
    return Type(unit=unit, weight=0.0 if unit.is_price else None)


def at_symbol(given: Type, symbol: str) -> Type:
    """Return the type of the same expression evaluated on another symbol: its own prices become that symbol's."""
    if not given.unit.powers:
        return replace(given, lone=given.lone)
    powers = tuple(sorted((f"{name} {symbol}" if " " not in name else name, p) for name, p in given.unit.powers))
    return replace(given, unit=Unit(powers))


def add(a: Type, b: Type, sign: int) -> Type | None:
    """Return the type of a + b (or a - b with sign -1), None where the two may not meet."""
    bounds = _add_bounds(a.bounds, b.bounds if sign > 0 else (-b.bounds[1], -b.bounds[0]))
    constant = a.constant and b.constant
    if a.loose or b.loose:
        return Type(unit=ANY, constant=constant, bounds=bounds)
    if a.unit == b.unit:
        if a.unit.is_price:
            weight = None if a.weight is None or b.weight is None else a.weight + sign * b.weight
            lone = a.lone and b.form == "distance" and b.weight == 0
            return Type(unit=a.unit, weight=weight, lone=lone, constant=constant, bounds=bounds)
        unit = NUMBER if a.unit == INDEX else a.unit
        return Type(unit=unit, constant=constant, bounds=bounds)
    if a.bare or b.bare:
        plain, other = (a, b) if a.bare else (b, a)
        return _with_number(plain, other, sign if a.bare else 1, constant, bounds)
    if not a.unit.powers and not b.unit.powers and not (a.percent or b.percent):
        return Type(constant=constant, bounds=bounds) if RATIO not in (a.unit, b.unit) else None
    return None


def _with_number(plain: Type, other: Type, sign: int, constant: bool, bounds: Bounds) -> Type:
    if other.unit.is_price:
        weight = None if other.weight is None else sign * other.weight
        return Type(unit=other.unit, weight=weight, lone=other.lone, constant=constant, bounds=bounds)
    if other.unit == RATIO:
        unit = NUMBER if constant or not plain.constant else RATIO
    elif other.unit == INDEX:
        unit = INDEX if plain.constant and sign > 0 else NUMBER
    else:
        unit = other.unit
    return Type(unit=unit, constant=constant, bounds=bounds)


def negate(a: Type) -> Type:
    weight = None if a.weight is None else -a.weight
    unit = NUMBER if a.unit == INDEX else a.unit
    return replace(a, unit=unit, weight=weight, bounds=(-a.bounds[1], -a.bounds[0]))


def multiply(a: Type, b: Type) -> Type:
    return _product(a, b, _powers(a.unit, b.unit, 1), _multiply_bounds(a.bounds, b.bounds), divide=False)


def divide(a: Type, b: Type) -> Type:
    return _product(a, b, _powers(a.unit, b.unit, -1), _divide_bounds(a.bounds, b.bounds), divide=True)


def _powers(a: Unit, b: Unit, sign: int) -> tuple[tuple[str, float], ...]:
    powers = dict(a.powers)
    for name, power in b.powers:
        powers[name] = powers.get(name, 0.0) + sign * power
    return tuple(sorted((name, power) for name, power in powers.items() if power))


def _product(a: Type, b: Type, powers: tuple[tuple[str, float], ...], bounds: Bounds, *, divide: bool) -> Type:
    constant = a.constant and b.constant
    if a.loose or b.loose:
        return Type(unit=ANY, constant=constant, bounds=bounds)
    if not powers:
        unit = RATIO if a.unit.powers else _flavour(a, b, divide)
        return Type(unit=unit, constant=constant, bounds=bounds)
    result = Type(unit=Unit(powers), constant=constant, bounds=bounds)
    if not result.unit.is_price or bool(a.unit.powers) == bool(b.unit.powers) or (divide and b.unit.powers):
        return result
    price, factor = (a, b) if a.unit.powers else (b, a)
    if factor.percent and not divide:
        return replace(result, weight=0.0)
    if factor.constant and price.weight is not None:
        times = factor.bounds[0] if not divide else (1 / factor.bounds[0] if factor.bounds[0] else math.nan)
        lone = price.lone or price.form == "level"
        return replace(result, weight=price.weight * times, lone=lone and times != 0)
    return replace(result, weight=0.0 if price.weight == 0 else None)


def _flavour(a: Type, b: Type, divide: bool) -> Unit:
    """Return the unit of a product or quotient of two units without powers."""
    if a.unit == b.unit:
        if divide:
            return RATIO if a.unit == COUNT else NUMBER
        return a.unit if a.unit in (NUMBER, RATIO, COUNT) else NUMBER
    pair = {a.unit, b.unit}
    if divide and b.unit != NUMBER:
        return NUMBER
    if pair == {NUMBER, RATIO}:
        # 100 x ratio is on another scale and no longer a ratio; half a ratio is one.
        number = a if a.unit == NUMBER else b
        return RATIO if number.constant and abs(number.bounds[0]) < 10 else NUMBER
    if pair == {NUMBER, DURATION}:
        return DURATION
    return NUMBER


def meet(a: Type, b: Type) -> Type | None:
    """Return the type of a value that is either (`if`, `min`, `default`), None where they may not meet."""
    bounds = (min(a.bounds[0], b.bounds[0]), max(a.bounds[1], b.bounds[1]))
    constant = a.constant and b.constant
    if a.kind == "error" or b.kind == "error":
        return ERROR
    if a.is_bool or b.is_bool:
        return replace(BOOL, constant=constant) if a.is_bool and b.is_bool else None
    if clash(a, b):
        return None
    if a.loose or b.loose:
        return Type(unit=ANY, constant=constant, bounds=bounds)
    chosen = b if a.bare else a
    both = a.weight == b.weight or a.bare or b.bare
    if chosen.form and a.form == b.form and not both:
        return replace(chosen, weight=1.0 if a.form == "level" else 0.0, constant=constant, bounds=bounds)
    return replace(chosen, weight=chosen.weight if both else None, constant=constant, bounds=bounds)


def clash(a: Type, b: Type) -> bool:
    """Return True where a and b may not be compared."""
    if a.loose or b.loose:
        return False
    if a.unit == b.unit:
        forms = {a.form, b.form}
        return forms == {"level", "distance"}
    return not (a.bare or b.bare)


def bounded(bounds: tuple[float | None, float | None]) -> Bounds:
    """Return declared bounds with infinities where they are open."""
    low, high = bounds
    return (-math.inf if low is None else low, math.inf if high is None else high)


def _add_bounds(a: Bounds, b: Bounds) -> Bounds:
    return a[0] + b[0], a[1] + b[1]


def _multiply_bounds(a: Bounds, b: Bounds) -> Bounds:
    corners = [_times(x, y) for x in a for y in b]
    return min(corners), max(corners)


def _divide_bounds(a: Bounds, b: Bounds) -> Bounds:
    if b[0] <= 0 <= b[1]:
        positive = a[0] >= 0 and b[0] >= 0
        return (0.0, math.inf) if positive else OPEN
    return _multiply_bounds(a, (_inverse(b[1]), _inverse(b[0])))


def _inverse(x: float) -> float:
    return 0.0 if math.isinf(x) else 1 / x


def _times(x: float, y: float) -> float:
    return 0.0 if x == 0 or y == 0 else x * y
