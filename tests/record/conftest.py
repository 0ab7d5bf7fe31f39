"""A made-up run whose every number is known."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import casadi as ca
import numpy as np
import pytest

from controllers.clearance import capsule_distance, lowest_height
from controllers.controller import ControlResult
from controllers.gains import load_gains
from controllers.kinematics import joint_chain, tool_pose
from controllers.robot_model import RobotModel
from controllers.symbols import Node
from hybridctl.messages.arm import ArmState, JointCommand
from hybridctl.messages.observation import Observation
from hybridctl.record import Recorder
from world_state.store import EventStore

SOURCES = ("home", "tokens", "tokens", "fine", "tokens", "skill")
PERIODS = 120


@dataclass(frozen=True)
class Period:
    """What one call of `on_control` is given."""

    state: ArmState
    result: ControlResult
    T_base_tool: np.ndarray
    source: str


def made_up_periods(robot: RobotModel, count: int = PERIODS) -> Iterator[Period]:
    q_rest = robot.q_rest
    for k in range(count):
        stamp = 0.01 * k
        q = q_rest + 0.2 * np.sin(stamp + np.arange(robot.n))
        state = ArmState(
            q=q, dq=0.2 * np.cos(stamp + np.arange(robot.n)), tau=np.arange(robot.n) + stamp,
            gripper_width=0.08 - 0.0003 * k, gripper_force=0.1 * k, stamp=stamp,
            # The arm begins to feel at the 20th period: a force of 5 k / 100 N, and a residual at joint 3.
            wrench=np.array([0.03, 0.0, -0.04, 0.0, 0.1, 0.0]) * k if k >= 20 else None,
            tau_external=-0.02 * k * (np.arange(robot.n) == 2) if k >= 20 else None,
        )  # fmt: skip
        command = JointCommand(q=q + 0.001, dq=state.dq, gripper_width=0.04, stamp=stamp)
        slacks = {"table": 0.001 * (k % 3)} if k % 10 else {}
        result = ControlResult(command, "tracking" if k else "starting", slacks, 0.4 + 0.01 * (k % 7), {})
        T = robot.forward_kinematics(q)
        yield Period(state, result, T, SOURCES[k * len(SOURCES) // count])


def made_up_observations(robot: RobotModel) -> Iterator[Observation]:
    """Yield one picture each 0.1 s: twice as many as the record takes."""
    for k in range(12):
        state = next(made_up_periods(robot, 1)).state
        T_base_camera = np.eye(4)
        T_base_camera[:3, 3] = 0.5, 0.0, 1.0 + 0.01 * k
        yield Observation(
            rgb=np.full((48, 64, 3), 20 * k, np.uint8), depth=np.ones((48, 64)), K=INTRINSICS,
            T_base_camera=T_base_camera, T_base_tool=np.eye(4), arm=state, stamp=0.1 * k, camera="made up",
        )  # fmt: skip


INTRINSICS = np.array([[50.0, 0.0, 32.0], [0.0, 51.0, 24.0], [0.0, 0.0, 1.0]])
EVENTS: tuple[tuple[object, ...], ...] = (
    ("on_tree", 0.0, "RUNNING", "plan"),
    ("on_event", 0.0, "plan", "tidy up", {"text": "Plan: pick red block ; place_in bowl", "log_p": -0.1}),
    ("on_tree", 0.2, "RUNNING", "tokens: pick red block"),
    ("on_tree", 0.25, "RUNNING", "tokens: pick red block"),  # no change
    *(
        ("on_event", 0.3 + 0.2 * k, "act", "pick red block",
         {"tokens": [0, 10 + k, 20, 30, 40, 50, 60, 255], "entropy": 1.5 + k, "terminate": 0.0})
        for k in range(3)
    ),
    ("on_event", 0.8, "contact", "table", {"force": 3.0}),
    ("on_event", 0.9, "look", "red block", {"pixel": [10.0, 20.0], "position": [0.5, 0.1, 0.02]}),
    ("on_event", 1.0, "failure", "execution", {"leaf": "grasp <it>", "why": "slipped & fell"}),
    ("on_tree", 1.1, "FAILURE", "grasp <it>"),
)  # fmt: skip


def made_up_memory(path: Path) -> None:
    slot = {
        "phrase": "red block", "position": [0.5, 0.1, 0.02], "yaw": None, "extent": [0.04, 0.04, 0.04],
        "covariance": [[4e-6, 0, 0], [0, 9e-6, 0], [0, 0, 1e-6]], "stamp": 0.4, "source": "seen",
        "last_view": [1.0, 0.0, 0.5],
    }  # fmt: skip
    grip = {"phrase": "red block"}
    with EventStore(path) as store:
        store.append(
            "seen", stamp=0.4, cause="first look", measurement={"entropy": 2.25, "log_probability": -3.5},
            belief={"slots": {"red block": slot}, "hand": {"grip": None}, "log_odds": -6.0},
        )  # fmt: skip
        store.append(
            "holding", stamp=0.6, cause="grasped", measurement={},
            belief={"slots": {"red block": slot}, "hand": {"grip": grip}, "log_odds": 6.0},
        )  # fmt: skip
        store.append(
            "holding", stamp=1.0, cause="let go", measurement={},
            belief={"slots": {"red block": slot}, "hand": {"grip": None}, "log_odds": -6.0},
        )  # fmt: skip
        store.append("tree.look", stamp=0.9, cause="red block", measurement={}, belief={})


def record_made_up_run(folder: Path, robot: RobotModel) -> Path:
    with Recorder(folder, instruction="tidy up <now>", video=False) as recorder:
        recorder.describe(robot, load_gains())
        happenings = [(event[1], getattr(recorder, event[0]), event[1:]) for event in EVENTS]
        for p in made_up_periods(robot):
            observed = (p.state, p.result, p.T_base_tool, p.source)
            happenings.append((p.state.stamp, recorder.on_control, observed))
        happenings += [(seen.stamp, recorder.on_observation, (seen,)) for seen in made_up_observations(robot)]
        for _, call, arguments in sorted(happenings, key=lambda happening: happening[0]):
            call(*arguments)
    recorder.write_report(
        {
            "instruction": "tidy up <now>",
            "seed": 7,
            "success": False,
            "status": "FAILURE",
            "cause": "slipped",
            "score": {"success": False, "target_in_bowl": False},
            "sim_seconds": 1.2,
            "wall_seconds": 0.5,
            "camera": "scene/ray",
            "path_m": {"tokens": 0.5},
            "violations": {},
        }
    )
    made_up_memory(folder / "events.db")
    return folder


@pytest.fixture(scope="session")
def periods(robot: RobotModel) -> list[Period]:
    return list(made_up_periods(robot))


@pytest.fixture(scope="session")
def observations(robot: RobotModel) -> list[Observation]:
    return list(made_up_observations(robot))


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory, robot: RobotModel) -> Path:
    return record_made_up_run(tmp_path_factory.mktemp("run"), robot)


@pytest.fixture(scope="session")
def symbolic_clearances(robot: RobotModel) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Heights of the table bodies and distances of the self-collision pairs as the MPC has them [m]."""
    chain = joint_chain(robot)
    R, p = tool_pose(robot, chain)
    node = Node(robot, chain, None, None, None, None, p, R, None, {})
    heights = [lowest_height(node, name)[0] for name in robot.table_bodies]
    pairs = [(node.body(a), node.body(b)) for a, b in robot.self_collision_pairs]
    distances = [capsule_distance(node, *pair)[0] for pair in pairs]
    function = ca.Function("clearances", [chain.q], [ca.vertcat(*heights), ca.vertcat(*distances)])

    def measure(q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        heights, distances = function(q)
        return np.array(heights)[:, 0], np.array(distances)[:, 0]

    return measure
