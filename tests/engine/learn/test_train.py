from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.market import Floats, Timeframe, Times
from engine.domain.strategy import Plan
from engine.feeds.blocks import gather
from engine.feeds.memory import MemoryFeed
from engine.feeds.synthetic import COINS, DAY, MarketSettings, SyntheticFeed
from engine.learn.model import ESTIMATORS, Model, fit
from engine.learn.samples import collect, split
from engine.learn.score import score
from engine.learn.store import ModelProblem, load_model, model_path, read_manifest
from engine.learn.train import Trained, TrainingSettings, train
from engine.plan.evaluate import Evaluator
from tests.engine.feeds.made import START, walk
from tests.engine.learn.plans import plan_with_model

T = Timeframe.parse
MADE = MarketSettings(days=1, history_days=90, coins=COINS[:2])
FIRST, LAST = MADE.begin - 90 * DAY, MADE.begin
SYMBOLS = ("BTC/USDT", "ETH/USDT")


@pytest.fixture(scope="module")
def feed() -> SyntheticFeed:
    return SyntheticFeed(MADE)


@pytest.fixture(scope="module", params=ESTIMATORS)
def trained(request: pytest.FixtureRequest, feed: SyntheticFeed) -> Trained:
    return train(plan_with_model(), "toy_bot", feed, SYMBOLS, FIRST, LAST, TrainingSettings(estimator=request.param))


@pytest.fixture
def folder(tmp_path: Path, trained: Trained) -> Path:
    trained.save(tmp_path / "models")
    return tmp_path / "models"


def columns(rows: Floats) -> dict[str, Floats]:
    return dict(zip(("spread", "size", "rose"), rows.T, strict=True))


def test_one_row_at_a_time_equals_all_at_once(trained: Trained, feed: SyntheticFeed) -> None:
    plan = plan_with_model()
    spec = plan.strategies[0].model
    assert spec is not None
    rows = collect(plan, plan.strategies[0], spec, feed, SYMBOLS, LAST - 8 * DAY, LAST).features[:120]
    up, down = trained.model.predict(columns(rows))
    for place in range(len(rows)):
        one_up, one_down = trained.model.predict(columns(rows[place : place + 1]))
        assert (one_up[0], one_down[0]) == (up[place], down[place])
    told = trained.estimator.predict_proba(rows)
    assert np.abs(np.column_stack([up, down]) - told[:, 1:]).max() < 1e-8
    assert np.array_equal(np.round(up, 9), up)
    assert ((up + down) <= 1 + 1e-8).all()


rows_of_features = st.lists(
    st.tuples(*(st.floats(-1e3, 1e3) | st.just(float("nan")) | st.just(float("inf")) for _ in range(3))), max_size=9
)


@settings(max_examples=40, deadline=None)
@given(rows_of_features)
def test_it_knows_nothing_where_a_feature_is_unknown(trained: Trained, rows: list[tuple[float, float, float]]) -> None:
    table = np.array(rows, float).reshape(len(rows), 3)
    up, down = trained.model.predict(columns(table))
    known = np.isfinite(table).all(axis=1)
    assert np.array_equal(np.isfinite(up), known)
    assert np.array_equal(np.isfinite(down), known)
    assert ((up[known] >= 0) & (up[known] <= 1)).all()


def test_the_same_training_gives_the_same_file(
    trained: Trained, feed: SyntheticFeed, folder: Path, tmp_path: Path
) -> None:
    chosen = TrainingSettings(estimator=trained.manifest.estimator)
    again = train(plan_with_model(), "toy_bot", feed, SYMBOLS, FIRST, LAST, chosen)
    again.save(tmp_path)
    assert (tmp_path / "toy.json").read_text() == (folder / "toy.json").read_text()


def test_the_score_is_of_later_candles_and_beside_the_base_rate(trained: Trained, feed: SyntheticFeed) -> None:
    plan, manifest = plan_with_model(), trained.manifest
    rules, spec = plan.strategies[0], plan.strategies[0].model
    assert spec is not None
    samples = collect(plan, rules, spec, feed, SYMBOLS, FIRST, LAST)
    begin, end = int(samples.time[0]), int(samples.time[-1])
    early, late = split(samples, begin + int((end - begin) * 0.7))
    assert (manifest.rows, trained.score.rows) == (len(early), len(late))
    assert manifest.trained_from == early.time[0]
    assert manifest.trained_until == early.time[-1] < manifest.known_from == early.known_at.max() < late.time[0]
    from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

    up, _ = trained.model.predict(columns(late.features))
    happened = late.outcome == 1
    side = trained.score.up
    assert side.log_loss == pytest.approx(log_loss(happened, up))
    assert side.brier == pytest.approx(brier_score_loss(happened, up))
    assert side.auc == pytest.approx(roc_auc_score(happened, up))
    base = np.full(len(late), (early.outcome == 1).mean())
    assert (side.base_log_loss, side.base_brier) == pytest.approx(
        (log_loss(happened, base), brier_score_loss(happened, base))
    )
    assert "base" in trained.score.lines()[0]


