"""What to say about a text that cannot be parsed: where reading stopped, what was expected, how it is written.

The mistakes people make (`&&`, `=`, `AND`, `1 < x < 2`, `0,5`, an open bracket) are recognised by what stands
before and after the place; each rule of `_RULES` answers for one of them, the first that does is told.
Everything else is told by what the grammar would have accepted there. (Longer than most files: one rule per mistake.)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from dsl.errors import Diagnostic
from dsl.expected import describe
from dsl.fault import Fault
from dsl.foreign import RULES as FOREIGN
from dsl.place import Text
from dsl.slips import RULES as SLIPS
from dsl.suggest import nearest

_SIGNS = {
    "&&": "and", "&": "and", "||": "or", "|": "or", "<>": "!=", "=<": "<=", "=>": ">=", "===": "==", "≤": "<=",
    "≥": ">=", "≠": "!=", "×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "!": "not", "=": "==",
}  # fmt: skip
_UNITS = {
    "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s", "m": "m", "min": "m", "mins": "m", "minute": "m",
    "minutes": "m", "h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "d": "d", "day": "d", "days": "d",
    "w": "w", "week": "w", "weeks": "w",
}  # fmt: skip
_WORDS = {
    "is": "`==`", "equals": "`==`", "mod": "nothing: there is no remainder", "then": "`if c then a else b`",
    "crossover": "`a crosses above b`", "crossunder": "`a crosses below b`", "cross": "`a crosses b`",
    "in": "`x between 1 and 2`", "xor": "`(a or b) and not (a and b)`",
}  # fmt: skip
_PLACES = {
    "weight": "a weight belongs to a condition under `when:`",
    "must": "`must` stands at the beginning of a condition under `when:`",
    "take": "`take` belongs to targets, exits and entries",
    "clamp": "`clamp` belongs to stops and targets, right after the price",
    "then": "`then stop to` ends a target",
    "after": "`after` belongs to `trail:` and `cooldown:`",
    "step": "`step` ends a param: `30 in 10 to 45 step 1`",
}
_KEYWORDS = ("and", "or", "not", "if", "then", "else", "between", "crosses", "for", "within", "true", "false", "must")
_OPERAND = r"[\w.]+(?:\([^()]*\))?(?:\[\w+\])?"


def explain(start: str, text: Text, error: Any) -> Diagnostic:
    """Say where reading stopped and what is meant to stand there. `error` is lark's UnexpectedInput."""
    token = getattr(error, "token", None)
    accepts = frozenset(getattr(error, "accepts", None) or getattr(error, "allowed", None) or ())
    if token is not None and token.type == "$END":
        fault = Fault(start, text, len(text.value.rstrip()), "", "$END", accepts)
    elif token is not None:
        fault = Fault(start, text, token.start_pos, str(token), token.type, accepts)
    else:
        rest = text.value[error.pos_in_stream :]
        match = re.match(r"[A-Za-z0-9_]+|&&|\|\||===?|=[<>]|<>|.", rest, re.DOTALL)
        fault = Fault(start, text, error.pos_in_stream, match[0] if match else "", "", accepts)
    for rule in (_empty, *SLIPS, *FOREIGN, *_RULES):
        told = rule(fault)
        if told is not None:
            return told
    return _generic(fault)


def _generic(fault: Fault) -> Diagnostic:
    expected = describe(fault.accepts)
    where = "the text ends too early" if not fault.word else f"`{fault.word}` is not expected here"
    return fault.told(where, f"expected {expected}" if expected else "")


# -- rules --


def _brackets(fault: Fault) -> Diagnostic | None:
    """A bracket that is never closed, or closes nothing."""
    stack: list[tuple[str, int]] = []
    for match in re.finditer(r"\"[^\"]*\"|'[^']*'|[()\[\]]", fault.before):
        sign = match[0]
        if sign in "([":
            stack.append((sign, match.start()))
        elif sign in ")]" and stack:
            stack.pop()
    pair = {"(": ")", "[": "]"}
    if fault.word in (")", "]"):
        if not stack:
            return fault.told(f"this `{fault.word}` closes nothing", "remove it, or open it")
        if pair[stack[-1][0]] != fault.word:
            return fault.told(f"`{fault.word}` cannot close `{stack[-1][0]}`", f"write `{pair[stack[-1][0]]}`")
        return None
    closes = {"RPAR", "RSQB"} & fault.accepts or fault.kind == "$END"
    ends = not fault.word or fault.word in ("weight", "take", "clamp", "then", "after")
    if stack and ends and closes:
        sign, at = stack[-1]
        return fault.told(f"this `{sign}` is never closed", f"add `{pair[sign]}`", at)
    return None


