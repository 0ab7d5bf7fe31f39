"""A close look corrects a belief, and refuses what is not the thing."""

from dataclasses import replace

import numpy as np
import pytest

from world_state.close_looks import TOGETHER
from world_state.errors import MeasurementError, UnknownSlot
from world_state.hand_eye import UNKNOWN, rotation
from world_state.memory import WorldMemory
from world_state.store import EventStore

BLOCK = np.array([0.5, 0.05, 0.0225])


def down(yaw):
    T = np.eye(4)
    T[:2, :2] = rotation(yaw)
    T[:3, :3] = T[:3, :3] @ np.diag([1.0, -1.0, -1.0])
    return T


def picture(table, *, yaw=0.0, error=(0.0, 0.0), stamp=0.0):
    """What a camera that turns with the hand reports, off by `error` along the tool's axes [m]."""
    observation = table.locate(BLOCK, stamp=stamp).observation
    T = np.array(observation.T_base_camera)
    T[:2, 3] += rotation(yaw) @ np.asarray(error)
    return replace(observation, T_base_camera=T, T_base_tool=down(yaw))


@pytest.fixture
def table(tabletop, shapes):
    return tabletop(shapes["block"](*BLOCK[:2], yaw=0.2) + shapes["bowl"](0.5, -0.12))


@pytest.fixture
def memory(table, clock):
    memory = WorldMemory(None, clock=clock)
    memory.see("red block", table.locate(BLOCK))
    return memory


def believe(memory, *, position=None, **changes):
    slot = memory.beliefs.slot_named("red block")
    if position is not None:
        T = np.array(slot.pose.T)
        T[:3, 3] = position
        changes["pose"] = slot.pose.at(T)
    memory._beliefs = memory.beliefs.with_slot(replace(slot, **changes))


def test_two_turned_looks_through_a_wrong_camera_correct_a_wrong_belief(memory, table):
    believe(memory, position=BLOCK + np.array([0.006, -0.007, 0.0]))
    once = memory.see_close("red block", picture(table, yaw=0.5, error=(0.004, 0.003), stamp=1.0))
    assert np.linalg.norm(once.position[:2] - BLOCK[:2]) > 0.003
    assert np.sqrt(once.covariance[0, 0]) > 0.004  # and says so
    twice = memory.see_close("red block", picture(table, yaw=-0.5, error=(0.004, 0.003), stamp=2.0))
    assert np.linalg.norm(twice.position[:2] - BLOCK[:2]) < 0.0015
    assert np.sqrt(twice.covariance[0, 0]) < 0.002
    np.testing.assert_allclose(memory.hand_eye.offset, (0.004, 0.003), atol=0.0015)
    assert twice.yaw == pytest.approx(0.2, abs=0.03)


def test_looks_before_and_after_a_far_look_are_not_fused(memory, table):
    memory.see_close("red block", picture(table, yaw=0.5, error=(0.004, 0.0), stamp=1.0))
    memory.see("red block", table.locate(BLOCK, stamp=1.5))
    memory.see_close("red block", picture(table, yaw=-0.5, error=(0.004, 0.0), stamp=2.0))
    np.testing.assert_allclose(memory.hand_eye.covariance, UNKNOWN.covariance, atol=1e-11)


def test_looks_far_apart_in_time_are_not_fused(memory, table):
    memory.see_close("red block", picture(table, yaw=0.5, error=(0.004, 0.0), stamp=1.0))
    memory.see_close("red block", picture(table, yaw=-0.5, error=(0.004, 0.0), stamp=1.1 + TOGETHER))
    np.testing.assert_allclose(memory.hand_eye.covariance, UNKNOWN.covariance, atol=1e-11)


def test_what_stands_elsewhere_is_refused_and_the_belief_stays(memory, table):
    believe(memory, position=BLOCK + np.array([0.034, 0.0, 0.0]))
    before = memory.slot("red block")
    with pytest.raises(MeasurementError, match="mm from where it is believed, a close look corrects 30 mm"):
        memory.see_close("red block", picture(table, stamp=1.0))
    np.testing.assert_array_equal(memory.slot("red block").position, before.position)
    assert memory.hand_eye is UNKNOWN


def test_a_thing_of_another_size_is_refused(memory, table):
    believe(memory, extent=np.array([0.07, 0.07, 0.045]))
    with pytest.raises(MeasurementError, match="another size"):
        memory.see_close("red block", picture(table, stamp=1.0))


def test_what_cannot_be_seen_so_is_refused(memory, table):
    with pytest.raises(UnknownSlot):
        memory.see_close("blue ball", picture(table, stamp=1.0))
    with pytest.raises(MeasurementError, match="does not point down"):
        memory.see_close("red block", replace(picture(table, stamp=1.0), T_base_tool=np.eye(4)))
    memory.see_close("red block", picture(table, stamp=1.0))
    with pytest.raises(MeasurementError, match="older"):
        memory.see_close("red block", picture(table, stamp=0.5))
    believe(memory, status="held")
    with pytest.raises(MeasurementError, match="held"):
        memory.see_close("red block", picture(table, stamp=2.0))


def test_what_was_learned_of_the_camera_is_restored_from_the_events(tmp_path, table, clock):
    with EventStore(tmp_path / "events.db") as store:
        memory = WorldMemory(store, clock=clock)
        memory.see("red block", table.locate(BLOCK))
        for stamp, yaw in ((1.0, 0.5), (2.0, -0.5)):
            memory.see_close("red block", picture(table, yaw=yaw, error=(0.004, 0.003), stamp=stamp))
        again = WorldMemory.from_events(store, clock=clock)
        np.testing.assert_array_equal(again.hand_eye.offset, memory.hand_eye.offset)
        np.testing.assert_array_equal(again.slot("red block").position, memory.slot("red block").position)
