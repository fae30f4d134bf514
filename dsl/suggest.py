"""What was probably meant: the nearest of the known names; and how names are listed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known name that `word` is a slip of, or None when nothing is near.

    Compares by Damerau-Levenshtein distance (a swap of two letters is one slip), without regard to case;
    the number of slips allowed grows with the word's length.
    """
    candidates = sorted(set(known))
    if not candidates or not word:
        return None
    from rapidfuzz.distance import DamerauLevenshtein

    plain = word.lower().replace("-", "_")
    allowed = 1 if len(plain) <= 4 else 2 if len(plain) <= 7 else 3
    best: tuple[int, str] | None = None
    for name in candidates:
        slips = DamerauLevenshtein.distance(plain, name.lower(), score_cutoff=allowed)
        if slips <= allowed and slips < max(len(plain), len(name)) and (best is None or slips < best[0]):
            best = (slips, name)
    if best is not None:
        return best[1]
    longer = [name for name in candidates if len(plain) >= 3 and name.lower().startswith(plain)]
    return min(longer, key=len) if longer else None


def listing(names: Iterable[str], last: str = "or") -> str:
    """Return `a`, `b` or `c`, each quoted."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"


_TELLING = {
    "crossover": "{0} crosses above {1}", "crossunder": "{0} crosses below {1}", "cross": "{0} crosses {1}",
    "crosses": "{0} crosses {1}", "crosses_above": "{0} crosses above {1}", "crosses_below": "{0} crosses below {1}",
    "crossed_above": "{0} crosses above {1}", "crossed_below": "{0} crosses below {1}",
    "crossed": "{0} crosses {1}", "cross_above": "{0} crosses above {1}", "cross_below": "{0} crosses below {1}",
    "iff": "if {0} then {1} else {2}", "iif": "if {0} then {1} else {2}", "where": "if {0} then {1} else {2}",
    "between": "{0} between {1} and {2}", "ref": "{0}[{1}]", "shift": "{0}[{1}]", "lag": "{0}[{1}]",
    "offset": "{0}[{1}]", "nz": "default({0}, 0)", "fixnan": "default({0}, {0}[1])", "isnull": "not known({0})",
    "isna": "not known({0})", "na": "not known({0})", "avg": "({0} + {1}) / 2", "mean": "sma({0}, {1})",
    "std": "stdev({0}, {1})", "stddev": "stdev({0}, {1})", "hhv": "highest({0}, {1})", "llv": "lowest({0}, {1})",
    "rolling_max": "highest({0}, {1})", "rolling_min": "lowest({0}, {1})", "pow": "exp({1} * log({0}))",
    "bb": "bbands(close, 20, 2)", "bollinger": "bbands(close, 20, 2)", "round": "floor({0} + 0.5)",
    "stochastic": "stoch(14, 3, 3)", "willr": "williams_r(14)", "linearreg": "linreg({0}, {1})",
}  # fmt: skip


def known_elsewhere(name: str) -> bool:
    """Return whether it is a function of other languages that is written otherwise here."""
    return name.lower() in _TELLING


def translated(name: str, arguments: Sequence[str]) -> str:
    """Return how a function of another language is written here, '' where it is not known or does not fit."""
    shape = _TELLING.get(name.lower(), "")
    try:
        return shape.format(*arguments)
    except IndexError:
        return ""
