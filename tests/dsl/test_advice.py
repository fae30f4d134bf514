"""What is said about texts that cannot be parsed: the exact place, what is wrong, and what to write.

Each row: start symbol, text, what the caret underlines (the text before it is counted too), message, help.
"""

from __future__ import annotations

import pytest

from dsl.errors import Source
from dsl.parser import parse
from dsl.place import Text

TABLE = """
expr      | a && b                         | 3:5   | there is no `&&` here | write `and`
expr      | a || b                         | 3:5   | there is no `||` here | write `or`
expr      | !a                             | 1:2   | there is no `!` here | write `not`
expr      | a = b                          | 3:4   | `=` gives a name to an argument; it does not compare | write `==`
expr      | a === b                        | 3:6   | there is no `===` here | write `==`
expr      | a <> b                         | 3:5   | there is no `<>` here | write `!=`
expr      | a => b                         | 3:5   | there is no `=>` here | write `>=`
expr      | a ≤ b                          | 3:4   | there is no `≤` here | write `<=`
expr      | a ** 2                         | 4:5   | there is no power sign | multiply, or use `exp(n * log(x))`
expr      | a ? b : c                      | 3:4   | there is no `?` here | write `if c then a else b`
expr      | a AND b                        | 3:6   | words of the language are lower case | write `and`
expr      | NOT a                          | 1:4   | words of the language are lower case | write `not`
expr      | 1 < x < 2                      | 7:8   | comparisons are not chained | write `x between 1 and 2` (both included)
expr      | 70 >= rsi(14) > low            | 15:16 | comparisons are not chained | write `rsi(14) between low and 70` (both included)
expr      | a == b == c                    | 8:10  | comparisons are not chained | write `x between 1 and 2` (both included), or two comparisons joined by `and`
expr      | a crosses b crosses c          | 13:20 | comparisons are not chained | write `x between 1 and 2` (both included), or two comparisons joined by `and`
expr      | x > 0,5                        | 5:8   | the decimal sign is a point | write `0.5`
expr      | .5 < x                         | 1:3   | a number begins with a digit | write `0.5`
expr      | 1.2.3                          | 1:6   | `1.2.3` is not a number |
expr      | 12x                            | 1:4   | `12x` is not a number |
expr      | 15min < timeframe              | 1:6   | `15min` is not a number | write `15m`
expr      | 2r                             | 1:3   | `2r` is not a number | write `2R`
expr      | 2 R                            | 1:4   | a number and its unit are written in one piece | write `2R`
expr      | x > 1 %                        | 5:8   | a percentage is written in one piece | write `1%`
expr      | 5 % 3                          | 3:4   | `%` belongs to a number, as in `0.6%`; there is no remainder |
expr      | rsi(close, 14 < 30             | 4:5   | this `(` is never closed | add `)`
expr      | close[1                        | 6:7   | this `[` is never closed | add `]`
expr      | f(a)) < 3                      | 5:6   | this `)` closes nothing | remove it, or open it
expr      | (a]                            | 3:4   | `]` cannot close `(` | write `)`
expr      | rsi close, 14)                 | 5:10  | an operator is missing between `rsi` and `close` |
expr      | a 3                            | 3:4   | an operator is missing between `a` and `3` |
expr      | close > open burst             | 14:19 | an operator is missing between `open` and `burst` |
expr      | 3(a)                           | 2:3   | a bracket cannot follow a value between `3` and `(` |
expr      | a not < b                      | 3:6   | `not` stands before the whole condition | write `not a < b`, or turn the comparison
expr      | and a                          | 1:4   | nothing stands before `and` |
expr      | a + or                         | 5:7   | `or` is a word of the language; a value is expected here |
expr      | a or                           | 5:5   | the text ends too early | expected a condition or a value
expr      | a + or b                       | 5:7   | nothing stands before `or` |
expr      | close crosses over b           | 15:19 | `crosses over` is not known | write `crosses above`
expr      | close crosss above b           | 7:13  | `crosss` is not expected here | did you mean `crosses`?
expr      | close crosses abvoe b          | 15:20 | `abvoe` is not expected here | did you mean `above`?
expr      | a adn b                        | 3:6   | `adn` is not expected here | did you mean `and`?
expr      | if a then b                    | 12:12 | `if` without `else` | write `if c then a else b`
expr      | if a                           | 5:5   | `if` without `then` | write `if c then a else b`
expr      | x in 3                         | 3:5   | `in` is not a word of the language here | use `x between 1 and 2`
expr      | x between 1, 2                 | 12:13 | `,` is not expected here | expected `and`
expr      | x for 3 candles                | 9:16  | a number of candles is written with `bars` | write it as in `for 3 bars`
expr      | x for 3                        | 8:8   | the text ends too early | expected `bars`
expr      | x@1H > 2                       | 3:5   | `1H` is not a timeframe | write `@1h`
expr      | x@60min                        | 3:8   | `60min` is not a timeframe | write `@60m`
expr      | x@BTC/USDT                     | 3:11  | a symbol stands in quotes | write `@"BTC/USDT"`
expr      | x@                             | 3:3   | the timeframe or symbol is missing after `@` | write it as in `@1h` or `@"BTC/USDT"`
expr      | x@1x                           | 3:5   | `1x` is not a timeframe | write it as in `@1h`, or a symbol as in `@"BTC/USDT"`
expr      | a > "b"                        | 5:8   | a text has no meaning here | only a symbol after `@` stands in quotes: `@"BTC/USDT"`
expr      | f(a,)                          | 5:6   | `)` is not expected here | expected a condition or a value
expr      | a {b}                          | 3:4   | `{` is not a sign of the language |
expr      | prix_é > 3                     | 6:7   | `é` cannot stand in a name | names have the letters a to z, digits and `_`
expr      | a.b.                           | 5:5   | the text ends too early | expected a name
expr      | a weight 3                     | 3:9   | `weight` is not expected here | a weight belongs to a condition under `when:`
condition | a wieght 3                     | 3:9   | `wieght` is not expected here | did you mean `weight`?
condition | a weight                       | 9:9   | the text ends too early | expected a number
condition | a weight three                 | 10:15 | `three` is not expected here | expected a number
condition | must (a > b weight 3           | 6:7   | this `(` is never closed | add `)`
condition | a must                         | 3:7   | `must` is not expected here | `must` stands at the beginning of a condition under `when:`
condition | nto a                          | 1:4   | `nto` is not expected here | did you mean `not`?
param     | thirty                         | 1:7   | `thirty` is not expected here | expected a number
param     | 30 in 10-45                    | 9:10  | a range is written with `to` | write it as in `10 to 45`
param     | 30 in 10 to                    | 12:12 | the text ends too early | expected a number
stop      | close clamp 1% and 2%          | 16:19 | `and` is not expected here | expected `to`
target    | 2R than stop to entry          | 4:8   | `than` is not expected here | did you mean `then`?
target    | 2R then move to entry          | 9:13  | `move` is not expected here | expected `stop`
target    | 2R take                        | 8:8   | the text ends too early | expected a value
entry     | markt                          | 1:6   | an entry begins with `market`, `limit` or `stop` | did you mean `market`?
entry     | limit                          | 6:6   | the text ends too early | expected a value
trail     | 2 * atr(14) after 1            | 19:20 | `1` is not expected here | expected a percentage such as `50%`, a multiple of the risk such as `2R` or `target`
cooldown  | 30 after stop                  | 1:3   | `30` is not a duration | write it as in `30m`, `4h` or `1d`: a whole number and a unit
cooldown  | 30m after loss                 | 11:15 | `loss` is not expected here | expected `exit`, `signal` or `stop`
cooldown  | 30m                            | 4:4   | the text ends too early | expected `after`
duration  | 4                              | 1:2   | `4` is not a duration | write it as in `30m`, `4h` or `1d`: a whole number and a unit
duration  | 4 hours                        | 1:8   | `4 hours` is not a duration | write `4h`
duration  | 1.5h                           | 1:5   | `1.5h` is not a duration | write it as in `30m`, `4h` or `1d`: a whole number and a unit
schedule  | evry 15s                       | 1:5   | `evry` is not expected here | did you mean `every`?
schedule  | on open                        | 4:8   | `open` is not expected here | expected `close`
gaps      | ignore                         | 1:7   | `ignore` is not expected here | expected `fill`, `skip` or `stop`
label     | 1% within 24 bars              | 4:10  | `within` is not expected here | expected `before`
signature | macd                           | 5:5   | the text ends too early | expected `(`
signature | macd(fast=12 in 1)             | 18:19 | `)` is not expected here | expected `to`
bounds    | 0-100                          | 2:3   | a range is written with `to` | write it as in `10 to 45`
"""