def _signs(fault: Fault) -> Diagnostic | None:
    """Signs of other languages."""
    double = fault.before[-2:].strip() + fault.word
    if double in ("<>", "===", "<==", ">=="):
        sign = {"<>": "!=", "===": "==", "<==": "<=", ">==": ">="}[double]
        at = fault.at + 1 - len(double)
        return fault.told(f"there is no `{double}` here", f"write `{sign}`", at, fault.at + 1, sign)
    match = re.match(r"===|&&|\|\||<>|=<|=>|\*\*|[&|!=≤≥≠×·÷−–]", fault.rest)
    if (match and match[0] in _SIGNS and not fault.rest.startswith(("!=", "=="))) or (match and match[0] == "==="):
        sign, word = match[0], _SIGNS[match[0]]
        what = "`=` gives a name to an argument; it does not compare" if sign == "=" else f"there is no `{sign}` here"
        mended = fault.apart(word, len(sign))
        return fault.told(what, f"write `{word}`", fault.at, fault.at + len(sign), mended)
    if fault.rest.startswith(("**", "^")) or (fault.word == "*" and fault.previous == "*"):
        return fault.told("there is no power sign", "multiply, or use `exp(n * log(x))`")
    if fault.word == "?":
        return fault.told("there is no `?` here", "write `if c then a else b`")
    if fault.kind == "STRING" or (fault.word and fault.word in "“”„‘’`\"'"):
        return fault.told("a text has no meaning here", 'only a symbol after `@` stands in quotes: `@"BTC/USDT"`')
    if fault.word == "%":
        return _percent(fault)
    if fault.word and fault.word in "{};:$#\\":
        return fault.told(f"`{fault.word}` is not a sign of the language")
    if fault.word and fault.word[0].isalpha() and not fault.word.isascii():
        return fault.told(f"`{fault.word}` cannot stand in a name", "names have the letters a to z, digits and `_`")
    return None


def _percent(fault: Fault) -> Diagnostic:
    number = re.search(r"([0-9][0-9_.]*)\s+$", fault.before)
    if number and not re.match(r"%\s*[\w(]", fault.rest):
        return fault.told(
            "a percentage is written in one piece", f"write `{number[1]}%`", number.start(1), fault.at + 1,
            f"{number[1]}%",
        )  # fmt: skip
    return fault.told("`%` belongs to a number, as in `0.6%`; there is no remainder")


def _comma(fault: Fault) -> Diagnostic | None:
    """A comma as decimal sign, or a list where there is none."""
    if fault.word != ",":
        return None
    left, right = re.search(r"[0-9]+$", fault.before), re.match(r",([0-9]+%?)", fault.rest)
    groups = re.match(r"((?:,[0-9]{3})+)(\.[0-9]+)?(?![0-9,_])", fault.rest)
    if left and groups and re.fullmatch(r"[1-9][0-9]{0,2}", left[0]):
        written = f"{left[0]}{groups[1].replace(',', '_')}{groups[2] or ''}"
        sure = written if written.count("_") > 1 or groups[2] else ""
        return fault.told(
            "a comma does not group the digits of a number", f"write `{written}`: thousands are grouped with `_`",
            left.start(), fault.at + groups.end(), sure,
        )  # fmt: skip
    if left and right:
        return fault.told(
            "the decimal sign is a point", f"write `{left[0]}.{right[1]}`", left.start(), fault.at + right.end(),
            f"{left[0]}.{right[1]}",
        )  # fmt: skip
    return None


