"""A gains file edited while the arm moves: taken without a jump, or refused once and all as it was."""

import os
from pathlib import Path

import numpy as np
import pytest

from controllers import Controller, RobotModel
from controllers.gains import SHIPPED, Gains
from controllers.gains_file import GainsFile
from hybridctl.gains_watch import GainsWatch
from hybridctl.messages.action import PoseTarget
from hybridctl.messages.arm import JointCommand
from hybridctl.tuning.plant import IdealPlant

TEXT = (SHIPPED / "panda.yaml").read_text()


def run(
    robot: RobotModel, path: Path, *, edits: dict[int, str], ticks: int = 150
) -> tuple[Controller, list[JointCommand], list[str], list[Gains]]:
    """Move toward a far target; write `edits` before the ticks that they are for."""
    path.write_text(TEXT)
    file = GainsFile(path, period=0.05)
    controller, plant, said, taken = Controller(robot, file.gains), IdealPlant(robot), [], []
    watch = GainsWatch(controller, file, say=said.append, followers=(taken.append,))
    controller.start(plant.read())
    T = controller.tool_pose(robot.q_rest)
    T[1, 3] += 0.4
    commands = []
    for tick in range(ticks):
        if tick in edits:
            path.write_text(edits[tick])
            os.utime(path, ns=(10**9 * (2 * 10**9 + tick),) * 2)
        state = plant.read()
        controller.set_target(PoseTarget(T, stamp=state.stamp))
        result = controller.step(state, now=state.stamp)
        watch.on_control(state, result, T, "skill")
        commands.append(result.command)
        plant.advance(result.command, file.gains.dt)
    return controller, commands, said, taken


def test_a_good_edit_in_mid_motion_is_taken_without_a_jump(robot: RobotModel, tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    slower = TEXT.replace("velocity: 0.5 ", "velocity: 0.1 ")
    controller, commands, said, taken = run(robot, path, edits={40: slower})
    assert said == [f"new gains from {path}"]
    assert [gains.scales.velocity for gains in taken] == [0.1]
    dq = np.array([command.dq for command in commands])
    assert np.abs(dq[39] / robot.dq_max).max() > 0.2
    steps = np.abs(np.diff(dq, axis=0)) / controller.gains.dt
    assert np.all(steps <= controller.gains.scales.acceleration * robot.ddq_max + 1e-6)
    assert np.abs(dq[100] / robot.dq_max).max() <= 0.1 + 1e-9


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (TEXT.replace("velocity: 0.5 ", "velocity: 5.0 "), "scales.velocity = 5.0"),
        (TEXT.replace("rate:", "rat:"), "did you mean rate?"),
        (
            TEXT.replace("0.01, 0.03", "0.02, 0.03").replace("rate: 100", "rate: 50"),
            "rate = 50.0: cannot change",
        ),
        ("", "missing key"),
    ],
)
def test_a_bad_edit_in_mid_motion_changes_nothing_and_is_said_once(
    edit: str, words: str, robot: RobotModel, tmp_path: Path
) -> None:
    path = tmp_path / "my.yaml"
    controller, commands, said, taken = run(robot, path, edits={40: edit})
    _, untouched, _, _ = run(robot, path, edits={})
    for command, before in zip(commands, untouched, strict=True):
        np.testing.assert_array_equal(command.q, before.q)
    assert len(said) == 1
    assert words in said[0]
    assert taken == []
    assert controller.gains.scales.velocity == 0.5
