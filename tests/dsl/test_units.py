"""The algebra of units."""

from __future__ import annotations

import math

import pytest

from dsl import units
from dsl.units import Type

PRICE = units.level()
DISTANCE = Type(unit=units.PRICE, weight=0.0)
VOLUME = Type(unit=units.VOLUME, bounds=(0, math.inf))
RATIO = Type(unit=units.RATIO)
INDEX = Type(unit=units.INDEX, bounds=(0, 100))


def number(value: float) -> Type:
    return Type(constant=True, bounds=(value, value))


def percent(value: float) -> Type:
    return Type(unit=units.RATIO, constant=True, bounds=(value, value))


def form(given: Type | None) -> str:
    assert given is not None
    return given.form


def test_prices_and_distances_add_up() -> None:
    assert form(units.add(PRICE, DISTANCE, 1)) == "level"
    assert form(units.add(PRICE, DISTANCE, -1)) == "level"
    assert form(units.add(PRICE, PRICE, -1)) == "distance"
    assert form(units.add(DISTANCE, DISTANCE, 1)) == "distance"
    assert form(units.add(PRICE, PRICE, 1)) == "improper"


def test_weights_of_scaled_prices_are_added() -> None:
    both = units.add(PRICE, PRICE, 1)
    assert both is not None
    assert form(units.divide(both, number(2))) == "level"
    assert form(units.add(units.multiply(number(2), PRICE), PRICE, -1)) == "level"
    assert form(units.add(units.multiply(PRICE, number(1.02)), units.multiply(PRICE, number(0.98)), -1)) == "distance"


def test_one_price_times_a_number_is_a_price_and_a_percentage_of_it_a_distance() -> None:
    assert form(units.multiply(PRICE, number(3))) == "level"
    assert form(units.multiply(number(0.1), PRICE)) == "level"
    assert form(units.multiply(PRICE, percent(0.08))) == "distance"
    assert form(units.multiply(DISTANCE, number(3))) == "distance"
    assert form(units.multiply(DISTANCE, Type())) == "distance"
    assert form(units.multiply(PRICE, Type())) == ""


@pytest.mark.parametrize(
    ("given", "unit"),
    [
        (units.divide(PRICE, PRICE), units.RATIO),
        (units.divide(DISTANCE, PRICE), units.RATIO),
        (units.divide(DISTANCE, DISTANCE), units.RATIO),
        (units.multiply(VOLUME, PRICE), units.TURNOVER),
        (units.divide(units.multiply(VOLUME, PRICE), VOLUME), units.PRICE),
        (units.divide(VOLUME, VOLUME), units.RATIO),
        (units.multiply(number(100), RATIO), units.NUMBER),
        (units.multiply(number(0.5), RATIO), units.RATIO),
        (units.add(number(1), percent(0.08), 1), units.NUMBER),
        (units.add(RATIO, number(1), -1), units.RATIO),
        (units.add(INDEX, number(50), -1), units.INDEX),
        (units.add(INDEX, INDEX, -1), units.NUMBER),
        (units.add(INDEX, PRICE, 1), None),
        (units.add(PRICE, percent(0.01), 1), None),
        (units.add(VOLUME, PRICE, 1), None),
        (units.add(INDEX, percent(0.01), 1), None),
    ],
)
def test_units_of_results(given: Type | None, unit: units.Unit | None) -> None:
    assert (given.unit if given else None) == unit


@pytest.mark.parametrize(
    ("a", "b", "wrong"),
    [
        (PRICE, PRICE, False),
        (PRICE, number(100), False),
        (PRICE, INDEX, True),
        (PRICE, DISTANCE, True),
        (PRICE, VOLUME, True),
        (PRICE, percent(0.01), True),
        (INDEX, percent(0.01), True),
        (RATIO, percent(0.01), False),
        (RATIO, number(1), False),
        (PRICE, units.at_symbol(PRICE, "BTC/USDT"), True),
        (units.ERROR, PRICE, False),
        (Type(unit=units.ANY), VOLUME, False),
    ],
)
def test_what_may_be_compared(a: Type, b: Type, wrong: bool) -> None:
    assert units.clash(a, b) is wrong
    assert units.clash(b, a) is wrong


def test_a_price_of_another_symbol_keeps_its_symbol() -> None:
    other = units.at_symbol(PRICE, "BTC/USDT")
    assert str(other) == "price of BTC/USDT"
    assert units.at_symbol(other, "ETH/USDT").unit == other.unit
    assert str(units.divide(PRICE, other).unit) == "price x price of BTC/USDT^-1"


def test_bounds_follow() -> None:
    assert units.multiply(INDEX, number(0.5)).bounds == (0, 50)
    assert units.divide(INDEX, number(100)).bounds == (0, 1)
    assert units.negate(INDEX).bounds == (-100, 0)
    shifted = units.add(INDEX, number(50), -1)
    assert shifted is not None
    assert shifted.bounds == (-50, 50)
    assert units.divide(number(1), INDEX).bounds == (0, math.inf)
    assert units.divide(PRICE, VOLUME).bounds == (0, math.inf)


def test_a_price_divided_by_nothing_has_no_form() -> None:
    assert form(units.add(units.divide(PRICE, number(0)), PRICE, 1)) == ""


def test_descriptions() -> None:
    assert str(PRICE) == "price"
    assert str(DISTANCE) == "distance"
    assert INDEX.named() == "an index (0 to 100)"
    assert percent(0.01).named() == "a percentage"
    assert str(units.BOOL) == "condition (true or false)"
