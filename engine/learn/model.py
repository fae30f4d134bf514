"""Fitting a model, and asking it: the same answer for one row as for a million, to the bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from engine.domain.market import Floats
from engine.learn.labels import DOWN, UP
from engine.learn.samples import Samples

ESTIMATORS = ("logistic", "boosting")
_PLACES = 9


def fit(samples: Samples, kind: str, seed: int) -> Any:
    """Fit a scikit-learn estimator on one thread, the same one each time. `kind` is one of ESTIMATORS."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    if kind == "logistic":
        from sklearn.linear_model import LogisticRegression

        last: Any = LogisticRegression(C=0.1, max_iter=1000, random_state=seed)
    elif kind == "boosting":
        from sklearn.ensemble import HistGradientBoostingClassifier

        last = HistGradientBoostingClassifier(
            learning_rate=0.05, max_iter=120, max_leaf_nodes=15, min_samples_leaf=100, l2_regularization=1.0,
            early_stopping=False, random_state=seed,
        )  # fmt: skip
    else:
        raise ValueError(f"there is no estimator {kind!r}; known: {', '.join(ESTIMATORS)}")
    with threadpool_limits(1):
        return make_pipeline(StandardScaler(), last).fit(samples.features, samples.outcome)


class Model:
    """A fitted estimator as the engine's Predictor.

    `names` is the order of its feature columns. `load` gives the fitted pipeline and is called when the model is
    first asked, so that starting the engine does not wait for scikit-learn.
    """

    def __init__(self, names: tuple[str, ...], known_from: int, load: Callable[[], Any]) -> None:
        self.names, self.known_from = names, known_from
        self._load = load
        self._ask: Callable[[Floats], Floats] | None = None
        self._places: tuple[int, int] = (-1, -1)
        self._last: tuple[bytes, tuple[Floats, Floats]] = (b"", (np.empty(0), np.empty(0)))

    def predict(self, features: Mapping[str, Floats]) -> tuple[Floats, Floats]:
        """Return (up, down) ratios for feature columns of one length, rounded to 1e-9, NaN if any is unknown."""
        rows = np.column_stack([features[name] for name in self.names])
        asked = rows.tobytes()
        if asked != self._last[0]:  # `model.up` and `model.down` ask the same one after the other
            self._last = asked, self._predict(rows)
        up, down = self._last[1]
        return up.copy(), down.copy()

    def _predict(self, rows: Floats) -> tuple[Floats, Floats]:
        up, down = np.full((2, len(rows)), np.nan)
        known = np.isfinite(rows).all(axis=1)
        if known.any():
            if self._ask is None:
                self._ask, self._places = _opened(self._load())
            told = np.round(self._ask(rows[known]), _PLACES)
            up[known], down[known] = (told[:, place] if place >= 0 else 0.0 for place in self._places)
        return up, down


def _opened(pipeline: Any) -> tuple[Callable[[Floats], Floats], tuple[int, int]]:
    """Return how to ask a pipeline for its probabilities, and which columns are up and down (-1: never seen)."""
    classes = [int(one) for one in pipeline.classes_]
    places = tuple(classes.index(one) if one in classes else -1 for one in (UP, DOWN))
    ask = _linear(pipeline) if hasattr(pipeline[-1], "coef_") else _single_threaded(pipeline)
    return ask, (places[0], places[1])


def _single_threaded(pipeline: Any) -> Callable[[Floats], Floats]:
    from threadpoolctl import ThreadpoolController

    threads = ThreadpoolController()

    def ask(rows: Floats) -> Floats:
        with threads.limit(limits=1):
            return np.asarray(pipeline.predict_proba(rows))

    return ask


def _linear(pipeline: Any) -> Callable[[Floats], Floats]:
    """Return the probabilities of scaler and logistic regression, feature by feature.

    scikit-learn multiplies matrices, whose last bits depend on how many rows there are; sums in a fixed order
    do not. Two classes are three with the first at 0, as in the logistic function.
    """
    mean, scale = pipeline[0].mean_, pipeline[0].scale_
    weights, bias = pipeline[-1].coef_, pipeline[-1].intercept_
    if len(weights) == 1:
        weights, bias = np.vstack([np.zeros_like(weights), weights]), np.append(0.0, bias)

    def ask(rows: Floats) -> Floats:
        level = np.broadcast_to(bias, (len(rows), len(bias))).copy()
        for place in range(len(mean)):
            level += ((rows[:, place] - mean[place]) / scale[place])[:, None] * weights[:, place]
        power = np.exp(level - level.max(axis=1, keepdims=True))
        total = power[:, 0].copy()
        for place in range(1, power.shape[1]):
            total += power[:, place]
        return np.asarray(power / total[:, None])

    return ask
