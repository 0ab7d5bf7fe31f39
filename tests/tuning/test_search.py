"""The search finds a better point, goes on where it ended, and mixes no two searches."""

import math
from pathlib import Path

import pytest

from controllers import Gains, load_gains
from hybridctl.tuning import search as module
from hybridctl.tuning.evaluation import TuningError
from hybridctl.tuning.search import search, weight_ranges


def bowl(gains: Gains) -> float:
    """An objective that is least at velocity = 3."""
    return math.log(gains.weights.velocity / 3.0) ** 2


def test_the_best_is_no_worse_than_the_start_and_near_the_least(tmp_path: Path) -> None:
    found = search(load_gains(), bowl, trials=40, seed=0, out=tmp_path / "new.yaml", setting={})
    assert found.before == pytest.approx(bowl(load_gains()))
    assert found.score < 0.2 * found.before
    assert bowl(found.gains) == pytest.approx(found.score, abs=1e-3)
    assert found.trials == 40


def test_a_search_goes_on_where_it_ended(tmp_path: Path) -> None:
    judged = []

    def judge(gains: Gains) -> float:
        judged.append(gains)
        if len(judged) == 6:
            raise KeyboardInterrupt
        return bowl(gains)

    settings = {"trials": 8, "seed": 0, "out": tmp_path / "new.yaml", "setting": {}}
    with pytest.raises(KeyboardInterrupt):
        search(load_gains(), judge, **settings)
    found = search(load_gains(), judge, **settings)
    assert found.trials == 8
    assert len(judged) == 6 + 3  # five were kept, the sixth was cut short
    assert len({gains.weights.velocity for gains in judged}) == 9
    search(load_gains(), judge, **settings)
    assert len(judged) == 9


def test_the_same_seed_tries_the_same(tmp_path: Path) -> None:
    runs = []
    for name in ("a.yaml", "b.yaml"):
        runs.append(search(load_gains(), bowl, trials=12, seed=4, out=tmp_path / name, setting={}))
    assert runs[0] == runs[1]


def test_trials_of_another_search_are_not_mixed_in(tmp_path: Path) -> None:
    search(load_gains(), bowl, trials=1, seed=0, out=tmp_path / "new.yaml", setting={})
    with pytest.raises(TuningError, match="another search"):
        search(load_gains(), bowl, trials=1, seed=1, out=tmp_path / "new.yaml", setting={})


def test_ranges_stay_within_what_a_gains_file_may_hold() -> None:
    for name, (low, high) in weight_ranges(load_gains()).items():
        assert 0.0 < low < high <= module._highest(type(load_gains().weights).model_fields[name])


def test_without_optuna_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(TuningError, match=r"pip install 'hybridctl\[tune\]'"):
        search(load_gains(), bowl, trials=1, seed=0, out=tmp_path / "new.yaml", setting={})
