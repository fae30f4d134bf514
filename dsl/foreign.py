"""What people type from other languages, and how it is said here: Pine, Python and pandas, SQL, spreadsheets, English.

Each rule knows one habit by what stands around the place where reading stopped, and answers for it or passes. (Longer
than most files: one rule per habit.)
"""

from __future__ import annotations

import re
from collections.abc import Callable

from dsl.errors import Diagnostic
from dsl.fault import Fault

_TERM = r"[A-Za-z_][\w.]*(?:\((?:[^()]|\([^()]*\))*\))?(?:\[\w+\])?(?:@\w+)?"
"""A name, a call with simple arguments, and what may follow it."""
_VALUE = rf"(?:{_TERM}|[0-9][0-9_.]*%?|\([^()]*\))"
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_QUOTES = "\"'“”„‘’`"
_CURRENCIES = "$€£¥₿"
_COINS = r"USDT|USDC|USD|BUSD|EUR|BTC|ETH|dollars?|usd|usdt|eur"
_ROLLING = {"mean": "sma", "max": "highest", "min": "lowest", "std": "stdev", "sum": "sum"}
_THOUSANDS = {
    "k": "000",
    "K": "000",
    "M": "000_000",
    "mio": "000_000",
    "mn": "000_000",
    "mln": "000_000",
    "B": "000_000_000",
    "bn": "000_000_000",
}
_FRAMES = {"daily": "1d", "hourly": "1h", "weekly": "1w", "D": "1d", "W": "1w", "H": "1h", "1D": "1d", "1W": "1w"}
_BLANKS = "\u00a0\u2002\u2003\u2007\u2009\u202f\u200b\u3000"
_WIDE = {
    "，": ",",
    "（": "(",
    "）": ")",
    "＞": ">",
    "＜": "<",
    "＝": "==",
    "％": "%",
    "＋": "+",
    "－": "-",
    "∧": "and",
    "∨": "or",
    "¬": "not",
    "~": "not",
}


def _search(pattern: str, fault: Fault) -> re.Match[str] | None:
    """Return what a pattern finds in the whole text around the place where reading stopped."""
    for match in re.finditer(pattern, fault.text.value):
        if match.start() <= fault.at <= match.end():
            return match
    return None


# -- signs --


def _blanks(fault: Fault) -> Diagnostic | None:
    if fault.word and fault.word[0] in _BLANKS:
        return fault.told("this blank is none that a keyboard makes", "write a plain one", fault.at, fault.at + 1, " ")
    if fault.word and fault.word[0] in _WIDE:
        word = _WIDE[fault.word[0]]
        mended = fault.apart(word, 1) if word.isalpha() else word
        return fault.told(f"there is no `{fault.word[0]}` here", f"write `{word}`", fault.at, fault.at + 1, mended)
    return None


def _power(fault: Fault) -> Diagnostic | None:
    match = _search(rf"({_VALUE})\s*(\*\*|\^)\s*({_VALUE})", fault)
    sign = re.search(r"\*\s*$", fault.before) if fault.word == "*" else None
    if not fault.rest.startswith(("**", "^")) and not sign:
        return None
    at = fault.at if sign is None else sign.start()
    end = fault.at + (2 if fault.rest.startswith("**") else 1)
    advice = "multiply, or write `exp(n * log(x))`"
    if match:
        base, times = match[1], match[3]
        written = {"2": f"{base} * {base}", "3": f"{base} * {base} * {base}", "0.5": f"sqrt({base})"}
        advice = f"write `{written.get(times, f'exp({times} * log({base}))')}`"
    return fault.told("there is no power sign", advice, at, end)


def _remainder(fault: Fault) -> Diagnostic | None:
    match = _search(rf"({_VALUE})\s*%\s*({_VALUE})", fault) if fault.word == "%" else None
    if not match or re.fullmatch(r"[0-9_.]+", match[1]):
        return None
    a, b = match[1], match[2]
    advice = f"write `{a} - {b} * floor({a} / {b})`"
    return fault.told("`%` belongs to a number, as in `0.6%`; there is no remainder", advice)


