"""Searches for better weights with Optuna: TPE, seeded, kept on disk so that a search can go on."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from controllers.gains import Gains, Weights
from controllers.overrides import overridden
from hybridctl.tuning.evaluation import TuningError

FACTOR = 10.0
"""Weights are searched from a tenth to ten times what they are, within their ranges."""


@dataclass(frozen=True)
class Found:
    """What a search came to.

    Attributes:
        gains: The best ones.
        score: Their objective.
        before: The objective of the gains that it began with.
        trials: How many were tried, those of earlier calls included.
    """

    gains: Gains
    score: float
    before: float
    trials: int


def study_path(out: Path) -> Path:
    """Return where the trials of a search are kept whose result goes to `out`."""
    return out.with_name(f"{out.stem}.study.db")


def search(
    gains: Gains,
    judge: Callable[[Gains], float],
    *,
    trials: int,
    seed: int,
    out: Path,
    setting: dict[str, Any],
    tried: Callable[[float], None] = lambda best: None,
) -> Found:
    """Try `trials` sets of weights in all and return the best; the first are the weights as they are.

    A search with the same gains, seed and setting goes on where an earlier call ended.

    Args:
        gains: Where to begin; only the weights change.
        judge: Returns the objective of gains, lower is better.
        trials: How many to try in all.
        seed: Of the sampler.
        out: Where the result will go; the trials are kept beside it.
        setting: What else the objective rests on, as JSON values.
        tried: Called after each trial with the best objective so far.

    Raises:
        TuningError: the extra `tune` is not installed, or the trials beside `out` are of another search.
    """
    optuna = _optuna()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    ranges = weight_ranges(gains)
    key = hashlib.sha256(
        json.dumps([gains.model_dump(mode="json"), seed, setting], sort_keys=True).encode()
    ).hexdigest()[:16]
    file = study_path(out)
    storage = f"sqlite:///{file.resolve()}"
    names = optuna.get_all_study_names(storage) if file.exists() else []
    if names and names != [key]:
        raise TuningError(
            f"{file} holds the trials of another search (other gains, seed or scenarios): "
            "remove it, or choose another --out"
        )
    study = optuna.create_study(study_name=key, storage=storage, load_if_exists=True)
    done = len(study.get_trials(states=(optuna.trial.TrialState.COMPLETE,)))
    # A sampler begins anew with each call; were its seed the same, it would repeat its first guesses.
    study.sampler = optuna.samplers.TPESampler(seed=seed + done, multivariate=False)
    if done == 0:
        study.enqueue_trial({name: getattr(gains.weights, name) for name in ranges}, skip_if_exists=True)

    def objective(trial: Any) -> float:
        weights = {name: trial.suggest_float(name, *ends, log=True) for name, ends in ranges.items()}
        return judge(overridden(gains, {"weights": weights}))

    for _ in range(max(0, trials - done)):
        study.optimize(objective, n_trials=1)
        tried(float(study.best_value))
    finished = study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))
    best = {name: _rounded(value) for name, value in study.best_params.items()}
    return Found(
        gains=overridden(gains, {"weights": best}),
        score=float(study.best_value),
        before=float(finished[0].value),
        trials=len(finished),
    )


def weight_ranges(gains: Gains) -> dict[str, tuple[float, float]]:
    """Return from where to where each weight is searched; one that is 0 stays 0."""
    ranges = {}
    for name, info in Weights.model_fields.items():
        value = getattr(gains.weights, name)
        if isinstance(value, float) and value > 0.0:
            ranges[name] = (value / FACTOR, min(value * FACTOR, _highest(info)))
    return ranges


def _highest(info: FieldInfo) -> float:
    return min((float(item.le) for item in info.metadata if hasattr(item, "le")), default=math.inf)


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise TuningError(
            "--auto searches with Optuna, which is not installed: pip install 'hybridctl[tune]'"
        ) from error
    return optuna
