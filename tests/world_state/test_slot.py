"""Properties of the slot filter."""

import json
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hybridctl.messages.arrays import MessageError
from world_state.categorical import Categorical
from world_state.depth import ObjectMeasurement
from world_state.slot import (
    DRIFT_VARIANCE,
    FLOOR_VARIANCE,
    REPEATED,
    SENSORS_KEPT,
    YAW_VARIANCE,
    Slot,
    attributes_of,
    correct,
    first_look,
    inside_gate,
    predict,
)

HERE, ELSEWHERE = np.array([0.86, 0, 0.72]), np.array([0.4, 0.5, 0.7])


def first(look, phrase="cup"):
    return first_look(phrase, look, id="s1")


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


@settings(phases=(Phase.explicit, Phase.reuse, Phase.generate), deadline=None)
@given(
    seed=st.integers(0, 10_000),
    scale=st.floats(1e-5, 0.05),
    views=st.lists(st.booleans(), min_size=1, max_size=12),
    gap=st.floats(0, 100),
)
def test_covariance_stays_symmetric_positive_definite_and_above_the_floor(seed, scale, views, gap):
    rng = np.random.default_rng(seed)
    slot = first(a_look(covariance=spd(seed, scale)))
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
@settings(deadline=None)
def test_a_second_view_reduces_the_variance_below_either(seed, stds):
    offset = np.random.default_rng(seed).uniform(-0.002, 0.002, 3)
    slot = first(a_look(std=stds[0]))
    fused, cause = correct(slot, a_look(np.array([0.5, 0, 0.02]) + offset, std=stds[1], view=ELSEWHERE))
    assert cause == "seen"
    assert np.trace(fused.covariance) < min(np.trace(slot.covariance), 3 * stds[1] ** 2)


def test_a_second_view_is_weighed_as_kalman_says():
    fused, _ = correct(
        first(a_look((0.5, 0, 0.02), std=0.002)),
        a_look((0.505, 0, 0.02), std=0.004, view=ELSEWHERE),
    )
    assert fused.position[0] == pytest.approx(0.5 + 0.005 * 4 / 20)
    assert fused.covariance[0, 0] == pytest.approx(1 / (1 / 4e-6 + 1 / 16e-6))


def test_the_same_view_again_brings_no_new_weight():
    slot = first(a_look(std=0.003))
    for _ in range(50):
        slot, _ = correct(slot, a_look(std=0.003))
    assert slot.covariance[0, 0] >= REPEATED * 0.003**2
    assert slot.covariance[0, 0] == pytest.approx(0.003**2, rel=1.01 * (1 - REPEATED))


def test_the_same_view_with_a_better_look_is_taken_over():
    slot, _ = correct(first(a_look(std=0.01)), a_look((0.504, 0, 0.02), std=0.002))
    assert slot.position[0] == pytest.approx(0.504, abs=5e-5)
    assert slot.covariance[0, 0] == pytest.approx(0.002**2, rel=0.02)


def test_who_measures_says_how_much_of_the_error_repeats():
    none_of_it = np.zeros((3, 3))
    slot = first_look("cup", a_look(std=0.01), id="s1", bias=none_of_it)
    for _ in range(3):
        slot, _ = correct(slot, a_look(std=0.01), bias=none_of_it)
    assert slot.covariance[0, 0] == pytest.approx(0.01**2 / 4, rel=1e-3)


@given(distance=st.floats(0.05, 0.5))
@settings(deadline=None)
def test_a_moved_thing_resets_the_slot_instead_of_averaging(distance):
    look = a_look((0.5 + distance, 0, 0.02), stamp=1.0)
    slot, cause = correct(first(a_look()), look)
    # By the speed that it would have had it may be on its way.
    assert cause == ("moved" if distance > 0.2 else "moving" if distance < 0.1 else cause)
    np.testing.assert_allclose(slot.position, look.position, atol=1e-12 if cause == "moved" else 0.001)
    assert (slot.id, slot.phrase) == ("s1", "cup")


def test_a_thing_on_its_way_is_followed():
    slot = first(a_look())
    for k in range(1, 8):
        slot, cause = correct(slot, a_look((0.5 + 0.015 * k, 0, 0.02), stamp=0.3 * k))
        assert cause == "moving"
    assert slot.pose.velocity[0] == pytest.approx(0.05, abs=0.01)
    assert predict(slot, slot.stamp + 0.3).position[0] == pytest.approx(0.62, abs=0.003)