def _choice(fault: Fault) -> Diagnostic | None:
    """`c ? a : b`, `a if c else b`, `if c: a`."""
    if fault.word == "?":
        match = re.fullmatch(r"\s*([^?:]+?)\s*\?\s*([^?:]+?)\s*:\s*([^?:]+?)\s*", fault.text.value)
        advice = f"if {match[1]} then {match[2]} else {match[3]}" if match else "if c then a else b"
        return fault.told("there is no `?` here", f"write `{advice}`")
    if fault.word == "if" and not fault.wants_value:
        match = re.fullmatch(r"\s*(.+?)\s+if\s+(.+?)\s+else\s+(.+?)\s*", fault.text.value)
        advice = f"if {match[2]} then {match[1]} else {match[3]}" if match else "if c then a else b"
        return fault.told("`if` stands at the beginning", f"write `{advice}`")
    if fault.word in (":", "{") and re.match(r"\s*if\b", fault.before):
        return fault.told(f"there is no `{fault.word}` after `if`", "write `if c then a else b`")
    return None


def _assignment(fault: Fault) -> Diagnostic | None:
    name = re.match(r"\s*(?:(?:var|let|const|float|int|bool)\s+)?([A-Za-z_]\w*)\s*(:=|=)(?!=)", fault.text.value)
    declared = re.match(r"\s*(?:var|let|const|float|int|bool)\s", fault.text.value)
    if name and (declared or name[2] == ":=") and fault.at <= name.end():
        help_text = f"write it there, as in `{name[1]}: ema(close, 20)`"
        return fault.told("a value is named under `let:`", help_text, name.start(), name.end())
    if fault.word == "=" and re.search(r"[!=]=$", fault.before):
        sign = f"{fault.before[-2:]}="
        if sign == "!==":
            return fault.told("there is no `!==` here", "write `!=`", fault.at - 2, fault.at + 1, "!=")
    return None


def _remark(fault: Fault) -> Diagnostic | None:
    """Comments and ends of statements of other languages."""
    if re.match(r"/\s*[/*]|[/*]", fault.rest) and re.search(r"/\s*$", fault.before):
        start = fault.before.rstrip().__len__() - 1
        return fault.told("a comment begins with `#`, behind a blank", "write `# ...`", start, fault.at + 1)
    if fault.word == ";":
        inside = fault.before.count("(") > fault.before.count(")")
        if inside:
            return fault.told("arguments are divided by commas", "write `,`", fault.at, fault.at + 1, ",")
        return fault.told("a condition has no end sign", "join two conditions with `and`, or give each its own name")
    return None


def _quoted(fault: Fault) -> Diagnostic | None:
    """A column of a table, a timeframe or a name in quotes."""
    table = _search(rf"\b(\w+)\s*\[\s*[{_QUOTES}](\w+)[{_QUOTES}]\s*\]", fault)
    if table:
        return fault.over(table, "there is no table: a column stands alone", table[2].lower())
    if not fault.word or (fault.kind != "STRING" and fault.word[0] not in _QUOTES):
        return None
    grouped = re.search(r"[0-9]{1,3}$", fault.before)
    digits = re.match(r"['’]([0-9]{3})(?![0-9])", fault.rest)
    if grouped and digits:
        end = fault.at + digits.end()
        return fault.told(
            "an apostrophe does not group the digits of a number",
            f"write `{grouped[0]}_{digits[1]}`: thousands are grouped with `_`",
            grouped.start(),
            end,
            f"{grouped[0]}_{digits[1]}",
        )
    order = re.search(r"\bstrategy\.(entry|exit|close|order)\s*\($", fault.before)
    if order:
        return fault.told(
            "a strategy places no orders", "conditions stand under `long:` and `short:`", order.start(), fault.at - 1
        )
    asked = re.search(r"\b(?:request\.)?security\s*\(", fault.before)
    if asked:
        found = re.match(r"([^,]*),\s*[\"']([^\"']*)[\"']\s*,\s*([^,)]+)", fault.text.value[asked.end() :])
        frame = _frame(found[2]) if found else ""
        advice = f"write `{found[3].strip()}@{frame}`" if found and frame else "write it as in `close@1h`"
        other = found[1].strip() if found else ""
        if other[:1] and other[0] in _QUOTES:
            advice += ', of another symbol as in `close@"BTC/USDT"@1h`'
        return fault.told("another timeframe stands behind `@`", advice, asked.start(), asked.end() - 1)
    word = re.match(rf"[{_QUOTES}]([\w.]+)[{_QUOTES}]", fault.rest)
    if word:
        frame = word[1] if re.fullmatch(r"[0-9]+[smhdw]", word[1]) else ""
        plain = frame or (word[1] if re.fullmatch(r"[a-z_]\w*", word[1]) else "")
        if plain:
            what = "a timeframe has no quotes" if frame else "a name has no quotes"
            return fault.told(what, f"write `{plain}`", fault.at, fault.at + word.end(), plain)
    return None


