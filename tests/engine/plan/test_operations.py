"""Element-wise operations: the table of what is unknown, exact comparisons, numbers one by one as in arrays."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.plan.operations import OPERATIONS, apply, is_known

NAN = float("nan")
TRUTHS = (0, 1, 2)
numbers = st.floats(allow_infinity=False) | st.sampled_from([0.0, -0.0, 1.0, -1.0, 1e308, -1e308, 5e-324, NAN])
ARITHMETIC = ("add", "sub", "mul", "div", "min", "max")
COMPARISONS = {
    "lt": lambda a, b: a < b, "le": lambda a, b: a <= b, "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b,
}  # fmt: skip


def floats(*values: float) -> np.ndarray:
    return np.array([values])


def truths(*values: int) -> np.ndarray:
    return np.array([values], np.int8)


@given(numbers, numbers)
def test_arithmetic_is_ieee_but_never_infinite(a: float, b: float) -> None:
    for op in ARITHMETIC:
        got = float(apply(op, [floats(a), floats(b)])[0, 0])
        with np.errstate(all="ignore"):
            x, y = np.float64(a), np.float64(b)
            wanted = {
                "add": x + y,
                "sub": x - y,
                "mul": x * y,
                "div": x / y,
                "min": np.minimum(x, y),
                "max": np.maximum(x, y),
            }[op]
        assert (math.isnan(got) and not math.isfinite(wanted)) or got == wanted
    assert not np.isinf(apply("exp", [floats(a)])).any()
    assert not np.isinf(apply("log", [floats(a)])).any()


@given(numbers, numbers)
def test_comparisons_are_exact_and_unknown_with_an_unknown_side(a: float, b: float) -> None:
    for op, compare in COMPARISONS.items():
        got = apply(op, [floats(a), floats(b)])
        assert got.dtype == np.int8
        assert got[0, 0] == (1 if math.isnan(a) or math.isnan(b) else 2 * compare(a, b))


def test_logic_is_three_valued() -> None:
    kleene = {0: False, 1: None, 2: True}
    for a, b in itertools.product(TRUTHS, TRUTHS):
        x, y = kleene[a], kleene[b]
        both = False if x is False or y is False else None if x is None or y is None else True
        either = True if x is True or y is True else None if x is None or y is None else False
        assert kleene[int(apply("and", [truths(a), truths(b)])[0, 0])] is both
        assert kleene[int(apply("or", [truths(a), truths(b)])[0, 0])] is either
        same = None if x is None or y is None else x is y
        assert kleene[int(apply("eq", [truths(a), truths(b)])[0, 0])] is same
    assert apply("not", [truths(0, 1, 2)]).tolist() == [[2, 1, 0]]


def test_if_takes_a_branch_only_where_the_condition_is_known() -> None:
    got = apply("if", [truths(0, 1, 2), floats(5.0, 5.0, 5.0), floats(6.0, 5.0, NAN)])
    np.testing.assert_array_equal(got, [[6.0, NAN, 5.0]])
    assert apply("if", [truths(0, 1, 2), truths(2, 2, 2), truths(0, 2, 1)]).tolist() == [[0, 1, 2]]


def test_default_and_known() -> None:
    np.testing.assert_array_equal(apply("default", [floats(1.0, NAN, NAN), floats(9.0, 9.0, NAN)]), [[1.0, 9.0, NAN]])
    assert apply("default", [truths(0, 1, 2), truths(2, 2, 0)]).tolist() == [[0, 2, 2]]
    assert apply("known", [floats(1.0, NAN)]).tolist() == [[2, 0]]
    assert apply("known", [truths(0, 1, 2)]).tolist() == [[2, 0, 2]]


@given(st.lists(st.sampled_from(TRUTHS), min_size=1, max_size=6), st.integers(1, 6))
def test_at_least_counts_what_is_unknown_both_ways(conditions: list[int], count: int) -> None:
    got = int(apply("at_least", [np.array([[float(count)]]), *(truths(c) for c in conditions)])[0, 0])
    unknown = [i for i, c in enumerate(conditions) if c == 1]
    outcomes = set()
    for choice in itertools.product((0, 2), repeat=len(unknown)):
        decided = list(conditions)
        for i, c in zip(unknown, choice, strict=True):
            decided[i] = c
        outcomes.add(decided.count(2) >= count)
    assert got == (1 if len(outcomes) == 2 else 2 * outcomes.pop())


@given(st.lists(numbers, min_size=3, max_size=3), st.sampled_from(TRUTHS), st.sampled_from(TRUTHS))
def test_single_numbers_give_what_arrays_give(values: list[float], p: int, q: int) -> None:
    given_to = {
        **{key: [np.float64(v) for v in values[:2]] for key in (*ARITHMETIC, *COMPARISONS, "default")},
        **{key: [np.float64(values[0])] for key in ("neg", "abs", "sign", "floor", "sqrt", "log", "exp", "known")},
        "clip": [np.float64(v) for v in values], "and": [np.int8(p), np.int8(q)], "or": [np.int8(p), np.int8(q)],
        "not": [np.int8(p)], "if": [np.int8(p), *(np.float64(v) for v in values[:2])],
        "at_least": [np.float64(1.0), np.int8(p), np.int8(q)],
    }  # fmt: skip
    assert set(given_to) == set(OPERATIONS)
    for op, args in given_to.items():
        one, many = apply(op, args), apply(op, [np.array([[a]]) for a in args])
        assert np.asarray(one).dtype == many.dtype
        np.testing.assert_array_equal(np.asarray(one), many[0, 0])


def test_shapes_broadcast_and_inputs_stay() -> None:
    a, b = np.arange(6.0).reshape(3, 2), np.array([[1.0]])
    before = a.copy()
    assert apply("add", [a, b]).shape == (3, 2)
    assert apply("max", [b, np.array([[2.0]]), a]).tolist() == [[2.0, 2.0], [2.0, 3.0], [4.0, 5.0]]
    np.testing.assert_array_equal(a, before)
    assert is_known(np.array([1, 0], np.int8)).tolist() == [False, True]
    with pytest.raises(LookupError, match="no operation 'plus'"):
        apply("plus", [a, b])
