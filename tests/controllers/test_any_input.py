"""Whatever target, state, rate or limits: what comes out is finite and bounded, or an error that says why."""

import numpy as np
import pinocchio as pin
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from controllers import Controller, ControllerError, Gains, GainsError, RobotModel
from hybridctl.messages.action import PoseTarget
from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import MessageError

numbers = st.one_of(st.floats(-3.0, 3.0), st.sampled_from([np.nan, np.inf, -np.inf, 1e300, -1e300, 0.0]))
parts = st.floats(0.05, 1.0)


@st.composite
def poses(draw: st.DrawFn) -> np.ndarray:
    """A pose anywhere, now and then none at all: zero rotation, mirrored, NaN."""
    T = np.eye(4)
    T[:3, :3] = pin.exp3(np.array(draw(st.tuples(*[st.floats(-3.2, 3.2)] * 3))))
    T[:3, 3] = draw(st.tuples(*[st.floats(-2.0, 2.0)] * 3))
    spoilt = draw(st.sampled_from(["", "", "", "zero", "mirror", "number"]))
    if spoilt == "zero":
        T[:3, :3] = 0.0
    elif spoilt == "mirror":
        T[:3, 0] *= -1.0
    elif spoilt == "number":
        T[draw(st.integers(0, 3)), draw(st.integers(0, 3))] = draw(numbers)
    return T


def chosen(gains: Gains, rate: float, scales: dict[str, float], box: tuple[float, float]) -> Gains:
    values = gains.model_dump(exclude_unset=True) | {"skills": {}}
    values["rate"] = rate
    values["node_times"] = [1.0 / rate, *np.linspace(2.0 / rate, 0.6, 7)]
    values["scales"] |= scales
    values["workspace"] |= {"lower": (*values["workspace"]["lower"][:2], box[0])}
    values["workspace"] |= {"upper": (*values["workspace"]["upper"][:2], box[1])}
    return Gains.model_validate(values)


@settings(max_examples=25, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(data=st.data())
def test_output_is_finite_and_bounded_or_an_error_says_why(
    model: RobotModel, gains: Gains, data: st.DataObject
) -> None:
    draw = data.draw
    scales = {name: draw(parts) for name in ("velocity", "acceleration", "braking", "jerk")}
    scales["joint_margin"] = draw(st.floats(0.0, 0.3))
    box = draw(st.tuples(st.floats(-0.2, 0.8), st.floats(-0.2, 0.8)))
    try:
        tuned = chosen(gains, draw(st.sampled_from([50.0, 100.0, 250.0])), scales, box)
    except ValueError:
        crossed = box[0] + 2 * gains.workspace.margin >= box[1] - 1e-9
        assert crossed
        return
    span, dt = model.q_max - model.q_min, tuned.dt
    q = model.q_min + np.array([draw(st.floats(-0.05, 1.05)) for _ in range(7)]) * span
    dq = np.array([draw(st.floats(-2.0, 2.0)) for _ in range(7)]) * model.dq_max
    if draw(st.integers(0, 7)) == 0:
        dq[draw(st.integers(0, 6))] = draw(numbers)
    controller = Controller(model, tuned)
    try:
        controller.start(measured(q, dq, 0.0))
    except (MessageError, ControllerError):
        outside = np.maximum(model.q_min - q, q - model.q_max).max()
        refused_rightly = outside > 0.2 or not np.isfinite(dq).all()
        assert refused_rightly
        return
    low, high = model.q_min + scales["joint_margin"], model.q_max - scales["joint_margin"]
    ddq_max, dq_max = scales["acceleration"] * model.ddq_max, scales["velocity"] * model.dq_max
    stop = q + dq * np.abs(dq) / (2 * ddq_max) + dq * dt
    highest, lowest = np.maximum.reduce((high, stop, q)), np.minimum.reduce((low, stop, q))
    for k in range(draw(st.integers(3, 12))):
        now = k * dt
        T = draw(poses())
        try:
            controller.set_target(PoseTarget(T, stamp=now, gripper_width=draw(st.floats(-0.1, 0.3))))
        except (MessageError, ControllerError) as error:
            told = str(error)
            assert told
        result = controller.step(measured(q, dq, now), now=now)
        q_next, dq_next = result.command.q, result.command.dq
        assert np.isfinite(q_next).all()
        assert np.isfinite(dq_next).all()
        assert 0.0 <= result.command.gripper_width <= 0.08
        if k == 0:
            np.testing.assert_array_equal(q_next, q)
            continue
        assert np.all(np.abs(dq_next - dq) <= ddq_max * dt + 1e-9)
        assert np.all(np.abs(dq_next) <= np.maximum(dq_max, np.abs(dq)) + 1e-9)
        assert np.all(q_next <= highest + 1e-9)
        assert np.all(q_next >= lowest - 1e-9)
        q, dq = q_next, dq_next


def measured(q: np.ndarray, dq: np.ndarray, stamp: float) -> ArmState:
    return ArmState(q=q, dq=dq, tau=np.zeros(7), gripper_width=0.04, gripper_force=0.0, stamp=stamp)


def test_crossed_limits_are_refused_by_name(gains: Gains) -> None:
    with pytest.raises(ValueError, match=r"z: lower 0\.5 is not below upper 0\.4"):
        chosen(gains, 100.0, {}, (0.5, 0.4))
    assert issubclass(GainsError, ControllerError)
