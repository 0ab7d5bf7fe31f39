"""Action bounds are never guessed: a file that is missing or wrong is an error that names it."""

import json
from pathlib import Path

import numpy as np
import pytest

from hybridctl.vla.errors import CheckpointError
from hybridctl.vla.statistics import EMBEDDED_STATISTICS, FILE_NAME, Statistics


def write(folder: Path, **change: object) -> Path:
    data = json.loads(EMBEDDED_STATISTICS.model_dump_json())
    data.update(change)
    (folder / FILE_NAME).write_text(json.dumps({k: v for k, v in data.items() if v != "drop"}))
    return folder


def test_saving_and_loading_gives_the_same_statistics(tmp_path: Path) -> None:
    EMBEDDED_STATISTICS.save(tmp_path)
    loaded = Statistics.load(tmp_path)
    assert loaded == EMBEDDED_STATISTICS
    np.testing.assert_array_equal(loaded.action_spec().low, EMBEDDED_STATISTICS.action_low)


def test_a_missing_file_says_what_is_lost_and_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"has no action_spec.json: without action bounds .* Copy"):
        Statistics.load(tmp_path)


@pytest.mark.parametrize("name", sorted(Statistics.model_fields))
def test_no_value_has_a_default(tmp_path: Path, name: str) -> None:
    with pytest.raises(CheckpointError, match=name):
        Statistics.load(write(tmp_path, **{name: "drop"}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"action_lwo": [0.0]}, "action_lwo"),
        ({"action_low": [0.0] * 7}, "ActionSpec.low has shape"),
        ({"action_high": [float("nan")] * 8}, "NaN"),
        ({"action_high": [0.0] * 8}, "not below"),
        ({"bins": 1}, "bins"),
        ({"bins": 257}, "bins"),
        ({"image_size": 0}, "image_size"),
        ({"frame": "moon"}, "'moon', expected 'base' or 'tool'"),
        ({"action_names": ["a"] * 8}, "expected action dimensions"),
        ({"state_names": ["x", "y"]}, "gripper_width"),
        ({"state_low": [9.0] * 7}, "state x: low 9.0 is not below"),
        ({"state_low": [0.0] * 6}, "need 7 entries"),
    ],
)
def test_a_wrong_value_is_refused_with_file_and_key(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    with pytest.raises(CheckpointError, match=message) as caught:
        Statistics.load(write(tmp_path, **change))
    assert str(tmp_path / FILE_NAME) in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "3"])
def test_a_file_that_is_no_json_object_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    with pytest.raises(CheckpointError, match=FILE_NAME):
        Statistics.load(tmp_path)
