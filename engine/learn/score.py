"""The score of a model on a time it has not seen, beside what anyone could say without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from engine.domain.market import Floats
from engine.learn.labels import DOWN, UP, Outcomes


@dataclass(frozen=True, slots=True)
class SideScore:
    """How well one side's ratio was told. The base always tells the rate of the training span.

    `log_loss` and `brier` are better when lower, `auc` is 0.5 for a coin and NaN where only one outcome occurred.
    """

    rate: float
    base_rate: float
    log_loss: float
    base_log_loss: float
    brier: float
    base_brier: float
    auc: float


@dataclass(frozen=True, slots=True)
class Score:
    """The score of both sides over `rows` samples later than the training span."""

    rows: int
    up: SideScore
    down: SideScore

    @property
    def better(self) -> bool:
        """Whether the model beats the base rate on both sides, by log loss."""
        return self.up.log_loss < self.up.base_log_loss and self.down.log_loss < self.down.base_log_loss

    def as_dict(self) -> Mapping[str, object]:
        return asdict(self)

    def lines(self) -> list[str]:
        """Return the score as a small table, and what it means in one sentence."""
        head = f"{'':6}{'happened':>10}{'log loss':>10}{'base':>10}{'Brier':>10}{'base':>10}{'AUC':>8}"
        rows = [
            f"{name:6}{side.rate:>10.1%}{side.log_loss:>10.4f}{side.base_log_loss:>10.4f}"
            f"{side.brier:>10.4f}{side.base_brier:>10.4f}{side.auc:>8.3f}"
            for name, side in (("up", self.up), ("down", self.down))
        ]
        verdict = (
            "better than always telling the base rate"
            if self.better
            else "no better than the base rate: do not trust it"
        )
        return [head, *rows, f"on {self.rows} later candles: {verdict}"]


def score(up: Floats, down: Floats, outcome: Outcomes, base: tuple[float, float]) -> Score:
    """Score predicted ratios (N,) against what happened; `base` are the rates of up and down in training."""
    sides = (_side(told, outcome == which, rate) for told, which, rate in ((up, UP, base[0]), (down, DOWN, base[1])))
    return Score(len(outcome), *sides)


def _side(told: Floats, happened: np.ndarray[tuple[int], np.dtype[np.bool_]], base_rate: float) -> SideScore:
    base = np.full(len(told), base_rate)
    return SideScore(
        float(happened.mean()), base_rate, _log_loss(told, happened), _log_loss(base, happened),
        float(np.mean((told - happened) ** 2)), float(np.mean((base - happened) ** 2)), _auc(told, happened),
    )  # fmt: skip


def _log_loss(told: Floats, happened: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    certain = np.clip(np.where(happened, told, 1 - told), 1e-12, 1.0)
    return float(-np.mean(np.log(certain)))


def _auc(told: Floats, happened: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    """Return the chance that a case that happened was told higher than one that did not; ties count half."""
    yes, no = int(happened.sum()), int((~happened).sum())
    if not yes or not no:
        return float("nan")
    _, place, count = np.unique(told, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    return float((ranks[happened].sum() - yes * (yes + 1) / 2) / (yes * no))
