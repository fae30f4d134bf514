"""Training: samples from history, a cut in time, a model from the earlier part, its score on the later part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.domain.strategy import ModelSpec, Plan, StrategyRules
from engine.learn.labels import DOWN, UP
from engine.learn.model import Model, fit
from engine.learn.samples import Samples, collect, split
from engine.learn.score import Score, score
from engine.learn.store import Manifest, ModelProblem, expressions, label_of, libraries, save_model
from engine.ports import Feed


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How to train. `share` of the time is learnt from, the rest only scores.

    With `whole` the model is fitted once more on all of it after it was scored: for a live engine, because
    then nothing of that history may be decided with it.
    """

    estimator: str = "logistic"
    seed: int = 7
    share: float = 0.7
    whole: bool = False
    least_rows: int = 500


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model, what it is, and its score on candles later than those it was scored from."""

    model: Model
    estimator: Any
    manifest: Manifest
    score: Score

    def save(self, folder: Path) -> Path:
        """Write it for `engine.learn.store.load_model`, and return its path."""
        return save_model(folder, self.estimator, self.manifest)


def train(
    plan: Plan,
    strategy_id: str,
    feed: Feed,
    symbols: Sequence[str],
    after: int,
    until: int,
    settings: TrainingSettings | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> Trained:
    """Train the model of a strategy on candles that closed in (after, until].

    The model is known from the moment at which the outcome of its last sample was certain. Raises ModelProblem
    where there is too little to learn from, and FeedError.
    """
    chosen, rules = settings or TrainingSettings(), plan.strategy(strategy_id)
    spec = _spec(rules)
    markets = feed.markets(symbols)
    known = [symbol for symbol in symbols if symbol in markets]
    first, last = _span(feed, known, spec, after, until)
    samples = collect(plan, rules, spec, feed, known, first, last, progress)
    if not len(samples):
        raise ModelProblem(f"there is no candle with every feature of {spec.name} known: give it more history")
    begin, end = int(samples.time[0]), int(samples.time[-1])
    early, late = split(samples, begin + int((end - begin) * chosen.share))
    _enough(early, late, spec, chosen)
    estimator = fit(early, chosen.estimator, chosen.seed)
    model = _model(early, estimator)
    up, down = model.predict(dict(zip(late.names, late.features.T, strict=True)))
    scored = score(up, down, late.outcome, late.time, _rates(early))
    if chosen.whole:
        early, estimator = samples, fit(samples, chosen.estimator, chosen.seed)
        model = _model(samples, estimator)
    manifest = Manifest(
        spec.name, rules.id, chosen.estimator, chosen.seed, early.names, expressions(plan, spec), label_of(spec),
        tuple(sorted(markets)), tuple(sorted({market.venue for market in markets.values()})), int(early.time[0]),
        int(early.time[-1]), model.known_from, len(early), dict(zip(("up", "down"), _rates(early), strict=True)),
        scored.as_dict(), libraries(),
    )  # fmt: skip
    return Trained(model, estimator, manifest, scored)


def _spec(rules: StrategyRules) -> ModelSpec:
    if rules.model is None:
        raise ModelProblem(f"the strategy {rules.id} has no model to train")
    if not rules.model.within:
        raise ModelProblem(f"the model of {rules.id} has no label: it has to say what is learnt")
    return rules.model


def _span(feed: Feed, symbols: Sequence[str], spec: ModelSpec, after: int, until: int) -> tuple[int, int]:
    """Return the part of (after, until] in which the feed has candles to take samples at."""
    spans = {(s, t): feed.span(s, t) for s in symbols for t in spec.features}
    firsts = [span[0] - t.ms for (_, t), span in spans.items() if span]
    lasts = [span[1] for span in spans.values() if span]
    first, last = max(after, min(firsts, default=until)), min(until, max(lasts, default=after))
    if first >= last:
        raise ModelProblem(f"there are no candles in that span to learn {spec.name} from")
    return first, last


def _model(samples: Samples, estimator: Any) -> Model:
    return Model(samples.names, int(samples.known_at.max()), lambda: estimator)


def _rates(samples: Samples) -> tuple[float, float]:
    return float(np.mean(samples.outcome == UP)), float(np.mean(samples.outcome == DOWN))


def _enough(early: Samples, late: Samples, spec: ModelSpec, settings: TrainingSettings) -> None:
    if len(early) < settings.least_rows or not len(late):
        raise ModelProblem(
            f"{len(early)} candles to learn {spec.name} from and {len(late)} to score it on: "
            f"at least {settings.least_rows} and 1 are needed"
        )
    for name, rate in zip(("up", "down"), _rates(early), strict=True):
        if not 0 < rate < 1:
            raise ModelProblem(f"`{name}` {'always' if rate else 'never'} happened: {spec.name} has nothing to learn")
