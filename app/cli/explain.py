"""`engine explain`: what every condition said on one candle, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli import options, show
from app.cli.answer import Answer
from app.failure import CLEAN, Failure

if TYPE_CHECKING:
    from app.config import Config
    from app.explained import Instant
    from app.recorded import Record
    from app.wiring import History
    from dsl.explain import Anatomy
    from engine.domain.market import Timeframe
    from engine.domain.signal import Signal
    from engine.ports import Feed


@click.command()
@click.argument("strategy", required=False)
@click.option("--symbol", help="The symbol, as in BTC/USDT; may be left out where there is one.")
@click.option("--timeframe", help="The timeframe, as in 5m; may be left out where the strategy has one.")
@click.option("--at", type=show.Moment(), help="When the candle closed.")
@click.option("--signal", "name", help="Explain this signal of the database: its id, or how that begins.")
@options.candles
@options.database
@options.config
@click.option("--side", type=click.Choice(["long", "short"]), help="Only this side.")
@click.option("--from", "since", type=show.Moment(), help="With --candles: decide from here on. [default: the first]")
@click.option("--deep", is_flag=True, help="Open the functions of the library, too.")
@options.as_json
def command(
    strategy: str | None, symbol: str | None, timeframe: str | None, at: int | None, name: str | None,
    candles: Path | None, database: Path | None, config: Path | None, side: str | None, since: int | None, deep: bool,
    as_json: bool,
) -> int:  # fmt: skip
    """Explain what STRATEGY (a file, or the id of a configured one) said on the candle that closed at --at.

    Every condition is evaluated to its last part, whatever was decided before it: with its values, its verdict, and
    how far it was from holding. --candles runs all that was before and decides again; --db shows what an engine
    recorded (default: the configuration's database). --signal explains a signal that it made.
    """
    settings = options.read_config(config)
    if database is None and (candles is None or name is not None):
        database = settings.database
    if database is not None and not database.is_file():
        raise Failure(f"there is no database at {database}; give --candles, or another --db")
    if name is not None:
        assert database is not None
        made = find_signal(database, name)
        if (symbol, timeframe, at) != (None, None, None):
            raise Failure("--signal says which candle it was: leave out --symbol, --timeframe and --at")
        where = find_file(settings, strategy or made.strategy)
        if where is None:
            return _tell_stored(made, as_json=as_json)
        strategy, symbol, timeframe = str(where), made.symbol, made.timeframe
        at, side = made.close_time, side or str(made.side)
    if strategy is None or at is None:
        raise Failure("say which STRATEGY and --at which time, or which --signal of the database")
    question = _ask(settings, strategy, symbol, timeframe, at, candles, database, deep)
    answer = question.answer(since)
    sides = [part for part in answer.anatomy.sides if side in (None, str(part.rules.side))]
    if not sides:
        raise Failure(f"{answer.anatomy.strategy.id} has no {side} side")
    if as_json:
        show.as_json(answer.facts(sides))
    else:
        show.say("\n".join(answer.text(sides, deep)))
    return CLEAN


def find_signal(database: Path, name: str) -> Signal:
    """Return the signal whose id begins so. Raises Failure where there is none, or more than one."""
    from db.queries import Queries

    with Queries(database) as queries:
        found = queries.signals_named(name.strip().lower())
    if not found:
        raise Failure(f"there is no signal {name} in {database}")
    if len(found) > 1:
        raise Failure(f"several signals begin with {name}: {', '.join(made.id for made in found)}")
    return found[0]


def _tell_stored(made: Signal, *, as_json: bool) -> int:
    """Tell what was stored with a signal whose strategy is not here any more."""
    from app.cli.answer import stored_facts, stored_lines

    if as_json:
        show.as_json(stored_facts(made))
    else:
        show.say("\n".join(stored_lines(made)))
    return CLEAN


def _ask(
    config: Config, strategy: str, symbol: str | None, timeframe: str | None, at: int,
    candles: Path | None, database: Path | None, deep: bool,
) -> Question:  # fmt: skip
    from app import wiring
    from dsl.explain import lay_open

    loaded = wiring.load_strategies([find_strategy(config, strategy)])
    rules = loaded.plan.strategies[0]
    frame = _timeframe(timeframe, list(rules.rules), rules.id)
    anatomy = lay_open(loaded, rules.id, frame, deep=deep)
    feed: History | None = wiring.candle_feed(candles, config) if candles is not None else None
    known = feed.symbols() if feed is not None else ()
    if feed is None and database is not None:
        from app.recorded import kept_candles, read_record

        recorded = read_record(database, rules.id, "", frame, at).symbols
        named = wiring.universe_of(loaded.plan, config)[rules.id]
        feed = kept_candles(database, config.venues, tuple({*named, *recorded, *rules.uses_symbols}), rules)
        # What the strategy trades may be asked for, too: that nothing was recorded of it is an answer.
        known = tuple(sorted({*recorded, *named, *(feed.symbols() if feed is not None else ())}))
    return Question(config, anatomy, find_symbol(symbol, known), at, feed, database)


def find_file(config: Config, text: str) -> Path | None:
    """Return the file of a strategy by its path, or by the id of a configured one; None: there is none."""
    from dsl.load import strategy_files

    path = Path(text)
    if path.is_file():
        return path
    return next((file for file in strategy_files(config.strategies) if file.stem == text), None)


def find_strategy(config: Config, text: str) -> Path:
    """Return the file of a strategy by its path, or by the id of a configured one. Raises Failure."""
    from dsl.load import strategy_files
    from dsl.suggest import nearest

    found = find_file(config, text)
    if found is not None:
        return found
    known = sorted(file.stem for file in strategy_files(config.strategies))
    near = nearest(Path(text).stem, known)
    hint = f"did you mean {near}?" if near else f"there is {', '.join(known)}"
    raise Failure(f"there is no strategy {text!r}; {hint}")


def find_symbol(text: str | None, known: tuple[str, ...]) -> str:
    """Return a symbol written as BTC/USDT or BTCUSDT; left out, the only one. Raises Failure."""
    from dsl.suggest import nearest
    from engine.domain.market import wire_symbol

    listed = ", ".join(known) or "none"
    if text is None:
        if len(known) == 1:
            return known[0]
        raise Failure(f"choose a --symbol; there is {listed}")
    for symbol in known:
        if text.upper() in (symbol, wire_symbol(symbol)):
            return symbol
    wires = {wire_symbol(symbol): symbol for symbol in known}
    near = wires.get(nearest(wire_symbol(text.upper()), wires) or "")
    raise Failure(f"there is nothing of {text} here; " + (f"did you mean {near}?" if near else f"there is {listed}"))


def _timeframe(text: str | None, known: list[Timeframe], strategy: str) -> Timeframe:
    listed = ", ".join(map(str, known))
    if text is None and len(known) == 1:
        return known[0]
    found = next((timeframe for timeframe in known if timeframe.text == text), None)
    if found is None:
        given = "choose a --timeframe" if text is None else f"{strategy} does not run on {text}"
        raise Failure(f"{given}; it runs on {listed}")
    return found


@dataclass(frozen=True)
class Question:
    """What is asked: one candle of one strategy, on candles, on what a database recorded, or on both."""

    config: Config
    anatomy: Anatomy
    symbol: str
    at: int
    feed: History | None
    database: Path | None

    def answer(self, since: int | None) -> Answer:
        from app.recorded import read_record

        record = None
        if self.database is not None:
            frame = self.anatomy.timeframe
            record = read_record(self.database, self.anatomy.strategy.id, self.symbol, frame, self.at)
        instant = None if self.feed is None else self._run(self.feed, since, record)
        if instant is None and record is not None and not record.decided(self.at):
            raise Failure(self._undecided(record))
        return Answer(self.anatomy, self.symbol, self.at, instant, record)

    def _undecided(self, record: Record) -> str:
        """Say what a database lacks to answer."""
        lacking = f"it keeps no candles of {self.symbol}: give --candles to decide it here"
        if record.end <= record.begin:
            return f"the database has decided nothing yet; {lacking}"
        begin, end = show.when(record.begin), show.when(record.end)
        return f"the database has decided what closed from {begin} to {end} UTC, not {show.when(self.at)}; {lacking}"

    def _run(self, feed: History, since: int | None, record: Record | None) -> Instant | None:
        """Decide the candle again; None where only the database knows it."""
        from app import wiring
        from app.explained import decide_at, journey
        from engine.decide import Settings

        config, anatomy = self.config, self.anatomy
        if record is not None and not feed.timeframes(self.symbol):
            return None
        self._check_time(feed)
        universe: dict[str, tuple[str, ...]] = {anatomy.strategy.id: (self.symbol,)}
        if config.max_open:
            named = wiring.universe_of(anatomy.plan, config)[anatomy.strategy.id]
            universe = {anatomy.strategy.id: tuple(dict.fromkeys((*named, self.symbol)))}
        whole: Feed = wiring.with_series(feed, config)
        way = journey(anatomy.plan, whole, universe, since if since is not None else record.begin if record else None)
        if way is None:
            raise Failure(f"there are no candles of {self.symbol}")
        costs = config.costs
        settings = Settings(fees=costs.fee, slippage=costs.slippage, risk=wiring.protections(config))
        predictors = wiring.predictors(anatomy.plan, config)
        return decide_at(anatomy, whole, way, self.symbol, self.at, settings, predictors)

    def _check_time(self, feed: History) -> None:
        """Raise Failure where no candle of the timeframe closes at the time, with the nearest that does."""
        timeframe, symbol = self.anatomy.timeframe, self.symbol
        span = feed.span(symbol, timeframe)
        if span is None:
            there = ", ".join(map(str, feed.timeframes(symbol)))
            raise Failure(f"there are no {timeframe} candles of {symbol}; there is {there}")
        if not span[0] <= self.at <= span[1]:
            there = f"{symbol} {timeframe} candles close from {show.when(span[0])} to {show.when(span[1])} UTC"
            raise Failure(f"{show.when(self.at)} is outside the data: {there}")
        times = feed.candles(symbol, timeframe, 0, 2**62).close_time
        place = int(times.searchsorted(self.at))
        if times[place] != self.at:
            near = min((int(times[place - 1]), int(times[place])), key=lambda time: abs(time - self.at))
            raise Failure(
                f"no {timeframe} candle of {symbol} closes at {show.when(self.at)} UTC; the nearest is "
                f"--at {show.when(near).replace(' ', 'T')}Z"
            )
