"""The real Panda and shipped gains, an ideal arm that does what it is told, and a tick of the MPC to see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import casadi as ca
import numpy as np
import pinocchio as pin
import pytest

from controllers import Controller, ControlResult, Gains, RobotModel, load_gains
from controllers.horizon import Horizon
from controllers.kinematics import joint_chain, tool_joint, tool_pose
from controllers.mpc import Mpc, MpcResult
from controllers.symbols import Node, State
from controllers.target import step_toward
from controllers.terms import joint_costs, joint_limits, node_costs, node_limits
from controllers.world_gains import HalfSpace, KeepOutZone
from hybridctl.arms import SimulatedArm
from hybridctl.messages.action import PoseTarget
from hybridctl.messages.arm import ArmState
from hybridctl.sim.fixtures import Fixture
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.world import SimWorld


@pytest.fixture(scope="session")
def model() -> RobotModel:
    return RobotModel.load("panda")


@pytest.fixture(scope="session")
def gains() -> Gains:
    return load_gains()


URDFS = {
    "ur5": "ur_description/urdf/ur5_robot.urdf",
    "ur10": "ur_description/urdf/ur10_robot.urdf",
    "xarm7": "xarm_description/urdf/xarm7.urdf",
    "z1": "z1_description/urdf/z1.urdf",
    "jaco": "kinova_description/robots/kinova.urdf",
}


def urdf_of(name: str) -> Path:
    try:
        package = distribution("example-robot-data")
    except PackageNotFoundError:
        pytest.skip(f"{name} needs the package example-robot-data (pip install -e .[dev])")
    share = Path(str(package.locate_file("cmeel.prefix/share")))
    return share / "example-robot-data" / "robots" / URDFS[name]


@pytest.fixture(scope="session")
def arm_named() -> Callable[[str], RobotModel]:
    """Arms from PyPI's example-robot-data, with their descriptions in tests/controllers/arms; loaded once."""
    loaded: dict[str, RobotModel] = {}

    def load(name: str) -> RobotModel:
        if name not in loaded:
            limits = Path(__file__).parent / "arms" / f"{name}.yaml"
            loaded[name] = RobotModel.load(urdf_of(name), limits=limits)
        return loaded[name]

    return load


@pytest.fixture(params=["panda", *URDFS])
def any_arm(request: pytest.FixtureRequest, model: RobotModel, arm_named: Callable) -> RobotModel:
    return model if request.param == "panda" else arm_named(request.param)


def postures(model: RobotModel, count: int) -> np.ndarray:
    """Random positions within the limits, endless joints up to two turns, shape (count, n)."""
    low, high = np.maximum(model.q_min, -4 * np.pi), np.minimum(model.q_max, 4 * np.pi)
    return np.random.default_rng(3).uniform(low, high, (count, model.n))


def measured(q: np.ndarray, dq: np.ndarray | None = None, stamp: float = 0.0, **fields: object) -> ArmState:
    dq = np.zeros_like(q) if dq is None else dq
    values: dict[str, object] = {
        "tau": np.zeros_like(q),
        "gripper_width": 0.04,
        "gripper_force": 0.0,
        **fields,
    }
    return ArmState(q=q, dq=dq, stamp=stamp, **values)


def tool_down(x: float, y: float, z: float) -> np.ndarray:
    T = np.diag([1.0, -1.0, -1.0, 1.0])
    T[:3, 3] = x, y, z
    return T


@dataclass
class IdealArm:
    """An arm that is at once where it is commanded; records every command's result."""

    controller: Controller
    q: np.ndarray
    dq: np.ndarray = field(default_factory=lambda: np.zeros(7))
    now: float = 0.0
    log: list[ControlResult] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.controller.start(measured(self.q, self.dq))

    @property
    def state(self) -> ArmState:
        return measured(self.q, self.dq, self.now)

    def step(self) -> ControlResult:
        result = self.controller.step(self.state, now=self.now)
        self.q, self.dq = np.array(result.command.q), np.array(result.command.dq)
        self.now += self.controller.gains.dt
        self.log.append(result)
        return result

    def go_to(self, T: np.ndarray, seconds: float) -> None:
        for _ in range(round(seconds / self.controller.gains.dt)):
            self.controller.set_target(PoseTarget(T, stamp=self.now))
            self.step()