def _rows() -> list[tuple[str, ...]]:
    rows = []
    for line in TABLE.strip().splitlines():
        start, text, rest = line[:9].strip(), line[12:42].strip(), line[45:]
        place, message, help = (part.strip() for part in rest.replace("||", "\0").split("|"))
        rows.append((start, text, place, message.replace("\0", "||"), help))
    return rows


@pytest.mark.parametrize(("start", "text", "place", "message", "help"), _rows())
def test_what_is_said(start: str, text: str, place: str, message: str, help: str) -> None:
    result, found = parse(start, Text.of(Source("x", text)))
    told = [(f"{d.span.start + 1}:{d.span.end + 1}", d.message, d.help) for d in found]
    assert told == [(place, message, help)]
    assert {d.name for d in found} == {"syntax"}
    assert result is None or "is a word of the language" in message


@pytest.mark.parametrize(
    ("start", "text", "written", "message", "help"),
    [
        ("param", "50 in 10 to 45", "50", "the default is not within its range, 10 to 45", ""),
        ("param", "5 in 45 to 10", "45", "the range is empty: its low end is above its high end", ""),
        ("param", "1% in 1 to 2", "1", "a param and its range have one unit: a percentage here, a plain number there", ""),
        ("param", "5 in 1 to 9 step 0", "0", "a step is greater than 0", ""),
        ("target", "1R take 50", "50", "`take` needs a percentage above 0% and up to 100%", "write `take 50%`"),
        ("exit", "a take 0%", "0%", "`take` needs a percentage above 0% and up to 100%", ""),
        ("target", "1R then stop to target 1.5", "1.5", "the number of a target is a whole number from 1", ""),
        ("trail", "1% after target 0", "0", "the number of a target is a whole number from 1", ""),
        ("gaps", "skip 1.5", "1.5", "the number of candles to skip is a whole number from 0", ""),
        ("schedule", "every 0s", "0s", "a duration is longer than nothing", ""),
        ("schedule", "61 * * * *", "61", "`61` is not a cron minute: 0 to 59, `*`, `*/5`, `1-5`", ""),
        ("schedule", "* * 0 * *", "0", "`0` is not a cron day of the month: 1 to 31, `*`, `*/5`, `1-5`", ""),
        ("label", "1 before -1% within 24 bars", "1", "a label is a rise before a fall, both in percent",
         "write it as in `1% before -1% within 24 bars`"),
    ],
)  # fmt: skip
def test_sentences_that_make_no_sense(start: str, text: str, written: str, message: str, help: str) -> None:
    _, found = parse(start, Text.of(Source("x", text)))
    assert [(d.name, d.span.text, d.message, d.help) for d in found] == [("wrong-type", written, message, help)]


def test_a_parameter_may_be_declared_once() -> None:
    _, found = parse("signature", Text.of(Source("x", "f(a, b, a=3)")))
    assert [(d.name, d.span.start, d.message) for d in found] == [
        ("duplicate-key", 8, "the parameter `a` is declared twice")
    ]