def _numbers(fault: Fault) -> Diagnostic | None:
    """Numbers and durations in forms that the language does not have."""
    if fault.word == "." and (digits := re.match(r"\.([0-9]+%?)", fault.rest)):
        if re.search(r"[0-9]$", fault.before):
            return fault.told("a number has one decimal point")
        return fault.told("a number begins with a digit", f"write `0.{digits[1]}`", fault.at, fault.at + digits.end(),
                          f"0.{digits[1]}")  # fmt: skip
    if fault.word in ("-", ".") and "TO" in fault.accepts and fault.start in ("param", "bounds", "signature"):
        return fault.told("a range is written with `to`", "write it as in `10 to 45`")
    written = re.match(r"[0-9][0-9_.]*([A-Za-z_]\w*)?%?", fault.rest)
    spaced = re.search(r"([0-9]+)\s+$", fault.before)
    if spaced and re.fullmatch(r"[A-Za-z]+", fault.word):
        unit = "R" if fault.word in ("R", "r") else _UNITS.get(fault.word.lower(), "")
        if unit:
            end = fault.at + len(fault.word)
            return fault.told("a number and its unit are written in one piece", f"write `{spaced[1]}{unit}`",
                              spaced.start(1), end, f"{spaced[1]}{unit}")  # fmt: skip
    if not written or fault.before.rstrip().endswith("@") or fault.kind == "$END":
        return None
    if fault.start in ("duration", "cooldown") or ("DURATION" in fault.accepts and "NUMBER" not in fault.accepts):
        return _duration(fault, written[0])
    if written[1] or written[0].count(".") > 1 or "__" in written[0] or written[0].endswith("_"):
        return _odd_number(fault, written)
    return None


def _duration(fault: Fault, written: str) -> Diagnostic:
    end = fault.at + len(written)
    digits = re.match(r"[0-9]+", written)
    assert digits is not None
    after = re.match(r"\s*([A-Za-z]*)", fault.rest[digits.end() :])
    word = after[1].lower() if after else ""
    unit = _UNITS.get(word, "")
    if unit and not written[digits.end() :]:
        end = fault.at + digits.end() + (after.end() if after else 0)
    advice = f"write `{digits[0]}{unit}`" if unit else "write it as in `30m`, `4h` or `1d`: a whole number and a unit"
    mended = f"{digits[0]}{unit}" if unit else ""
    return fault.told(f"`{fault.text.value[fault.at : end]}` is not a duration", advice, fault.at, end, mended)


def _odd_number(fault: Fault, written: re.Match[str]) -> Diagnostic:
    number, tail = written[0], written[1] or ""
    digits = number[: len(number) - len(tail)]
    unit = "R" if tail == "r" else _UNITS.get(tail.lower(), "")
    advice = f"write `{digits}{unit}`" if unit else ""
    return fault.told(f"`{number}` is not a number", advice, fault.at, fault.at + len(number),
                      f"{digits}{unit}" if unit else "")  # fmt: skip


def _places_after_at(fault: Fault) -> Diagnostic | None:
    """Something after `@` that is no timeframe and no symbol in quotes."""
    if not fault.before.rstrip().endswith("@"):
        return None
    match = re.match(r"[^\s()\[\],]+", fault.rest)
    written = match[0] if match else fault.word
    end = fault.at + len(written)
    if not written:
        return fault.told("the timeframe or symbol is missing after `@`", 'write it as in `@1h` or `@"BTC/USDT"`')
    clock = re.fullmatch(r"([0-9]+)([A-Za-z]+)", written)
    unit = _UNITS.get(clock[2].lower(), "") if clock else ""
    if clock and unit and f"{clock[1]}{unit}" != written:
        return fault.told(f"`{written}` is not a timeframe", f"write `@{clock[1]}{unit}`", fault.at, end,
                          f"{clock[1]}{unit}")  # fmt: skip
    if written.isdecimal():
        return fault.told(f"`{written}` is not a timeframe", f"write `@{written}m`", fault.at, end)
    if re.fullmatch(r"[A-Z0-9]{2,}[/:A-Z0-9_-]*", written) and not clock:
        return fault.told("a symbol stands in quotes", f'write `@"{written}"`', fault.at, end)
    return fault.told(f"`{written}` is not a timeframe", 'write it as in `@1h`, or a symbol as in `@"BTC/USDT"`',
                      fault.at, end)  # fmt: skip


