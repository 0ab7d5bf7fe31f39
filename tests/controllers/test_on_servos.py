"""The controller on MuJoCo's servos: it arrives, yields to what is in its way and stops when left alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pinocchio as pin
import pytest

from controllers import Controller, ControlResult, Gains, RobotModel
from controllers.target import pose_distance
from hybridctl.arms import SimulatedArm
from hybridctl.messages.action import PoseTarget
from hybridctl.messages.arm import ArmState
from hybridctl.sim.fixtures import Fixture
from hybridctl.sim.table_scene import WORK_AREA, sample_scene
from hybridctl.sim.world import SimWorld

WALL = (0.2, 0.01, 0.2)  # half sides [m]
AWAY = (0.0, 0.0, -3.0)


def numb(state: ArmState) -> ArmState:
    return replace(state, wrench=None, tau_external=None)


@dataclass
class Servoed:
    """The controller on a simulated arm over an empty table, and what was measured and commanded.

    The arm feels nothing here: how one that does answers a contact is tested in test_contact.py.
    """

    world: SimWorld
    controller: Controller
    driver: SimulatedArm
    measured: list[ArmState] = field(default_factory=list)
    log: list[ControlResult] = field(default_factory=list)

    def step(self, T: np.ndarray | None = None) -> ControlResult:
        state, now = numb(self.driver.read()), self.world.now()
        if T is not None:
            self.controller.set_target(PoseTarget(T, stamp=now))
        result = self.controller.step(state, now=now)
        self.driver.send(result.command)
        self.world.sleep_until(now + self.controller.gains.dt)
        self.measured.append(state)
        self.log.append(result)
        return result

    def go_to(self, T: np.ndarray | None, seconds: float) -> list[ControlResult]:
        """Step for a while, with the target renewed each time; None leaves it alone."""
        return [self.step(T) for _ in range(round(seconds / self.controller.gains.dt))]

    def put_wall(self, centre: tuple[float, float, float]) -> None:
        self.world.model.body("book").pos[:] = centre

    def distance(self, T: np.ndarray) -> tuple[float, float]:
        return pose_distance(self.controller.tool_pose(self.driver.read().q), T)

    def gaps(self) -> np.ndarray:
        """Largest distance of any joint from its command, each period [rad]."""
        pairs = zip(self.measured, self.log, strict=True)
        return np.array([np.abs(state.q - result.command.q).max() for state, result in pairs])

    def torque_ratios(self) -> np.ndarray:
        return np.array([np.abs(state.tau / self.controller.model.tau_max).max() for state in self.measured])


@pytest.fixture(scope="module")
def empty_world() -> SimWorld:
    """A table with nothing on it but a book, far away."""
    scene = replace(sample_scene(0), objects=(), fixtures=(Fixture("book", 3.0, 3.0),))
    return SimWorld(scene)


def make_the_book_a_wall(world: SimWorld) -> None:
    wall = world.model.geom("book").id
    world.model.geom_size[wall] = WALL
    world.model.geom_pos[wall] = 0.0
    world.model.geom_rbound[wall] = np.linalg.norm(WALL)
    world.model.geom_aabb[wall] = (0.0, 0.0, 0.0, *WALL)
    world.model.body("book").pos[:] = AWAY


@pytest.fixture
def servoed(empty_world: SimWorld, model: RobotModel, gains: Gains) -> Iterator[Servoed]:
    empty_world.reset(empty_world.scene)
    make_the_book_a_wall(empty_world)
    empty_world.set_arm(np.array(model.q_rest), 0.04)
    driver = SimulatedArm(empty_world)
    with driver:
        controller = Controller(model, gains)
        controller.start(numb(driver.read()))
        yield Servoed(empty_world, controller, driver)


def test_random_targets_are_reached_within_every_measured_limit(
    servoed: Servoed, model: RobotModel, gains: Gains, helpers
) -> None:
    rng, (x, y) = np.random.default_rng(0), WORK_AREA
    for _ in range(16):
        T = helpers.tool_down(*rng.uniform((x[0], y[0], 0.03), (x[1], y[1], 0.35)))
        T[:3, :3] = T[:3, :3] @ pin.exp3(rng.uniform((-0.2, -0.2, -0.8), (0.2, 0.2, 0.8)))
        servoed.go_to(T, 2.5)
        metres, radians = servoed.distance(T)
        assert metres < 0.002
        assert np.degrees(radians) < 0.5
    for state in servoed.measured:
        assert np.all(state.q >= model.q_min)
        assert np.all(state.q <= model.q_max)
        assert np.all(np.abs(state.dq) <= 1.02 * gains.scales.velocity * model.dq_max)
        assert np.all(np.abs(state.tau) <= model.tau_max)
    assert {result.status for result in servoed.log} == {"starting", "tracking"}
    assert servoed.gaps().max() < gains.safety.following_error / 4


def test_arm_against_a_wall_is_named_and_what_it_commands_stays_near(
    servoed: Servoed, model: RobotModel, gains: Gains, helpers
) -> None:
    beyond = helpers.tool_down(0.5, 0.35, 0.25)
    servoed.go_to(helpers.tool_down(0.5, 0.0, 0.25), 2.0)
    servoed.put_wall((0.5, 0.12, 0.25))
    log = servoed.go_to(beyond, 4.0)
    statuses = [result.status for result in log]
    assert servoed.distance(beyond)[0] > 0.1
    assert statuses.count("following_error") > len(statuses) / 2
    at = next(result for result in log if result.status == "following_error")
    assert at.violations["following_error"] > gains.safety.following_error
    braking = (gains.scales.velocity * model.dq_max) ** 2 / (2 * gains.scales.acceleration * model.ddq_max)
    assert servoed.gaps().max() < gains.safety.following_error + braking.max()
    assert servoed.torque_ratios().max() <= 1.0 + 1e-9


def test_released_arm_goes_on_without_a_leap(
    servoed: Servoed, model: RobotModel, gains: Gains, helpers
) -> None:
    beyond = helpers.tool_down(0.5, 0.35, 0.25)
    servoed.go_to(helpers.tool_down(0.5, 0.0, 0.25), 2.0)
    servoed.put_wall((0.5, 0.12, 0.25))
    servoed.go_to(beyond, 3.5)  # a moment when the arm, sliding along the wall, is far from its command
    servoed.put_wall(AWAY)
    before = len(servoed.measured)
    log = servoed.go_to(beyond, 3.0)
    fastest = max(np.abs(state.dq / model.dq_max).max() for state in servoed.measured[before:])
    assert fastest < gains.scales.velocity
    assert log[-1].status == "tracking"
    metres, radians = servoed.distance(beyond)
    assert metres < 0.002
    assert np.degrees(radians) < 0.5


def test_arm_held_by_a_wall_and_told_to_hold_lets_go(servoed: Servoed, helpers) -> None:
    servoed.go_to(helpers.tool_down(0.5, 0.0, 0.25), 2.0)
    servoed.put_wall((0.5, 0.12, 0.25))
    servoed.go_to(helpers.tool_down(0.5, 0.35, 0.25), 1.0)
    servoed.controller.hold()
    log = servoed.go_to(None, 2.0)
    assert log[-1].status == "holding"
    assert servoed.gaps()[-1] < servoed.controller.gains.safety.following_error
    assert np.abs(servoed.driver.read().dq).max() < 1e-2


def test_stale_target_decays_to_a_hold(servoed: Servoed, gains: Gains, helpers) -> None:
    far = helpers.tool_down(0.6, 0.3, 0.2)
    # Too old from the middle of the way on.
    servoed.controller.set_target(
        PoseTarget(far, stamp=servoed.world.now() + 0.4 - gains.targets.stale_after)
    )
    log = servoed.go_to(None, 0.39)
    assert log[-1].status == "tracking"
    assert np.abs(servoed.driver.read().dq).max() > 0.1
    log = servoed.go_to(None, 0.8)
    assert log[-1].status == "stale"
    rest = servoed.driver.read()
    assert servoed.distance(far)[0] > 0.05
    servoed.go_to(None, 1.0)
    later = servoed.driver.read()
    assert np.abs(later.q - rest.q).max() < 1e-3
    assert np.abs(later.dq).max() < 1e-3
    servoed.go_to(far, 2.5)
    assert servoed.distance(far)[0] < 0.002