def test_turns_are_averaged_modulo_a_quarter_and_a_turned_thing_resets_them():
    slot = first(a_look(yaw=0.78))
    across, _ = correct(slot, a_look(yaw=-0.78, view=ELSEWHERE))
    assert abs(across.yaw) == pytest.approx(np.pi / 4, abs=0.003)
    again, _ = correct(slot, a_look(yaw=0.75, view=HERE))
    assert again.pose.yaw_variance >= YAW_VARIANCE * (1 - 1e-9)
    turned, cause = correct(slot, a_look(yaw=0.3, stamp=1.0))
    assert cause == "seen"
    assert turned.yaw == pytest.approx(0.3, abs=0.003)


def test_what_looked_round_gets_a_turn_once_one_is_seen():
    slot, _ = correct(first(a_look(yaw=None)), a_look(yaw=0.2, view=ELSEWHERE))
    assert slot.yaw == pytest.approx(0.2, abs=0.003)
    assert correct(slot, a_look(yaw=None))[0].yaw == slot.yaw


@given(age=st.floats(0, 1000))
def test_prediction_only_adds_drift(age):
    slot = first(a_look())
    later = predict(slot, slot.stamp + age)
    np.testing.assert_array_equal(later.position, slot.position)
    np.testing.assert_allclose(later.covariance, slot.covariance + age * DRIFT_VARIANCE * np.eye(3))
    assert later.stamp == slot.stamp


def test_a_held_slot_and_an_earlier_stamp_do_not_drift():
    slot = first(a_look(stamp=5.0))
    assert predict(slot, 4.0) is slot
    held = replace(slot, status="held")
    assert predict(held, 50.0) is held


def test_a_clipped_look_keeps_size_and_turn():
    slot = first(a_look(yaw=0.1))
    after, _ = correct(slot, replace(a_look(yaw=None, clipped=True), extent=np.array([0.02, 0.01, 0.04])))
    assert after.yaw == pytest.approx(0.1)
    np.testing.assert_array_equal(after.extent, slot.extent)


def test_a_moved_thing_of_which_only_a_part_is_seen_keeps_its_size_but_no_turn():
    look = replace(a_look((0.9, 0, 0.02), yaw=0.4, clipped=True, stamp=1.0), extent=np.array([0.01] * 3))
    after, cause = correct(first(a_look()), look)
    assert cause == "moved"
    assert after.yaw is None
    np.testing.assert_array_equal(after.extent, [0.04] * 3)


def test_the_gate_is_as_wide_as_belief_and_look_together():
    slot = first(a_look(std=0.003))
    assert inside_gate(slot, a_look((0.516, 0, 0.02), std=0.003))
    assert not inside_gate(slot, a_look((0.518, 0, 0.02), std=0.003))


def test_a_phrase_says_what_kind_and_colour_a_thing_has():
    assert attributes_of("small red block")["colour"].best() == "red"
    assert attributes_of("small red block")["kind"].best() == "block"
    assert {key: value.best() for key, value in attributes_of("orange").items()} == {
        "kind": "orange", "colour": "orange",
    }  # fmt: skip
    assert first(a_look(), "red block").attributes["colour"].p("red") > 0.9


def test_the_last_few_sensors_are_remembered_the_newest_first():
    slot = first(a_look())
    for sensor in ("hand", "answer", "seen", "told", "close look"):
        slot = slot.corrected_by(sensor, stamp=1.0)
    assert slot.sources == ("close look", "told", "seen", "answer")
    assert len(slot.sources) == SENSORS_KEPT


@given(numbers=st.lists(st.floats(-10, 10), min_size=3, max_size=3), yaw=st.none() | st.floats(-1, 1))
@settings(deadline=None)
def test_json_round_trip_is_exact(numbers, yaw):
    slot = first(a_look(tuple(numbers), yaw=yaw))
    slot, _ = correct(slot, a_look(tuple(numbers), std=1 / 30, view=ELSEWHERE))
    again = Slot.from_json(json.loads(json.dumps(slot.to_json())))
    assert again.to_json() == slot.to_json()
    np.testing.assert_array_equal(again.covariance, slot.covariance)


def test_a_correction_is_cheap():
    slot, looks = first(a_look()), [a_look(view=HERE + 0.1 * k, stamp=0.1 * k) for k in range(60)]
    took = []
    for look in looks:
        start = time.thread_time()
        slot, _ = correct(slot, look)
        took.append(time.thread_time() - start)
    assert np.median(took) < 0.001  # [s], measured 0.25 ms with six views known


def test_nonsense_is_refused():
    slot = first(a_look())
    with pytest.raises(MessageError, match="extent"):
        replace(slot, extent=np.array([np.nan, 0, 0]))
    with pytest.raises(MessageError, match="status"):
        replace(slot, status="guessed")
    with pytest.raises(MessageError, match="id"):
        replace(slot, id=" ")
    with pytest.raises(MessageError, match="phrase"):
        first_look(" ", a_look(), id="s1")
    with pytest.raises(TypeError):
        slot.attributes["colour"] = Categorical.of({"red": 0.5})