def _chain(fault: Fault) -> Diagnostic | None:
    """`1 < x < 2`."""
    if fault.wants_value or not re.match(r"[<>]=?|[=!]=|(crosses|between)\b", fault.rest):
        return None
    if "PLUS" not in fault.accepts or "COMPARE" in fault.accepts:
        return None
    left = re.search(rf"({_OPERAND})\s*(<=?|>=?)\s*({_OPERAND})\s*$", fault.before)
    right = re.match(rf"(<=?|>=?)\s*({_OPERAND})", fault.rest)
    advice = "write `x between 1 and 2` (both included), or two comparisons joined by `and`"
    if left and right and left[2][0] == right[1][0]:
        low, high = (left[1], right[2]) if right[1][0] == "<" else (right[2], left[1])
        advice = f"write `{left[3]} between {low} and {high}` (both included)"
    return fault.told("comparisons are not chained", advice)


def _words(fault: Fault) -> Diagnostic | None:
    """Keywords in capitals, misspelt or of other languages."""
    spots = ((fault.word, fault.at), (fault.previous, len(fault.before.rstrip()) - len(fault.previous)))
    for word, at in spots:
        if word != word.lower() and word.lower() in _KEYWORDS:
            advice = f"write `{word.lower()}`"
            return fault.told("words of the language are lower case", advice, at, at + len(word), word.lower())
    if fault.previous in ("and", "or") and not fault.wants_value:
        return fault.told(
            f"nothing stands before `{fault.previous}`", "", spots[1][1], spots[1][1] + len(fault.previous)
        )
    if "BARS" in fault.accepts and fault.word in ("candle", "candles", "periods", "times"):
        return fault.told("a number of candles is written with `bars`", "write it as in `for 3 bars`")
    if fault.previous in ("over", "under") and re.search(r"\bcrosse[sd]\s+\w+\s*$", fault.before):
        direction = "above" if fault.previous == "over" else "below"
        at = spots[1][1]
        return fault.told(
            f"`crosses {fault.previous}` is not known", f"write `crosses {direction}`", at, at + len(fault.previous),
            direction,
        )  # fmt: skip
    if fault.kind == "$END" and {"THEN", "ELSE"} & fault.accepts and re.search(r"\bif\b", fault.before):
        word = "then" if "THEN" in fault.accepts else "else"
        return fault.told(f"`if` without `{word}`", "write `if c then a else b`")
    crossing = re.match(r"cross(?:ing)?\s+(above|over|up|below|under|down)\b", fault.rest)
    if crossing and not fault.wants_value:
        better = "crosses above" if crossing[1] in ("above", "over", "up") else "crosses below"
        end = fault.at + crossing.end()
        return fault.told(f"`{crossing[0]}` is not known", f"write `{better}`", fault.at, end, better)
    if fault.word in _WORDS and not fault.wants_value:
        return fault.told(f"`{fault.word}` is not a word of the language here", f"use {_WORDS[fault.word]}")
    return None


_JOINTS = (
    ("trail", "AFTER", r"(target\b|[0-9.]+R\b|[0-9.]+%)", "after"),
    ("cooldown", "AFTER", r"(signal|exit|stop)\b", "after"),
    ("target", "TAKE", r"([0-9.]+%)", "take"),
    ("target", "THEN", r"(stop)\b", "then"),
)


def _missing(fault: Fault) -> Diagnostic | None:
    """A joint between two parts of a sentence that was left out: `trail: 2 * atr(14) target 1`."""
    for start, terminal, pattern, word in _JOINTS:
        match = re.match(pattern, fault.rest) if fault.start == start and terminal in fault.accepts else None
        if match:
            end = fault.at + match.end()
            better = f"{word} {match[1]}"
            return fault.told(f"`{word}` is missing before `{match[1]}`", f"write `{better}`", fault.at, end, better)
    return None


