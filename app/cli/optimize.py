"""`engine optimize`: search the ranges of a strategy's params, and say how little the best may mean."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli import options, show
from app.failure import CLEAN, Failure

if TYPE_CHECKING:
    from app.config import Config
    from app.optimising import Job, Runner, Verdict
    from dsl import ast
    from engine.domain.strategy import StrategyRules
    from engine.optimise.windows import Layout, Span

_FILE = click.Path(dir_okay=False, path_type=Path)
_PERCENT = click.FloatRange(0, 10)
_UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


class Length(click.ParamType[int]):
    """A length of time on the command line: `90d`, `12w`, `36h`; in ms."""

    name = "length"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"([1-9]\d{0,5})([mhdw])", str(value))
        if match is None:
            self.fail(f"{value!r} is not a length of time; write 90d, 12w or 36h", param, ctx)
        return int(match[1]) * _UNITS[match[2]]


class Walk(click.ParamType[tuple[int, int]]):
    """Train and test lengths: `90d/30d`."""

    name = "train/test"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        train, slash, test = str(value).partition("/")
        if not slash:
            self.fail(f"{value!r} is not a train and a test length; write 90d/30d", param, ctx)
        length = Length()
        return length.convert(train, param, ctx), length.convert(test, param, ctx)


@dataclass(frozen=True)
class Asked:
    """What was asked for on the command line."""

    method: str
    trials: int | None
    objectives: str
    min_trades: int
    params: str | None
    where: str | None
    walk: tuple[int, int] | None
    anchored: bool
    hold_out: str | None
    jobs: int
    seed: int
    backend: str
    scheduler: str | None
    study: Path | None
    resume: bool


@click.command()
@click.argument("strategy")
@click.option("--candles", required=True, type=click.Path(exists=True, path_type=Path), help="A candle file or folder.")
@click.option("--method", type=click.Choice(["grid", "random", "tpe"]), default="tpe", show_default=True)
@click.option("--trials", type=click.IntRange(1), help="Sets of params to try. [default: 100, of a grid all]")
@click.option("--objective", "objectives", default="sharpe", show_default=True, metavar="NAMES",
              help="One or several, as in profit_factor,drawdown; the first chooses among equals.")  # fmt: skip
@click.option("--min-trades", type=click.IntRange(1), default=30, show_default=True, help="Fewer cannot be judged.")
@click.option("--params", metavar="NAMES", help="Search these only; the others stay as written.")
@click.option("--where", metavar="CONDITION", help="Sets must meet it, as in 'fast < slow'.")
@click.option("--walk-forward", "walk", type=Walk(), help="Search windows of these lengths too, as in 90d/30d.")
@click.option("--anchored", is_flag=True, help="Windows grow from the start instead of rolling.")
@click.option("--hold-out", metavar="SPAN", help="Keep the last 60d, or 20%, unseen until the end.")
@click.option("--from", "since", type=show.Moment(), help="The first time that is decided. [default: after warm-up]")
@click.option("--to", "until", type=show.Moment(), help="The last time that is decided.")
@click.option("--symbols", help="Trade these instead of the watchlists', as in BTC/USDT,ETH/USDT; or all.")
@click.option("--fees", type=_PERCENT, help="Fee per fill in percent. [default: the configuration's]")
@click.option("--slippage", type=_PERCENT, help="Slippage of market and stop fills in percent.")
@click.option("--jobs", type=click.IntRange(1), help="Processes. [default: the processors there are]")
@click.option("--backend", type=click.Choice(["processes", "dask"]), default="processes", show_default=True)
@click.option("--scheduler", metavar="ADDRESS", help="With --backend dask: as in tcp://10.0.0.5:8786.")
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True)
@click.option("--study", type=_FILE, help="Where results are kept. [default: in the configuration's home]")
@click.option("--resume", is_flag=True, help="Go on with what the study has.")
@click.option("--write", type=_FILE, metavar="FILE", help="Write the best as a new version of the strategy.")
@click.option("--html", "page", type=_FILE, metavar="FILE", help="Write an HTML page with the plots.")
@click.option("--top", type=click.IntRange(1), default=10, show_default=True, help="Sets to list.")
@options.config
@options.as_json
def command(
    strategy: str, candles: Path, config: Path | None, since: int | None, until: int | None, symbols: str | None,
    fees: float | None, slippage: float | None, write: Path | None, page: Path | None, top: int, as_json: bool,
    **asked: Any,
) -> int:  # fmt: skip
    """Search the params of STRATEGY (a file, or a configured id) within the ranges it gives them.

    What was searched on says how good the best looks; the walk forward, the hold-out and the over-fitting figures
    say what that is worth. Stopped with Ctrl-C or killed, it goes on with --resume.
    """
    from app.cli import verdict as told
    from app.cli.explain import find_strategy
    from app.optimising import Sweep

    settings = options.read_config(config)
    path = find_strategy(settings, strategy)
    document, rules = _document(path)
    if write is not None:
        _may_write(write, path)
    want = Asked(**asked)
    costs = (
        settings.costs.fee if fees is None else fees / 100,
        settings.costs.slippage if slippage is None else slippage / 100,
    )
    job = _job(want, settings, path, document, candles, symbols, costs, (since, until))
    study = _study(want, settings, job, rules)
    with study:
        try:
            sweep = Sweep(job, study, _runner(want))
            with show.progress("sets", sweep.total, unit="runs") as sweep.told:
                found = sweep.verdict()
        except KeyboardInterrupt:
            show.note(
                f"stopped; {len(study.records)} results are in {study.path}: the same command with --resume goes on"
            )
            raise
        except (ValueError, RuntimeError) as error:
            raise Failure(str(error)) from None
    _keep(found, job, study.path, path, write, page)
    if as_json:
        show.as_json(told.facts(found, job, rules, study.path))
    else:
        told.text(found, job, rules, study.path, top)
    return CLEAN


def _document(path: Path) -> tuple[ast.Document, StrategyRules]:
    """Return the document and its rules. Raises Failure where it cannot be compiled."""
    from app import wiring
    from dsl.read import read_document

    loaded = wiring.load_strategies([path])
    return read_document(path)[0], loaded.plan.strategies[0]


def _job(
    want: Asked, settings: Config, path: Path, document: ast.Document, candles: Path, symbols: str | None,
    costs: tuple[float, float], span: tuple[int | None, int | None],
) -> Job:  # fmt: skip
    from app import wiring
    from app.optimising import OBJECTIVES, Job
    from app.sweep import Ground, print_of
    from dsl.tuning import NotTunable, condition, ranges

    names = tuple(dict.fromkeys(name.strip() for name in want.objectives.split(",") if name.strip()))
    for name in names or ("",):
        if name not in OBJECTIVES:
            raise Failure(f"there is no objective {name!r}; there is {', '.join(OBJECTIVES)}")
    if want.backend == "dask" and not want.scheduler:
        raise Failure("--backend dask needs the --scheduler of a cluster, as in tcp://10.0.0.5:8786")
    only = [name.strip() for name in (want.params or "").split(",") if name.strip()]
    try:
        tuned = ranges(document, only)
        allowed = condition(document, want.where) if want.where else _anything
    except NotTunable as error:
        raise Failure(str(error)) from None
    feed = wiring.candle_feed(candles, settings)
    plan = wiring.load_strategies([path]).plan
    universe = wiring.universe_of(plan, settings, options.chosen_symbols(symbols, feed.symbols()))
    # Workers may run in another folder.
    absolute = {name: file.resolve() for name, file in settings.series.items()}
    config = replace(settings, home=settings.home.resolve(), series=absolute)
    for line in wiring.missing_models(plan, config):
        show.note(line)
    ground = Ground(
        config, candles.resolve(), str(path.resolve()), path.read_text(encoding="utf-8"),
        universe[document.id], *costs, print_of(candles.resolve()) if want.backend == "dask" else "",
    )  # fmt: skip
    defaults = {one.name: one.default for one in tuned}
    corner = {one.name: one.high for one in tuned}
    whole = _whole(document, [defaults, corner], ground, span)
    return Job(
        ground, tuned, defaults, _layout(want, whole), want.method, names, want.trials, want.seed, want.min_trades,
        allowed, want.jobs or os.cpu_count() or 1,
    )  # fmt: skip


def _anything(point: Mapping[str, float]) -> bool:
    return True


def _whole(
    document: ast.Document, points: list[dict[str, float]], ground: Any, span: tuple[int | None, int | None]
) -> Span:
    """Return the span to decide: what was asked for, else what there is after the warm-up of the slowest set."""
    from app.sweep import whole_feed
    from dsl.tuning import Variants
    from engine.feeds.scope import first_candle, last_candle, survey

    plan, _ = Variants(document).plan(points)
    feed = whole_feed(ground)
    scope = survey(plan, feed, {rules.id: ground.symbols for rules in plan.strategies})
    first, last = first_candle(feed, scope), last_candle(feed, scope)
    if first is None or last is None:
        raise Failure(
            f"there are no candles of the symbols of {document.id} here: {', '.join(ground.symbols) or 'none'}"
        )
    firing = [side.fires for rules in plan.strategies for sides in rules.rules.values() for side in sides]
    warm = max((plan.nodes[node].history_ms for node in firing), default=0)
    if span[0] is None and warm > (last - first) // 5:
        show.note(
            f"to settle fully the slowest set needs {warm / 86_400_000:.0f} days of {(last - first) / 86_400_000:.0f}: "
            "deciding begins after a fifth of them; more history before --from would be better"
        )
        warm = (last - first) // 5
    start = max(first, span[0] if span[0] is not None else first + warm)
    end = min(last, span[1] if span[1] is not None else last)
    if start >= end:
        raise Failure(
            f"there are no candles from {show.when(start)} to {show.when(end)} UTC; "
            f"they begin {show.when(first)} and end {show.when(last)}"
        )
    return start, end


def _layout(want: Asked, whole: Span) -> Layout:
    from engine.optimise.windows import layout

    held = 0
    if want.hold_out:
        match = re.fullmatch(r"(\d{1,2}(?:\.\d+)?)%", want.hold_out)
        if match is not None:
            held = int((whole[1] - whole[0]) * float(match[1]) / 100) // 60_000 * 60_000
        else:
            held = Length().convert(want.hold_out, None, None)
    if want.anchored and want.walk is None:
        raise Failure("--anchored says how windows grow; give --walk-forward too, as in 90d/30d")
    try:
        return layout(whole, held, want.walk, want.anchored)
    except ValueError as error:
        raise Failure(str(error)) from None


def _study(want: Asked, settings: Config, job: Job, rules: StrategyRules) -> Any:
    from dataclasses import asdict

    from app.sweep import print_of
    from engine.optimise.study import Study, StudyProblem

    layout = job.layout
    header = {
        "strategy": rules.id, "version": rules.version, "rules": rules.hash, "candles": print_of(job.ground.candles),
        "symbols": job.ground.symbols, "costs": (job.ground.fees, job.ground.slippage), "span": layout.search,
        "windows": [(window.train, window.test) for window in layout.windows], "hold_out": layout.hold_out,
        "ranges": [asdict(one) for one in job.ranges], "where": want.where or "", "method": job.method,
        "objectives": job.objectives, "min_trades": job.least, "seed": job.seed,
    }  # fmt: skip
    try:
        return Study(want.study or settings.home / "studies" / f"{rules.id}.jsonl", header, resume=want.resume)
    except StudyProblem as error:
        raise Failure(str(error)) from None
    except OSError as error:
        raise Failure(
            f"{error.filename or want.study}: the study cannot be kept: {error.strerror}; --study takes another file"
        ) from None


def _runner(want: Asked) -> Runner:
    from engine.optimise import pool

    jobs = want.jobs or os.cpu_count() or 1
    if want.backend == "dask":
        if not pool.has_dask():
            raise Failure("--backend dask needs dask: install signal-engine[dask]")
        return partial(pool.cluster, address=str(want.scheduler))
    return pool.here if jobs == 1 else partial(pool.processes, jobs=jobs)


def _may_write(target: Path, source: Path) -> None:
    """Raise Failure where writing a new version would take away something else."""
    if target.exists() and target.resolve() != source.resolve():
        raise Failure(f"{target} is there already; --write takes a new file, or {source} itself")


def _keep(found: Verdict, job: Job, study: Path, source: Path, write: Path | None, page: Path | None) -> None:
    from app.cli import verdict as told
    from dsl.tuning import NotTunable, rewritten

    if write is not None:
        try:
            text = rewritten(source, found.best.point, told.evidence(found, job, study))
        except NotTunable as error:
            raise Failure(str(error)) from None
        _replace(write, text)
        show.note(f"wrote {write}")
    if page is not None:
        from app.sweep_page import html

        _replace(page, html(found, job))
        show.note(f"wrote {page}")


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}") from None