def _frame(text: str) -> str:
    """Return Pine's name of a timeframe as it is written here: `60`, `D`, `4H`."""
    if text.isdecimal():
        minutes = int(text)
        return f"{minutes // 60}h" if minutes % 60 == 0 and minutes else f"{minutes}m"
    return _FRAMES.get(text) or (text.lower() if re.fullmatch(r"[0-9]+[HhDdWwms]", text) else "")


def _bars(fault: Fault) -> Diagnostic | None:
    """`|close - open|`."""
    match = re.match(r"\|([^|]+)\|", fault.rest)
    if match and fault.wants_value:
        end = fault.at + match.end()
        inner = match[1].strip()
        return fault.told("an absolute value is a function", f"write `abs({inner})`", fault.at, end, f"abs({inner})")
    return None


def _slice(fault: Fault) -> Diagnostic | None:
    inside = re.search(r"\[[^\[\]]*$", fault.before)
    if inside and fault.word in (":", ","):
        end = fault.at + max(fault.rest.find("]"), 0) + 1
        return fault.told(
            "`[n]` is the value on one candle", "over several write `highest(x, n)` or `sma(x, n)`", inside.start(), end
        )
    if fault.word == "{" and re.search(r"\w$", fault.before):
        return fault.told("earlier candles stand in square brackets", "write it as in `close[1]`")
    return None


def _plus(fault: Fault) -> Diagnostic | None:
    if fault.word == "+" and fault.wants_value:
        return fault.told("a number has no sign `+`", "remove it", fault.at, fault.at + 1)
    return None


# -- numbers --


def _numbers(fault: Fault) -> Diagnostic | None:
    money = re.match(rf"[{_CURRENCIES}]\s*([0-9]+(?:,[0-9]{{3}})*(?:\.[0-9]+)?)?", fault.rest)
    before = re.search(rf"({_NUMBER})\s*$", fault.before)
    if money and (money[1] or before):
        number, start = (money[1], fault.at) if money[1] or before is None else (before[1], before.start(1))
        number = number.replace(",", "_")
        end = fault.at + money.end() if money[1] else fault.at + 1
        return fault.told("a price has no sign of a currency", f"write `{number}`", start, end, number)
    if before and re.fullmatch(_COINS, fault.word):
        end = fault.at + len(fault.word)
        return fault.told("a price has no name of a currency", f"write `{before[1]}`", before.start(1), end, before[1])
    european = re.search(r"([0-9]{1,3}(?:\.[0-9]{3})+)$", fault.before)
    part = re.match(r",([0-9]+)", fault.rest)
    if european and part:
        better = f"{european[1].replace('.', '_')}.{part[1]}"
        end = fault.at + part.end()
        return fault.told(
            "the decimal sign is a point, and thousands are grouped with `_`",
            f"write `{better}`",
            european.start(),
            end,
            better,
        )
    spaced = re.search(r"(?<![\w.])([0-9]{1,3})[ \u00a0]$", fault.before)
    group = re.match(r"[0-9]{3}(?![\w.%])", fault.rest)
    if spaced and group:
        better = f"{spaced[1]}_{group[0]}"
        return fault.told(
            "a blank does not group the digits of a number",
            f"write `{better}`: thousands are grouped with `_`",
            spaced.start(1),
            fault.at + 3,
            better,
        )
    large = re.match(r"([0-9]+)(k|K|M|mio|mn|mln|B|bn)(?!\w)", fault.rest)
    if large and not fault.before.rstrip().endswith("@"):
        better = f"{large[1]}_{_THOUSANDS[large[2]]}"
        minutes = f", or `{large[1]}m` for minutes" if large[2] == "M" else ""
        return fault.told(
            f"`{large[0]}` is not a number",
            f"write `{better}`{minutes}",
            fault.at,
            fault.at + large.end(),
            "" if minutes else better,
        )
    point = re.search(r"(?<![\w.])([0-9]+)\.(?:\s*|\s+(?:and|or)\s+)$", fault.before)
    if point and (fault.before[-1].isspace() or not re.match(r"\w", fault.rest)):
        return fault.told(
            "a number does not end with a point", f"write `{point[1]}`", point.start(), point.end(1) + 1, point[1]
        )
    return None


