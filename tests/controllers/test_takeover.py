"""Gains change while the arm moves: never a jump, and never a limit that nobody can brake before any more."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controllers import Controller, Gains, GainsError, RobotModel
from controllers.overrides import overridden
from controllers.takeover import can_take_over

scales = st.fixed_dictionaries(
    {"velocity": st.floats(0.05, 1.0), "acceleration": st.floats(0.05, 1.0), "braking": st.floats(0.2, 1.0)}
)


def with_scales(gains: Gains, **values: float) -> Gains:
    return overridden(gains, {"scales": values})


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(scales, st.integers(5, 60)), min_size=2, max_size=4),
    seed=st.integers(0, 99_999),
)
def test_switching_at_any_moment_keeps_acceleration_and_position_limits(
    changes: list[tuple[dict[str, float], int]], seed: int, model: RobotModel, gains: Gains, helpers
) -> None:
    arm = helpers.IdealArm(Controller(model, gains), np.array(model.q_rest))
    rng = np.random.default_rng(seed)
    for values, ticks in changes:
        arm.controller.set_gains(with_scales(gains, **values))
        T = helpers.tool_down(*rng.uniform((0.25, -0.4, 0.05), (0.75, 0.4, 0.6)))
        for _ in range(ticks):
            before = arm.dq
            arm.go_to(T, gains.dt)
            in_force = arm.controller.gains.scales
            allowed = in_force.acceleration * model.ddq_max * gains.dt
            assert np.all(np.abs(arm.dq - before) <= allowed + 1e-9)
            assert np.all(arm.q <= model.q_max - in_force.joint_margin + 1e-9)
            assert np.all(arm.q >= model.q_min + in_force.joint_margin - 1e-9)


def test_faster_gains_are_in_force_in_the_next_step(model: RobotModel, gains: Gains, arm, helpers) -> None:
    T = helpers.tool_down(0.5, 0.4, 0.4)
    arm.go_to(T, 0.3)
    faster = with_scales(gains, velocity=0.8)
    arm.controller.set_gains(faster)
    assert arm.controller.gains == gains
    arm.go_to(T, gains.dt)
    assert arm.controller.gains == faster


def test_softer_braking_waits_while_a_limit_is_too_near_to_stop_by_it(
    model: RobotModel, gains: Gains
) -> None:
    far = {"lower": (-5, -5, -5), "upper": (5, 5, 5)}  # the joint alone shall tell
    gains = overridden(gains, {"workspace": far})
    soft = with_scales(gains, acceleration=0.05)
    q, dq = np.array(model.q_rest), np.zeros(model.n)
    dq[0] = 1.0  # brakes within 0.08 rad now, within 0.67 rad by the soft gains
    q[0] = model.q_max[0] - gains.scales.joint_margin - 0.2
    assert not can_take_over(model, gains, soft, q=q, dq=dq)
    assert can_take_over(model, gains, gains, q=q, dq=dq)
    assert can_take_over(model, gains, soft, q=q, dq=-dq)
    assert can_take_over(model, gains, soft, q=q, dq=np.zeros(model.n))


def test_softer_braking_waits_while_the_box_is_too_near(
    model: RobotModel, gains: Gains, arm, helpers
) -> None:
    beyond = helpers.tool_down(0.5, 0.9, 0.4)
    arm.go_to(beyond, 0.7)
    soft = with_scales(gains, acceleration=0.03)
    arm.controller.set_gains(soft)
    arm.go_to(beyond, gains.dt)
    assert arm.controller.gains == gains
    furthest = 0.0
    for _ in range(300):
        arm.go_to(beyond, gains.dt)
        furthest = max(furthest, arm.controller.tool_pose(arm.q)[1, 3])
    assert arm.controller.gains == soft
    assert furthest <= gains.workspace.upper[1]


def test_outside_at_rest_can_take_over(model: RobotModel, gains: Gains) -> None:
    q = np.array(model.q_rest)
    q[3] = model.q_max[3] + 0.05
    assert can_take_over(model, gains, with_scales(gains, acceleration=0.1), q=q, dq=np.zeros(model.n))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"rate": 50.0, "node_times": [0.02, 0.05, 0.1]}, "rate = 50.0: cannot change while"),
        ({"node_times": [0.01, 0.05, 0.1]}, "node_times = .* cannot change while"),
    ],
)
def test_what_cannot_change_is_refused_and_the_old_gains_stay(
    values: dict[str, object], words: str, gains: Gains, arm, helpers
) -> None:
    T = helpers.tool_down(0.5, 0.3, 0.4)
    arm.go_to(T, 0.2)
    with pytest.raises(GainsError, match=words):
        arm.controller.set_gains(overridden(gains, values))
    arm.go_to(T, gains.dt)
    assert arm.controller.gains == gains


def test_a_skill_in_use_stays_in_use_when_the_gains_change(
    model: RobotModel, gains: Gains, arm, helpers
) -> None:
    T = helpers.tool_down(0.5, 0.3, 0.4)
    arm.controller.use_skill("insert")
    arm.go_to(T, 0.2)
    assert arm.controller.gains == gains.for_skill("insert")
    edited = overridden(gains, {"skills": {"insert": {"scales": {"velocity": 0.15}}}})
    arm.controller.set_gains(edited)
    arm.go_to(T, gains.dt)
    assert arm.controller.gains.scales.velocity == 0.15
    arm.controller.use_skill(None)
    arm.go_to(T, gains.dt)
    assert arm.controller.gains == edited


def test_a_skill_slows_a_moving_arm_without_a_jump(model: RobotModel, gains: Gains, arm, helpers) -> None:
    T = helpers.tool_down(0.5, 0.42, 0.4)
    arm.go_to(T, 0.5)
    assert np.abs(arm.dq).max() > 0.2 * model.dq_max.max()
    arm.controller.use_skill("insert")
    allowed = gains.scales.acceleration * model.ddq_max * gains.dt
    for _ in range(200):
        before = arm.dq
        arm.go_to(T, gains.dt)
        assert np.all(np.abs(arm.dq - before) <= allowed + 1e-9)
    insert = gains.for_skill("insert")
    assert np.all(np.abs(arm.dq) <= insert.scales.velocity * model.dq_max)
    assert arm.controller.skill == "insert"


def test_unknown_skill_is_refused_and_the_old_one_stays(arm) -> None:
    arm.controller.use_skill("carry")
    with pytest.raises(GainsError, match="'dance'"):
        arm.controller.use_skill("dance")
    assert arm.controller.skill == "carry"
