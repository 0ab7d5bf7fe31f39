"""Resting, moving, put elsewhere: told apart, and tracked."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from world_state.motion import (
    DRIFT_VARIANCE,
    MOVES_FOR,
    SAME_ERROR,
    STEADY,
    move,
    observe,
    predict,
    rest,
)
from world_state.pose import SPEED, correct_position, initial

HERE = np.array([0.5, 0.1, 0.02])
VIEW, NOISE, BIAS = np.array([0.9, 0.0, 0.7]), 0.001**2 * np.eye(3), 0.004**2 * np.eye(3)


def seen(p=HERE):
    return initial(p, NOISE, view=VIEW, bias=BIAS)


def looked_at(pose, z, *, dt):
    return observe(pose, z, NOISE, dt=dt, view=VIEW, bias=BIAS)


@given(dt=st.floats(0, 1000))
def test_what_rests_stays_and_only_gets_less_sure(dt):
    later = predict(seen(), dt)
    np.testing.assert_array_equal(later.position, HERE)
    np.testing.assert_array_equal(later.velocity, np.zeros(3))
    np.testing.assert_allclose(later.covariance, seen().covariance + dt * DRIFT_VARIANCE * np.eye(3))
    assert not later.moving


@given(a=st.floats(0.01, 1.0), b=st.floats(0.01, 1.0))
@settings(deadline=None)
def test_moving_in_two_steps_is_moving_in_one(a, b):
    pose = replace(initial(HERE, NOISE), velocity=np.array([0.05, 0, 0]), motion=2.0)
    once, twice = move(pose, a + b), move(move(pose, a), b)
    np.testing.assert_allclose(once.position, twice.position, atol=1e-12)
    np.testing.assert_allclose(once.velocity, twice.velocity, atol=1e-12)
    np.testing.assert_allclose(once.joint, twice.joint, atol=1e-12)


def test_what_moves_goes_on_for_a_while_and_then_is_taken_to_rest():
    pose = replace(seen(), velocity=np.array([0.05, 0, 0]), motion=4.0)
    soon, late = predict(pose, 0.5), predict(pose, 60.0)
    assert soon.position[0] == pytest.approx(0.5 + 0.05 * STEADY * (1 - np.exp(-0.5 / STEADY)))
    assert soon.moving
    assert not late.moving
    np.testing.assert_array_equal(late.velocity, np.zeros(3))
    assert late.position[0] - 0.5 <= 0.05 * MOVES_FOR
    assert late.covariance[0, 0] < 0.15**2  # it is somewhere near, not anywhere


@pytest.mark.parametrize("speed", [0.03, 0.06, 0.15])
@pytest.mark.parametrize("dt", [0.1, 0.3])
def test_a_dragged_thing_is_followed_and_its_end_noticed(speed, dt):
    pose, x = seen(), 0.5
    for _ in range(5):
        pose = looked_at(pose, HERE, dt=dt).pose
    noticed = None
    for k in range(12):
        x += speed * dt
        pose, model, _ = looked_at(pose, np.array([x, 0.1, 0.02]), dt=dt)
        if noticed is None and model == "moving":
            noticed = k
    assert noticed * dt <= 0.2
    assert pose.position[0] == pytest.approx(x, abs=0.002)
    assert pose.velocity[0] == pytest.approx(speed, rel=0.25)
    ahead = predict(pose, dt)
    assert ahead.position[0] == pytest.approx(x + speed * dt, abs=0.01)
    for _ in range(6):
        pose, model, _ = looked_at(pose, np.array([x, 0.1, 0.02]), dt=dt)
    assert model == "rest"
    assert not pose.moving
    np.testing.assert_array_equal(pose.velocity, np.zeros(3))


def test_noise_is_not_taken_for_motion():
    rng = np.random.default_rng(5)
    wrong = 0
    for _ in range(60):
        error = rng.normal(0, 0.004, 3)
        pose = seen(HERE + error)
        for _ in range(15):
            pose, model, _ = looked_at(pose, HERE + error + rng.normal(0, 0.001, 3), dt=0.3)
            wrong += model != "rest"
    assert wrong <= 3  # of 900 looks


@given(distance=st.floats(0.3, 0.6), dt=st.floats(0.05, 1.0) | st.floats(20.0, 100.0))
@settings(deadline=None)
def test_what_was_put_elsewhere_is_there_and_not_in_between(distance, dt):
    z = HERE + distance * np.eye(3)[0]
    after, model, surprise = looked_at(seen(), z, dt=dt)
    assert model == "put"
    assert surprise > chi2.ppf(0.999, 3)
    np.testing.assert_array_equal(after.position, z)
    assert not after.moving


def test_one_jump_is_no_velocity_but_may_be_one():
    after, model, _ = looked_at(seen(), HERE + 0.02 * np.eye(3)[0], dt=0.5)
    assert model == "moving"
    np.testing.assert_array_equal(after.velocity, np.zeros(3))
    assert after.joint[6, 6] > SPEED**2


def test_the_error_of_a_view_fades_with_the_way_that_a_thing_goes():
    pose = replace(seen(), velocity=np.array([0.1, 0, 0]))
    pose = correct_position(pose, HERE + 0.002, NOISE, view=VIEW, bias=BIAS)
    far = pose
    for _ in range(20):  # 0.1 m and more
        far = replace(move(far, 0.1), velocity=np.array([0.1, 0, 0]))
    correlation = [p.joint[0, 9] / np.sqrt(p.joint[0, 0] * p.joint[9, 9]) for p in (pose, far)]
    assert correlation[0] < -0.8
    assert abs(correlation[1]) < 0.1
    # What it is before anything is learned of it does not change.
    np.testing.assert_allclose(far.joint[9:12, 9:12], far.views[0].prior, rtol=0.05)
    assert SAME_ERROR > 0


def test_place_and_velocity_of_what_moves_are_as_sure_as_they_claim():
    rng = np.random.default_rng(11)
    dt, R = 0.2, 0.004**2 * np.eye(3)
    decay = np.exp(-dt / STEADY)
    reach = STEADY * (1 - decay)
    Q = np.array(
        [
            [
                2 * SPEED**2 * STEADY * (dt - 2 * reach + STEADY * (1 - decay**2) / 2) + DRIFT_VARIANCE * dt,
                SPEED**2 * STEADY * (1 - decay) ** 2,
            ],
            [SPEED**2 * STEADY * (1 - decay) ** 2, SPEED**2 * (1 - decay**2)],
        ]
    )
    values = []
    for _ in range(300):
        p, v = HERE, rng.normal(0, SPEED, 3)
        pose = rest(initial(p + rng.normal(0, 0.004, 3), R), 0.0)
        for k in range(12):
            noise = rng.multivariate_normal(np.zeros(2), Q, 3)
            p, v = p + reach * v + noise[:, 0], decay * v + noise[:, 1]
            # A place of its own for each look: the errors are independent, and old views are forgotten.
            view = VIEW + 0.2 * k * np.eye(3)[1]
            z = p + rng.normal(0, 0.004, 3)
            pose = correct_position(move(pose, dt), z, R, view=view, bias=np.zeros((3, 3)))
        error = np.concatenate([pose.position - p, pose.velocity - v])
        take = [0, 1, 2, 6, 7, 8]
        values.append(error @ np.linalg.solve(pose.joint[np.ix_(take, take)], error))
    low, high = chi2.ppf([0.025, 0.975], 6 * len(values))
    assert low < sum(values) < high, np.mean(values)
