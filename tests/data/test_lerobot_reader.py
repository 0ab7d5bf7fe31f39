"""Folders that others made, by hand after the layout's documentation, and everything that can be wrong."""

import io
import json
from fractions import Fraction

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from hybridctl.data.lerobot_layout import DatasetError
from hybridctl.data.lerobot_reader import open_dataset
from hybridctl.data.lerobot_staging import Staging
from hybridctl.data.lerobot_writer import EpisodeWriter

FPS = 25
TOP, SIDE = "observation.images.cam_high", "observation.images.cam_side"
LENGTHS = (30, 20, 10)
FILES = ((0, 0), (0, 1), (1, 0))
"""One data file an episode, two of them a chunk; the first two episodes share a video."""


def grey(episode, k):
    return 20 + 60 * episode + 3 * k  # frames next to one another differ by 3


def encode(path, levels, codec="libx264"):
    """A video whose frames refer to later ones, with rare key frames, as ffmpeg makes it by default."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        options = {"preset": "fast" if codec == "libx264" else "10", "crf": "18"}
        stream = container.add_stream(codec, rate=FPS, options=options)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for i, level in enumerate(levels):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), level, np.uint8), format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def png(level):
    buffer = io.BytesIO()
    Image.fromarray(np.full((4, 6, 3), level, np.uint8)).save(buffer, format="PNG")
    return {"bytes": buffer.getvalue(), "path": None}


def make_foreign(folder, codec="libx264"):
    """ALOHA-like: an effort matrix, a flag, a note, an int16, pictures in the parquet and two cameras."""
    one = {"dtype": "int64", "shape": [1], "names": None}
    info = {
        "codebase_version": "v3.0",
        "robot_type": "aloha",
        "total_episodes": 3,
        "total_frames": sum(LENGTHS),
        "total_tasks": 2,
        "chunks_size": 2,
        "fps": FPS,
        "splits": {"train": "0:3"},
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
        "video_path": "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
        "somebody's": "extension",
        "features": {
            "observation.joints": {"dtype": "float64", "shape": [3], "names": {"motors": ["a", "b", "c"]}},
            "observation.effort": {"dtype": "float32", "shape": [2, 2], "names": None},
            "next.done": {"dtype": "bool", "shape": [1], "names": None},
            "note": {"dtype": "string", "shape": [1], "names": None},
            "tries": {"dtype": "int16", "shape": [1], "names": None},
            "language_persistent": {"dtype": "language", "shape": [1], "names": None},
            "observation.images.low": {
                "dtype": "image",
                "shape": [3, 4, 6],
                "names": ["channels", "height", "width"],
            },
            TOP: {"dtype": "video", "shape": [3, 64, 64], "names": ["channels", "height", "width"]},
            SIDE: {"dtype": "video", "shape": [64, 64, 3], "names": ["height", "width", "channel"]},
            "timestamp": {"dtype": "float32", "shape": [1], "names": None},
            **dict.fromkeys(("frame_index", "episode_index", "index", "task_index", "subtask_index"), one),
        },
    }
    (folder / "meta/episodes/chunk-000").mkdir(parents=True)
    (folder / "meta/info.json").write_text(json.dumps(info))
    tasks = pa.table({"task_index": [1, 0], "__index_level_0__": ["fold", "stack"]})
    pq.write_table(tasks, folder / "meta/tasks.parquet")
    subtasks = pa.table({"subtask_index": [0, 1], "subtask": ["reach", "grasp"]})
    pq.write_table(subtasks, folder / "meta/subtasks.parquet")
    first = 0
    for e, (length, (chunk, file)) in enumerate(zip(LENGTHS, FILES, strict=True)):
        k = np.arange(length)
        table = pa.table(
            {
                "observation.joints": [[e, i, 0.5] for i in k.tolist()],
                "observation.effort": [[[i, 0.0], [0.0, e]] for i in k.tolist()],
                "next.done": k == length - 1,
                "note": [f"{e}/{i}" for i in k],
                "tries": k.astype(np.int16),
                "language_persistent": [[{"style": "subtask", "content": "reach"}]] * length,
                "observation.images.low": [png(grey(e, i)) for i in k.tolist()],
                "timestamp": (k / FPS).astype(np.float32),
                "frame_index": k,
                "episode_index": np.full(length, e),
                "index": first + k,
                "task_index": np.full(length, e % 2),
                "subtask_index": k % 2,
            }
        )
        path = folder / f"data/chunk-{chunk:03d}/file-{file:03d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path)
        row = {
            "episode_index": e,
            "tasks": [("stack", "fold")[e % 2]],
            "length": length,
            "data/chunk_index": chunk,
            "data/file_index": file,
            "dataset_from_index": first,
            "dataset_to_index": first + length,
            f"videos/{TOP}/chunk_index": 0,
            f"videos/{TOP}/file_index": int(e == 2),
            f"videos/{TOP}/from_timestamp": LENGTHS[0] / FPS if e == 1 else 0.0,
            f"videos/{TOP}/to_timestamp": (LENGTHS[0] + length if e == 1 else length) / FPS,
            f"videos/{SIDE}/chunk_index": e // 2,  # cameras part their files by their own sizes
            f"videos/{SIDE}/file_index": e % 2,
            f"videos/{SIDE}/from_timestamp": 0.0,
            f"videos/{SIDE}/to_timestamp": length / FPS,
            "stats/observation.joints/mean": [float(e), 0.0, 0.5],
        }
        side = folder / f"videos/{SIDE}/chunk-{e // 2:03d}/file-{e % 2:03d}.mp4"
        encode(side, [255 - grey(e, i) for i in range(length)], codec)
        # Later episodes in files that sort first: the order is by index, not by name.
        rows = pa.Table.from_pylist([row])
        pq.write_table(rows, folder / f"meta/episodes/chunk-000/file-{2 - e:03d}.parquet")
        first += length
    videos = folder / f"videos/{TOP}/chunk-000"
    encode(videos / "file-000.mp4", [grey(e, i) for e in range(2) for i in range(LENGTHS[e])], codec)
    encode(videos / "file-001.mp4", [grey(2, i) for i in range(LENGTHS[2])], codec)
    return folder


@pytest.fixture(scope="module", params=["libx264", "libsvtav1"])  # lerobot itself writes AV1
def foreign(request, tmp_path_factory):
    if request.param not in av.codecs_available:
        pytest.skip(f"this ffmpeg has no {request.param}")
    return make_foreign(tmp_path_factory.mktemp("foreign") / "aloha", request.param)


@pytest.fixture
def copy(tmp_path):
    return make_foreign(tmp_path / "copy")


def change_info(folder, change):
    path = folder / "meta/info.json"
    info = json.loads(path.read_text())
    change(info)
    path.write_text(json.dumps(info))


def test_what_a_foreign_folder_says_of_itself(foreign):
    with open_dataset(foreign) as dataset:
        assert (len(dataset), dataset.info.fps, dataset.info.robot_type) == (60, FPS, "aloha")
        assert dataset.info.features["observation.joints"].names == {"motors": ["a", "b", "c"]}
        assert dataset.tasks == ("stack", "fold")
        assert [(e.index, e.first, e.length) for e in dataset.episodes] == [
            (0, 0, 30),
            (1, 30, 20),
            (2, 50, 10),
        ]
        assert [e.tasks for e in dataset.episodes] == [("stack",), ("fold",), ("stack",)]
        np.testing.assert_array_equal(dataset.episodes[1].stats["observation.joints"]["mean"], [1, 0, 0.5])
        assert dataset.stats == {}


def test_each_frame_comes_with_its_values_and_pictures(foreign):
    with open_dataset(foreign) as dataset:
        for e, length in enumerate(LENGTHS):
            frames = list(dataset.frames(e))
            assert len(frames) == length
            for k, frame in enumerate(frames):
                np.testing.assert_array_equal(frame["observation.joints"], [e, k, 0.5])
                assert frame["observation.joints"].dtype == np.float64
                np.testing.assert_array_equal(frame["observation.effort"], [[k, 0], [0, e]])
                assert (bool(frame["next.done"]), frame["note"]) == (k == length - 1, f"{e}/{k}")
                assert (frame["episode_index"], frame["frame_index"]) == (e, k)
                assert (frame["tries"], frame["tries"].dtype) == (k, np.int16)
                assert frame["language_persistent"] == [{"style": "subtask", "content": "reach"}]
                assert frame["task"] == ("stack", "fold")[e % 2]
                assert frame["subtask"] == ("reach", "grasp")[k % 2]
                assert (frame["observation.images.low"] == grey(e, k)).all()
                assert frame[TOP].shape == (64, 64, 3)
                assert abs(frame[TOP].mean() - grey(e, k)) < 1.5
                assert abs(frame[SIDE].mean() - (255 - grey(e, k))) < 1.5


def test_frames_are_found_in_any_order(foreign):
    rng = np.random.default_rng(0)
    with open_dataset(foreign) as dataset:
        for index in rng.permutation(60):
            e = int(np.searchsorted([30, 50], index, side="right"))
            k = index - (0, 30, 50)[e]
            assert abs(dataset.frame(int(index))[TOP].mean() - grey(e, k)) < 1.5


def test_pictures_can_be_left_out(foreign):
    with open_dataset(foreign) as dataset:
        frame = dataset.frame(31, pictures=False)
    assert frame["note"] == "1/1"
    assert not {TOP, SIDE, "observation.images.low"} & set(frame)


@pytest.mark.parametrize("index", [-1, 60])
def test_a_frame_that_is_not_there(foreign, index):
    with open_dataset(foreign) as dataset, pytest.raises(IndexError, match="it has 60 frames"):
        dataset.frame(index)


def test_no_such_folder(tmp_path):
    with pytest.raises(DatasetError, match="is no folder"):
        open_dataset(tmp_path / "missing")
    with pytest.raises(DatasetError, match=r"is no LeRobot dataset: it has no meta/info\.json"):
        open_dataset(tmp_path)


def test_a_folder_of_version_2_is_named_as_such(copy):
    change_info(copy, lambda info: info.update(codebase_version="v2.1"))
    with pytest.raises(
        DatasetError, match=r"LeRobot version v2\.1 \(one file an episode\).*convert_dataset_v21"
    ):
        open_dataset(copy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda info: info.update(codebase_version="v4.0"), "version v4.0, only v3.0 can be read"),
        (lambda info: info.pop("codebase_version"), "says no codebase_version"),
        (lambda info: info.update(fps=0), "fps: Input should be greater than 0"),
        (lambda info: info.pop("features"), "features: Field required"),
        (
            lambda info: info["features"]["note"].update(dtype="tensor"),
            "'note' has the unknown dtype 'tensor'",
        ),
        (lambda info: info.update(video_path=None), "are videos, but video_path is null"),
        (lambda info: info.update(data_path="../{chunk_index}/{file_index}"), "leads out of the folder"),
    ],
)
def test_an_info_that_is_wrong(copy, change, message):
    change_info(copy, change)
    with pytest.raises(DatasetError, match=message):
        open_dataset(copy)


@pytest.mark.parametrize("text", ["{", "[]"])
def test_an_info_that_is_no_json_object(copy, text):
    (copy / "meta/info.json").write_text(text)
    with pytest.raises(DatasetError, match=r"info\.json (cannot be read|holds no JSON object)"):
        open_dataset(copy)


@pytest.mark.parametrize("name", ["meta/tasks.parquet", "meta/episodes/chunk-000/file-001.parquet"])
def test_a_meta_file_that_is_missing_or_broken(copy, name):
    (copy / name).write_bytes(b"PAR1 and no more")
    with pytest.raises(DatasetError, match=f"{name} is no parquet file"):
        open_dataset(copy)
    (copy / "meta/tasks.parquet").unlink()
    with pytest.raises(DatasetError, match=r"tasks\.parquet is missing"):
        open_dataset(copy)


def test_a_folder_without_texts_of_subtasks(copy):
    (copy / "meta/subtasks.parquet").unlink()
    with open_dataset(copy) as dataset:
        frame = dataset.frame(31)
    assert (dataset.subtasks, frame["subtask_index"], "subtask" in frame) == ((), 1, False)


def test_no_episode_rows(copy):
    for path in (copy / "meta/episodes").rglob("*.parquet"):
        path.unlink()
    with pytest.raises(DatasetError, match="meta/episodes holds no parquet file"):
        open_dataset(copy)


def test_episode_rows_and_tasks_without_a_column(copy):
    path = copy / "meta/episodes/chunk-000/file-000.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["data/file_index"]), path)
    with pytest.raises(DatasetError, match=r"file-000\.parquet has no column 'data/file_index'"):
        open_dataset(copy)
    pq.write_table(pa.table({"task_index": [0]}), copy / "meta/tasks.parquet")
    with pytest.raises(DatasetError, match="has the columns task_index, expected task and task_index"):
        open_dataset(copy)
    pq.write_table(pa.table({"task_index": [0, 2], "task": ["a", "b"]}), copy / "meta/tasks.parquet")
    with pytest.raises(DatasetError, match="numbers its tasks 0, 2, expected 0 to 1"):
        open_dataset(copy)


def test_broken_statistics(copy):
    (copy / "meta/stats.json").write_text("[1]")
    with pytest.raises(DatasetError, match=r"stats\.json cannot be read"):
        open_dataset(copy)


def test_files_that_are_missing_are_named_when_they_are_needed(copy):
    data, video = copy / "data/chunk-001/file-000.parquet", copy / f"videos/{TOP}/chunk-000/file-001.mp4"
    video.unlink()
    with open_dataset(copy) as dataset:
        with pytest.raises(DatasetError, match=f"{video} is missing"):
            dataset.frame(50)
        assert dataset.frame(50, pictures=False)["note"] == "2/0"
        assert dataset.frame(49)["note"] == "1/19"
    data.unlink()
    with open_dataset(copy) as dataset, pytest.raises(DatasetError, match=f"{data} is missing"):
        dataset.frame(50)


def test_data_that_is_not_as_described(copy):
    path = copy / "data/chunk-001/file-000.parquet"
    table = pq.read_table(path)

    def frame_of(changed):
        pq.write_table(changed, path)
        with open_dataset(copy) as dataset:
            dataset.frame(50)

    with pytest.raises(DatasetError, match="has no column note"):
        frame_of(table.drop_columns(["note"]))
    with pytest.raises(DatasetError, match="has no frame 50 of episode 2"):
        frame_of(table.slice(1))
    short = table.set_column(0, "observation.joints", [[[1.0, 2.0]] * 10])
    with pytest.raises(DatasetError, match=r"observation\.joints does not fit float64 \(3,\)"):
        frame_of(short)
    blank = pa.array([{"bytes": b"no picture", "path": None}] * 10)
    at = table.column_names.index("observation.images.low")
    with pytest.raises(DatasetError, match="a picture that cannot be decoded"):
        frame_of(table.set_column(at, "observation.images.low", blank))
    with pytest.raises(DatasetError, match="holds no encoded picture"):
        frame_of(table.set_column(at, "observation.images.low", [[b"x"] * 10]))
    at = table.column_names.index("task_index")
    with pytest.raises(DatasetError, match=r"frame 50: meta/tasks\.parquet has no number 7, it has 2 texts"):
        frame_of(table.set_column(at, "task_index", [np.full(10, 7)]))


def test_videos_that_are_broken_or_too_short(copy):
    path = copy / f"videos/{TOP}/chunk-000/file-001.mp4"
    encode(path, [100] * 5)
    with open_dataset(copy) as dataset:
        dataset.frame(54)
        with pytest.raises(DatasetError, match=r"file-001\.mp4 has no picture at 0\.2000 s"):
            dataset.frame(55)
    path.write_bytes(b"no video")
    with open_dataset(copy) as dataset, pytest.raises(DatasetError, match="is no video that can be decoded"):
        dataset.frame(50)


def test_a_folder_that_was_interrupted_while_an_episode_came_in_is_completed(copy):
    moved = ["meta/tasks.parquet", "meta/info.json"]
    for name in moved:
        staged = copy / ".staging/files" / name
        staged.parent.mkdir(parents=True, exist_ok=True)
        (copy / name).rename(staged)
    (copy / ".staging/journal.json").write_text(json.dumps(moved))
    with open_dataset(copy) as dataset:
        assert (len(dataset), dataset.tasks) == (60, ("stack", "fold"))
    assert not (copy / ".staging").exists()


def test_a_folder_into_which_an_episode_comes_at_this_moment(copy):
    writing = Staging(copy)
    (copy / ".staging").mkdir()
    (copy / ".staging/journal.json").write_text("[]")
    with pytest.raises(DatasetError, match="is open for writing elsewhere"):
        open_dataset(copy)
    writing.close()
    open_dataset(copy).close()


def test_the_writer_does_not_add_to_a_folder_of_other_features(foreign):
    with pytest.raises(DatasetError, match="has the features"):
        EpisodeWriter(foreign, fps=FPS, cameras={}, state_names=["a"], action_names=["a"], robot_type="aloha")
