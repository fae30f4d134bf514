"""The score of a model on a time it has not seen, beside what anyone could say without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from engine.domain.market import Floats, Times
from engine.learn.labels import DOWN, UP, Outcomes

Truth = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SideScore:
    """How well one side's ratio was told. The base always tells the rate of the training span.

    `log_loss` and `brier` are better when lower, `auc` is 0.5 for a coin and NaN where only one outcome occurred.
    `gain` is by how much the log loss is below the base's, in standard errors over days (neighbouring candles say
    nearly the same, so they do not count each); NaN with fewer than three days.
    """

    rate: float
    base_rate: float
    log_loss: float
    base_log_loss: float
    brier: float
    base_brier: float
    auc: float
    gain: float


@dataclass(frozen=True, slots=True)
class Score:
    """The score of both sides over `rows` samples later than the training span."""

    rows: int
    up: SideScore
    down: SideScore

    @property
    def better(self) -> bool:
        """Whether the model beats the base rate on both sides by more than luck would (two standard errors)."""
        return self.up.gain > 2 and self.down.gain > 2

    def as_dict(self) -> Mapping[str, object]:
        return asdict(self)

    def lines(self) -> list[str]:
        """Return the score as a small table, and what it means in one sentence."""
        head = f"{'':6}{'happened':>10}{'log loss':>10}{'base':>10}{'Brier':>10}{'base':>10}{'AUC':>8}{'gain':>8}"
        rows = [
            f"{name:6}{side.rate:>10.1%}{side.log_loss:>10.4f}{side.base_log_loss:>10.4f}"
            f"{side.brier:>10.4f}{side.base_brier:>10.4f}{side.auc:>8.3f}{side.gain:>+8.1f}"
            for name, side in (("up", self.up), ("down", self.down))
        ]
        verdict = "better than always telling the base rate"
        if not self.better:
            ahead = self.up.gain > 0 and self.down.gain > 0
            verdict = "no more than luck can do" if ahead else "no better than the base rate: do not trust it"
        return [head, *rows, f"on {self.rows} later candles: {verdict}"]


def score(up: Floats, down: Floats, outcome: Outcomes, time: Times, base: tuple[float, float]) -> Score:
    """Score predicted ratios (N,) against what happened at `time`; `base` are the rates of up and down in training."""
    day = time // 86_400_000
    sides = (
        _side(told, outcome == which, day, rate) for told, which, rate in ((up, UP, base[0]), (down, DOWN, base[1]))
    )
    return Score(len(outcome), *sides)


def _side(told: Floats, happened: Truth, day: Times, base_rate: float) -> SideScore:
    base = np.full(len(told), base_rate)
    loss, base_loss = _log_losses(told, happened), _log_losses(base, happened)
    return SideScore(
        float(happened.mean()), base_rate, float(loss.mean()), float(base_loss.mean()),
        float(np.mean((told - happened) ** 2)), float(np.mean((base - happened) ** 2)), _auc(told, happened),
        _errors_above_zero(base_loss - loss, day),
    )  # fmt: skip


def _log_losses(told: Floats, happened: Truth) -> Floats:
    return np.asarray(-np.log(np.clip(np.where(happened, told, 1 - told), 1e-12, 1.0)))


def _errors_above_zero(values: Floats, group: Times) -> float:
    """Return how many standard errors the mean is above 0, where only groups are independent of each other."""
    _, place, count = np.unique(group, return_inverse=True, return_counts=True)
    if len(count) < 3:
        return float("nan")
    mean = values.mean()
    strays = np.bincount(place, values) - count * mean
    error = float(np.sqrt(np.sum(strays**2) * len(count) / (len(count) - 1)) / len(values))
    return float(mean / error) if error else 0.0


def _auc(told: Floats, happened: Truth) -> float:
    """Return the chance that a case that happened was told higher than one that did not; ties count half."""
    yes, no = int(happened.sum()), int((~happened).sum())
    if not yes or not no:
        return float("nan")
    _, place, count = np.unique(told, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    return float((ranks[happened].sum() - yes * (yes + 1) / 2) / (yes * no))
