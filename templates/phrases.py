"""Functions in a trader's words: one line here says one function on every channel.

A phrase is made from the arguments, in words and as they were written; an empty one leaves it to the function's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

MULTIPLES = ("volume_surge", "volatility_ratio")
"""Functions whose value is a multiple, said as 1.8×."""


def _extreme(which: str, side: str) -> Callable[[Sequence[str], Sequence[str]], str]:
    def phrase(words: Sequence[str], texts: Sequence[str]) -> str:
        if len(words) == 1:
            return f"{words[0]}-candle {side}"
        if len(words) != 2:
            return ""
        return f"{words[1]}-candle {side}" if texts[0] == side else f"{which} {words[0]} of {words[1]} candles"

    return phrase


def _moving(way: str) -> Callable[[Sequence[str], Sequence[str]], str]:
    def phrase(words: Sequence[str], _: Sequence[str]) -> str:
        more = f" for {words[1]} candles" if len(words) > 1 and words[1] != "1" else ""
        return f"{words[0]} {way}{more}" if words else ""

    return phrase


def _sma(words: Sequence[str], texts: Sequence[str]) -> str:
    return f"average {words[0]} of {words[1]} candles" if len(words) == 2 and texts[0] != "close" else ""


def _change(words: Sequence[str], texts: Sequence[str]) -> str:
    numbers = [word for word in words if word.isdigit()]
    of = [word for word, text in zip(words, texts, strict=True) if not word.isdigit() and text != "close"]
    if len(numbers) != 1 or len(of) > 1:
        return ""
    return f"{numbers[0]}-candle change" + (f" of {of[0]}" if of else "")


def _bare(name: str) -> Callable[[Sequence[str], Sequence[str]], str]:
    """Return a phrase without the arguments: how a pattern is looked for says little to a follower."""
    return lambda _, __: name


def _over(name: str) -> Callable[[Sequence[str], Sequence[str]], str]:
    def phrase(words: Sequence[str], _: Sequence[str]) -> str:
        return f"{name} over {words[0]} candles" if words else name

    return phrase


PHRASES: Mapping[str, Callable[[Sequence[str], Sequence[str]], str]] = {
    "lowest": _extreme("lowest", "low"),
    "highest": _extreme("highest", "high"),
    "rising": _moving("rising"),
    "falling": _moving("falling"),
    "sma": _sma,
    "roc": _change,
    "change": _change,
    "pct_change": _change,
    "higher_highs": _bare("higher highs"),
    "higher_lows": _bare("higher lows"),
    "lower_highs": _bare("lower highs"),
    "lower_lows": _bare("lower lows"),
    "volume_surge": _over("volume surge"),
    "volume_delta": _over("buying less selling volume"),
    "volume_slope": _over("volume trend"),
    "volume_absorption": _over("selling absorbed by volume"),
    "volatility_ratio": _over("volatility ratio"),
    "abs": lambda words, _: f"|{words[0]}|" if words else "",
    "known": lambda words, _: f"{words[0]} is known" if words else "",
    "default": lambda words, _: words[0] if words else "",
    "min": lambda words, _: f"the lower of {' and '.join(words)}",
    "max": lambda words, _: f"the higher of {' and '.join(words)}",
    "clip": lambda words, _: words[0] if words else "",
    "barssince": lambda words, _: f"candles since ({words[0]})" if words else "",
    "valuewhen": lambda words, _: f"{words[1]} at the last “{words[0]}”" if len(words) > 1 else "",
    "at_least": lambda words, _: f"at least {words[0]} of: {'; '.join(words[1:])}" if words else "",
}
