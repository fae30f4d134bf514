"""Write docs/indicators.md and docs/functions/NAME.md from the catalogue, so that they cannot fall behind it.

Run `python docs/write_functions.py`; `--check` only tells which pages are not what it would write.
"""

from __future__ import annotations

import sys
from pathlib import Path

from dsl.catalogue import LIBRARY, Function, Slot, catalogue
from dsl.check import outputs
from dsl.load import load_expression
from dsl.units import OPEN, Type

HERE = Path(__file__).parent
GROUPS: dict[str, str] = {
    "Averages": "sma ema rma wma hma vwma dema tema t3 kama linreg alligator",
    "Momentum": (
        "rsi stoch stochrsi macd roc mom cci williams_r mfi cmo tsi trix ultimate awesome bop elder_ray force_index"
        " smi fisher connors_rsi ema_distance efficiency_ratio momentum_score"
    ),
    "Volatility and bands": (
        "tr atr natr stdev mad bbands keltner donchian starc chandelier squeeze chop ulcer volatility_ratio"
    ),
    "Trend": "adx dmi supertrend psar aroon vortex ichimoku heikin_ashi slope trend_strength golden_cross death_cross",
    "Volume": (
        "obv ad cmf money_flow_volume vwap volume_surge volume_slope volume_delta volume_absorption"
    ),
    "Change and rank": "change pct_change drop_pct zscore percentrank rising falling correlation beta",
    "Highs, lows and structure": (
        "highest lowest highestbars lowestbars highest_since lowest_since pivot_high pivot_low higher_highs lower_highs"
        " higher_lows lower_lows breakout retest bounce qfl_base blow_off_top"
    ),
    "Candle patterns": (
        "body upper_wick lower_wick bullish_engulfing bearish_engulfing hammer shooting_star doji morning_star"
        " evening_star three_white_soldiers three_black_crows bullish_harami bearish_harami pin_bar inside_bar"
        " outside_bar marubozu dragonfly_doji gravestone_doji hanging_man inverted_hammer spinning_top"
    ),
    "Windows and events": "sum count cum barssince valuewhen count_since back held happened",
    "Time": "session weekend",
}  # fmt: skip
HIDDEN = frozenset({"recur"})
"""The machine under `prev`; nobody calls it by name."""

INTRODUCTION = """\
# Functions

Every function of the language. `NAME=VALUE` shows a default, `in A to B` the range of a constant. A constant first
argument leaves the usual source out: `rsi(14)` is `rsi(close, 14)`. A function with several outputs is followed by
the one that is meant: `macd(12, 26, 9).hist`. `engine indicators` lists them, `engine eval "rsi(14)" --candles FILE`
shows their values. How a definition is written: [language](language.md).

Conventions, held by tests against Stock.Indicators, TradingView's exported values and TA-Lib to 1e-8:

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
- Endless sums (`obv`, `ad`) have a window, so that they do not depend on where the history begins.
- The thresholds of candle patterns are TA-Lib's, but no pattern asks for a gap between bodies, which markets that never
  close do not have.

*Known* and *settled* are the candles of history after which a function with these defaults (10 where a length has
none) has its first value, and after which where the history began no longer matters (to 1e-6).
"""


