"""Columns and types of the parquet files are those of lerobot 0.4.4, written down here as facts.

They were read from its source, and from a folder that it wrote itself; it opened ours by `LeRobotDataset`.
"""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hybridctl.data.lerobot_writer import EpisodeWriter

CAMERA = "observation.images.scene"
INT, REAL = pa.int64(), pa.float64()
STATISTICS = ("min", "max", "mean", "std", "count", "q01", "q10", "q50", "q90", "q99")
FRAME_COLUMNS = {
    "observation.state": pa.list_(pa.float32(), 3),
    "action": pa.list_(pa.float32(), 2),
    "observation.wrench": pa.list_(pa.float32(), 2),
    "next.done": pa.bool_(),
    "next.success": pa.bool_(),
    "timestamp": pa.float32(),
    "frame_index": INT,
    "episode_index": INT,
    "index": INT,
    "task_index": INT,
    "subtask_index": INT,
}
EPISODE_COLUMNS = {
    "episode_index": INT,
    "tasks": pa.list_(pa.string()),
    "length": INT,
    "data/chunk_index": INT,
    "data/file_index": INT,
    "dataset_from_index": INT,
    "dataset_to_index": INT,
    f"videos/{CAMERA}/chunk_index": INT,
    f"videos/{CAMERA}/file_index": INT,
    f"videos/{CAMERA}/from_timestamp": REAL,
    f"videos/{CAMERA}/to_timestamp": REAL,
    "meta/episodes/chunk_index": INT,
    "meta/episodes/file_index": INT,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables") / "d"
    with EpisodeWriter(
        folder,
        fps=10,
        cameras={CAMERA: (32, 48)},
        state_names=["a", "b", "c"],
        action_names=["a", "b"],
        more={"observation.wrench": ["fx", "fy"]},
        subtasks=True,
    ) as writer:
        for _ in range(2):
            for k in range(3):
                more = {"observation.wrench": [k, 0]}
                pictures = {CAMERA: np.full((32, 48, 3), 9 * k, np.uint8)}
                writer.add_frame([k, 1, 2], [k, 0], pictures, k / 10, more=more, subtask="reach")
            writer.end_episode("pick")
    return folder


def test_frames(folder):
    schema = pq.read_schema(folder / "data/chunk-000/file-000.parquet")
    assert {field.name: field.type for field in schema} == FRAME_COLUMNS


def test_episodes(folder):
    schema = pq.read_schema(folder / "meta/episodes/chunk-000/file-000.parquet")
    types = {field.name: field.type for field in schema}
    found = {name: kind for name, kind in types.items() if not name.startswith("stats/")}
    assert found == EPISODE_COLUMNS
    features = {*FRAME_COLUMNS, CAMERA}
    assert set(types) - set(found) == {f"stats/{key}/{name}" for key in features for name in STATISTICS}
    assert types["stats/observation.state/mean"] == pa.list_(REAL)
    assert types["stats/task_index/min"] == pa.list_(INT)
    assert types[f"stats/{CAMERA}/q50"] == pa.list_(pa.list_(pa.list_(REAL)))
    assert types[f"stats/{CAMERA}/count"] == pa.list_(INT)


@pytest.mark.parametrize(
    ("name", "kind", "text"), [("tasks", "task", "pick"), ("subtasks", "subtask", "reach")]
)
def test_texts_are_a_frame_that_pandas_indexes_by_the_text(folder, name, kind, text):
    table = pq.read_table(folder / f"meta/{name}.parquet")
    assert table.to_pylist() == [{f"{kind}_index": 0, kind: text}]
    assert table.schema.field(f"{kind}_index").type == INT
    assert json.loads(table.schema.metadata[b"pandas"])["index_columns"] == [kind]