def motion(times: np.ndarray, q: np.ndarray, dq: np.ndarray, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions and velocities at the nodes under accelerations `u`, (N, n), one interval after another."""
    path, speeds = [], []
    for h, ddq in zip(np.diff(times, prepend=0.0), u, strict=True):
        q, dq = q + h * dq + 0.5 * h * h * ddq, dq + h * ddq
        path.append(q)
        speeds.append(dq)
    return np.array(path), np.array(speeds)


def tuned(gains: Gains, **sections: object) -> Gains:
    """The gains with other values: `scales={"velocity": 0.1}` changes one of a section."""
    return gains.model_copy(
        update={
            name: getattr(gains, name).model_copy(update=value) if isinstance(value, dict) else value
            for name, value in sections.items()
        }
    )


def build(
    model: RobotModel, gains: Gains, *, without: tuple[type, ...] = (), only: tuple[object, ...] | None = None
) -> Mpc:
    """An MPC that runs in CasADi's VM, since gcc would take five to ten seconds for it.

    Args:
        model: The robot.
        gains: The gains.
        without: Costs and limits to leave out.
        only: Limits on postures instead of the usual ones.
    """
    left_out = []

    def kept(terms: Iterable[Any]) -> tuple[Any, ...]:
        terms = tuple(terms)
        left_out.extend(term for term in terms if isinstance(term, without))
        return tuple(term for term in terms if not isinstance(term, without))

    with patch("controllers.problem.compiled", lambda function: function):
        mpc = Mpc(
            model,
            gains,
            costs=kept(node_costs(model, gains)),
            limits=kept(node_limits(model, gains)) if only is None else only,
            joint_terms=(kept(joint_costs()), kept(joint_limits())),
        )
    assert {type(term) for term in left_out} == set(without), "there is nothing to leave out"
    return mpc


def on_state(
    terms: Callable[[State], list], horizon: Horizon, parameters: Mapping[str, np.ndarray]
) -> Callable[..., list[np.ndarray]]:
    """What `terms` are of states (q, dq, ddq), at fixed parameters."""
    n = len(next(iter(parameters.values())))
    q, dq, ddq = (ca.SX.sym(name, n) for name in ("q", "dq", "ddq"))
    fixed = {name: ca.SX(ca.DM(value)) for name, value in parameters.items()}
    state = State(
        None, horizon.nodes, q, dq, ddq, ca.SX(horizon.times), ca.SX(ca.DM(horizon.durations)), fixed
    )
    function = ca.Function("terms", [q, dq, ddq], terms(state))
    return lambda *states: [np.array(item) for item in function.call([ca.DM(value) for value in states])]


def on_posture(
    model: RobotModel, terms: Callable[[Node], list], parameters: Mapping[str, np.ndarray] | None = None
) -> Callable[[np.ndarray], list[np.ndarray]]:
    """What `terms` are at a node of posture q, at fixed parameters, the arm at rest."""
    chain, rest = joint_chain(model), ca.SX.zeros(model.n, 1)
    R, p = tool_pose(model, chain)
    J = ca.vertcat(chain.point_jacobian(tool_joint(model), p), chain.angular_jacobian(tool_joint(model)))
    fixed = {name: ca.SX(ca.DM(value)) for name, value in (parameters or {}).items()}
    node = Node(model, chain, rest, rest, ca.SX(0), ca.SX(1), p, R, J, fixed)
    function = ca.Function("terms", [chain.q], [ca.densify(ca.SX(term)) for term in terms(node)])
    return lambda q: [np.array(item) for item in function.call([ca.DM(q)])]


@dataclass(frozen=True, eq=False)
class Block:
    """The rows of one limit: lower ≤ A u ≤ upper, the unforced motion taken off the bounds.

    Attributes:
        A: Shape (rows, N·n).
        lower: Shape (rows,).
        upper: Shape (rows,).
    """

    A: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


@dataclass(frozen=True, eq=False)
class Tick:
    """A tick of the MPC, whose nominal postures are where the accelerations `u`, shape (N, n), lead.

    Nominal velocities are `speeds`, shape (N, n): those of the last plan, which is another motion.
    """

    mpc: Mpc
    horizon: Horizon
    target: np.ndarray
    q: np.ndarray
    dq: np.ndarray
    ddq: np.ndarray
    plan: tuple[np.ndarray, np.ndarray, np.ndarray]

    def evaluate(self) -> None:
        values = {"target.position": self.target[:3, 3], "target.rotation": self.target[:3, :3]}
        self.mpc._evaluation.write(values)
        self.mpc._evaluation.evaluate(q=self.q, dq=self.dq, ddq=self.ddq, plan=self.plan)

    @property
    def postures(self) -> np.ndarray:
        plan_q, plan_dq, plan_u = self.plan
        later = self.horizon.times[:, None] + self.horizon.times[0]
        return plan_q + later * plan_dq + self.horizon.shifted_position @ plan_u

    @property
    def speeds(self) -> np.ndarray:
        return self.plan[1] + self.horizon.shifted_velocity @ self.plan[2]

    @property
    def u(self) -> np.ndarray:
        free = self.q + self.horizon.times[:, None] * self.dq
        return np.linalg.solve(self.horizon.position, self.postures - free)

    def motion(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions and velocities at the nodes under `u`, flat or (N, n)."""
        return motion(self.horizon.times, self.q, self.dq, u.reshape(-1, len(self.q)))

    def rows(self, name: str) -> Block:
        """What limit `name` writes, in its own unit; node by node, the present state first."""
        self.evaluate()
        table = self.mpc._evaluation.table
        (limit,) = (item for item in table.limits if item.name == name)
        rows, scale = limit.rows, limit.scale
        return Block(table.matrix(rows) / scale, table.lower[rows] / scale, table.upper[rows] / scale)

    def violation(self, name: str) -> float:
        """By how much the present state breaks limit `name`."""
        self.evaluate()
        return self.mpc._evaluation.violations().get(name, 0.0)

    def quadratic(self) -> tuple[np.ndarray, np.ndarray]:
        """What the costs on postures add to the QP."""
        self.evaluate()
        return self.mpc._evaluation.quadratic()


@pytest.fixture(scope="session")
def horizon(gains: Gains) -> Horizon:
    return Horizon.on(gains.node_times)


@pytest.fixture(scope="session")
def all_on(gains: Gains) -> Gains:
    """Gains that switch every cost and limit on, with a keep-out box and a half-space far away."""
    return tuned(
        gains,
        keep_out=(KeepOutZone(lower=(-4.0, -4.0, -4.0), upper=(-3.0, -3.0, -3.0), margin=0.02),),
        half_spaces=(HalfSpace(normal=(0.0, 0.0, 1.0), offset=-4.0, margin=0.01),),
        weights={"manipulability": 1.0},
        safety={"torque_rows": True},
    )


@pytest.fixture(scope="session")
def make_tick(model: RobotModel, horizon: Horizon, all_on: Gains) -> Callable[..., Tick]:
    def make(
        seed: int,
        *,
        q: np.ndarray | None = None,
        dq: np.ndarray | None = None,
        tuning: Gains = all_on,
        robot: RobotModel = model,
    ) -> Tick:
        rng, n = np.random.default_rng(seed), robot.n
        q = robot.q_rest + rng.uniform(-0.4, 0.4, n) if q is None else q
        dq = rng.uniform(-0.3, 0.3, n) if dq is None else dq
        u = rng.uniform(-1.0, 1.0, (horizon.nodes, n))
        target = robot.forward_kinematics(q)
        target[:3, 3] += rng.uniform(-0.1, 0.1, 3)
        target[:3, :3] = target[:3, :3] @ pin.exp3(rng.uniform(-0.3, 0.3, 3))
        # The last plan starts one period ago and leads through the present state.
        dt = tuning.dt
        plan_dq = dq - dt * u[0]
        plan_q = q - dt * plan_dq - 0.5 * dt**2 * u[0]
        ddq = rng.uniform(-1.0, 1.0, n)
        return Tick(build(robot, tuning), horizon, target, q, dq, ddq, (plan_q, plan_dq, u))

    return make


def drive(
    mpc: Mpc, model: RobotModel, T: np.ndarray, ticks: int, *, q: np.ndarray, dq: np.ndarray | None = None
) -> list[MpcResult]:
    """Follow the MPC alone, without the limiter, to a target however far."""
    dq, log = np.zeros(7) if dq is None else dq, []
    for _ in range(ticks):
        near = step_toward(model.forward_kinematics(q), T, max_translation=0.12, max_rotation=0.6)
        log.append(mpc.solve(q, dq, near))
        q, dq = log[-1].q, log[-1].dq
    return log


def fail_qp(monkeypatch: pytest.MonkeyPatch, mpc: Mpc) -> None:
    """Let no QP have an answer from now on."""
    monkeypatch.setattr(mpc, "_optimum", lambda *_: (None, None))


@dataclass
class FeelingArm:
    """The controller on MuJoCo's servos, the arm with wrist sensor and residual; a book serves as a wall."""

    world: SimWorld
    controller: Controller
    driver: SimulatedArm
    measured: list[ArmState] = field(default_factory=list)
    log: list[ControlResult] = field(default_factory=list)

    def step(self, T: np.ndarray | None = None, *, width: float | None = None) -> ControlResult:
        state, now = self.driver.read(), self.world.now()
        if T is not None:
            self.controller.set_target(PoseTarget(T, stamp=now, gripper_width=width))
        result = self.controller.step(state, now=now)
        self.driver.send(result.command)
        self.world.sleep_until(now + self.controller.gains.dt)
        self.measured.append(state)
        self.log.append(result)
        return result

    def go_to(
        self, T: np.ndarray | None, seconds: float, *, width: float | None = None
    ) -> list[ControlResult]:
        return [self.step(T, width=width) for _ in range(round(seconds / self.controller.gains.dt))]

    def put_wall(self, centre: tuple[float, float, float]) -> None:
        """Stand a wall across y, 0.4 m wide and high and 2 cm thick."""
        model, half = self.world.model, (0.2, 0.01, 0.2)
        wall = model.geom("book").id
        model.geom_size[wall], model.geom_pos[wall] = half, 0.0
        model.geom_rbound[wall] = np.linalg.norm(half)
        model.geom_aabb[wall] = (0.0, 0.0, 0.0, *half)
        model.body("book").pos[:] = centre

    def forces(self, since: int = 0) -> np.ndarray:
        """Force on the tool along base axes, each period, shape (m, 3) [N]."""
        turns = [self.controller.tool_pose(state.q)[:3, :3] for state in self.measured[since:]]
        pairs = zip(turns, self.measured[since:], strict=True)
        return np.array([R @ state.wrench[:3] for R, state in pairs if state.wrench is not None])

    def height(self) -> float:
        return float(self.controller.tool_pose(self.driver.read().q)[2, 3])


@pytest.fixture(scope="session")
def bench_world() -> SimWorld:
    return SimWorld(replace(sample_scene(0), objects=(), fixtures=(Fixture("book", 3.0, 3.0),)))


@pytest.fixture
def feeling_arm(bench_world: SimWorld, model: RobotModel, gains: Gains) -> Callable[..., FeelingArm]:
    def make(*fixtures: Fixture, **contact: object) -> FeelingArm:
        shown = fixtures or (Fixture("book", 3.0, 3.0),)
        bench_world.reset(replace(bench_world.scene, fixtures=shown))
        bench_world.set_arm(np.array(model.q_rest), 0.04)
        driver = SimulatedArm(bench_world)
        driver.__enter__()
        chosen = gains.model_copy(update={"contacts": gains.contacts.model_copy(update=contact)})
        controller = Controller(model, chosen)
        controller.start(driver.read())
        return FeelingArm(bench_world, controller, driver)

    return make


@pytest.fixture
def arm(model: RobotModel, gains: Gains) -> IdealArm:
    return IdealArm(Controller(model, gains), np.array(model.q_rest))


@pytest.fixture(scope="session")
def helpers() -> object:
    """The functions above: test files of the importlib mode cannot import each other."""
    return SimpleNamespace(
        postures=postures,
        urdf_of=urdf_of,
        measured=measured,
        tool_down=tool_down,
        IdealArm=IdealArm,
        motion=motion,
        drive=drive,
        fail_qp=fail_qp,
        tuned=tuned,
        build=build,
        on_state=on_state,
        on_posture=on_posture,
    )
