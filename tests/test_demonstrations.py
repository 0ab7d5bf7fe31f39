"""Demonstrations are successful runs of the expert, readable as a dataset."""

import pytest

from hybridctl.cli import main
from hybridctl.data.lerobot_reader import open_dataset


def test_collected_episodes_open_as_a_dataset(tmp_path):
    folder = tmp_path / "demos"
    arguments = ["--episodes", "1", "--renderers", "ray", "--seeds", "5000:5003", "--out", str(folder)]
    assert main(["collect", *arguments]) == 0
    with open_dataset(folder) as dataset:
        assert len(dataset.episodes) == 1
        frames = list(dataset.frames(0))
        assert len(frames) == pytest.approx(100, abs=30)  # about 10 s at 10 frames a second
        widths = [frame["observation.state"][-1] for frame in frames]
        assert min(widths) < 0.05 < max(widths)  # the gripper closed on a thing
        assert frames[0]["observation.images.scene"].shape == (128, 128, 3)


def test_too_few_seeds_or_evaluation_seeds_are_refused(tmp_path, capsys):
    for seeds, words in (("10:12", "hold 2 scenes"), ("999999:1000009", "evaluation only")):
        arguments = ["--episodes", "5", "--seeds", seeds, "--out", str(tmp_path / "x")]
        assert main(["collect", *arguments]) == 2
        assert words in capsys.readouterr().err
