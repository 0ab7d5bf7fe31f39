"""The momentum observer finds an outside torque from q, dq and tau, and nothing where nothing pushes."""

from dataclasses import replace

import numpy as np
import pinocchio as pin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from controllers.errors import ControllerError
from controllers.momentum_observer import MomentumObserver
from controllers.robot_model import RobotModel

PERIOD = 0.01
torques = arrays(np.float64, 7, elements=st.floats(-20.0, 20.0))
seeds = st.integers(0, 999_999)


def swing(model: RobotModel, seed: int, t: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return q, dq, ddq of a smooth motion with speeds up to about 1 rad/s."""
    rng = np.random.default_rng(seed)
    w, phase = rng.uniform(1.0, 4.0, model.n), rng.uniform(0.0, 2 * np.pi, model.n)
    a = 0.3 * rng.uniform(-1.0, 1.0, model.n)
    wave, slope = np.sin(w * t + phase), np.cos(w * t + phase)
    return model.q_rest + a * wave, a * w * slope, -a * w**2 * wave


def motor_torque(model: RobotModel, seed: int, t: float, outside: np.ndarray) -> np.ndarray:
    """Return what the motors give at `t` while the world adds `outside`: the equations of motion."""
    q, dq, ddq = swing(model, seed, t)
    friction = model.pin_model.damping * dq
    q = model.configuration(q)
    return pin.rnea(model.pin_model, model.pin_model.createData(), q, dq, ddq) + friction - outside


def residuals(
    model: RobotModel,
    seed: int,
    outside: np.ndarray,
    *,
    start: int = 0,
    steps: int = 60,
    wrapped: bool = False,
):
    """Return the residuals along a motion that the world pushes on, from step `start` on.

    With `wrapped`, the encoders of endless joints count from -pi to pi only.
    """
    observer = MomentumObserver(model, period=PERIOD)
    found = []
    for k in range(start, steps + 1):
        q, dq, _ = swing(model, seed, k * PERIOD)
        nodes = (k - 1 + np.array([0.1127, 0.5, 0.8873])) * PERIOD  # Gauss: the mean over the period
        tau = np.array([5, 8, 5]) / 18 @ [motor_torque(model, seed, t, outside) for t in nodes]
        if wrapped:
            q = np.where(model.endless, np.remainder(q + np.pi, 2 * np.pi) - np.pi, q)
        found.append(observer.update(q, dq, tau, k * PERIOD))
    return np.array(found)


@settings(max_examples=15, deadline=None)
@given(seed=seeds, outside=torques)
def test_it_follows_any_push_through_any_motion(model: RobotModel, seed: int, outside: np.ndarray) -> None:
    found = residuals(model, seed, outside)
    assert np.abs(found[-1] - outside).max() < 0.05


@settings(max_examples=10, deadline=None)
@given(seed=seeds, outside=arrays(np.float64, 6, elements=st.floats(-20.0, 20.0)))
def test_it_follows_any_push_on_an_arm_with_continuous_joints(
    arm_named, seed: int, outside: np.ndarray
) -> None:
    found = residuals(arm_named("jaco"), seed, outside)
    assert np.abs(found[-1] - outside).max() < 0.05


def test_an_encoder_that_starts_anew_is_no_push(arm_named) -> None:
    jaco = arm_named("jaco")
    pin_model = jaco.pin_model.copy()
    pin_model.damping = np.full(6, 2.0)
    q_rest = jaco.q_rest + np.array([np.pi, 0, 0, 0, 0, np.pi])  # so the motion crosses the seam
    model = replace(jaco, pin_model=pin_model, pin_data=pin_model.createData(), q_rest=q_rest)
    push = np.full(6, 3.0)
    seams = [np.abs(swing(model, 4, k * PERIOD)[0][[0, 5]]) > np.pi for k in range(61)]
    assert any(seam.any() for seam in seams)
    assert not all(seam.all() for seam in seams)
    counted, wrapped = residuals(model, 4, push), residuals(model, 4, push, wrapped=True)
    np.testing.assert_allclose(wrapped, counted, atol=1e-9)


@settings(max_examples=15, deadline=None)
@given(seed=seeds)
def test_in_free_motion_it_stays_near_zero(model: RobotModel, seed: int) -> None:
    assert np.abs(residuals(model, seed, np.zeros(7))).max() < 0.1


def test_a_sudden_push_is_followed_like_a_first_order_filter(model: RobotModel) -> None:
    push = np.array([4.0, -8.0, 2.0, 6.0, 1.0, -1.0, 0.5])
    found = residuals(model, 3, push, steps=10) / push
    for k in (1, 2, 5, 10):  # K = 50 1/s
        assert np.abs(found[k] - (1 - 1.5**-k)).max() < 0.03, k


def test_a_higher_gain_is_faster(model: RobotModel) -> None:
    push, q = np.full(7, 3.0), model.q_rest
    slow, fast = MomentumObserver(model, gain=20.0), MomentumObserver(model, gain=80.0)
    for observer in (slow, fast):
        for k in range(4):
            observer.update(q, np.zeros(7), model.gravity_torque(q) - push, k * PERIOD)
    assert (fast.residual > slow.residual + 0.5).all()


def test_reflected_inertia_and_viscous_friction_are_no_outside_torques(model: RobotModel) -> None:
    """Both are in the MJCF; without either the residual of this motion would be several times larger."""
    assert (model.pin_model.armature > 0).all()
    assert (model.pin_model.damping > 0).all()
    missing = max(np.abs(model.pin_model.damping * swing(model, 1, k * PERIOD)[1]).max() for k in range(60))
    missing += max(np.abs(model.pin_model.armature * swing(model, 1, k * PERIOD)[2]).max() for k in range(60))
    assert np.abs(residuals(model, 1, np.zeros(7))).max() < 0.05 * missing


def test_a_residual_depends_on_the_last_memory_alone(model: RobotModel) -> None:
    """Bit for bit: an observer that began 0.3 s ago says what one says that began long before."""
    push = np.full(7, 2.0)
    early, late = residuals(model, 5, push), residuals(model, 5, push, start=30)
    np.testing.assert_array_equal(early[-1], late[-1])
    assert not np.array_equal(early[-2], late[-2])


def test_the_same_stamp_again_changes_nothing(model: RobotModel) -> None:
    observer = MomentumObserver(model)
    q, dq, tau = model.q_rest, np.zeros(7), np.zeros(7)
    observer.update(q, dq, tau, 0.0)
    first = observer.update(q, dq, tau, PERIOD)
    assert first.any()
    for _ in range(3):
        assert observer.update(q, dq, tau, PERIOD) is first


@pytest.mark.parametrize("stamp", [0.5, 0.0, -1.0, float("nan")])
def test_after_a_gap_or_a_step_back_it_begins_anew(model: RobotModel, stamp: float) -> None:
    observer = MomentumObserver(model)
    q, dq, tau = model.q_rest, np.zeros(7), np.zeros(7)
    for k in range(20):
        observer.update(q, dq, tau, k * PERIOD)
    assert observer.residual.any()
    assert not observer.update(q, dq, tau, stamp).any()


def test_a_measurement_that_is_not_finite_is_refused_and_changes_nothing(model: RobotModel) -> None:
    observer = MomentumObserver(model)
    observer.update(model.q_rest, np.zeros(7), np.zeros(7), 0.0)
    before = observer.update(model.q_rest, np.zeros(7), np.zeros(7), PERIOD)
    with pytest.raises(ControllerError, match="tau holds NaN"):
        observer.update(model.q_rest, np.zeros(7), np.full(7, np.nan), 2 * PERIOD)
    assert observer.residual is before


@pytest.mark.parametrize("wrong", [{"gain": 0.0}, {"period": -0.01}, {"memory": float("inf")}])
def test_settings_that_cannot_be_are_named(model: RobotModel, wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(ControllerError, match=f"{name} is .*, expected a positive number"):
        MomentumObserver(model, **wrong)


def test_a_memory_that_forgets_too_much_is_refused(model: RobotModel) -> None:
    with pytest.raises(ControllerError, match=r"forgets 20% of a push .* expected at least 0\.11 s"):
        MomentumObserver(model, memory=0.04)