def _frames(fault: Fault) -> Diagnostic | None:
    if not fault.before.rstrip().endswith("@"):
        return None
    curly = re.match(r"[“”„‘’`]([A-Z0-9]+/[A-Z0-9:]+)[“”‘’`]", fault.rest)
    if curly:
        end = fault.at + curly.end()
        return fault.told(
            "a symbol stands in straight quotes", f'write `@"{curly[1]}"`', fault.at, end, f'"{curly[1]}"'
        )
    match = re.match(r"\w+", fault.rest)
    word = match[0] if match else ""
    if word in _FRAMES:
        return fault.told(
            f"`{word}` is not a timeframe", f"write `@{_FRAMES[word]}`", fault.at, fault.at + len(word), _FRAMES[word]
        )
    if re.fullmatch(r"[0-9]*(M|mo|month|months|monthly)", word):
        return fault.told(
            f"`{word}` is not a timeframe",
            "minutes are `@1m`; there are no months: write `@30d`",
            fault.at,
            fault.at + len(word),
        )
    return None


# -- words --


_COMPARISONS = (
    (r"(?:is\s+)?(?:greater|more|higher|larger|bigger)\s+(?:than\s+)?or\s+equal(?:\s+to)?", ">="),
    (r"(?:is\s+)?(?:less|lower|smaller|fewer)\s+(?:than\s+)?or\s+equal(?:\s+to)?", "<="),
    (r"(?:is\s+)?(?:greater|more|higher|larger|bigger)\s+than", ">"),
    (r"(?:is\s+)?(?:less|lower|smaller|fewer)\s+than", "<"),
    (r"(?:is\s+)?(?:crossed|crossing)\s+(?:above|over|up)", "crosses above"),
    (r"(?:is\s+)?(?:crossed|crossing)\s+(?:below|under|down)", "crosses below"),
    (r"(?:breaks|goes|moves|rises|climbs|cross)\s+(?:above|over)", "crosses above"),
    (r"(?:breaks|goes|moves|falls|drops|cross)\s+(?:below|under)", "crosses below"),
    (r"(?:is\s+)?(?:above|over)", ">"),
    (r"(?:is\s+)?(?:below|under|beneath)", "<"),
    (r"(?:is\s+)?equal\s+to|equals", "=="),
)


