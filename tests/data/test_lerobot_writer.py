"""What the writer leaves can be read with pyarrow and ffmpeg alone, and is whole whatever happens to it."""

import json
from pathlib import Path

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hybridctl.data import lerobot_layout
from hybridctl.data.lerobot_layout import DatasetError
from hybridctl.data.lerobot_reader import open_dataset
from hybridctl.data.lerobot_writer import EpisodeWriter

FPS = 10
SCENE, WRIST = "observation.images.scene", "observation.images.wrist"
CAMERAS = {SCENE: (48, 64), WRIST: (32, 32)}
LENGTHS = (5, 8, 3)
TASKS = ("pick the cube", "open the drawer", "pick the cube")


def picture(key, episode, k):
    """A gradient whose colours tell camera, episode and frame."""
    height, width = CAMERAS[key]
    v, u = np.mgrid[0:height, 0:width]
    red = u * 2 + 10 * k
    green = v * 2 + 60 * episode
    blue = np.full_like(u, 200 if key == WRIST else 40)
    return np.stack([red, green, blue], axis=-1).clip(0, 255).astype(np.uint8)


def state(episode, k):
    return [episode + 0.1 * k, -k, 3.0]


def open_writer(folder, **changes):
    settings = {
        "fps": FPS,
        "cameras": CAMERAS,
        "state_names": ["a", "b", "c"],
        "action_names": ["a", "grip"],
        "robot_type": "panda",
    }
    return EpisodeWriter(folder, **{**settings, **changes})


def add_frames(writer, episode, count):
    for k in range(count):
        pictures = {key: picture(key, episode, k) for key in CAMERAS}
        writer.add_frame(state(episode, k), [k, episode], pictures, k / FPS)


def write_all(folder, episodes=range(3), **changes):
    with open_writer(folder, **changes) as writer:
        for episode in episodes:
            add_frames(writer, episode, LENGTHS[episode])
            assert writer.end_episode(TASKS[episode]) == episode
    return folder


