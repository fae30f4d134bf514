"""What an optimisation found, for people, for machines, and as a comment in the strategy it was found for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli import show

if TYPE_CHECKING:
    from app.optimising import Job, Trial, Verdict
    from engine.domain.strategy import StrategyRules

RATIOS = frozenset({"result", "expectancy", "win_rate", "drawdown"})
SHORT = {"profit_factor": "PF", "expectancy": "per trade", "win_rate": "wins", "average_r": "R", "drawdown": "fall"}


def figure(name: str, found: Mapping[str, float | None] | None) -> str:
    """Return one figure as people read it, `-` where it is not known."""
    value = None if found is None else found.get(name)
    if value is None:
        return "-"
    if name == "trades":
        return f"{value:.0f}"
    if name in ("win_rate", "drawdown"):
        return f"{value * 100:.1f} %"
    if name in RATIOS:
        return f"{value * 100:+.{2 if name == 'expectancy' else 1}f} %"
    return f"{value:.2f}"


def text(found: Verdict, job: Job, rules: StrategyRules, study: Path, top: int) -> None:
    """Print the tables of an optimisation, in 80 columns."""
    layout = job.layout
    tried = sum(trial.number > 0 for trial in found.trials)
    show.say(f"{rules.id} {rules.version}, {len(job.ground.symbols)} symbols, {tried} sets by {job.method}")
    show.say(f"searched on {_span(layout.search)}")
    unusable = sum(trial.costs is None for trial in found.trials)
    if unusable:
        show.say(f"{unusable} sets are left out: no strategy, fewer than {job.least} trades, or a figure is not known")
    _best(found, job, top)
    if found.steps:
        _walk(found, job)
    _near(found, job)
    if found.hold_out is not None:
        _hold_out(found, job)
    show.say("\n".join(doubts(found)))
    show.say(f"\nall of it is in {study}")


def _columns(job: Job) -> list[str]:
    return list(dict.fromkeys([*job.objectives, "result", "trades"]))


def _best(found: Verdict, job: Job, top: int) -> None:
    names = _columns(job)
    front = {trial.number for trial in found.front}
    rest = sorted((t for t in found.trials if t.costs is not None and t.number not in front), key=lambda t: t.rank)
    own = next(trial for trial in found.trials if trial.number == 0)
    listed = [*found.front, *rest][:top]
    rows = [_row(trial, names, job, "best" if trial is found.best else str(trial.number)) for trial in listed]
    rows.append(_row(own, names, job, "written"))
    title = (
        "the best"
        if len(job.objectives) == 1
        else f"{len(found.front)} that no other beats in all, then the best of the rest"
    )
    show.table(["set", *(SHORT.get(n, n) for n in names), "params"], rows, title=title, right=range(1, len(names) + 1))


def _row(trial: Trial, names: Sequence[str], job: Job, label: str) -> list[str]:
    from app.optimising import named

    return [label, *(figure(name, trial.figures) for name in names), named(trial.point, job.ranges)]


def _walk(found: Verdict, job: Job) -> None:
    from app.optimising import joined, named

    name = job.objectives[0]
    rows = [
        [
            show.when(step.test[0])[:10], show.when(step.test[1])[:10], figure(name, step.trained),
            figure(name, step.tested), figure("result", step.tested), figure("trades", step.tested),
            "no set could be judged" if step.point is None else named(step.point, job.ranges),
        ]
        for step in found.steps
    ]  # fmt: skip
    short = SHORT.get(name, name)
    show.table(
        ["test from", "to", f"{short} train", "test", "result", "trades", "params"], rows,
        title="walk forward: the best of each train span, on the span after it", right=range(2, 6),
    )  # fmt: skip
    made = joined(found.steps)
    kept = "not known" if made["efficiency"] is None else f"{made['efficiency'] * 100:.0f} %"
    won = f"{figure('result', made)} in {figure('trades', made)} trades"
    show.say(f"all tests: {won}; kept of the result a day in training: {kept}\n")


def _near(found: Verdict, job: Job) -> None:
    from dsl.tuning import written

    name = job.objectives[0]
    rows = []
    for one in job.ranges:
        beside = sorted(
            [(t.point[one.name], t) for param, t in found.near if param == one.name]
            + [(found.best.point[one.name], found.best)],
            key=lambda pair: pair[0],
        )
        middle = next(place for place, (_, t) in enumerate(beside) if t is found.best)
        beside = beside[max(0, middle - 2) : middle + 3]
        marks = [("*" if t is found.best else "") + written(value, one.unit) for value, t in beside]
        told = [f"{mark}: {figure(name, t.figures)}" for mark, (_, t) in zip(marks, beside, strict=True)]
        rows.append([one.name, "  ".join(told)])
    show.table(["param", f"{SHORT.get(name, name)} around the best (*), one param moved at a time"], rows)
    better = [
        (t.rank[0], param, t) for param, t in found.near if t.costs is not None and t.rank[0] < found.best.rank[0]
    ]
    if better:
        _, param, trial = min(better, key=lambda one: one[0])
        unit = next(one.unit for one in job.ranges if one.name == param)
        there = f"{param} {written(trial.point[param], unit)} alone gives {figure(name, trial.figures)}"
        show.say(f"the search has not come to an end: {there}; more --trials would find it\n")


def _hold_out(found: Verdict, job: Job) -> None:
    opened = found.hold_out
    assert opened is not None
    own = next(trial for trial in found.trials if trial.number == 0)
    names = _columns(job)
    rows = [
        [SHORT.get(n, n), *(figure(n, f) for f in (found.best.figures, opened.chosen, own.figures, opened.written))]
        for n in names
    ]
    show.table(
        ["", "best, searched", "best, held out", "written, searched", "written, held out"], rows,
        title=f"hold-out {_span(opened.span)}", right=range(1, 5),
    )  # fmt: skip
    if opened.before:
        show.say(
            f"the hold-out was opened {opened.before} times before, for other sets: it is spent, and proves little\n"
        )
    else:
        show.say("the hold-out is spent now: whoever searches again and looks again has searched on it too\n")


def doubts(found: Verdict) -> list[str]:
    """Return what may be luck, in a line each."""
    lines = []
    if found.deflated is not None:
        d = found.deflated
        lines.append(
            f"deflated Sharpe ratio {d.probability:.2f}: the chance that there is more than the luck of\n"
            f"{d.trials} sets (a day's Sharpe {d.sharpe:.3f}, luck alone {d.threshold:.3f})"
        )
    else:
        lines.append("deflated Sharpe ratio: not known, the best's returns do not vary")
    if found.overfitting is not None:
        o = found.overfitting
        lines.append(
            f"probability of backtest overfitting {o.probability:.2f}: how often the best of one half of the\n"
            f"days is in the worse half on the others; it lost in {o.loss * 100:.0f} % of {o.combinations:,} halves"
        )
    else:
        lines.append("probability of backtest overfitting: not known, there are too few sets or days")
    return lines


def evidence(found: Verdict, job: Job, study: Path) -> list[str]:
    """Return the comment that goes with values that were found: what for, on what, and how far to trust it."""
    best, names = found.best, job.objectives
    inside = ", ".join(f"{name} {figure(name, best.figures)}" for name in (*names, "trades"))
    tried = sum(trial.number > 0 for trial in found.trials)
    lines = [
        f"Optimised {dt.datetime.now(dt.UTC):%Y-%m-%d} for {', '.join(names)}: {tried} sets by {job.method}, "
        f"seed {job.seed}.",
        f"Candles: {job.ground.candles.name}, {len(job.ground.symbols)} symbols, {_span(job.layout.search)}.",
        f"In sample: {inside}.",
    ]
    if found.hold_out is not None:
        out = ", ".join(f"{name} {figure(name, found.hold_out.chosen)}" for name in (*names, "trades"))
        spent = f"; the hold-out had been opened {found.hold_out.before} times" if found.hold_out.before else ""
        lines.append(f"Held out ({_span(found.hold_out.span)}): {out}{spent}.")
    if found.steps:
        from app.optimising import joined

        made = joined(found.steps)
        lines.append(
            f"Walk forward, {len(found.steps)} windows: result {figure('result', made)}, "
            f"trades {figure('trades', made)}."
        )
    dsr = "not known" if found.deflated is None else f"{found.deflated.probability:.2f}"
    pbo = "not known" if found.overfitting is None else f"{found.overfitting.probability:.2f}"
    return [*lines, f"Deflated Sharpe ratio {dsr}, probability of backtest overfitting {pbo}."]


def facts(found: Verdict, job: Job, rules: StrategyRules, study: Path) -> dict[str, Any]:
    """Return all of it for machines."""
    from app.optimising import joined

    return {
        "strategy": rules.id, "version": rules.version, "study": str(study), "method": job.method,
        "objectives": list(job.objectives), "search": list(job.layout.search), "symbols": list(job.ground.symbols),
        "best": _facts(found.best), "front": [_facts(trial) for trial in found.front],
        "trials": [_facts(trial) for trial in found.trials],
        "walk_forward": [asdict(step) for step in found.steps],
        "walk_forward_tests": joined(found.steps) if found.steps else None,
        "near": [{"param": name, **_facts(trial)} for name, trial in found.near],
        "deflated_sharpe": None if found.deflated is None else asdict(found.deflated),
        "backtest_overfitting": None if found.overfitting is None else asdict(found.overfitting),
        "hold_out": None if found.hold_out is None else asdict(found.hold_out),
    }  # fmt: skip


def _facts(trial: Trial) -> dict[str, Any]:
    return {
        "set": trial.number, "params": dict(trial.point), "figures": trial.figures, "fault": trial.fault,
        "judged": trial.costs is not None,
    }  # fmt: skip


def _span(span: tuple[int, int]) -> str:
    return f"{show.when(span[0])} to {show.when(span[1])}"