def _comparisons(fault: Fault) -> Diagnostic | None:
    crossing = re.search(r"\bcrosses\s+(up|down)\s*$", fault.before)
    if crossing:
        better = "above" if crossing[1] == "up" else "below"
        return fault.told(
            f"`crosses {crossing[1]}` is not known",
            f"write `crosses {better}`",
            crossing.start(1),
            crossing.end(1),
            better,
        )
    if fault.wants_value or not re.match(r"[a-z]", fault.rest):
        return None
    for pattern, sign in _COMPARISONS:
        match = re.match(rf"(?:{pattern})\b", fault.rest)
        if match:
            place = fault.at, fault.at + match.end()
            if sign in "<>" and "than" not in match[0]:
                advice = (
                    f"write `{sign}`, or `crosses {'above' if sign == '>' else 'below'}` for the candle where it begins"
                )
                return fault.told(f"`{match[0]}` is no comparison", advice, *place)
            what = "is not known" if "crosses" in sign else "is no comparison"
            return fault.told(f"`{match[0]}` {what}", f"write `{sign}`", *place, sign)
    return None


def _absent(fault: Fault) -> Diagnostic | None:
    """`x is None`, `x is not null`."""
    match = _search(rf"({_TERM})\s+is\s+(not\s+)?(?:None|null|NULL|na|nan|NaN|nil)\b", fault)
    if match is None or fault.word != "is":
        return None
    return fault.over(
        match, "what is unknown is asked for with `known`", f"{'' if match[2] else 'not '}known({match[1]})"
    )


def _membership(fault: Fault) -> Diagnostic | None:
    """`x in [1, 2]`, `x not in (1, 2)`, `x in 8..20`."""
    if fault.word not in ("in", "not"):
        return None
    spread = _search(rf"({_TERM})\s+in\s+(?:range\()?\s*({_NUMBER})\s*(?:\.\.|-|to|,)\s*({_NUMBER})\)?", fault)
    if spread:
        return fault.over(
            spread, "a range is asked for with `between`", f"{spread[1]} between {spread[2]} and {spread[3]}"
        )
    listed = _search(rf"({_TERM})\s+(not\s+)?in\s*[\[({{]([^\[\](){{}}]+)[\])}}]", fault)
    if listed:
        same = " or ".join(f"{listed[1]} == {part.strip()}" for part in listed[3].split(","))
        return fault.over(listed, "there are no lists", f"not ({same})" if listed[2] else same)
    return None


def _spans(fault: Fault) -> Diagnostic | None:
    """`in the last 3 bars`, `since 3 candles`, `for 1 hour`."""
    unit = r"(?:bars?|candles?|periods?|ticks?)"
    recent = re.match(
        rf"(?:in|over|during|since)\s+(?:the\s+)?(?:last\s+|past\s+|previous\s+)?([0-9]+)\s+{unit}\b", fault.rest
    )
    if recent:
        end = fault.at + recent.end()
        return fault.told(
            f"`{recent[0]}` is not known",
            f"write `within {recent[1]} bars` (on one of them) or `for {recent[1]} bars` (on each)",
            fault.at,
            end,
        )
    clock = re.search(r"\b(for|within)\s+([0-9]+)\s*$", fault.before)
    if clock and re.match(r"(?:s|m|h|d|min|minutes?|hours?|days?)\b", fault.rest):
        return fault.told(
            f"`{clock[1]}` counts candles",
            f"write it as in `{clock[1]} 12 bars`",
            clock.start(2),
            fault.at + len(fault.word),
        )
    return None


def _counting(fault: Fault) -> Diagnostic | None:
    """`at least 2 of (a, b, c)`."""
    match = _search(r"\bat\s+least\s+([0-9]+)\s+of\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\)", fault)
    if match:
        return fault.over(match, "how many hold is a function", f"at_least({match[1]}, {match[2].strip()})", sure=True)
    joined = re.search(r"\b(AND|OR|and|or)\s*$", fault.before) if fault.word == "(" else None
    if joined is None:
        joined = re.match(r"\s*(AND|OR|and|or)\s*\(", fault.text.value) if fault.at == 0 else None
    if joined and not joined.string[: joined.start()].strip():
        return fault.told(
            f"`{joined[1]}` stands between conditions",
            f"write `a {joined[1].lower()} b`",
            joined.start(1),
            joined.end(1),
        )
    return None