def decode(path):
    with av.open(str(path)) as container:
        return [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def psnr(a, b):
    return 10 * np.log10(255**2 / np.mean((a.astype(float) - b.astype(float)) ** 2))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_all(tmp_path_factory.mktemp("dataset") / "d")


def test_the_layout_is_the_documented_one(folder):
    files = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    assert files == [
        "data/chunk-000/file-000.parquet",
        "meta/episodes/chunk-000/file-000.parquet",
        "meta/info.json",
        "meta/stats.json",
        "meta/tasks.parquet",
        f"videos/{SCENE}/chunk-000/file-000.mp4",
        f"videos/{WRIST}/chunk-000/file-000.mp4",
    ]
    info = json.loads((folder / "meta/info.json").read_text())
    assert (info["codebase_version"], info["fps"], info["robot_type"]) == ("v3.0", FPS, "panda")
    assert (info["total_episodes"], info["total_frames"], info["total_tasks"]) == (3, sum(LENGTHS), 2)
    assert info["splits"] == {"train": "0:3"}
    assert info["data_path"] == "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
    assert info["video_path"] == "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
    sizes = (info["chunks_size"], info["data_files_size_in_mb"], info["video_files_size_in_mb"])
    assert sizes == (1000, 20, 50)
    assert info["features"]["observation.state"] == {
        "dtype": "float32",
        "shape": [3],
        "names": ["a", "b", "c"],
    }
    assert info["features"]["timestamp"] == {"dtype": "float32", "shape": [1], "names": None}
    video = info["features"][SCENE]
    assert (video["dtype"], video["shape"], video["names"]) == (
        "video",
        [48, 64, 3],
        ["height", "width", "channels"],
    )
    with av.open(str(folder / f"videos/{SCENE}/chunk-000/file-000.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt, stream.average_rate) == (
            video["info"]["video.codec"],
            video["info"]["video.pix_fmt"],
            video["info"]["video.fps"],
        )


def test_frames_are_rows_in_the_documented_types(folder):
    table = pq.read_table(folder / "data/chunk-000/file-000.parquet")
    assert table.schema.field("observation.state").type == pa.list_(pa.float32(), 3)
    assert table.schema.field("action").type == pa.list_(pa.float32(), 2)
    assert table.schema.field("timestamp").type == pa.float32()
    for key in ("frame_index", "episode_index", "index", "task_index"):
        assert table.schema.field(key).type == pa.int64()
    rows = table.to_pylist()
    expected = [(e, k) for e in range(3) for k in range(LENGTHS[e])]
    assert [(row["episode_index"], row["frame_index"]) for row in rows] == expected
    assert [row["index"] for row in rows] == list(range(sum(LENGTHS)))
    assert [row["task_index"] for row in rows] == [(0, 1, 0)[e] for e, _ in expected]
    np.testing.assert_allclose([row["timestamp"] for row in rows], [k / FPS for _, k in expected], rtol=1e-6)
    np.testing.assert_allclose(
        [row["observation.state"] for row in rows], [state(e, k) for e, k in expected], rtol=1e-6
    )
    assert [row["action"] for row in rows] == [[k, e] for e, k in expected]


def test_episode_rows_say_where_frames_and_pictures_are(folder):
    rows = pq.read_table(folder / "meta/episodes/chunk-000/file-000.parquet").to_pylist()
    assert [row["tasks"] for row in rows] == [[task] for task in TASKS]
    assert [row["length"] for row in rows] == list(LENGTHS)
    assert [(row["dataset_from_index"], row["dataset_to_index"]) for row in rows] == [
        (0, 5),
        (5, 13),
        (13, 16),
    ]
    for key in CAMERAS:
        spans = [(row[f"videos/{key}/from_timestamp"], row[f"videos/{key}/to_timestamp"]) for row in rows]
        np.testing.assert_allclose(spans, [(0.0, 0.5), (0.5, 1.3), (1.3, 1.6)])
    for part in ("data", "meta/episodes", *(f"videos/{key}" for key in CAMERAS)):
        assert {(row[f"{part}/chunk_index"], row[f"{part}/file_index"]) for row in rows} == {(0, 0)}


def test_tasks_are_a_frame_that_pandas_indexes_by_text(folder):
    table = pq.read_table(folder / "meta/tasks.parquet")
    assert table.to_pylist() == [
        {"task_index": 0, "task": "pick the cube"},
        {"task_index": 1, "task": "open the drawer"},
    ]
    assert json.loads(table.schema.metadata[b"pandas"])["index_columns"] == ["task"]


def test_videos_hold_each_picture_at_its_time(folder):
    for key in CAMERAS:
        frames = decode(folder / f"videos/{key}/chunk-000/file-000.mp4")
        expected = [(e, k) for e in range(3) for k in range(LENGTHS[e])]
        np.testing.assert_allclose([time for time, _ in frames], np.arange(sum(LENGTHS)) / FPS, atol=1e-6)
        for (episode, k), (_, rgb) in zip(expected, frames, strict=True):
            assert psnr(rgb, picture(key, episode, k)) > 33


def test_picture_statistics_are_normalised_a_channel(folder):
    whole = json.loads((folder / "meta/stats.json").read_text())
    for key in CAMERAS:
        pictures = np.array([picture(key, e, k) for e in range(3) for k in range(LENGTHS[e])]) / 255
        # A picture counts as one: episodes are weighted by their number of them.
        for name in ("min", "max", "mean", "std"):
            assert np.shape(whole[key][name]) == (3, 1, 1)
            expected = getattr(pictures, name)(axis=(0, 1, 2))
            np.testing.assert_allclose(np.ravel(whole[key][name]), expected, atol=1e-9)
        assert whole[key]["count"] == [sum(LENGTHS)]


def test_appending_adds_files_and_goes_on_counting(tmp_path):
    folder = write_all(tmp_path / "d", episodes=[0])
    write_all(folder, episodes=[1, 2])
    assert (folder / "data/chunk-000/file-001.parquet").exists()
    whole = json.loads((folder / "meta/stats.json").read_text())
    assert whole["action"]["max"] == [7, 2]
    with open_dataset(folder) as dataset:
        assert (len(dataset), dataset.tasks) == (16, ("pick the cube", "open the drawer"))
        assert [episode.first for episode in dataset.episodes] == [0, 5, 13]
        assert [episode.data.name for episode in dataset.episodes] == [
            "file-000.parquet",
            "file-001.parquet",
            "file-001.parquet",
        ]
        for e in range(3):
            for k, frame in enumerate(dataset.frames(e)):
                assert psnr(frame[SCENE], picture(SCENE, e, k)) > 33


def test_a_file_that_is_full_is_followed_by_a_next_one(tmp_path):
    folder = write_all(tmp_path / "d", data_file_mib=0.001, video_file_mib=0.001)
    assert len(list((folder / "data").rglob("*.parquet"))) == 3
    assert len(list((folder / "videos").rglob("*.mp4"))) == 6
    with open_dataset(folder) as dataset:
        assert [span.begin for e in dataset.episodes for span in e.videos.values()] == [0.0] * 6
        assert psnr(dataset.frame(13)[WRIST], picture(WRIST, 2, 0)) > 33


def test_a_discarded_episode_leaves_nothing(tmp_path):
    with open_writer(tmp_path / "d") as writer:
        add_frames(writer, 2, 4)
        writer.discard_episode()
        add_frames(writer, 0, 5)
        assert writer.end_episode("pick") == 0
        add_frames(writer, 1, 2)
    with open_dataset(tmp_path / "d") as dataset:
        assert len(dataset) == 5
        assert psnr(dataset.frame(0)[SCENE], picture(SCENE, 0, 0)) > 33
    assert not (tmp_path / "d/.staging").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fps": 20}, "has 10 frames a second, not 20"),
        ({"robot_type": "ur5"}, "is of the robot 'panda', not 'ur5'"),
        ({"state_names": ["a", "b"]}, "observation.state is float32"),
        ({"cameras": {SCENE: (48, 64)}}, "has the features"),
    ],
)
def test_episodes_of_another_kind_are_not_appended(folder, change, message):
    with pytest.raises(DatasetError, match=message):
        open_writer(folder, **change)
    open_writer(folder).close()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cameras": {SCENE: (47, 64)}}, "47x64, H.264 needs an even height and width"),
        ({"cameras": {"a/b": (48, 64)}}, "holds no '/'"),
        ({"fps": 0}, "fps is 0"),
        ({"action_names": []}, "0 names of action"),
        ({"more": {"observation.wrench": []}}, "0 names of observation.wrench"),
        ({"more": {"a/b": ["x"]}}, "holds no '/'"),
    ],
)
def test_wrong_settings_are_refused_before_anything_is_written(tmp_path, change, message):
    with pytest.raises(DatasetError, match=message):
        open_writer(tmp_path / "d", **change)
    assert not (tmp_path / "d").exists()