def test_a_model_of_noise_is_called_what_it_is() -> None:
    feed = MemoryFeed.of([walk(60 * 96, "15m", seed=3)])
    got = train(plan_with_model(texts=("15m",)), "toy_bot", feed, ("BTC/USDT",), START, START + 60 * DAY)
    assert not got.score.better


def test_only_a_gain_beyond_luck_is_called_better() -> None:
    rng = np.random.default_rng(4)
    time = np.arange(40 * 24) * 3_600_000
    truth = rng.uniform(0.2, 0.8, len(time))
    outcome = np.where(rng.random(len(time)) < truth, 1, 2).astype(np.int8)
    flat = score(np.full(len(time), 0.5), np.full(len(time), 0.5), outcome, time, (0.5, 0.5))
    assert (flat.better, flat.up.auc, flat.up.gain) == (False, 0.5, 0.0)
    assert "do not trust it" in flat.lines()[-1]
    sharp = score(truth, 1 - truth, outcome, time, (0.5, 0.5))
    assert sharp.better
    assert "better than always telling the base rate" in sharp.lines()[-1]
    good_and_bad_days = np.where(np.arange(len(time)) // 24 % 2, 0.67, 0.42)
    mixed = np.where((np.arange(len(time)) % 24 + 0.5) / 24 < good_and_bad_days, 1, 2).astype(np.int8)
    lucky = score(np.full(len(time), 0.53), np.full(len(time), 0.47), mixed, time, (0.5, 0.5))
    assert lucky.up.log_loss < lucky.up.base_log_loss
    assert 0 < lucky.up.gain < 2
    assert not lucky.better
    assert "no more than luck can do" in lucky.lines()[-1]
    day = score(truth[:20], truth[:20], outcome[:20], time[:20], (0.5, 0.5))
    assert np.isnan(day.up.gain)
    assert not day.better


@pytest.mark.parametrize("whole", [False, True])
def test_knowledge_begins_after_the_training_span_and_the_horizon(feed: SyntheticFeed, whole: bool) -> None:
    plan = plan_with_model()
    got = train(plan, "toy_bot", feed, SYMBOLS, FIRST, LAST - 10 * DAY, TrainingSettings(whole=whole))
    spec = plan.strategies[0].model
    assert spec is not None
    assert got.model.known_from >= got.manifest.trained_until + spec.within * T("15m").ms
    assert got.model.known_from > got.manifest.trained_until
    assert (got.model.known_from > LAST - 11 * DAY) == whole
    told = evaluated(plan, feed, {"toy": got.model})
    for text in ("15m", "1h"):
        times, up = told[text]
        known = np.isfinite(up).all(axis=1)
        assert known.any()
        assert np.array_equal(known, times > got.model.known_from)


def evaluated(plan: Plan, feed: SyntheticFeed, models: dict[str, Model]) -> dict[str, tuple[Times, Floats]]:
    nodes = [i for i, node in enumerate(plan.nodes) if node.op == "model" and node.params[1] == "up"]
    evaluator = Evaluator(plan, SYMBOLS, predictors=models, keep=nodes)
    evaluator.advance(gather(feed, SYMBOLS, [T("15m"), T("1h")], FIRST, FIRST + 20 * DAY))
    values = evaluator.advance(gather(feed, SYMBOLS, [T("15m"), T("1h")], FIRST + 20 * DAY, LAST))
    frames = [plan.nodes[i].frame.timeframe for i in nodes]
    return {t.text: (values.close_time(t), values.of(i)) for t, i in zip(frames, nodes, strict=True)}


def test_a_saved_model_answers_as_it_did(trained: Trained, folder: Path) -> None:
    plan = plan_with_model()
    loaded = load_model(folder, plan, plan.strategies[0])
    assert loaded.known_from == trained.model.known_from
    rows = np.random.default_rng(1).normal(0, 0.01, (50, 3))
    assert np.array_equal(loaded.predict(columns(rows)), trained.model.predict(columns(rows)))
    assert read_manifest(folder / "toy.json").score == trained.score.as_dict()
    assert sorted(path.name for path in folder.iterdir()) == ["toy.joblib", "toy.json"]


def test_a_model_trained_on_more_timeframes_serves_a_strategy_with_fewer(folder: Path) -> None:
    plan = plan_with_model(texts=("1h",))
    assert load_model(folder, plan, plan.strategies[0]).names == ("spread", "size", "rose")


MISFITS = [
    (plan_with_model(length=13), "an expression of its features has changed"),
    (plan_with_model(within=9), "another label"),
    (plan_with_model(up=0.007), "another label"),
    (plan_with_model(texts=("15m", "4h")), "it was not trained on 4h"),
]


@pytest.mark.parametrize(("plan", "says"), MISFITS)
def test_a_model_that_does_not_fit_is_refused_in_one_line(folder: Path, plan: Plan, says: str) -> None:
    with pytest.raises(ModelProblem, match=says) as caught:
        load_model(folder, plan, plan.strategies[0])
    assert "\n" not in str(caught.value)
    assert "train it again with `engine train toy_bot`" in str(caught.value)


def test_renamed_features_are_refused(folder: Path) -> None:
    manifest = json.loads((folder / "toy.json").read_text())
    manifest["features"] = ["spread", "rose", "size"]
    (folder / "toy.json").write_text(json.dumps(manifest))
    plan = plan_with_model()
    with pytest.raises(
        ModelProblem, match="trained on the features spread, rose, size; the strategy has spread, size, rose"
    ):
        load_model(folder, plan, plan.strategies[0])


def test_other_libraries_are_refused(folder: Path) -> None:
    manifest = json.loads((folder / "toy.json").read_text())
    manifest["libraries"]["scikit-learn"] = "0.1"
    (folder / "toy.json").write_text(json.dumps(manifest))
    plan = plan_with_model()
    with pytest.raises(ModelProblem, match=r"trained with scikit-learn 0\.1.*; here is scikit-learn \d"):
        load_model(folder, plan, plan.strategies[0])


class Trap:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.mark,)


