"""The real Panda and shipped gains, and an ideal arm that does what it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pinocchio as pin
import pytest
from controllers.linearisation import Linearisation, Linearizer
from controllers.prediction import Prediction

from controllers import Controller, ControlResult, Gains, RobotModel, load_gains
from controllers.horizon import Horizon
from controllers.limits.limit import Limit
from controllers.mpc import Mpc, MpcResult
from controllers.target import step_toward
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


@dataclass(frozen=True, eq=False)
class Tick:
    """A tick to write costs and limits for, whose nominal postures are where the accelerations `u` lead."""

    prediction: Prediction
    target: np.ndarray
    u: np.ndarray

    def motion(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions and velocities at the nodes under `u`, flat or (N, n)."""
        now = self.prediction
        return motion(now.horizon.times, now.q, now.dq, u.reshape(-1, len(now.q)))

    def rows(self, limit: Limit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Matrix and bounds that `limit` writes."""
        A, lower, upper = np.zeros((limit.rows, self.u.size)), np.zeros(limit.rows), np.zeros(limit.rows)
        limit.write(A, lower, upper, self.prediction)
        return A, lower, upper


@pytest.fixture(scope="session")
def horizon(gains: Gains) -> Horizon:
    return Horizon.on(gains.node_times)


@pytest.fixture(scope="session")
def make_tick(model: RobotModel, horizon: Horizon) -> Callable[..., Tick]:
    linearizer = Linearizer(model, postures=horizon.nodes)

    def make(seed: int, *, q: np.ndarray | None = None, dq: np.ndarray | None = None) -> Tick:
        rng = np.random.default_rng(seed)
        q = model.q_rest + rng.uniform(-0.4, 0.4, 7) if q is None else q
        dq = rng.uniform(-0.3, 0.3, 7) if dq is None else dq
        u = rng.uniform(-1.0, 1.0, (horizon.nodes, 7))
        target = model.forward_kinematics(q)
        target[:3, 3] += rng.uniform(-0.1, 0.1, 3)
        target[:3, :3] = target[:3, :3] @ pin.exp3(rng.uniform(-0.3, 0.3, 3))
        q_nominal = motion(horizon.times, q, dq, u)[0][1:]
        view = linearizer.evaluate(np.vstack((q, q_nominal)), target)
        kept = Linearisation(**{item.name: getattr(view, item.name).copy() for item in fields(view)})
        q_free = q + horizon.times[:, None] * dq
        return Tick(Prediction(horizon, q, dq, q_free, q_nominal, kept), target, u)

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


def drop_rows(monkeypatch: pytest.MonkeyPatch, kind: type) -> None:
    """Let the rows of a limit forbid nothing from now on."""
    write = kind.write

    def harmless(self: object, A: np.ndarray, lower: np.ndarray, upper: np.ndarray, now: Prediction) -> None:
        write(self, A, lower, upper, now)
        lower[:], upper[:] = -1e6, 1e6

    monkeypatch.setattr(kind, "write", harmless)


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
    from types import SimpleNamespace

    return SimpleNamespace(
        postures=postures,
        urdf_of=urdf_of,
        measured=measured,
        tool_down=tool_down,
        IdealArm=IdealArm,
        motion=motion,
        drive=drive,
        drop_rows=drop_rows,
    )
