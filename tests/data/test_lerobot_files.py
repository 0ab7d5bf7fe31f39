"""A folder's files as they grow: statistics as recomputed from them, and whole through kill -9."""

import json
import random
import subprocess
import sys
import time

import av
import numpy as np
import pyarrow.parquet as pq
import pytest

from hybridctl.data.lerobot_layout import DatasetError
from hybridctl.data.lerobot_reader import open_dataset
from hybridctl.data.lerobot_writer import EpisodeWriter

FPS = 10
SCENE, WIDE = "observation.images.scene", "observation.images.wide"
SIZES = {SCENE: (48, 64), WIDE: (160, 320)}
LENGTHS = (40, 25, 60)
QUANTILES = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three episodes of noise and drifting gradients; the last one failed, and another writer added it."""
    folder = tmp_path_factory.mktemp("files") / "d"
    rng = np.random.default_rng(0)
    for episodes in ((0, 1), (2,)):
        with EpisodeWriter(
            folder,
            fps=FPS,
            cameras=SIZES,
            state_names=["a", "b"],
            action_names=["a"],
            more={"observation.wrench": ["fx", "fy", "fz"]},
            subtasks=True,
        ) as writer:
            for e in episodes:
                for k in range(LENGTHS[e]):
                    writer.add_frame(
                        rng.normal(e, 1 + e, 2),
                        rng.uniform(size=1),
                        {key: gradient(e, k, *size) for key, size in SIZES.items()},
                        k / FPS,
                        more={"observation.wrench": rng.normal(size=3)},
                        subtask=("reach", "lift")[k // 20 % 2],
                    )
                writer.end_episode(("pick", "place")[e % 2], succeeded=e < 2)
    return folder


def gradient(e, k, height, width):
    v, u = np.mgrid[0:height, 0:width]
    channels = (20 + 200 * u / width, 40 + 150 * v / height + k, np.full(u.shape, 60.0 + 50 * e))
    return np.stack(channels, axis=-1).clip(0, 255).astype(np.uint8)


def rows_of(folder, part):
    return [row for path in sorted((folder / part).glob("*/*")) for row in pq.read_table(path).to_pylist()]


def decoded(folder, key):
    """All pictures of a camera, in order, shape (n, H, W, 3)."""
    pictures = []
    for path in sorted((folder / "videos" / key).glob("*/*.mp4")):
        with av.open(str(path)) as container:
            pictures += [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return np.array(pictures)


def test_statistics_of_numbers_match_a_recomputation(folder):
    rows, episodes = rows_of(folder, "data"), rows_of(folder, "meta/episodes")
    whole = json.loads((folder / "meta/stats.json").read_text())
    episode_of = np.array([row["episode_index"] for row in rows])
    assert set(whole) == {*rows[0], *SIZES}
    for key in rows[0]:
        values = np.array([row[key] for row in rows], float).reshape(len(rows), -1)
        parts = [
            ({name: e[f"stats/{key}/{name}"] for name in whole[key]}, e["episode_index"]) for e in episodes
        ]
        for stats, of in (
            (whole[key], values),
            *((stats, values[episode_of == index]) for stats, index in parts),
        ):
            for name in ("min", "max", "mean", "std"):
                expected = getattr(of, name)(axis=0)
                np.testing.assert_allclose(stats[name], expected, atol=1e-6, err_msg=f"{key} {name}")
            assert stats["count"] == [len(of)]
        for stats, index in parts:
            for name, q in QUANTILES.items():
                expected = np.quantile(values[episode_of == index], q, axis=0)
                np.testing.assert_allclose(stats[name], expected, atol=1e-6, err_msg=f"{key} {name}")


def test_quantiles_of_the_whole_are_near_those_recomputed(folder):
    """They are mixed from those of the episodes, which the layout does too: near in rank, not exact."""
    rows = rows_of(folder, "data")
    whole = json.loads((folder / "meta/stats.json").read_text())
    for key in ("observation.state", "action", "observation.wrench", "timestamp", "index"):
        values = np.array([row[key] for row in rows], float).reshape(len(rows), -1)
        for name, q in QUANTILES.items():
            assert np.abs((values < whole[key][name]).mean(axis=0) - q).max() < 0.06, f"{key} {name}"


@pytest.mark.parametrize("key", list(SIZES))
def test_statistics_of_pictures_match_a_recomputation_from_the_videos(folder, key):
    """Counted is every picture, as it was taken; large ones by every second pixel, since 320 // 150 = 2."""
    step = 1 if key == SCENE else 2
    pictures = decoded(folder, key)[:, ::step, ::step] / 255
    assert len(pictures) == sum(LENGTHS)
    whole = json.loads((folder / "meta/stats.json").read_text())[key]
    first = 0
    parts = [(whole, pictures)]
    for row in rows_of(folder, "meta/episodes"):
        part = pictures[first : first + row["length"]]
        first += row["length"]
        parts.append(({name: row[f"stats/{key}/{name}"] for name in whole}, part))
    for stats, of in parts:
        for name in ("mean", "std"):
            np.testing.assert_allclose(np.ravel(stats[name]), getattr(of, name)(axis=(0, 1, 2)), atol=0.01)
        for name in ("min", "max"):  # the video's compression moves single pixels
            np.testing.assert_allclose(np.ravel(stats[name]), getattr(of, name)(axis=(0, 1, 2)), atol=0.04)
        assert stats["count"] == [len(of)]
        assert np.shape(stats["mean"]) == (3, 1, 1)
    for stats, of in parts[1:]:
        for name, q in QUANTILES.items():
            np.testing.assert_allclose(np.ravel(stats[name]), np.quantile(of, q, axis=(0, 1, 2)), atol=0.03)


