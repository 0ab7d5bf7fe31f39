"""Demonstrations are successful runs of the expert on tasks in turn, readable as a dataset."""

from pathlib import Path

import numpy as np
import pytest

from hybridctl.cli import main
from hybridctl.data.collect import SeedError
from hybridctl.data.lerobot_reader import open_dataset
from hybridctl.demonstrations import Demonstration, collect_episodes
from hybridctl.sim.scene import SceneError
from hybridctl.sim.tasks.registry import make_task

SEEDS = (5000, 5004)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two episodes of two tasks in two languages, all of them disturbed."""
    folder = tmp_path_factory.mktemp("demonstrations") / "demos"
    arguments = [
        "--episodes",
        "2",
        "--renderers",
        "ray",
        "--seeds",
        "{}:{}".format(*SEEDS),
        "--out",
        str(folder),
    ]
    arguments += [
        "--tasks",
        "pick,open_close",
        "--languages",
        "es,en",
        "--split",
        "seen-easy",
        "--perturb",
        "1",
    ]
    assert main(["collect", *arguments]) == 0
    return folder


def test_tasks_are_collected_in_turn_and_languages_after_them(folder: Path) -> None:
    wanted = [
        make_task(name, seed, split="seen-easy", language="es")
        for name, seed in zip(("pick", "open_close"), range(*SEEDS), strict=False)
    ]
    with open_dataset(folder) as dataset:
        assert len(dataset.episodes) == 2
        for episode, task in enumerate(wanted):
            frames = list(dataset.frames(episode))
            assert {frame["task"] for frame in frames} == {task.instruction}
            assert 30 < len(frames) < 250  # 3 to 25 s at 10 frames a second


def test_frames_say_which_subgoal_they_are_part_of(folder: Path) -> None:
    task = make_task("pick", SEEDS[0], split="seen-easy", language="es")
    with open_dataset(folder) as dataset:
        named = [frame["subtask"] for frame in dataset.frames(0)]
    assert named[-1] == str(task.plan.subgoals[0])
    assert sum(name == named[-1] for name in named) > 0.7 * len(named)


def test_scene_wrist_and_viewer_cameras_are_in_every_frame_and_move_on(folder: Path) -> None:
    shapes = {"scene": (128, 128, 3), "wrist": (128, 128, 3), "viewer": (180, 240, 3)}
    with open_dataset(folder) as dataset:
        frames = list(dataset.frames(0))
    for camera, shape in shapes.items():
        pictures = [frame[f"observation.images.{camera}"] for frame in frames]
        assert {picture.shape for picture in pictures} == {shape}
        assert pictures[0].std() > 5
        first = pictures[0].astype(int)
        changed = max(np.abs(first - picture.astype(int)).mean() for picture in pictures)
        assert changed > (3 if camera == "wrist" else 0.3), camera


def test_the_gripper_closes_on_a_thing(folder: Path) -> None:
    with open_dataset(folder) as dataset:
        widths = [frame["observation.state"][-1] for frame in dataset.frames(0)]
    assert 0.015 < widths[-1] < 0.065
    assert max(widths) > widths[-1] + 0.008


def collected(tmp_path: Path, **changes: object) -> int:
    options = {"count": 1, "seeds": SEEDS, "tasks": ("pick",), "renderer": "ray", **changes}
    return collect_episodes(tmp_path / "x", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"split": "unseen-objects"}, SceneError, "split unseen-objects is kept out of training"),
        ({"split": "unseen-environments-easy"}, SceneError, "is kept out of training"),
        ({"split": "far"}, SceneError, "no split is named 'far'"),
        ({"tasks": ("pick", "juggle")}, SceneError, "no task is named 'juggle'"),
        ({"languages": ("en", "fr")}, SceneError, "no task speaks 'fr'"),
        ({"count": 5}, SeedError, "hold 4 scenes, wanted are 5"),
        ({"seeds": (999_999, 1_000_009)}, SeedError, "evaluation only"),
    ],
)
def test_what_cannot_be_collected_is_said_before_anything_is_written(
    tmp_path: Path, changes: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        collected(tmp_path, **changes)
    assert not list(tmp_path.iterdir())


def test_wrong_arguments_of_the_command_are_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, words in (
        (["--seeds", "10:12"], "hold 2 scenes"),
        (["--seeds", "999999:1000009"], "evaluation only"),
        (["--seeds", "0:9", "--split", "unseen-backgrounds"], "kept out of training"),
        (["--seeds", "0:9", "--tasks", "juggle"], "no task is named 'juggle'"),
    ):
        assert main(["collect", "--episodes", "5", "--out", str(tmp_path / "x"), *arguments]) == 2
        error = capsys.readouterr().err
        assert words in error
        assert len(error.strip().splitlines()) == 1


def test_seeds_that_do_not_suffice_are_said_once_they_are_used_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Demonstration, "success", property(lambda self: False))
    arguments = ["--episodes", "1", "--tasks", "look", "--seeds", "600:601", "--renderers", "ray"]
    assert main(["collect", *arguments, "--out", str(tmp_path / "none")]) == 2
    assert "gave 0 of 1 episodes: take more seeds" in capsys.readouterr().err


def test_an_unknown_renderer_is_refused_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["collect", "--episodes", "1", "--renderers", "crayon", "--out", str(tmp_path / "x")]) == 2
    assert "crayon" in capsys.readouterr().err
