"""What the camera saw, read back from the telemetry as Foxglove does."""

import io
import json
from base64 import b64decode
from dataclasses import replace

import numpy as np
from mcap.reader import make_reader
from PIL import Image

from hybridctl.record import Recorder


def messages(folder, topic):
    with (folder / "telemetry.mcap").open("rb") as stream:
        return [json.loads(m.data) for _, _, m in make_reader(stream).iter_messages(topics=[topic])]


def test_pictures_come_back_a_few_a_second(run_folder, observations):
    found = messages(run_folder, "/camera/image")
    assert len(found) == 6  # of twelve in 1.2 s
    for seen, message in zip(observations[::2], found, strict=True):
        image = np.array(Image.open(io.BytesIO(b64decode(message["data"]))))
        assert image.shape == seen.rgb.shape
        np.testing.assert_allclose(image, seen.rgb, atol=3)
        stamp = message["timestamp"]
        assert stamp["sec"] + 1e-9 * stamp["nsec"] == seen.stamp


def test_calibration_and_place_go_with_each_picture(run_folder, observations):
    calibrations = messages(run_folder, "/camera/calibration")
    assert len(calibrations) == 6
    assert calibrations[0]["K"] == observations[0].K.ravel().tolist()
    assert (calibrations[0]["width"], calibrations[0]["height"]) == (64, 48)
    frames = [t for m in messages(run_folder, "/tf") for t in m["transforms"]]
    camera = [t for t in frames if t["child_frame_id"] == "camera"]
    assert [t["translation"]["z"] for t in camera] == [o.T_base_camera[2, 3] for o in observations[::2]]
    assert {t["parent_frame_id"] for t in frames} == {"base"}


def test_the_tools_frame_is_its_pose(run_folder, periods):
    frames = [t for m in messages(run_folder, "/tf") for t in m["transforms"]]
    tool = [t for t in frames if t["child_frame_id"] == "tool"]
    every_fifth = periods[::5]
    assert len(tool) == len(every_fifth)
    for transform, period in zip(tool, every_fifth, strict=True):
        at = [transform["translation"][axis] for axis in "xyz"]
        np.testing.assert_array_equal(at, period.T_base_tool[:3, 3])


def test_a_picture_that_cannot_be_compressed_is_a_problem_and_no_exception(tmp_path, observations):
    nothing = np.zeros((0, 0, 3), np.uint8)
    with Recorder(tmp_path, instruction="x", video=False) as recorder:
        recorder.on_observation(replace(observations[0], rgb=nothing, depth=np.zeros((0, 0))))
    record = json.loads(recorder.write_report({}).read_text())["record"]
    assert record["problems"][0].startswith("Camera pictures end early: ")