WRITER = """
import sys, numpy as np
from pathlib import Path
from hybridctl.data.lerobot_writer import EpisodeWriter
folder, frames = Path(sys.argv[1]), int(sys.argv[2])
key = "observation.images.scene"
with EpisodeWriter(folder, fps=10, cameras={key: (32, 32)}, state_names=["a"], action_names=["b"]) as writer:
    print("open", flush=True)
    while True:
        e = writer.episodes
        for k in range(frames):
            rgb = np.full((32, 32, 3), (20 * k + 5 * e % 50) % 256, np.uint8)
            writer.add_frame([e], [k], {key: rgb}, k / 10)
            if len(sys.argv) > 3 and (e, k) == (1, 3):
                print("in the middle", flush=True)
                sys.stdin.read()
        writer.end_episode("go")
        print(e + 1, flush=True)
"""


def start(folder, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def kill(process):
    """kill -9, and return what it had said by then that was not read yet."""
    process.kill()
    return process.communicate()[0].split()


def open_again(folder):
    """Another writer of the same features."""
    return EpisodeWriter(folder, fps=FPS, cameras={SCENE: (32, 32)}, state_names=["a"], action_names=["b"])


def test_a_writer_killed_within_an_episode_leaves_those_before(tmp_path):
    folder = tmp_path / "d"
    process = start(folder, "6", "stop")
    try:
        assert [process.stdout.readline().strip() for _ in range(3)] == ["open", "1", "in the middle"]
        assert (folder / ".staging").exists()
        with pytest.raises(DatasetError, match="open for writing elsewhere"):
            open_again(folder)
    finally:
        kill(process)
    with open_dataset(folder) as dataset:
        assert [frame["action"] for frame in dataset.frames(0)] == [0, 1, 2, 3, 4, 5]
        assert len(dataset) == 6
    assert pq.read_table(folder / "data/chunk-000/file-000.parquet").num_rows == 6
    with open_again(folder) as writer:
        writer.add_frame([1], [1], {SCENE: np.zeros((32, 32, 3), np.uint8)}, 0.0)
        assert writer.end_episode("second") == 1
    assert not (folder / ".staging").exists()


def test_a_writer_killed_before_its_first_episode_ends_leaves_a_folder_to_begin_in(tmp_path):
    folder = tmp_path / "d"
    process = start(folder, "1000000")
    assert process.stdout.readline() == "open\n"
    wait_for((folder / ".staging").exists)
    kill(process)
    with pytest.raises(DatasetError, match="is no LeRobot dataset"):
        open_dataset(folder)
    with open_again(folder) as writer:
        assert writer.episodes == 0


def test_a_writer_killed_at_any_time_leaves_all_episodes_it_said_were_ended(tmp_path):
    """Episodes of two frames, so that most of the time is spent in commits; each writer appends."""
    folder, ended = tmp_path / "d", 0
    rng = random.Random(0)
    for _ in range(4):
        process = start(folder, "2")
        assert process.stdout.readline() == "open\n"
        while process.stdout.readline() != f"{ended + 2}\n":
            pass
        time.sleep(rng.uniform(0.0, 0.05))
        said = [int(word) for word in kill(process)]
        ended = said[-1] if said else ended + 2
        with open_dataset(folder) as dataset:
            assert len(dataset.episodes) in (ended, ended + 1)  # the last may be in and not yet reported
            ended = len(dataset.episodes)
            assert (dataset.info.total_episodes, dataset.info.total_frames) == (ended, 2 * ended)
            for e in range(ended):
                for k, frame in enumerate(dataset.frames(e)):
                    assert (frame["episode_index"], frame["observation.state"], frame["action"]) == (e, e, k)
                    assert abs(frame[SCENE].mean() - (20 * k + 5 * e % 50)) < 2
        total = sum(pq.read_table(path).num_rows for path in (folder / "data").rglob("*.parquet"))
        assert total == 2 * ended
        assert json.loads((folder / "meta/stats.json").read_text())["action"]["count"] == [2 * ended]


def wait_for(condition, limit=30.0):
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
