"""The controller keeps away from obstacles as they are now, and tells a new MPC what it knew."""

import numpy as np
import pytest

from controllers import ControllerError
from controllers.collision import segment_distance
from controllers.held_object import HeldObject
from controllers.obstacles import Obstacle
from controllers.surroundings import Surroundings

BALL = Obstacle("ball", np.ones(3), np.ones(3), 0.1, np.array([0.5, 0.0, 0.0]))
STILL = Obstacle("still", np.zeros(3), np.zeros(3), 0.1)
STICK = HeldObject(np.zeros(3), np.array([0.0, 0.0, 0.1]), 0.01, 0.2)


class Listener:
    """What an MPC was told last."""

    def __init__(self) -> None:
        self.x: list[float] = []
        self.allowed: frozenset[tuple[str, str]] = frozenset()
        self.held: tuple[HeldObject | None, bool] = None, False
        self.told = 0

    def set_obstacles(self, obstacles, *, allowed: frozenset[tuple[str, str]]) -> None:
        self.x, self.allowed = [float(item.start[0]) for item in obstacles], allowed
        self.told += 1

    def hold(self, held: HeldObject | None, *, may_touch_table: bool) -> None:
        self.held = held, may_touch_table


def test_a_moving_obstacle_is_where_its_velocity_has_brought_it() -> None:
    mpc, surroundings = Listener(), Surroundings()
    surroundings.set_obstacles(mpc, [BALL, STILL], stamp=10.0, allowed=frozenset())
    for now, x in ((10.0, 1.0), (10.4, 1.2), (12.0, 2.0)):
        surroundings.move(mpc, now=now)
        assert mpc.x == pytest.approx([x, 0.0])


def test_without_a_stamp_it_is_as_of_the_next_period() -> None:
    mpc, surroundings = Listener(), Surroundings()
    surroundings.set_obstacles(mpc, [BALL], stamp=None, allowed=frozenset())
    surroundings.move(mpc, now=50.0)
    assert mpc.x == [1.0]
    surroundings.move(mpc, now=50.2)
    assert mpc.x == pytest.approx([1.1])


def test_obstacles_at_rest_are_told_once() -> None:
    mpc, surroundings = Listener(), Surroundings()
    surroundings.set_obstacles(mpc, [STILL], stamp=0.0, allowed=frozenset())
    for now in (0.1, 0.2, 0.3):
        surroundings.move(mpc, now=now)
    assert mpc.told == 1


def test_a_new_mpc_is_told_all_there_is() -> None:
    surroundings, contacts = Surroundings(), frozenset({("hand", "ball")})
    surroundings.set_obstacles(Listener(), [BALL, STILL], stamp=0.0, allowed=contacts)
    surroundings.hold(Listener(), STICK, may_touch_table=True)
    mpc = Listener()
    surroundings.tell(mpc)
    assert mpc.x == [1.0, 0.0]
    assert mpc.allowed == contacts
    assert mpc.held == (STICK, True)


def test_a_stamp_that_is_no_time_is_refused() -> None:
    with pytest.raises(ControllerError, match="stamp is nan, expected a finite time"):
        Surroundings().set_obstacles(Listener(), [BALL], stamp=float("nan"), allowed=frozenset())


def test_the_controllers_arm_keeps_away_from_a_ball_that_comes(arm, model, gains, helpers) -> None:
    """Told once: after that the controller knows by itself where the ball is."""
    arm.go_to(helpers.tool_down(0.5, 0.25, 0.3), 2.0)
    there = np.array([0.53, -0.3, 0.38])
    ball = Obstacle("ball", there, there, 0.06, np.array([0.0, 0.3, 0.0]))
    began, closest = arm.now, np.inf
    arm.controller.set_obstacles([ball], stamp=began)
    for _ in range(300):
        arm.go_to(helpers.tool_down(0.5, 0.25, 0.3), gains.dt)
        now, poses = ball.at(arm.now - began), model.joint_poses(arm.q)
        for body in model.obstacle_bodies:
            capsule = model.capsule(body)
            gap = segment_distance(*capsule.ends(poses), now.start, now.end) - capsule.radius - ball.radius
            closest = min(closest, gap)
    assert gains.obstacles.margin - 1e-3 < closest < gains.obstacles.margin + 5e-3
    assert {result.status for result in arm.log} == {"starting", "tracking"}


def test_what_the_controllers_hand_holds_keeps_off_the_table(arm, model, gains, helpers) -> None:
    def bottom() -> float:
        return float((model.forward_kinematics(arm.q) @ (*STICK.end, 1.0))[2]) - STICK.radius

    arm.controller.hold_object(STICK)
    arm.go_to(helpers.tool_down(0.5, 0.0, 0.06), 2.0)
    assert bottom() > gains.table.height + gains.table.clearance - 1e-3
    arm.controller.hold_object(STICK, may_touch_table=True)
    arm.go_to(helpers.tool_down(0.5, 0.0, 0.11), 2.0)
    assert bottom() == pytest.approx(0.0, abs=1e-3)