def main(check: bool) -> int:
    """Write the pages, or with `check` compare them; return how many differ."""
    pages = {HERE / "indicators.md": overview()}
    pages |= {HERE / "functions" / f"{f.name}.md": page(f) for f in listed()}
    stale = [path for path, text in pages.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    stale += [path for path in (HERE / "functions").glob("*.md") if path not in pages]
    for path in stale:
        sys.stdout.write(f"{path.relative_to(HERE.parent)}\n")
        if not check and path in pages:
            path.parent.mkdir(exist_ok=True)
            path.write_text(pages[path], encoding="utf-8")
        elif not check:
            path.unlink()
    return len(stale) if check else 0


def listed() -> list[Function]:
    """Return every function that has a page. Raises LookupError for one that has no group."""
    found = [f for f in catalogue() if f.kind != "builtin" and f.name not in HIDDEN]
    grouped = {name for names in GROUPS.values() for name in names.split()}
    missing = sorted({f.name for f in found} - grouped)
    if missing:
        raise LookupError(f"in no group of docs/write_functions.py: {', '.join(missing)}")
    return found


def overview() -> str:
    """Return docs/indicators.md: a table per group."""
    functions = {f.name: f for f in listed()}
    parts = [INTRODUCTION]
    for title, names in GROUPS.items():
        rows = [row(functions[name]) for name in names.split() if name in functions]
        head = "| function | gives | known, settled | what it is | follows |\n|---|---|---|---|---|"
        parts.append(f"## {title}\n\n" + "\n".join([head, *rows]) + "\n")
    built_in = [f for f in catalogue() if f.kind == "builtin"]
    rows = [f"| `{f.name}({', '.join(s.name for s in f.slots)})` | {f.about} |" for f in built_in]
    parts.append("## Built in\n\n" + "\n".join(["| function | what it is |\n|---|---|", *rows]) + "\n")
    return "\n".join(parts)


def row(function: Function) -> str:
    gives = "<br>".join(f"`.{name}` {unit}" if name != "value" else unit for name, unit in results(function))
    link = f"[`{signature(function)}`](functions/{function.name}.md)"
    cells = (link, gives, warmup(function), function.about, follows(function))
    return "| " + " | ".join(cell.replace("|", "\\|").strip() for cell in cells) + " |"


def signature(function: Function) -> str:
    """Return the signature as it is written; a primitive's is put together."""
    return function.definition.signature.span.text if function.definition else function.signature


def parameters(function: Function) -> list[str]:
    """Return each argument as it is written, and whether it is a series or a constant."""
    written = [p.span.text for p in function.definition.signature.params] if function.definition else []
    texts = written or [slot.text for slot in function.slots]
    kinds = ["series" if slot.series else "constant" for slot in function.slots]
    return [f"- `{text}` ({kind})" for text, kind in zip(texts, kinds, strict=True)]


def results(function: Function) -> list[tuple[str, str]]:
    """Return (output, unit with bounds) of each output; a primitive's may be told by its argument."""
    types = dict(outputs(function, catalogue()))
    return [(o.name, o.unit if " " in o.unit else unit_text(types[o.name])) for o in function.outputs]


def unit_text(given: Type) -> str:
    if given.is_bool:
        return "condition"
    text = str(given)
    low, high = given.bounds
    if given.bounds == OPEN or "index," in text or given.unit.powers or (low == float("-inf") and high == float("inf")):
        return text
    if high == float("inf"):
        return f"{text}, at least {low:g}"
    return f"{text}, at most {high:g}" if low == float("-inf") else f"{text}, {low:g} to {high:g}"


def calls(function: Function) -> list[str]:
    """Return a call per output, with the defaults, and something plain where there is none."""
    given = [f"{slot.name}={stand_in(slot)}" for slot in function.slots if slot.default is None]
    text = f"{function.name}({', '.join(given)})"
    return [text if output.name == "value" else f"{text}.{output.name}" for output in function.outputs]


def stand_in(slot: Slot) -> str:
    if slot.series:
        return "close > open" if slot.boolean else "close"
    return slot.choices[0] if slot.choices else f"{max(slot.low or 0, min(10, slot.high or 10)):g}"


def warmup(function: Function) -> str:
    """Return `known, settled` of the output that needs most."""
    nodes = []
    for text in calls(function):
        plan, node, found = load_expression(text, "1h")
        if node is None:
            raise ValueError(f"{text}: {found[0].message}")
        nodes.append(plan.nodes[node])
    return f"{max(n.defined for n in nodes)}, {max(n.converged for n in nodes)}"


def follows(function: Function) -> str:
    return function.reference[:1].upper() + function.reference[1:].rstrip(".")


def page(function: Function) -> str:
    """Return docs/functions/NAME.md."""
    parts = [f"# {function.name}\n", f"{function.about}\n", f"    {signature(function)}\n"]
    if function.slots:
        parts += [*parameters(function), ""]
    for name, unit in results(function):
        parts.append(f"Gives: {unit}." if name == "value" else f"- `.{name}`: {unit}")
    known, settled = warmup(function).split(", ")
    parts.append(
        f"\nWith these defaults it is known from candle {known} on, and settled (to 1e-6) from candle {settled} on.\n"
    )
    if function.reference:
        parts.append(f"Follows: {follows(function)}.\n")
    if function.examples:
        parts.append("```\n" + "\n".join(function.examples) + "\n```\n")
    if function.kind == "definition":
        parts.append(
            "## Definition\n\n```yaml\n" + (LIBRARY / f"{function.name}.yaml").read_text(encoding="utf-8") + "```\n"
        )
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(min(1, main("--check" in sys.argv)))
