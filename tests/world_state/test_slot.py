"""Properties of the slot filter."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridctl.messages.arrays import MessageError
from world_state.depth import ObjectMeasurement
from world_state.slot import DRIFT_VARIANCE, FLOOR_VARIANCE, Slot, correct, first_look, predict

HERE, ELSEWHERE = np.array([0.86, 0, 0.72]), np.array([0.4, 0.5, 0.7])


def a_look(
    position=(0.5, 0, 0.02), *, std=0.003, view=HERE, stamp=0.0, yaw=0.1, clipped=False, covariance=None
):
    return ObjectMeasurement(
        position=np.array(position),
        covariance=np.eye(3) * std**2 if covariance is None else covariance,
        extent=np.array([0.04, 0.04, 0.04]),
        grasp_yaw=0.0 if yaw is None else yaw,
        yaw_meaningful=yaw is not None,
        shape="flat",
        points=100,
        clipped=clipped,
        view=view,
        stamp=stamp,
    )


def spd(seed, scale):
    A = np.random.default_rng(seed).normal(size=(3, 3))
    return (A @ A.T + 0.1 * np.eye(3)) * scale**2


@given(
    seed=st.integers(0, 10_000),
    scale=st.floats(1e-5, 0.05),
    views=st.lists(st.booleans(), min_size=1, max_size=12),
    gap=st.floats(0, 100),
)
def test_covariance_stays_symmetric_positive_definite_and_above_the_floor(seed, scale, views, gap):
    rng = np.random.default_rng(seed)
    slot = first_look("cup", a_look(covariance=spd(seed, scale)))
    for k, same in enumerate(views):
        offset = rng.normal(0, scale, 3)
        look = a_look(
            np.array([0.5, 0, 0.02]) + offset,
            covariance=spd(seed + k + 1, scale),
            view=HERE if same else ELSEWHERE + k,
            stamp=gap * (k + 1),
        )
        slot, _ = correct(slot, look)
        for belief in (slot, predict(slot, slot.stamp + gap)):
            np.testing.assert_array_equal(belief.covariance, belief.covariance.T)
            assert np.linalg.eigvalsh(belief.covariance)[0] >= FLOOR_VARIANCE * (1 - 1e-6)


@given(seed=st.integers(0, 10_000), stds=st.tuples(st.floats(0.003, 0.02), st.floats(0.003, 0.02)))
def test_a_second_view_reduces_the_variance_below_either(seed, stds):
    offset = np.random.default_rng(seed).uniform(-0.002, 0.002, 3)
    slot = first_look("cup", a_look(std=stds[0]))
    fused, cause = correct(slot, a_look(np.array([0.5, 0, 0.02]) + offset, std=stds[1], view=ELSEWHERE))
    assert cause == "seen"
    assert np.trace(fused.covariance) < min(np.trace(slot.covariance), 3 * stds[1] ** 2)


def test_a_second_view_is_weighed_as_kalman_says():
    fused, _ = correct(
        first_look("cup", a_look((0.5, 0, 0.02), std=0.002)),
        a_look((0.505, 0, 0.02), std=0.004, view=ELSEWHERE),
    )
    assert fused.position[0] == pytest.approx(0.5 + 0.005 * 4 / 20)
    assert fused.covariance[0, 0] == pytest.approx(1 / (1 / 4e-6 + 1 / 16e-6))


def test_the_same_view_again_brings_no_new_weight():
    slot = first_look("cup", a_look(std=0.003))
    for _ in range(50):
        slot, _ = correct(slot, a_look(std=0.003))
    assert slot.covariance[0, 0] == pytest.approx(0.003**2)


def test_the_same_view_with_a_better_look_is_taken_over():
    slot, _ = correct(first_look("cup", a_look(std=0.01)), a_look((0.504, 0, 0.02), std=0.002))
    assert slot.position[0] == pytest.approx(0.504)
    assert slot.covariance[0, 0] == pytest.approx(0.002**2)


@given(distance=st.floats(0.05, 0.5))
def test_a_moved_thing_resets_the_slot_instead_of_averaging(distance):
    look = a_look((0.5 + distance, 0, 0.02), stamp=1.0)
    slot, cause = correct(first_look("cup", a_look()), look)
    assert cause == "moved"
    np.testing.assert_array_equal(slot.position, look.position)


@given(age=st.floats(0, 1000))
def test_prediction_only_adds_drift(age):
    slot = first_look("cup", a_look())
    later = predict(slot, slot.stamp + age)
    np.testing.assert_array_equal(later.position, slot.position)
    np.testing.assert_allclose(later.covariance, slot.covariance + age * DRIFT_VARIANCE * np.eye(3))
    assert later.stamp == slot.stamp


def test_a_held_slot_and_an_earlier_stamp_do_not_drift():
    slot = first_look("cup", a_look(stamp=5.0))
    assert predict(slot, 4.0) is slot
    held = replace(slot, source="held")
    assert predict(held, 50.0) is held


def test_a_clipped_look_keeps_size_and_turn():
    slot = first_look("cup", a_look(yaw=0.1))
    after, _ = correct(slot, replace(a_look(yaw=None, clipped=True), extent=np.array([0.02, 0.01, 0.04])))
    assert after.yaw == 0.1
    np.testing.assert_array_equal(after.extent, slot.extent)


@given(numbers=st.lists(st.floats(-10, 10), min_size=3, max_size=3), yaw=st.none() | st.floats(-1, 1))
def test_json_round_trip_is_exact(numbers, yaw):
    slot = replace(first_look("cup", a_look(yaw=None)), position=np.array(numbers), yaw=yaw)
    again = Slot.from_json(json.loads(json.dumps(slot.to_json())))
    assert again.to_json() == slot.to_json()


def test_nonsense_is_refused():
    slot = first_look("cup", a_look())
    with pytest.raises(MessageError, match="position"):
        replace(slot, position=np.array([np.nan, 0, 0]))
    with pytest.raises(MessageError, match="source"):
        replace(slot, source="guessed")
    with pytest.raises(MessageError, match="phrase"):
        replace(slot, phrase=" ")
