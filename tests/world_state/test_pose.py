"""The pose filter: what it knows after looks, and that it knows how well it knows."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from scipy.stats import chi2

from hybridctl.messages.arrays import MessageError
from world_state.motion import DRIFT_TURN, DRIFT_VARIANCE, SAME_ERROR, STEADY, move, observe, predict, rest
from world_state.pose import (
    FLOOR_VARIANCE,
    LEAST_BIAS,
    MOST_VIEWS,
    SPEED,
    PoseBelief,
    correct_position,
    correct_yaw,
    initial,
    log_likelihood,
    nis,
)
from world_state.so3 import about_z, exp, wrapped, yaw_of

HERE = np.array([0.5, 0.1, 0.02])
VIEWS = [np.array([0.9, 0.3 * k, 0.7]) for k in range(9)]
NO_SHRINK = (Phase.explicit, Phase.reuse, Phase.generate)


def spd(rng, scale, n=3):
    A = rng.normal(size=(n, n))
    return (A @ A.T + 0.1 * np.eye(n)) * scale**2


def inside(nees, freedom):
    """Whether the sum of independent NEES lies in its 95 % interval."""
    low, high = chi2.ppf([0.025, 0.975], freedom * len(nees))
    assert low < sum(nees) < high, f"mean NEES {np.mean(nees):.2f}, expected {freedom}"


def nees(pose, p):
    error = pose.position - p
    return float(error @ np.linalg.solve(pose.covariance, error))


@settings(phases=NO_SHRINK, deadline=None)
@given(seed=st.integers(0, 100_000), scale=st.floats(1e-4, 0.05))
def test_the_covariance_stays_symmetric_positive_definite_after_any_sequence(seed, scale):
    rng = np.random.default_rng(seed)
    pose = initial(HERE, spd(rng, scale), view=VIEWS[0], bias=spd(rng, scale), yaw=0.1, symmetry=4)
    for _ in range(15):
        act = rng.integers(0, 6)
        view, R, bias = VIEWS[rng.integers(0, len(VIEWS))], spd(rng, scale), spd(rng, scale)
        z = HERE + rng.normal(0, scale, 3)
        if act == 0:
            pose = correct_position(pose, z, R, view=view, bias=bias)
        elif act == 1:
            pose = observe(pose, z, R, dt=rng.exponential(3.0), view=view, bias=bias).pose
        elif act == 2:
            pose = correct_yaw(
                pose, rng.uniform(-3, 3), 10 ** rng.uniform(-5, 0), repeated=rng.random() < 0.5
            )
        elif act == 3:
            pose = rest(pose, rng.exponential(10.0))
        elif act == 4:
            pose = move(pose, rng.exponential(1.0))
        else:
            pose = predict(replace(pose, motion=rng.normal(0, 3)), rng.exponential(10.0))
        np.testing.assert_array_equal(pose.joint, pose.joint.T)
        eigenvalues = np.linalg.eigvalsh(pose.joint)
        assert eigenvalues[0] > 0.0
        assert np.linalg.eigvalsh(pose.covariance)[0] >= FLOOR_VARIANCE * (1 - 1e-6)
        np.testing.assert_allclose(pose.T[:3, :3] @ pose.T[:3, :3].T, np.eye(3), atol=1e-9)


@settings(phases=NO_SHRINK, deadline=None)
@given(seed=st.integers(0, 100_000), order=st.permutations(range(6)))
def test_the_order_of_simultaneous_looks_changes_nothing(seed, order):
    rng = np.random.default_rng(seed)
    start = initial(HERE, spd(rng, 0.01), view=VIEWS[0], bias=np.eye(3) * 1e-4)
    looks = [
        (HERE + rng.normal(0, 0.01, 3), spd(rng, 0.01), VIEWS[k % 4]) for k in range(6)
    ]  # of four places, two of them twice
    fused = []
    for sequence in (range(6), order):
        pose = start
        for k in sequence:
            z, R, view = looks[k]
            pose = correct_position(pose, z, R, view=view, bias=np.eye(3) * 1e-4)
        fused.append(pose)
    np.testing.assert_allclose(fused[0].position, fused[1].position, atol=1e-9)
    np.testing.assert_allclose(fused[0].covariance, fused[1].covariance, atol=1e-12)


def stream(rng, pose_of, *, bias_std, noise_std, views, looks=12, dt=0.2):
    """Return the belief after looks at a thing that rests, and where it truly is."""
    p = HERE + rng.normal(0, 0.001, 3)
    errors = {k: rng.normal(0, bias_std, 3) for k in range(len(views))}
    R, bias = noise_std**2 * np.eye(3), bias_std**2 * np.eye(3)
    pose = None
    for i in range(looks):
        p = p + rng.normal(0, 0.001 * dt**0.5, 3)  # nudged as the model says
        k = i * len(views) // looks
        z = p + errors[k] + rng.normal(0, noise_std, 3)
        if pose is None:
            pose = initial(z, R, view=views[k], bias=bias)
        else:
            pose = pose_of(pose, z, R, dt=dt, view=views[k], bias=bias)
    return pose, p


def fixed_rest(pose, z, R, *, dt, view, bias):
    return correct_position(rest(pose, dt), z, R, view=view, bias=bias)


def chosen(pose, z, R, **rest_of):
    return observe(pose, z, R, **rest_of).pose


@pytest.mark.parametrize("filtered", [fixed_rest, chosen])
@pytest.mark.parametrize(
    ("bias_std", "noise_std", "places"),
    [(1e-5, 0.01, 1), (0.01, 0.003, 1), (0.01, 0.003, 3), (0.005, 0.005, 6), (0.02, 0.001, 2)],
)
def test_the_error_is_as_large_as_the_covariance_says(filtered, bias_std, noise_std, places):
    rng = np.random.default_rng(7)
    ends = [
        stream(rng, filtered, bias_std=bias_std, noise_std=noise_std, views=VIEWS[:places])
        for _ in range(250)
    ]
    inside([nees(pose, p) for pose, p in ends], 3)


def test_a_filter_blind_to_repeated_errors_would_be_far_too_sure():
    """The stream above is hard: with the bias left out of the model the covariance is wrong."""

    def blind(pose, z, R, *, dt, view, bias):
        return correct_position(rest(pose, dt), z, R + bias, view=view, bias=np.zeros((3, 3)))

    rng = np.random.default_rng(7)
    ends = [stream(rng, blind, bias_std=0.01, noise_std=0.003, views=VIEWS[:1]) for _ in range(100)]
    assert np.mean([nees(pose, p) for pose, p in ends]) > 9.0


def test_innovations_are_as_large_as_they_are_expected():
    rng = np.random.default_rng(3)
    values = []
    for _ in range(100):
        errors = rng.normal(0, 0.01, (3, 3))
        R, bias = 0.003**2 * np.eye(3), 0.01**2 * np.eye(3)
        pose = initial(HERE + errors[0] + rng.normal(0, 0.003, 3), R, view=VIEWS[0], bias=bias)
        for k in (0, 1, 1, 2, 0, 2):
            z = HERE + errors[k] + rng.normal(0, 0.003, 3)
            values.append(nis(pose, z, R, view=VIEWS[k], bias=bias))
            pose = correct_position(pose, z, R, view=VIEWS[k], bias=bias)
    inside(values, 3)


@given(looks=st.integers(1, 60), std=st.floats(0.002, 0.03))
@settings(phases=NO_SHRINK, deadline=None, max_examples=20)
def test_from_one_place_it_is_never_surer_than_the_shared_error(looks, std):
    bias, R = std**2 * np.eye(3), (0.1 * std) ** 2 * np.eye(3)
    pose = initial(HERE, R, view=VIEWS[0], bias=bias)
    for _ in range(looks):
        pose = correct_position(pose, HERE, R, view=VIEWS[0] + 0.01, bias=bias)
    assert len(pose.views) == 1
    assert np.linalg.eigvalsh(pose.covariance)[0] >= std**2 * (1 - 1e-9)


def test_from_k_places_it_is_never_surer_than_the_mean_of_k_shared_errors():
    bias, R = 0.02**2 * np.eye(3), 0.001**2 * np.eye(3)
    pose = initial(HERE, R, view=VIEWS[0], bias=bias)
    for k, view in enumerate(VIEWS[:MOST_VIEWS]):
        for _ in range(20):
            pose = correct_position(pose, HERE, R, view=view, bias=bias)
        assert pose.covariance[0, 0] == pytest.approx(0.02**2 / (k + 1), rel=0.01)


def test_laps_through_more_places_than_are_kept_claim_no_more_than_they_know():
    rng = np.random.default_rng(11)
    bias, R = 0.02**2 * np.eye(3), 0.003**2 * np.eye(3)
    values = []
    for _ in range(60):
        errors = rng.normal(0, 0.02, (len(VIEWS), 3))
        pose = initial(HERE + errors[0] + rng.normal(0, 0.003, 3), R, view=VIEWS[0], bias=bias)
        for k in 4 * [*range(len(VIEWS))]:
            z = HERE + errors[k] + rng.normal(0, 0.003, 3)
            pose = correct_position(pose, z, R, view=VIEWS[k], bias=bias)
            assert len(pose.views) <= MOST_VIEWS
        values.append(nees(pose, HERE))
    assert sum(values) < chi2.ppf(0.975, 3 * len(values))
    assert np.sqrt(pose.covariance[0, 0]) < 0.02 / 2  # and is still worth something


def test_two_places_are_weighed_as_kalman_says():
    zero = np.zeros((3, 3))
    pose = initial(np.array([0.5, 0, 0]), 4e-6 * np.eye(3), view=VIEWS[0], bias=zero)
    pose = correct_position(pose, np.array([0.505, 0, 0]), 16e-6 * np.eye(3), view=VIEWS[1], bias=zero)
    assert pose.position[0] == pytest.approx(0.501, abs=1e-7)
    assert pose.joint[0, 0] == pytest.approx(1 / (1 / 4e-6 + 1 / 16e-6), abs=3 * LEAST_BIAS)


def test_a_surer_look_from_the_same_place_is_taken_over():
    big, small = 1e-4 * np.eye(3), 4e-6 * np.eye(3)
    pose = initial(np.array([0.5, 0, 0]), 0.1 * big, view=VIEWS[0], bias=0.9 * big)
    pose = correct_position(pose, np.array([0.504, 0, 0]), 0.1 * small, view=VIEWS[0], bias=0.9 * small)
    assert pose.position[0] == pytest.approx(0.504, abs=5e-5)
    assert pose.covariance[0, 0] == pytest.approx(4e-6, rel=0.05)


def test_a_look_that_fits_better_is_likelier():
    pose = initial(HERE, 1e-6 * np.eye(3), view=VIEWS[0], bias=1e-5 * np.eye(3))
    near, far = (
        log_likelihood(pose, HERE + dx, 1e-6 * np.eye(3), view=VIEWS[1], bias=1e-5 * np.eye(3))
        for dx in (0.001, 0.01)
    )
    assert near > far
    S = 2.2e-5 + LEAST_BIAS
    assert near == pytest.approx(-1.5 * np.log(2 * np.pi * S) - 0.5 * 3e-6 / S)


@settings(phases=NO_SHRINK, deadline=None, max_examples=60)
@given(seed=st.integers(0, 100_000), places=st.integers(1, MOST_VIEWS + 2), claim=st.sampled_from([1.0, 0.3]))
def test_a_look_does_what_the_textbook_matrices_say(seed, places, claim):
    rng = np.random.default_rng(seed)
    bias, R = spd(rng, 0.003), spd(rng, 0.001)
    pose = initial(HERE, R, view=VIEWS[0], bias=bias)
    for k in range(1, places):
        pose = correct_position(pose, HERE + rng.normal(0, 0.002, 3), R, view=VIEWS[k], bias=bias)
    z, view = HERE + rng.normal(0, 0.003, 3), VIEWS[rng.integers(0, places + 1)]
    # The belief that has the view's bias, as it is before this look corrects it: a look of no weight adds it.
    prior = correct_position(pose, z, 1e12 * np.eye(3), view=view, bias=claim * bias)
    k = 9 + 3 * next(i for i, known in enumerate(prior.views) if np.array_equal(known.place, view))
    n = len(prior.joint)
    H = np.zeros((3, n))
    H[:, :3] = H[:, k : k + 3] = np.eye(3)
    P, error = prior.joint, z - prior.position - prior.views[(k - 9) // 3].mean
    S = H @ P @ H.T + R
    assert nis(pose, z, R, view=view, bias=claim * bias) == pytest.approx(
        error @ np.linalg.solve(S, error), rel=1e-6
    )
    K = P @ H.T @ np.linalg.inv(S)
    A = np.eye(n) - K @ H
    after = correct_position(pose, z, R, view=view, bias=claim * bias)
    np.testing.assert_allclose(after.joint, A @ P @ A.T + K @ R @ K.T, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(after.position, prior.position + (K @ error)[:3], atol=1e-9)


@settings(phases=NO_SHRINK, deadline=None, max_examples=30)
@given(seed=st.integers(0, 100_000), dt=st.floats(0.01, 3.0))
def test_what_moves_goes_on_as_the_textbook_matrices_say(seed, dt):
    rng = np.random.default_rng(seed)
    pose = initial(HERE, spd(rng, 0.001), view=VIEWS[0], bias=spd(rng, 0.003))
    pose = replace(pose, velocity=rng.normal(0, 0.05, 3), joint=spd(rng, 0.01, n=12))
    after = move(pose, dt)
    decay = np.exp(-dt / STEADY)
    speed = np.sqrt(pose.velocity @ pose.velocity + np.trace(pose.joint[6:9, 6:9]))
    F = np.eye(12)
    F[:3, 6:9] = STEADY * (1 - decay) * np.eye(3)
    F[6:9, 6:9] *= decay
    F[9:, 9:] *= np.exp(-speed * dt / SAME_ERROR)
    added = after.joint - F @ pose.joint @ F.T
    wander = 2 * SPEED**2 * STEADY * (dt - 2 * STEADY * (1 - decay) + STEADY / 2 * (1 - decay**2))
    want = np.zeros((12, 12))
    want[:3, :3] = (wander + DRIFT_VARIANCE * dt) * np.eye(3)
    want[3:6, 3:6] = DRIFT_TURN * dt * np.eye(3)
    want[6:9, 6:9] = SPEED**2 * (1 - decay**2) * np.eye(3)
    want[:3, 6:9] = want[6:9, :3] = SPEED**2 * STEADY * (1 - decay) ** 2 * np.eye(3)
    want[9:, 9:] = (1 - F[9, 9] ** 2) * pose.views[0].prior
    np.testing.assert_allclose(added, want, atol=1e-15)


def test_what_the_filter_computes_is_read_only_and_refused_where_it_is_no_covariance():
    pose = initial(HERE, 1e-6 * np.eye(3), view=VIEWS[0], bias=1e-5 * np.eye(3))
    after = correct_position(pose, HERE, 1e-6 * np.eye(3), view=VIEWS[0], bias=1e-5 * np.eye(3))
    for array in (after.T, after.velocity, after.joint, after.views[0].mean):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
    for wrong in (np.nan, np.inf, 0.0):
        with pytest.raises(MessageError, match="not positive and finite"):
            pose.changed(joint=np.diag([wrong, *[1.0] * 11]))


@pytest.mark.parametrize("symmetry", [1, 2, 4])
@given(true=st.floats(-np.pi, np.pi), start=st.floats(-0.05, 0.05), turns=st.integers(-3, 3))
@settings(max_examples=40, deadline=None)
def test_turns_are_corrected_across_the_wrap(symmetry, true, start, turns):
    pose = initial(HERE, 1e-6 * np.eye(3), yaw=true + start, yaw_variance=0.05**2, symmetry=symmetry)
    seen = true + turns * 2 * np.pi / symmetry
    for _ in range(60):
        pose = correct_yaw(pose, seen, 0.02**2)
    assert wrapped(yaw_of(pose.T) - true, symmetry=symmetry) == pytest.approx(0.0, abs=2e-3)
    assert wrapped(pose.yaw - true, symmetry=symmetry) == pytest.approx(0.0, abs=2e-3)
    assert -np.pi / symmetry < pose.yaw <= np.pi / symmetry


def test_a_turn_from_the_same_place_makes_nothing_surer_but_a_surer_one_does():
    pose = initial(HERE, 1e-6 * np.eye(3), yaw=0.1, yaw_variance=0.03**2, symmetry=4)
    again = pose
    for _ in range(30):
        again = correct_yaw(again, 0.1, 0.03**2, repeated=True)
    assert again.yaw_variance == pytest.approx(0.03**2)
    fresh = correct_yaw(pose, 0.1, 0.03**2)
    assert fresh.yaw_variance == pytest.approx(0.03**2 / 2)
    assert correct_yaw(pose, 0.1, 0.01**2, repeated=True).yaw_variance < 0.015**2


def test_round_things_have_no_yaw():
    pose = initial(HERE, 1e-6 * np.eye(3), yaw=0.3, symmetry=0)
    assert pose.yaw is None
    assert correct_yaw(pose, 0.2, 0.01) is pose
    assert initial(HERE, 1e-6 * np.eye(3), symmetry=4).yaw is None


def test_a_turn_of_a_tilted_thing_is_injected_as_the_error_state_says():
    """A yaw correction moves the mean along what the prior couples it with, to first order exactly."""
    rng = np.random.default_rng(1)
    tilted = initial(HERE, 1e-6 * np.eye(3), yaw=0.2, yaw_variance=0.1, symmetry=1)
    T = np.array(tilted.T)
    T[:3, :3] = exp(np.array([0.3, -0.2, 0.0])) @ about_z(0.2)
    P = np.array(tilted.joint)
    P[:6, :6] = spd(rng, 0.05, 6)
    pose = replace(tilted, T=T, joint=P)
    after = correct_yaw(pose, yaw_of(T) + 1e-4, 0.02**2)
    turned = Rotation.from_matrix(after.T[:3, :3] @ T[:3, :3].T).as_rotvec()
    moved = np.concatenate([after.position - pose.position, turned])

    # The most probable error on which prior and look agree, found without a filter.
    def cost(error):
        yaw = yaw_of(exp(error[3:]) @ T[:3, :3]) - yaw_of(T) - 1e-4
        return error @ np.linalg.solve(P[:6, :6], error) + (yaw / 0.02) ** 2

    for direction in np.eye(6):
        assert cost(moved) <= cost(moved + 1e-5 * direction)
        assert cost(moved) <= cost(moved - 1e-5 * direction)


@given(seed=st.integers(0, 10_000), places=st.integers(0, 7))
@settings(phases=NO_SHRINK, deadline=None, max_examples=30)
def test_json_round_trip_is_exact(seed, places):
    rng = np.random.default_rng(seed)
    pose = initial(HERE, spd(rng, 0.01), yaw=rng.uniform(-1, 1), symmetry=4)
    for k in range(places):
        pose = correct_position(
            pose, HERE + rng.normal(0, 0.01, 3), spd(rng, 0.01), view=VIEWS[k], bias=spd(rng, 0.01)
        )
    text = json.dumps(pose.to_json())
    again = PoseBelief.from_json(json.loads(text))
    assert json.dumps(again.to_json()) == text
    np.testing.assert_array_equal(again.joint, pose.joint)


def test_nonsense_is_refused():
    pose = initial(HERE, 1e-6 * np.eye(3))
    with pytest.raises(MessageError, match=r"PoseBelief\.joint"):
        replace(pose, joint=np.eye(8))
    with pytest.raises(MessageError, match="not positive"):
        replace(pose, joint=np.zeros((9, 9)))
    with pytest.raises(MessageError, match="not symmetric"):
        replace(pose, joint=pose.joint + 1e-4 * np.eye(9, k=1))
    with pytest.raises(MessageError, match="symmetry"):
        replace(pose, symmetry=3)
    with pytest.raises(MessageError, match="NaN"):
        replace(pose, velocity=np.array([np.nan, 0, 0]))
    with pytest.raises(MessageError, match="joint"):
        PoseBelief.from_json({**pose.to_json(), "joint": [1.0]})
    with pytest.raises(ValueError, match="read-only"):
        pose.position[0] = 1.0
