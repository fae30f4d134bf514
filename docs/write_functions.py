"""Write docs/indicators.md, docs/functions/NAME.md and their pictures from the catalogue: they cannot fall behind it.

Run `python docs/write_functions.py`; `--check` only tells which files are not what it would write.
"""

from __future__ import annotations

import sys
from pathlib import Path

from formulas import PLACED
from function_page import built_in_drawing, built_in_page, drawing, follows, page, results, signature, warmup

from dsl.catalogue import Function, catalogue
from dsl.groups import GROUPS, HIDDEN

HERE = Path(__file__).parent
INTRODUCTION = """\
# Functions

Every function of the language. `NAME=VALUE` shows a default, `in A to B` the range of a constant. A constant first
argument leaves the usual source out: `rsi(14)` is `rsi(close, 14)`. A function with several outputs is followed by
the one that is meant: `macd(12, 26, 9).hist`. `engine indicators` lists them, `engine eval "rsi(14)" --candles FILE`
shows their values. How a definition is written: [language](language.md).

Conventions, held by tests against Stock.Indicators, TradingView's exported values and TA-Lib to 1e-9:

- An EMA and a Wilder average start from the simple mean of their first values (TradingView, TA-Lib).
- The true range of the first candle is its range, so `atr(14)` is known on candle 14 (TradingView; TA-Lib and
  Stock.Indicators begin one candle later).
- A standard deviation is the population's.
- What others write in hundredths and is a share of a price (`roc`, `natr`, the width of bands) is a ratio here, which
  compares with a percentage: `roc(5) > 1%`.
- Where a value would be a division by zero it is unknown, and no rule fires on it: an RSI of a market that never moved,
  a stochastic of a range of zero. Peers write 0, 50 or 100 there.
- Of equal extremes the first counts (`highestbars`, `aroon`), of equal neighbours the last is the pivot, as in the
  values TradingView exports; TA-Lib counts the last extreme.
- `rising(x, 3)` is above each of the three values before, as TradingView's manual words it, not three steps up:
  those are `change(x) > 0 for 3 bars`.
- Endless sums (`obv`, `ad`, `pvt`, `nvi`) have a window, so that they do not depend on where the history begins.
- Candle patterns are TA-Lib's, all 61 of them, to the candle; one that closes where it opened counts as rising there.
  Markets that never close have no gaps, so the stars, `shooting_star` and `inverted_hammer` ask for the gap that TA-Lib
  asks for only with `gap` 1.
- Days, weeks and months are UTC; a candle that closes at midnight belongs to the day that ends.
- Names are the field's. Where TA-Lib, Pine or pandas-ta use another one, writing it tells ours: `plus_di(14)` is
  `adx(14).plus`. What of theirs is left out, and why: [decision](decisions/no-adapter-for-ta.md).

*Known* and *settled* are the candles of history after which a function with these defaults (10 where a length has
none) has its first value, and after which where the history began no longer matters (to 1e-6).
"""


def main(check: bool) -> int:
    """Write the files, or with `check` compare them; return how many differ."""
    files = everything()
    folder = HERE / "functions"
    stale = [path for path, text in files.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    stale += [path for path in [*folder.glob("*.md"), *folder.glob("pictures/*")] if path not in files]
    for path in stale:
        sys.stdout.write(f"{path.relative_to(HERE.parent)}\n")
        if not check and path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path], encoding="utf-8")
        elif not check:
            path.unlink()
    return len(stale) if check else 0


def everything() -> dict[Path, str]:
    """Return every file with its text. Raises LookupError and ValueError naming the function that cannot be shown."""
    files = {HERE / "indicators.md": overview()}
    for title, functions in grouped().items():
        names = [function.name for function in functions]
        for function in functions:
            files[HERE / "functions" / f"{function.name}.md"] = page(function, title, names)
            files[HERE / "functions" / "pictures" / f"{function.name}.svg"] = drawing(function)
    for function in built_in():
        names = [other.name for other in built_in()]
        files[HERE / "functions" / f"{function.name}.md"] = built_in_page(function, names)
        if function.name not in PLACED:
            files[HERE / "functions" / "pictures" / f"{function.name}.svg"] = built_in_drawing(function)
    return files


def built_in() -> list[Function]:
    return [function for function in catalogue() if function.kind == "builtin"]


def grouped() -> dict[str, list[Function]]:
    """Return every function that has a page, by group; one that GROUPS does not name is under *Others*."""
    found = {f.name: f for f in catalogue() if f.kind != "builtin" and f.name not in HIDDEN}
    groups = {title: [found.pop(name) for name in names.split() if name in found] for title, names in GROUPS.items()}
    return {title: functions for title, functions in {**groups, "Others": [*found.values()]}.items() if functions}


def overview() -> str:
    """Return docs/indicators.md: a table per group."""
    parts = [INTRODUCTION]
    for title, functions in grouped().items():
        rows = [row(function) for function in functions]
        head = "| function | gives | known, settled | what it is | follows |\n|---|---|---|---|---|"
        parts.append(f"## {title}\n\n" + "\n".join([head, *rows]) + "\n")
    calls = [(f, f"`{f.name}({', '.join(s.name for s in f.slots)})`") for f in built_in()]
    rows = [f"| [{call}](functions/{f.name}.md) | {f.about} |" for f, call in calls]
    parts.append("## Built in\n\n" + "\n".join(["| function | what it is |\n|---|---|", *rows]) + "\n")
    return "\n".join(parts)


def row(function: Function) -> str:
    gives = "<br>".join(f"`.{name}` {unit}" if name != "value" else unit for name, unit in results(function))
    link = f"[`{signature(function)}`](functions/{function.name}.md)"
    known, settled = warmup(function)
    cells = (link, gives, f"{known}, {settled}", function.about, follows(function))
    return "| " + " | ".join(cell.replace("|", "\\|").strip() for cell in cells) + " |"


if __name__ == "__main__":
    sys.exit(min(1, main("--check" in sys.argv)))