def _misspelt(fault: Fault) -> Diagnostic | None:
    """A word beside a value that is nearly a keyword, or belongs to another sentence."""
    from dsl.expected import words

    if (
        fault.kind == "$END"
        and fault.start == "entry"
        and fault.text.value.strip() == fault.previous
        and "PLUS" in fault.accepts
    ):
        kind = nearest(fault.previous, ("market", "limit", "stop")) or "market"
        return fault.told("an entry begins with `market`, `limit` or `stop`", f"did you mean `{kind}`?", 0,
                          len(fault.previous))  # fmt: skip
    too = re.search(r"\btoo\s+$", fault.before)
    if too:
        return fault.told("`too` is not expected here", "did you mean `to`?", too.start(), too.start() + 3)
    if re.match(r"[\w(]", fault.word) and not fault.wants_value and (meant := _previous_slip(fault)):
        end = len(fault.before.rstrip())
        place = end - len(fault.previous), end
        return fault.told(f"`{fault.previous}` is not expected here", f"did you mean `{meant}`?", *place)
    if not re.fullmatch(r"[A-Za-z_]+", fault.word) or fault.wants_value:
        return None
    near = nearest(fault.word, words(fault.accepts))
    if near and len(fault.word) > 1 and near != fault.word:
        return fault.told(f"`{fault.word}` is not expected here", f"did you mean `{near}`?")
    if fault.word in _PLACES:
        return fault.told(f"`{fault.word}` is not expected here", _PLACES[fault.word])
    return None


def _previous_slip(fault: Fault) -> str | None:
    """Return the keyword that the word before the place, read as a name, is a slip of."""
    if "PLUS" not in fault.accepts or not fault.previous.isalpha():
        return None
    if re.search(r"\bcrosses\s+\w+\s*$", fault.before):
        return nearest(fault.previous, ("above", "below"))
    if fault.start == "entry" and fault.text.value.split()[:1] == [fault.previous]:
        return nearest(fault.previous, ("limit", "stop"))
    meant = nearest(fault.previous, ("not", "must", "if"))
    return meant if meant and sorted(meant) == sorted(fault.previous) else None


def _neighbours(fault: Fault) -> Diagnostic | None:
    """Two values with nothing between them."""
    shifted = re.search(rf"({_OPERAND})\.(shift|ref|lag)$", fault.before) if fault.word == "(" else None
    if shifted:
        return _shift(fault, shifted)
    value = re.fullmatch(r"[A-Za-z_]\w*|[0-9].*|\(|\"[^\"]*\"|'[^']*'", fault.word)
    if value is None or fault.kind in ("FOR", "WITHIN", "BETWEEN", "CROSSES", "AND", "OR", "THEN", "ELSE"):
        return None
    if fault.wants_value or "PLUS" not in fault.accepts:
        return None
    if fault.word == "not":
        return fault.told("`not` stands before the whole condition", "write `not a < b`, or turn the comparison")
    what = "an operator is missing" if fault.word != "(" else "a bracket cannot follow a value"
    return fault.told(f"{what} between `{fault.previous}` and `{fault.word}`")


def _shift(fault: Fault, shifted: re.Match[str]) -> Diagnostic:
    """Tell how `x.shift(1)` is written; `x.shift(-1)` would read the future."""
    ago = re.match(r"\(\s*(-?)\s*([0-9]+)\s*\)", fault.rest)
    better = f"{shifted[1]}[{ago[2] if ago else 'n'}]"
    end = fault.at + (ago.end() if ago else 1)
    if ago and ago[1]:
        return fault.told("a negative shift would read the future", f"write `{better}` for the past",
                          shifted.start(2), end)  # fmt: skip
    return fault.told(f"values have no `{shifted[2]}`", f"write `{better}`", shifted.start(2), end)


def _empty(fault: Fault) -> Diagnostic | None:
    if fault.text.value.strip():
        return None
    return fault.told("nothing is written here", f"expected {describe(fault.accepts)}")


_RULES: tuple[Callable[[Fault], Diagnostic | None], ...] = (
    _missing, _places_after_at, _brackets, _signs, _comma, _numbers, _chain, _words, _misspelt, _neighbours,
)  # fmt: skip
