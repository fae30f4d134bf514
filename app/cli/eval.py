"""`engine eval`: an expression's value on each candle of a file."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli import show
from app.failure import BROKEN, Failure

if TYPE_CHECKING:
    import numpy.typing as npt

    from app.wiring import History
    from engine.domain.market import Candles


@click.command()
@click.argument("expression")
@click.option(
    "--candles", required=True, type=click.Path(exists=True, path_type=Path), help="A candle file, or a folder of them."
)
@click.option("--timeframe", help="Timeframe, as in 5m. [default: the file's]")
@click.option("--symbol", help="Symbol, where there are several.")
@click.option("--from", "since", type=show.Moment(), help="First close time.")
@click.option("--to", "until", type=show.Moment(), help="Last close time.")
@click.option("--last", type=click.IntRange(1), help="Only the last N candles.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def command(
    expression: str, candles: Path, timeframe: str | None, symbol: str | None,
    since: int | None, until: int | None, last: int | None, form: str,
) -> None:  # fmt: skip
    """Print the value of EXPRESSION on each closed candle, empty where it is unknown."""
    from app import wiring

    feed = wiring.candle_feed(candles)
    chosen = _symbol(feed, symbol)
    frame = _timeframe(feed, chosen, timeframe)
    values, history = _evaluate(feed, expression, chosen, frame)
    rows = range(len(history))
    if since is not None or until is not None:
        rows = range(*history.close_time.searchsorted([since or 0, (until or 2**62) + 1]).tolist())
    if last is not None:
        rows = rows[-last:]
    _print(expression, history, values, rows, form)


def _symbol(feed: History, symbol: str | None) -> str:
    known = feed.symbols()
    if symbol is None and len(known) == 1:
        return known[0]
    if symbol not in known:
        raise Failure(f"choose a --symbol: {', '.join(known)}")
    return symbol


def _timeframe(feed: History, symbol: str, text: str | None) -> str:
    known = feed.timeframes(symbol)
    if text is None:
        return str(known[0])
    from engine.domain.market import Timeframe

    try:
        wanted = Timeframe.parse(text)
    except ValueError as error:
        raise Failure(str(error)) from None
    if not any(wanted.is_multiple_of(frame) for frame in known):
        raise Failure(f"{symbol} has no candles from which {text} can be built; there is {', '.join(map(str, known))}")
    return text


def _evaluate(feed: History, expression: str, symbol: str, frame: str) -> tuple[npt.NDArray[Any], Candles]:
    from dsl.load import load_expression
    from engine.domain.market import Timeframe
    from engine.domain.strategy import Gaps
    from engine.feeds.blocks import gather
    from engine.plan.evaluate import Evaluator

    plan, node, found = load_expression(expression, frame, gaps=Gaps("skip", 0))
    if node is None:
        from dsl.report import text

        raise Failure(f"the expression cannot be evaluated\n\n{text(found)}", BROKEN)
    timeframe = Timeframe.parse(frame)
    others = {f.symbol for f in plan.frames() if f.symbol} - {symbol}
    symbols = (symbol, *sorted(others))
    frames = sorted({timeframe, *(f.timeframe for f in plan.frames())})
    span = feed.span(symbol, timeframe)
    if span is None:
        raise Failure(f"there are no {frame} candles of {symbol}")
    series = tuple(str(n.params[0]) for n in plan.nodes if n.op == "series")
    block = gather(feed, symbols, frames, span[0] - timeframe.ms, span[1], series)
    values = Evaluator(plan, symbols, keep=(node,)).advance(block).of(node)[:, 0]
    here = block.panels[timeframe].here[:, 0] > 0
    return values[here], feed.candles(symbol, timeframe, span[0] - timeframe.ms, span[1])


def _print(expression: str, history: Candles, values: npt.NDArray[Any], rows: range, form: str) -> None:
    truths = {0: "false", 1: "", 2: "true"} if values.dtype.kind == "i" else None

    def text(row: int) -> str:
        if truths is not None:
            return truths[int(values[row])]
        return "" if values[row] != values[row] else repr(float(values[row]))

    if form == "json":
        words = {"": None, "true": True, "false": False}
        show.as_json(
            [
                {"close_time": int(history.close_time[r]), "close": float(history.close[r]),
                 "value": words[text(r)] if truths else float(values[r])}
                for r in rows
            ]
        )  # fmt: skip
    elif form == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(("close_time_ms", "close", expression))
        writer.writerows((int(history.close_time[r]), float(history.close[r]), text(r)) for r in rows)
    else:
        lines = [(show.when(int(history.close_time[r])), f"{history.close[r]:g}", text(r) or "unknown") for r in rows]
        show.table(("close time (UTC)", "close", expression), lines, right=(1, 2))
