"""A small plan with a model, made by hand: what the compiler would make of a short strategy."""

from __future__ import annotations

from engine.domain.market import Timeframe
from engine.domain.strategy import Frame, Gaps, ModelSpec, Plan, Schedule, StrategyRules, Universe
from engine.plan.graph import Graph

T = Timeframe.parse


def plan_with_model(length: int = 12, within: int = 8, texts: tuple[str, ...] = ("15m", "1h"), **model: object) -> Plan:
    """Return a plan whose model sees a spread from an average, the candle's range, and whether it rose."""
    graph = Graph()
    features = {}
    for text in texts:
        frame = Frame(T(text), None, Gaps("skip", 12))
        opened, high, low, close = (
            graph.intern("field", frame, (), (name,)) for name in ("open", "high", "low", "close")
        )
        one = graph.intern("const", frame, (), (1.0,))
        average = graph.intern("ema", frame, (close,), (float(length),), defined=length, converged=length * 8)
        spread = graph.intern("sub", frame, (graph.intern("div", frame, (close, average)), one))
        size = graph.intern("div", frame, (graph.intern("sub", frame, (high, low)), close))
        rose = graph.intern("gt", frame, (close, opened), boolean=True)
        features[T(text)] = (("spread", spread), ("size", size), ("rose", rose))
    names = tuple(name for name, _ in features[T(texts[0])])
    spec = ModelSpec(**{"name": "toy", "features": features, "up": 0.006, "down": -0.006, "within": within, **model})  # type: ignore[arg-type]
    for text in texts:
        frame = Frame(T(text), None, Gaps("skip", 12))
        inputs = tuple(node for _, node in features[T(text)])
        for output in ("up", "down"):
            graph.intern("model", frame, inputs, ("toy", output, 0.0, *names))
    rules = StrategyRules(
        "toy_bot", "Toy", "1.0.0", "", "", "", Schedule(), Gaps(), Universe(("BTC/USDT", "ETH/USDT")), {}, model=spec
    )
    return Plan(graph.plan_nodes(), (rules,))
