"""The controller moves arms that it was not written on: a UR5, and a Jaco whose joints turn without end."""

from collections.abc import Callable

import numpy as np
import pytest

from controllers import Controller, Gains, RobotModel
from controllers.target import pose_distance


def gains_around(gains: Gains, point: np.ndarray) -> Gains:
    """The shipped gains with a box of a metre around `point`, the table far below."""
    lower, upper = point - 0.5, point + 0.5
    workspace = gains.workspace.model_copy(update={"lower": tuple(lower), "upper": tuple(upper)})
    table = gains.table.model_copy(update={"height": -1.0})
    return gains.model_copy(update={"workspace": workspace, "table": table})


def assert_limits_held(arm: object, model: RobotModel, gains: Gains) -> None:
    scales, margin = gains.scales, gains.scales.joint_margin
    q = np.array([result.command.q for result in arm.log])
    dq = np.array([result.command.dq for result in arm.log])
    assert np.isfinite(q).all()
    assert np.all(q >= model.q_min + margin - 1e-9)
    assert np.all(q <= model.q_max - margin + 1e-9)
    assert np.all(np.abs(dq) <= scales.velocity * model.dq_max + 1e-9)
    assert np.all(np.abs(np.diff(dq, axis=0)) <= scales.acceleration * model.ddq_max * gains.dt + 1e-9)
    assert all(result.status in ("starting", "tracking") for result in arm.log)


@pytest.mark.parametrize("name", ["ur5", "jaco"])
def test_reaches_a_pose_and_keeps_every_limit(
    name: str, arm_named: Callable, gains: Gains, helpers: object
) -> None:
    model = arm_named(name)
    gains = gains_around(gains, model.forward_kinematics(model.q_rest)[:3, 3])
    T = model.forward_kinematics(model.q_rest + np.array([0.5, 0.2, -0.2, 0.2, 0.2, 0.6]))
    arm = helpers.IdealArm(Controller(model, gains), np.array(model.q_rest), np.zeros(model.n))
    arm.go_to(T, 8.0)
    assert_limits_held(arm, model, gains)
    metres, radians = pose_distance(model.forward_kinematics(arm.q), T)
    assert metres < 1e-3
    assert radians < 5e-3


def test_an_endless_joint_turns_past_a_whole_turn(arm_named: Callable, gains: Gains, helpers: object) -> None:
    jaco = arm_named("jaco")
    gains = gains_around(gains, jaco.forward_kinematics(jaco.q_rest)[:3, 3])
    turned = jaco.q_rest + 2 * np.pi * np.array([2, 0, 0, -1, 0, 1])
    arm = helpers.IdealArm(Controller(jaco, gains), turned, np.zeros(6))
    arm.go_to(jaco.forward_kinematics(jaco.q_rest + np.array([0, 0, 0, 0, 0, 0.5])), 4.0)
    assert_limits_held(arm, jaco, gains)
    np.testing.assert_allclose(arm.q[5], turned[5] + 0.5, atol=0.1)


def test_a_wrapped_measurement_of_an_endless_joint_is_no_following_error(
    arm_named: Callable, gains: Gains, helpers: object
) -> None:
    jaco = arm_named("jaco")
    gains = gains_around(gains, jaco.forward_kinematics(jaco.q_rest)[:3, 3])
    arm = helpers.IdealArm(Controller(jaco, gains), np.array(jaco.q_rest), np.zeros(6))
    arm.step()
    arm.q = arm.q - 2 * np.pi * jaco.endless
    assert arm.step().status == "holding"
    arm.q = jaco.q_rest + 0.5 * np.array([1, 0, 0, 0, 0, 0])
    assert arm.step().status == "following_error"
