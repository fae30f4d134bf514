"""Models on disk: a joblib file, and beside it a manifest that says what it is and is checked before it is opened.

Opening a joblib file runs what is in it. The manifest guards against mistakes (another strategy's model, changed
features, another version of scikit-learn, a damaged file), not against malice: keep models you trust.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from engine.domain.strategy import ModelSpec, Plan, StrategyRules
from engine.learn.model import Model

FORMAT = 1
LIBRARIES = ("scikit-learn", "numpy", "joblib")


class ModelProblem(Exception):
    """Why a model cannot be trained, saved or used, as one line."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a trained model is. Times are ms UTC; `expressions` has per timeframe a hash of the features' meaning."""

    model: str
    strategy: str
    estimator: str
    seed: int
    features: tuple[str, ...]
    expressions: Mapping[str, str]
    label: Mapping[str, float]
    symbols: tuple[str, ...]
    venues: tuple[str, ...]
    trained_from: int
    trained_until: int
    known_from: int
    rows: int
    rates: Mapping[str, float]
    score: Mapping[str, object]
    libraries: Mapping[str, str]
    sha256: str = ""
    format: int = FORMAT


def model_path(folder: Path, name: str) -> Path:
    """Return where the model of that name lies. Raises ModelProblem for a name that is none."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", name):
        raise ModelProblem(f"{name!r} cannot be the name of a model: use letters, digits, - and _")
    return folder / f"{name}.joblib"


def libraries() -> dict[str, str]:
    """Return the versions that a model depends on."""
    return {name: version(name) for name in LIBRARIES}


def label_of(spec: ModelSpec) -> dict[str, float]:
    return {"up": spec.up, "down": spec.down, "within": spec.within}


def expressions(plan: Plan, spec: ModelSpec) -> dict[str, str]:
    """Return per timeframe what names the meaning of the model's features, whatever else is in the plan."""
    known: dict[int, str] = {}

    def digest(node: int) -> str:
        if node not in known:
            one = plan.nodes[node]
            frame = (one.frame.timeframe.ms, one.frame.symbol, one.frame.gaps.kind, one.frame.gaps.limit)
            params = tuple(p if isinstance(p, str) else float(p) for p in one.params)
            text = repr((one.op, frame, params, one.boolean, [digest(i) for i in one.inputs]))
            known[node] = hashlib.sha256(text.encode()).hexdigest()
        return known[node]

    return {
        timeframe.text: hashlib.sha256(repr([(name, digest(node)) for name, node in features]).encode()).hexdigest()
        for timeframe, features in spec.features.items()
    }


def save_model(folder: Path, estimator: Any, manifest: Manifest) -> Path:
    """Write the model and its manifest, and return the model's path. A reader never meets half a model."""
    import joblib

    path, buffer = model_path(folder, manifest.model), io.BytesIO()
    joblib.dump(estimator, buffer, compress=3)
    told = {name: getattr(manifest, name) for name in Manifest.__dataclass_fields__}
    told["sha256"] = hashlib.sha256(buffer.getvalue()).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    _replace(path, buffer.getvalue())
    _replace(path.with_suffix(".json"), (json.dumps(told, indent=2) + "\n").encode())
    return path


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    os.replace(part, path)


def load_model(folder: Path, plan: Plan, rules: StrategyRules) -> Model:
    """Return the model of a strategy, checked against its manifest; its file is opened when it is first asked.

    Raises ModelProblem where there is none, or where it does not fit the strategy, the libraries or its manifest.
    """
    if rules.model is None:
        raise ModelProblem(f"the strategy {rules.id} has no model")
    path = model_path(folder, rules.model.name)
    manifest = read_manifest(path.with_suffix(".json"))
    if why := _misfit(manifest, plan, rules.model):
        raise ModelProblem(f"{path}: {why}; train it again with `engine train {rules.id}`")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelProblem(f"{path} cannot be read: {error.strerror}") from None
    if hashlib.sha256(content).hexdigest() != manifest.sha256:
        raise ModelProblem(f"{path} is not the file that its manifest tells of (sha256 differs)")

    def open_it() -> Any:
        import joblib

        return joblib.load(io.BytesIO(content))

    return Model(manifest.features, manifest.known_from, open_it)


def read_manifest(path: Path) -> Manifest:
    """Read a manifest. Raises ModelProblem."""
    try:
        told = json.loads(path.read_bytes())
        if told["format"] != FORMAT:
            raise ModelProblem(f"{path} has the format {told['format']}, this engine reads {FORMAT}")
        lists = {name: tuple(map(str, told[name])) for name in ("features", "symbols", "venues")}
        return Manifest(**{**told, **lists, "known_from": int(told["known_from"]), "label": dict(told["label"])})
    except OSError as error:
        raise ModelProblem(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ModelProblem(f"{path} is not the manifest of a model") from None


def _misfit(manifest: Manifest, plan: Plan, spec: ModelSpec) -> str:
    """Return why the model does not fit, or nothing."""
    wanted = expressions(plan, spec)
    names = tuple(name for name, _ in next(iter(spec.features.values())))
    if manifest.model != spec.name:
        return f"it is the model {manifest.model!r}"
    if manifest.features != names:
        return f"it was trained on the features {', '.join(manifest.features)}; the strategy has {', '.join(names)}"
    if manifest.label != label_of(spec):
        return "it was trained for another label"
    if untrained := [timeframe for timeframe in wanted if timeframe not in manifest.expressions]:
        return f"it was not trained on {', '.join(untrained)}"
    if changed := [timeframe for timeframe, digest in wanted.items() if manifest.expressions[timeframe] != digest]:
        return f"an expression of its features has changed since it was trained ({', '.join(changed)})"
    if other := [f"{k} {v}" for k, v in libraries().items() if manifest.libraries.get(k) != v]:
        had = ", ".join(f"{k} {v}" for k, v in manifest.libraries.items())
        return f"it was trained with {had}; here is {', '.join(other)}"
    return ""
