"""Names of other languages, and how each is said in this one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dsl.peers import called_here

_FUNCTIONS = {
    "crossover": "{0} crosses above {1}", "crossunder": "{0} crosses below {1}", "cross": "{0} crosses {1}",
    "crosses": "{0} crosses {1}", "crosses_above": "{0} crosses above {1}", "crosses_below": "{0} crosses below {1}",
    "crossed_above": "{0} crosses above {1}", "crossed_below": "{0} crosses below {1}",
    "crossed": "{0} crosses {1}", "cross_above": "{0} crosses above {1}", "cross_below": "{0} crosses below {1}",
    "iff": "if {0} then {1} else {2}", "iif": "if {0} then {1} else {2}", "where": "if {0} then {1} else {2}",
    "between": "{0} between {1} and {2}", "ref": "{0}[{1}]", "shift": "{0}[{1}]", "lag": "{0}[{1}]",
    "offset": "{0}[{1}]", "nz": "default({0}, 0)", "fixnan": "default({0}, {0}[1])", "isnull": "not known({0})",
    "isna": "not known({0})", "na": "not known({0})", "isnan": "not known({0})", "notna": "known({0})",
    "avg": "({0} + {1}) / 2", "mean": "sma({0}, {1})",
    "std": "stdev({0}, {1})", "stddev": "stdev({0}, {1})", "hhv": "highest({0}, {1})", "llv": "lowest({0}, {1})",
    "rolling_max": "highest({0}, {1})", "rolling_min": "lowest({0}, {1})", "pow": "exp({1} * log({0}))",
    "bb": "bbands(close, 20, 2)", "bollinger": "bbands(close, 20, 2)", "round": "floor({0} + 0.5)",
    "int": "floor({0})", "trunc": "floor({0})", "float": "{0}", "fabs": "abs({0})",
    "maximum": "max({0}, {1})", "minimum": "min({0}, {1})", "ln": "log({0})", "mod": "{0} - {1} * floor({0} / {1})",
    "stochastic": "stoch(14, 3, 3)", "willr": "williams_r(14)", "linearreg": "linreg({0}, {1})",
    "hour": "time.hour", "minute": "time.minute", "dayofweek": "time.weekday", "weekday": "time.weekday",
}  # fmt: skip
_METHODS = {
    "max": "highest({0}, {1})", "min": "lowest({0}, {1})", "mean": "sma({0}, {1})", "std": "stdev({0}, {1})",
    "sum": "sum({0}, {1})", "pct_change": "roc({0}, 1)", "diff": "{0} - {0}[1]", "abs": "abs({0})",
    "between": "{0} between {1} and {2}", "ema": "ema({0}, {1})", "sma": "sma({0}, {1})", "rsi": "rsi({0}, {1})",
}  # fmt: skip
"""Functions that are written behind a value elsewhere: `high.max(20)`."""
_JOINED = {"all": " and ", "any": " or ", "and": " and ", "or": " or "}
_LATER = {
    "input": "numbers to be tuned stand under `params:`, as in `length: 14 in 5 to 30`",
    "plot": "`engine explain` and `engine eval` show values; a strategy only decides",
    "alert": "a side that fires is told to every channel of the configuration",
    "alertcondition": "a side that fires is told to every channel of the configuration",
    "security": 'another timeframe or symbol stands behind `@`, as in `close@1h` or `close@"BTC/USDT"`',
    "print": "`engine eval` prints the value of an expression on each candle",
    "random": "the same candles always give the same signals, so there is no chance",
    "now": "`time.hour`, `time.minute` and `time.weekday` are those of the candle's close",
}
_NAMES = {
    "price": "close", "last": "close", "src": "close", "source": "close", "closed": "close", "vol": "volume",
    "hour": "time.hour", "minute": "time.minute", "dayofweek": "time.weekday", "weekday": "time.weekday",
    "day_of_week": "time.weekday", "yes": "true", "no": "false", "typical": "hlc3", "median": "hl2",
    "entry_price": "entry", "avg_price": "entry", "position_avg_price": "entry", "profit": "position.profit",
    "funding": "funding_rate", "fear_greed": "fng",
}  # fmt: skip
_HINTS = {
    "bar_index": "candles are counted from an event: `barssince(close > open, 200)`",
    "strategy": "conditions stand under `long:` and `short:`; what is open is `position.bars`, `position.profit`",
    "syminfo": 'rules run on each symbol of `universe:`; another one is `close@"BTC/USDT"`',
    "barstate": "every candle that is looked at has closed",
    "session": "write `session(8, 16)` for hours of the day in UTC",
    "input": "numbers to be tuned stand under `params:`, as in `length: 14 in 5 to 30`",
    "df": "there is no table: write the column alone, as in `close`",
    "data": "there is no table: write the column alone, as in `close`",
    "dataframe": "there is no table: write the column alone, as in `close`",
    "self": "there is no object: write `close`, or the name of a let",
    **dict.fromkeys(("na", "nan", "null", "none", "nil"),
                    "nothing equals what is unknown: write `known(x)` or `not known(x)`"),
}  # fmt: skip
_SAME = (
    ("length", "period", "periods", "timeperiod", "window", "n", "len", "span", "lookback", "bars"),
    ("source", "src", "series", "input", "price", "data"),
    ("fast", "fastlen", "fastperiod", "fast_length", "fast_period"),
    ("slow", "slowlen", "slowperiod", "slow_length", "slow_period"),
    ("signal", "siglen", "signalperiod", "signal_length", "signal_period"),
    ("multiplier", "mult", "factor", "stdev", "deviations", "std", "nbdev", "nbdevup"),
)
"""Names that other languages have for the same argument."""
_OUTPUTS = {
    "macd": "line", "histogram": "hist", "macdhist": "hist", "macdsignal": "signal", "upperband": "upper",
    "lowerband": "lower", "middleband": "middle", "mid": "middle", "basis": "middle", "slowk": "k", "slowd": "d",
    "fastk": "k", "fastd": "d", "plus_di": "plus", "minus_di": "minus", "supertrend": "line", "bandwidth": "width",
    "percent_b": "percent", "pctb": "percent", "tenkan": "conversion", "kijun": "base", "senkou_a": "span_a",
    "senkou_b": "span_b", "bullpower": "bull", "bearpower": "bear", "aroonup": "up", "aroondown": "down",
    "leadsine": "lead", "inphase": "in_phase", "plusvi": "plus", "minusvi": "minus",
}  # fmt: skip


def known_elsewhere(name: str) -> bool:
    """Return whether it is a function of other languages that is written otherwise here."""
    return name.lower() in _FUNCTIONS or name.lower() in _JOINED or called_here(name) != ""


def translated(name: str, arguments: Sequence[str]) -> str:
    """Return how a function of another language is written here, '' where it is not known or does not fit."""
    word = name.lower()
    if word in _JOINED and len(arguments) > 1:
        return _JOINED[word].join(f"({part})" if " and " in part or " or " in part else part for part in arguments)
    try:
        return (_FUNCTIONS.get(word) or called_here(word)).format(*arguments)
    except IndexError:
        return ""


def method(name: str, base: str, arguments: Sequence[str]) -> str:
    """Return how `base.name(arguments)` is written here, '' where it is not known or does not fit."""
    try:
        return _METHODS.get(name, "").format(base, *arguments) or translated(name, [base, *arguments])
    except IndexError:
        return ""


def instead(name: str) -> str:
    """Return what does the work of a function that there cannot be here, '' where it is not known."""
    return _LATER.get(name.lower().rpartition(".")[2], "") or _LATER.get(name.lower().partition(".")[0], "")


def said_as(name: str) -> str:
    """Return the advice on a bare name of another language, '' where it is not known."""
    word = name.lower()
    return f"write `{_NAMES[word]}`" if word in _NAMES else _HINTS.get(word, "")


def argument_of(name: str, known: Iterable[str]) -> str:
    """Return the argument among `known` that other languages call `name`, '' where there is none."""
    word = name.lower()
    groups = [group for group in _SAME if word in group]
    return next((one for group in groups for one in known if one in group), "")


def output_of(name: str, known: Sequence[str]) -> str:
    """Return the output among `known` that other languages call `name`, '' where there is none."""
    word = name.lower()
    if _OUTPUTS.get(word) in known:
        return _OUTPUTS[word]
    return next((one for one in sorted(known, key=len, reverse=True) if len(one) > 2 and word.startswith(one)), "")
