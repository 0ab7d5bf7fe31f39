"""crocoddyl's BoxFDDP, in a process and an environment of its own: it needs another Pinocchio than ours."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from controllers.codegen import cache_folder
from controllers.gains import Gains
from controllers.obstacles import Obstacle
from controllers.robot_model import ROBOTS, RobotModel
from hybridctl.bench.follower import Step
from hybridctl.bench.report import BenchError
from hybridctl.bench.scenario import Scenario
from hybridctl.messages.arrays import FloatArray

PACKAGES = ("crocoddyl==3.2.1", "pin==4.0.0")
NODES = 10
"""Uniform nodes; one iteration a tick, from the last plan shifted."""


class BoxFddpFollower:
    """A receding horizon of crocoddyl with torques in bounds, the other limits as penalties.

    It runs in a process beside ours, on the same core; a tick is sent to it and its answer awaited, and it
    times itself. It keeps no bodies apart: crocoddyl's distance residuals would cost it more time yet.

    Raises:
        BenchError: its environment could not be made, or its process ended.
    """

    name = "boxfddp"

    def __init__(self, robot: RobotModel, gains: Gains, scenario: Scenario) -> None:
        python = _environment()
        path = Path(__file__).with_name("box_fddp_process.py")
        self._process = subprocess.Popen(
            [python, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        scales, box = gains.scales, gains.workspace
        setting = {
            "mjcf": str(ROBOTS / f"{robot.name}.xml"),
            "joints": list(robot.joint_names),
            "tool": robot.pin_model.frames[robot.tool_id].name,
            "dt": gains.dt,
            "nodes": NODES,
            "q_min": (robot.q_min + scales.joint_margin).tolist(),
            "q_max": (robot.q_max - scales.joint_margin).tolist(),
            "dq_max": (scales.velocity * robot.dq_max).tolist(),
            "ddq_max": (scales.acceleration * robot.ddq_max).tolist(),
            "tau_max": robot.tau_max.tolist(),
            "box": [np.add(box.lower, box.margin).tolist(), np.subtract(box.upper, box.margin).tolist()],
            "weights": gains.weights.model_dump(),
            "q_rest": robot.q_rest.tolist(),
        }
        answer = self._ask(setting)
        self.settings: dict[str, Any] = {"nodes": NODES, "iterations": 1, "version": answer["version"]}

    def start(self, q: FloatArray) -> None:
        """Begin at rest at `q`, shape (n,) [rad]."""
        self._ask({"start": q.tolist()})

    def step(self, T_base_target: FloatArray, obstacles: Sequence[Obstacle], now: float) -> Step:
        """Take the target as it is now, and compute the next command."""
        answer = self._ask({"target": T_base_target.tolist()})
        return Step(np.array(answer["q"]), np.array(answer["dq"]), answer["ms"], answer["solved"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.communicate(timeout=10)

    def _ask(self, what: dict[str, Any]) -> dict[str, Any]:
        """Send one line of JSON and return the one that is answered."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(what) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise BenchError(f"crocoddyl's process ended with status {process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _environment() -> str:
    """Return the Python of an environment with PACKAGES, made on first use.

    Raises:
        BenchError: it could not be made.
    """
    folder = cache_folder() / "-".join(("peers", *PACKAGES)).replace("==", "-")
    python, made = folder / "bin" / "python", folder / "made"
    if not made.exists():
        print(f"making an environment with {' '.join(PACKAGES)} in {folder}", file=sys.stderr)
        try:
            venv.create(folder, with_pip=True, clear=True)
            subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True, stdout=sys.stderr)
        except (OSError, subprocess.CalledProcessError) as error:
            raise BenchError(f"no environment with {' '.join(PACKAGES)}: {error}") from error
        made.touch()
    return str(python)