def test_nothing_is_opened_before_the_manifest_agrees(folder: Path, tmp_path: Path) -> None:
    import joblib

    mark = tmp_path / "opened"
    joblib.dump(Trap(mark), folder / "toy.joblib")
    plan = plan_with_model()
    with pytest.raises(ModelProblem, match="sha256 differs"):
        load_model(folder, plan, plan.strategies[0])
    assert not mark.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 1}', "null", "\x00"])
def test_a_broken_manifest_is_one_line(folder: Path, text: str) -> None:
    (folder / "toy.json").write_text(text)
    plan = plan_with_model()
    with pytest.raises(ModelProblem, match=r"toy\.json is not the manifest of a model"):
        load_model(folder, plan, plan.strategies[0])


def test_what_is_missing_or_of_another_format_is_one_line(folder: Path, tmp_path: Path) -> None:
    plan = plan_with_model()
    with pytest.raises(ModelProblem, match="cannot be read: No such file"):
        load_model(tmp_path / "nowhere", plan, plan.strategies[0])
    (folder / "toy.json").write_text('{"format": 2}')
    with pytest.raises(ModelProblem, match="has the format 2, this engine reads 1"):
        load_model(folder, plan, plan.strategies[0])
    for name in ("../evil", "", "a/b", "a.b"):
        with pytest.raises(ModelProblem, match="cannot be the name of a model"):
            model_path(tmp_path, name)


def test_too_little_to_learn_from_is_one_line(feed: SyntheticFeed) -> None:
    plan = plan_with_model()
    with pytest.raises(ModelProblem, match="at least 500 and 1 are needed"):
        train(plan, "toy_bot", feed, SYMBOLS, LAST - 2 * DAY, LAST)
    with pytest.raises(ModelProblem, match="give it more history"):
        train(plan, "toy_bot", feed, SYMBOLS, LAST - 3_600_000, LAST)
    for symbols, after, until in (((), FIRST, LAST), (("NONE/USDT",), FIRST, LAST), (SYMBOLS, LAST + 9 * DAY, 2**61)):
        with pytest.raises(ModelProblem, match="there are no candles in that span"):
            train(plan, "toy_bot", feed, symbols, after, until)
    with pytest.raises(ModelProblem, match="`up` never happened: toy has nothing to learn"):
        train(plan_with_model(up=9.0), "toy_bot", feed, SYMBOLS, FIRST, LAST)
    with pytest.raises(ModelProblem, match="has no label"):
        train(plan_with_model(within=0), "toy_bot", feed, SYMBOLS, FIRST, LAST)
    with pytest.raises(ValueError, match="known: logistic, boosting"):
        fit(None, "guess", 1)  # type: ignore[arg-type]


def test_an_open_span_is_all_there_is(feed: SyntheticFeed) -> None:
    alone = train(plan_with_model(), "toy_bot", feed, (*SYMBOLS, "NONE/USDT"), 0, 2**61)
    fitted = train(plan_with_model(), "toy_bot", feed, SYMBOLS, FIRST, MADE.end)
    assert alone.manifest == fitted.manifest


def test_two_outcomes_are_enough(feed: SyntheticFeed) -> None:
    """Where one level is never touched the other still has a ratio, and its own is 0."""
    plan = plan_with_model(down=-0.9)
    spec = plan.strategies[0].model
    assert spec is not None
    samples = collect(plan, plan.strategies[0], spec, feed, SYMBOLS, FIRST, LAST)
    estimator = fit(samples, "logistic", 7)
    model = Model(samples.names, 0, lambda: estimator)
    up, down = model.predict(columns(samples.features[:50]))
    assert np.abs(up - estimator.predict_proba(samples.features[:50])[:, 1]).max() < 1e-8
    assert not down.any()


def test_heavy_libraries_are_imported_only_when_used() -> None:
    heavy = "('sklearn', 'joblib', 'scipy')"
    code = f"import sys, engine.learn.train, engine.learn.store; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
