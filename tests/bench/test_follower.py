"""A follower's step is the controller's own, timed; a peer without an answer brakes within its limits."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from controllers.controller import Controller
from controllers.gains import load_gains
from controllers.robot_model import RobotModel
from hybridctl.bench.follower import ControllerFollower, EmptyFollower, brake
from hybridctl.messages.action import PoseTarget
from hybridctl.messages.arm import ArmState


def test_our_follower_commands_what_the_controller_does(model: RobotModel) -> None:
    follower, controller = ControllerFollower("ours", model, load_gains()), Controller(model, load_gains())
    T = np.array(model.forward_kinematics(model.q_rest))
    T[:3, 3] += (0.05, 0.1, 0.05)
    q, dq, still = np.array(model.q_rest), np.zeros(7), np.zeros(7)
    follower.start(q)
    controller.start(ArmState(q, dq, still, 0.08, 0.0, -0.01))
    controller.step(ArmState(q, dq, still, 0.08, 0.0, -0.01), now=-0.01)
    for k in range(20):
        step = follower.step(T, (), 0.01 * k)
        controller.set_target(PoseTarget(T, 0.01 * k))
        command = controller.step(ArmState(q, dq, still, 0.08, 0.0, 0.01 * k), now=0.01 * k).command
        q, dq = command.q, command.dq
        assert np.array_equal(step.q, q)
        assert np.array_equal(step.dq, dq)
        assert step.solved
        assert step.ms > 0.0


def test_it_starts_anew_at_rest(model: RobotModel) -> None:
    follower = ControllerFollower("ours", model, load_gains())
    T = np.array(model.forward_kinematics(model.q_rest))
    T[:3, 3] += (0.0, 0.2, 0.0)
    runs = []
    for _ in range(2):
        follower.start(np.array(model.q_rest))
        runs.append([follower.step(T, (), 0.01 * k).q for k in range(10)])
    assert np.array_equal(*runs)


def test_the_empty_follower_stays() -> None:
    follower = EmptyFollower()
    follower.start(np.ones(7))
    step = follower.step(np.eye(4), (), 0.0)
    assert np.array_equal(step.q, np.ones(7))
    assert not step.dq.any()


@given(dq=st.floats(-2.0, 2.0))
def test_braking_comes_to_rest_and_never_turns_round(dq: float) -> None:
    q, speed = np.zeros(1), np.array([dq])
    for _ in range(100):
        q_next, slower = brake(q, speed, ddq_max=np.array([4.0]), dt=0.01)
        assert abs(slower[0] - speed[0]) <= 0.04 + 1e-12
        assert slower[0] * dq >= 0.0
        q, speed = q_next, slower
    assert speed[0] == 0.0
    assert abs(q[0]) <= dq * dq / 8.0 + 1e-9
