"""Shards: evaluation seeds are refused, complete shards are kept, an unfinished one is made anew."""

from pathlib import Path

import numpy as np
import pytest

from hybridctl.data.collect import (
    FIRST_EVALUATION_SEED,
    SeedError,
    _render_shard,
    check_training_seeds,
    collect,
    load_shards,
)
from hybridctl.data.rendered import SceneRenderer


@pytest.mark.parametrize(
    "seeds", [(1_000_000, 1_000_010), (999_999, 1_000_001), (2_000_000, 2_000_001), (0, 1_000_001)]
)
def test_seeds_that_are_kept_for_evaluation_are_refused_before_anything_is_written(
    tmp_path: Path, seeds: tuple[int, int]
) -> None:
    with pytest.raises(SeedError, match="for evaluation only"):
        collect(tmp_path / "out", seeds=seeds, workers=1, renderers=("ray",))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("seeds", [(5, 5), (7, 3), (-1, 4)])
def test_an_empty_or_negative_range_is_refused(seeds: tuple[int, int]) -> None:
    with pytest.raises(SeedError, match="hold no scene"):
        check_training_seeds(seeds)


def test_the_last_training_seed_is_allowed() -> None:
    check_training_seeds((0, FIRST_EVALUATION_SEED))


def test_collecting_writes_images_with_their_labels_and_keeps_complete_shards(
    tmp_path: Path, renderer: SceneRenderer
) -> None:
    collect(tmp_path, seeds=(20, 23), workers=1, renderers=("ray",))
    shard = next(load_shards(tmp_path))
    assert shard.images.shape == (3, 128, 128, 3)
    assert [label.seed for label in shard.labels] == [20, 21, 22]
    image, label = renderer.render(21, renderer="ray")
    np.testing.assert_array_equal(shard.images[1], image)
    assert shard.labels[1] == label
    files = sorted(tmp_path.glob("*/*"))
    assert [f.name for f in files] == ["images.npy", "labels.jsonl"]
    before = [f.stat().st_mtime_ns for f in files]
    collect(tmp_path, seeds=(20, 23), workers=1, renderers=("ray",))
    assert [f.stat().st_mtime_ns for f in files] == before


def test_a_shard_without_labels_is_not_loaded_and_is_made_anew(tmp_path: Path) -> None:
    job = (tmp_path, 30, 32, ("ray",))
    assert _render_shard(job) == 2
    folder = tmp_path / "shard_0000030"
    (folder / "labels.jsonl").rename(folder / "labels.part")
    with pytest.raises(FileNotFoundError, match="holds no shard"):
        next(load_shards(tmp_path))
    assert _render_shard(job) == 2
    assert len(next(load_shards(tmp_path)).labels) == 2


def test_loading_from_a_folder_without_shards_says_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=rf"run `hybridctl collect --out {tmp_path}`"):
        next(load_shards(tmp_path))


def test_shards_come_in_the_order_of_their_seeds(tmp_path: Path) -> None:
    for first in (1500, 500):
        _render_shard((tmp_path, first, first + 1, ("ray",)))
    assert [shard.labels[0].seed for shard in load_shards(tmp_path)] == [500, 1500]
