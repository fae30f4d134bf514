"""What the grammar accepts at a place, in English."""

from __future__ import annotations

from collections.abc import Iterable

_SIGNS = {"RPAR": "`)`", "LPAR": "`(`", "RSQB": "`]`", "COMMA": "`,`", "EQUAL": "`=`", "$END": "the end"}
_LITERALS = {
    "NUMBER": "a number",
    "PERCENT": "a percentage such as `50%`",
    "R": "a multiple of the risk such as `2R`",
    "DURATION": "a duration such as `30m`",
    "TIMEFRAME": "a timeframe such as `1h`",
    "STRING": 'a symbol such as `"BTC/USDT"`',
    "CRON": "a cron line",
    "NAME": "a name",
}
_OPERATORS = frozenset(
    ["PLUS", "MINUS", "STAR", "SLASH", "COMPARE", "AND", "OR", "BETWEEN", "CROSSES", "FOR", "WITHIN", "LSQB", "DOT"]
)
_OPERANDS = frozenset(["NAME", "NUMBER", "PERCENT", "R", "DURATION", "TRUE", "FALSE", "LPAR", "MINUS", "NOT", "IF"])


def describe(accepts: Iterable[str]) -> str:
    """Return what may stand at a place: `a value`, `an operator`, `` `weight` or the end ``."""
    rest = set(accepts)
    parts: list[str] = []
    if {"NAME", "NUMBER"} <= rest:
        parts.append("a condition or a value" if "NOT" in rest else "a value")
        rest -= _OPERANDS
    if "PLUS" in rest:
        missing = {"AND"} & rest - ({"AND"} if "OR" in rest else set())
        rest -= (_OPERATORS - missing) | {"LPAR"} | {name for name in rest if _text(name) == "@"}
        if "$END" in rest or not any(_text(name).isalpha() for name in rest):
            parts.append("an operator")
    if {"NUMBER", "PERCENT", "R"} <= rest:
        parts.append("a number")
        rest -= {"NUMBER", "PERCENT", "R", "DURATION", "MINUS"}
    if "BARS" in rest:
        rest.discard("BAR")
    parts += [words for name, words in _LITERALS.items() if name in rest]
    parts += sorted(_SIGNS.get(name) or f"`{_text(name)}`" for name in rest - set(_LITERALS) - {"$END"})
    if "$END" in rest:
        parts.append("the end")
    return " or ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def words(accepts: Iterable[str]) -> tuple[str, ...]:
    """Return the keywords among the accepted terminals."""
    return tuple(text for name in accepts if (text := _text(name)).isalpha() and text.islower())


def _text(terminal: str) -> str:
    from dsl.grammar import grammar

    try:
        return str(grammar().get_terminal(terminal).pattern.value)
    except KeyError:
        return terminal
