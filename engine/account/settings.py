"""How an account trades: its capital, the size of a position, and its limits."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_STAKE = re.compile(r"(?P<risk>risk\s*:?\s*)?(?P<number>[0-9][0-9_]*(?:\.[0-9]+)?|\.[0-9]+)\s*(?P<percent>%)?")
EXAMPLES = "write 500 (money), 10% (of the equity) or 'risk 1%' (of the equity, lost at the stop)"


@dataclass(frozen=True, slots=True)
class Stake:
    """How large a position is. `kind` is fixed (`value` in the quote currency), percent (a ratio of the equity at
    the signal) or risk (that ratio of the equity is lost if the first stop is hit at its price)."""

    kind: str
    value: float

    @staticmethod
    def parse(text: str) -> Stake:
        """Read `500`, `10%` or `risk 1%`. Raises ValueError."""
        match = _STAKE.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is not a stake: {EXAMPLES}")
        value = float(match["number"].replace("_", ""))
        if match["risk"] and not match["percent"]:
            raise ValueError(f"{text!r}: a risk is a percentage of the equity, as in 'risk 1%'")
        if not value or not math.isfinite(value):
            raise ValueError(f"{text!r}: a stake of nothing buys nothing; {EXAMPLES}")
        if match["percent"]:
            return Stake("risk" if match["risk"] else "percent", value / 100)
        return Stake("fixed", value)

    def __str__(self) -> str:
        if self.kind == "fixed":
            return f"{self.value:g}"
        return f"{'risk ' if self.kind == 'risk' else ''}{self.value * 100:g}%"


@dataclass(frozen=True, slots=True)
class Account:
    """An account that several strategies share.

    `capital` in the quote currency. `leverage`: a position locks its value divided by it. `max_open` bounds live
    positions (pending entries count) in all, `max_per_strategy` and `max_per_symbol` those of one; 0: no limit.
    """

    capital: float
    stake: Stake
    max_open: int = 0
    max_per_strategy: int = 0
    max_per_symbol: int = 0
    leverage: float = 1.0

    def __post_init__(self) -> None:
        if not self.capital > 0 or not math.isfinite(self.capital):
            raise ValueError(f"a capital of {self.capital:g} is no capital: it must be above 0")
        if not self.leverage > 0 or not math.isfinite(self.leverage):
            raise ValueError(f"a leverage of {self.leverage:g} is none: it must be above 0, 1 for none borrowed")