def test_a_folder_of_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    (tmp_path / ".staging").mkdir()
    (tmp_path / ".staging/site.html").write_text("mine too")
    with pytest.raises(DatasetError, match="choose an empty folder"):
        open_writer(tmp_path)
    assert sorted(p.name for p in tmp_path.rglob("*")) == [".staging", "site.html", "thesis.txt"]
    with pytest.raises(DatasetError, match=r"thesis\.txt is a file, expected a folder"):
        open_writer(tmp_path / "thesis.txt")


def test_further_vectors_subtasks_and_success_are_stored_a_frame(tmp_path):
    wrench = {"observation.wrench": ["fx", "fy"]}
    with open_writer(tmp_path, cameras={}, more=wrench, subtasks=True) as writer:
        for succeeded in (True, False):
            for k in range(3):
                more = {"observation.wrench": [k, -k]}
                writer.add_frame([1, 2, 3], [0, 0], {}, k / FPS, more=more, subtask=("reach", "lift")[k // 2])
            writer.end_episode("pick", succeeded=succeeded)
    table = pq.read_table(tmp_path / "data/chunk-000/file-000.parquet")
    assert table["observation.wrench"].to_pylist() == [[0, 0], [1, -1], [2, -2]] * 2
    assert table["subtask_index"].to_pylist() == [0, 0, 1] * 2
    assert table["next.done"].to_pylist() == [False, False, True] * 2
    assert table["next.success"].to_pylist() == [False, False, True] + [False] * 3
    assert pq.read_table(tmp_path / "meta/subtasks.parquet").to_pylist() == [
        {"subtask_index": 0, "subtask": "reach"},
        {"subtask_index": 1, "subtask": "lift"},
    ]
    with open_writer(tmp_path, cameras={}, more=wrench, subtasks=True) as writer:  # taken over by the next
        for wrong, message in (
            ({"subtask": "reach"}, r"the frame has \['action', 'observation.state'\], expected"),
            ({"more": {"observation.wrench": [0, 0]}}, "has the subtask None, the dataset takes one"),
            ({"more": {"observation.wrench": [0]}, "subtask": "reach"}, "observation.wrench has shape"),
        ):
            with pytest.raises(DatasetError, match=message):
                writer.add_frame([1, 2, 3], [0, 0], {}, 0.0, **wrong)
        writer.add_frame([1, 2, 3], [0, 0], {}, 0.0, more={"observation.wrench": [0, 0]}, subtask="let go")
        writer.end_episode("pick")
    with open_dataset(tmp_path) as dataset:
        assert [dataset.frame(i)["subtask"] for i in (0, 2, 6)] == ["reach", "lift", "let go"]


def test_wrong_frames_are_refused_and_not_added(tmp_path):
    good = {key: picture(key, 0, 0) for key in CAMERAS}
    small = np.zeros((2, 2, 3), np.uint8)
    with open_writer(tmp_path / "d") as writer:
        wrong = [
            (([1, 2], [0, 0], good, 0.0), r"observation.state has shape \(2,\)"),
            (([1, 2, np.nan], [0, 0], good, 0.0), "NaN"),
            (([1, 2, 3], [0], good, 0.0), "action has shape"),
            (([1, 2, 3], [0, 0], {SCENE: good[SCENE]}, 0.0), "pictures of"),
            (([1, 2, 3], [0, 0], {**good, WRIST: small}, 0.0), r"expected \(32, 32, 3\) uint8"),
            (([1, 2, 3], [0, 0], good, 0.06), "does not keep up with 10 frames"),
            (([1, 2, 3], [0, 0], good, float("nan")), "does not keep up"),
        ]
        for arguments, message in wrong:
            with pytest.raises(DatasetError, match=message):
                writer.add_frame(*arguments)
        assert writer.frames == 0
        with pytest.raises(DatasetError, match="no frames"):
            writer.end_episode("pick")
        add_frames(writer, 0, 1)
        with pytest.raises(DatasetError, match="no task"):
            writer.end_episode("  ")
        writer.end_episode("pick")
    with pytest.raises(DatasetError, match="is closed"):
        writer.end_episode("pick")


def test_without_pyarrow_the_error_names_the_extra(tmp_path, monkeypatch):
    def missing(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(lerobot_layout.importlib, "import_module", missing)
    with pytest.raises(DatasetError, match=r"pip install 'hybridctl\[datasets\]'"):
        open_writer(tmp_path / "d")
    assert not (tmp_path / "d").exists()
    with pytest.raises(DatasetError, match=r"hybridctl\[datasets\]"):
        open_dataset(tmp_path)


def test_an_episode_that_cannot_be_written_closes_the_writer_and_keeps_those_before(tmp_path, monkeypatch):
    folder = write_all(tmp_path / "d", episodes=[0])
    with open_writer(folder) as writer:
        add_frames(writer, 1, 3)

        def full(*_, **__):
            raise OSError("no space left on device")

        with monkeypatch.context() as patched:
            patched.setattr("hybridctl.data.lerobot_files.write_texts", full)
            with pytest.raises(OSError, match="no space left"):
                writer.end_episode("pick")
        with pytest.raises(DatasetError, match="is closed"):
            writer.discard_episode()
    with open_dataset(folder) as dataset:
        assert len(dataset) == 5
    assert not Path(folder / ".staging").exists()
