"""A checked strategy -> its rules over the nodes of the shared graph."""

from __future__ import annotations

from dataclasses import replace

from dsl import ast
from dsl.catalogue import Catalogue
from dsl.check.checked import Checked
from dsl.compile.digest import plan_hash, strategy_hash
from dsl.compile.held import Holder
from dsl.compile.place import Placer
from dsl.compile.rules import firing, side_rules
from engine.domain.market import Timeframe
from engine.domain.strategy import (
    Cooldown,
    Frame,
    Gaps,
    ModelSpec,
    Plan,
    Schedule,
    SideRules,
    StrategyRules,
    Universe,
)
from engine.plan.graph import Graph

_ORDER = {"long": 0, "short": 1}


def compile_strategy(given: Checked, graph: Graph, catalogue: Catalogue) -> StrategyRules:
    """Add a strategy to the graph and return its rules: timeframes in the document's order, long before short."""
    document = given.document
    gaps = Gaps(document.gaps.kind, document.gaps.limit) if document.gaps else Gaps()
    placer = Placer(graph, catalogue, given.assume)
    rules = {timeframe: _sides(given, placer, Frame(timeframe, None, gaps)) for timeframe in given.timeframes}
    where = {}
    if given.where is not None:
        where = {timeframe: placer.place(given.where, Frame(timeframe, None, gaps)) for timeframe in given.timeframes}
    made = StrategyRules(
        id=document.id, name=document.name or document.id, version=document.version, about=document.about,
        path=document.path, hash="", schedule=_schedule(document), gaps=gaps,
        universe=_universe(document, where), rules=rules,
        cooldowns=tuple(Cooldown(c.ms, c.after) for c in document.cooldowns), params=dict(given.params),
        model=_model(given, placer, gaps), uses_symbols=tuple(placer.symbols), uses_series=tuple(placer.series),
        assumed=tuple(placer.assumed), missing_fields=tuple(placer.missing),
    )  # fmt: skip
    return replace(made, hash=strategy_hash(made, graph))


def finish(graph: Graph, strategies: tuple[StrategyRules, ...]) -> Plan:
    """Return the plan of a graph and the strategies that were compiled into it."""
    return Plan(graph.plan_nodes(), strategies, plan_hash(strategies))


def _sides(given: Checked, placer: Placer, frame: Frame) -> tuple[SideRules, ...]:
    sides = sorted(given.sides, key=lambda side: _ORDER[side.side])
    decided = {side.side: firing(placer, side, frame) for side in sides}
    fires = {name: firing.fires for name, firing in decided.items()}
    return tuple(side_rules(placer, side, decided[side.side], Holder(placer, frame, fires)) for side in sides)


def _schedule(document: ast.Document) -> Schedule:
    given = document.schedule
    return Schedule(given.kind, given.ms // 1000, given.cron) if given else Schedule()


def _universe(document: ast.Document, where: dict[Timeframe, int]) -> Universe:
    given = document.universe
    if given is None:
        return Universe()
    symbols = tuple(symbol for symbol, _ in given.symbols)
    text = " ".join(given.where.span.text.split()) if given.where is not None else ""
    return Universe(symbols, given.watchlist, where, text)


def _model(given: Checked, placer: Placer, gaps: Gaps) -> ModelSpec | None:
    block = given.document.model
    if block is None:
        return None
    features = {
        timeframe: tuple((name, placer.place(term, Frame(timeframe, None, gaps))) for name, term in given.features)
        for timeframe in given.timeframes
    }
    label = block.label
    up, down, bars = (label.up.value, label.down.value, label.bars) if label else (0.0, 0.0, 0)
    return ModelSpec(block.name, features, up, down, bars, block.trust_training_span)
