"""A bench refuses training seeds, and keeps only what a full run on default settings found."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from hybridctl.bench import report
from hybridctl.bench.report import FIRST_EVALUATION_SEED, BenchError, Job, Measured, run_bench, table

ASKED: list[Job] = []


def measure(job: Job) -> Measured:
    """A bench that takes a moment."""
    ASKED.append(job)
    if job.partial is not None:
        job.partial.parent.mkdir(exist_ok=True)
        job.partial.write_text("{}\n")
    seeds = job.seeds or (FIRST_EVALUATION_SEED, FIRST_EVALUATION_SEED + 3)
    return Measured(
        seeds, {"success_rate": 0.5, "floor": None}, {"success_rate": 60, "floor": 3}, [{"row": 1}]
    )


@pytest.fixture(autouse=True)
def _bench(monkeypatch: pytest.MonkeyPatch) -> None:
    ASKED.clear()
    monkeypatch.setitem(report.BENCHES, "moment", "moment")
    monkeypatch.setattr(report, "import_module", lambda _: SimpleNamespace(measure=measure))


def run(folder: Path, **change: object) -> dict[str, object]:
    settings = {"quick": False, "seeds": None, "workers": 1, "policy_folder": None, **change}
    return run_bench("moment", folder=folder, **settings)


@pytest.mark.parametrize("seeds", [(0, 10), (999_999, 1_000_100)])
def test_seeds_of_training_are_refused_before_anything_runs(tmp_path: Path, seeds: tuple[int, int]) -> None:
    with pytest.raises(BenchError, match="evaluation seeds start at 1000000"):
        run(tmp_path, seeds=seeds)
    assert ASKED == []


def test_evaluation_seeds_are_never_those_of_training() -> None:
    from hybridctl.data.collect import FIRST_EVALUATION_SEED as FIRST_REFUSED

    assert FIRST_EVALUATION_SEED == FIRST_REFUSED


def test_a_full_run_is_kept_and_its_partial_rows_are_gone(tmp_path: Path) -> None:
    result = run(tmp_path / "kept")
    files = [path.name for path in (tmp_path / "kept").iterdir()]
    assert files == ["moment.json"]
    assert json.loads((tmp_path / "kept" / "moment.json").read_text()) == result
    assert result["seeds"] == [1_000_000, 1_000_002]
    assert result["n"] == {"success_rate": 60, "floor": 3}
    assert set(result["versions"]) >= {"torch", "mujoco", "numpy"}


@pytest.mark.parametrize(
    "change", [{"quick": True}, {"seeds": (1_000_000, 1_000_005)}, {"policy_folder": Path("mine")}]
)
def test_any_other_run_is_not_kept(tmp_path: Path, change: dict[str, object]) -> None:
    run(tmp_path, **change)
    assert list(tmp_path.iterdir()) == []
    assert ASKED[0].partial is None


def test_the_table_says_what_was_not_measured(tmp_path: Path) -> None:
    shown = table(run(tmp_path))
    assert list(shown.columns[0].cells) == ["success_rate", "floor"]
    assert list(shown.columns[1].cells) == ["0.5", "not measured"]
    assert list(shown.columns[2].cells) == ["60", "3"]


def test_what_was_asked_of_the_peers_reaches_the_bench(tmp_path: Path) -> None:
    run(tmp_path)
    run(tmp_path, peers=True)
    assert [job.peers for job in ASKED] == [False, True]