def _priceless(fault: Fault) -> Diagnostic | None:
    """`limit for 6 bars`, `stop take 50%`."""
    match = re.search(r"\b(limit|stop)\s+(?:for|take)?\s*$", fault.before) if fault.start == "entry" else None
    if match is None or (fault.kind == "NAME" and not re.search(r"(for|take)\s*$", fault.before)):
        return None
    return fault.told(f"a price is missing after `{match[1]}`", f"write it as in `{match[1]} close - atr(14)`",
                      match.start(1), match.end(1))  # fmt: skip


def _phrases(fault: Fault) -> Diagnostic | None:
    """`highest high of the last 20 bars`, `previous close`."""
    most = _search(
        r"\b(highest|lowest)\s+(open|high|low|close|volume)\s+(?:of|in|over|for)\s+(?:the\s+)?(?:(?:last|past)\s+)?"
        r"([0-9]+)(?:\s+(?:bars|candles|periods))?",
        fault,
    )
    if most:
        return fault.over(most, "this is a function", f"{most[1]}({most[2]}, {most[3]})", sure=True)
    before = _search(r"\b(?:previous|prior|prev|yesterday'?s?)\s+(open|high|low|close|volume)\b", fault)
    if before:
        return fault.over(before, "the candle before is asked for by a number", f"{before[1]}[1]")
    ago = _search(r"\b(open|high|low|close|volume)\s+([0-9]+)\s+(?:bars?|candles?|periods?)\s+ago\b", fault)
    if ago:
        return fault.over(ago, "an earlier candle is asked for by a number", f"{ago[1]}[{ago[2]}]", sure=True)
    return None


def _methods(fault: Fault) -> Diagnostic | None:
    """`close.rolling(20).mean()`, `close.ewm(span=20).mean()`."""
    match = re.search(r"(\w+)\.(rolling|ewm)\(\s*(?:\w+\s*=\s*)?([0-9]+)[^()]*\)\.(\w+)$", fault.before)
    if fault.word != "(" or not match:
        return None
    name = "ema" if match[2] == "ewm" else _ROLLING.get(match[4], "")
    better = f"{name}({match[1]}, {match[3]})" if name else ""
    end = fault.at + max(fault.rest.find(")"), 0) + 1
    help_text = f"write `{better}`" if better else "write it as in `sma(close, 20)`"
    return fault.told("values have no methods", help_text, match.start(), end, "" if match[4] == "std" else better)


def _call(fault: Fault) -> Diagnostic | None:
    """`rsi 14`, `abs close`: a function without its brackets."""
    name = re.search(r"(?<![\w.@])([a-z_]\w*)\s+$", fault.before)
    value = re.match(rf"(?:{_TERM}|{_NUMBER})(?:\s*,\s*{_NUMBER})*", fault.rest)
    if not name or not value or fault.wants_value or "PLUS" not in fault.accepts or name[1] not in _functions():
        return None
    if fault.word in ("weight", "take", "then", "clamp", "after", "step"):
        return None
    end = fault.at + value.end()
    better = f"{name[1]}({value[0]})"
    return fault.told("a function takes its arguments in brackets", f"write `{better}`", name.start(1), end)


def _functions() -> frozenset[str]:
    """Return the names of the functions that there are. Only asked when something is wrong."""
    from pathlib import Path

    from engine.indicators import PRIMITIVES

    library = (path.stem for path in (Path(__file__).parent / "library").glob("*.yaml"))
    built_in = ["min", "max", "clip", "abs", "sign", "sqrt", "log", "exp", "floor", "at_least", "default", "known"]
    return frozenset([*library, *PRIMITIVES.names(), *built_in])


RULES: tuple[Callable[[Fault], Diagnostic | None], ...] = (
    _blanks,
    _assignment,
    _power,
    _remainder,
    _choice,
    _remark,
    _quoted,
    _bars,
    _slice,
    _frames,
    _numbers,
    _absent,
    _membership,
    _spans,
    _priceless,
    _counting,
    _phrases,
    _comparisons,
    _methods,
    _call,
    _plus,
)
"""Asked in this order; the first that answers is believed."""
