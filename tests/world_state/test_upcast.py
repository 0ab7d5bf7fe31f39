"""Beliefs as version 1 stored them, read as today's."""

import json

import numpy as np
import pytest

from world_state.beliefs import Beliefs
from world_state.errors import StoreError
from world_state.history import applied
from world_state.memory import WorldMemory
from world_state.store import Event, EventStore
from world_state.upcast import belief_delta

# What `WorldMemory` of version 1 wrote for a block seen, about to be grasped, and held.
SLOT = {
    "phrase": "red block", "position": [0.5, 0.1, 0.02],
    "covariance": [[4e-6, 1e-7, 0.0], [1e-7, 9e-6, 0.0], [0.0, 0.0, 1.5e-6]], "yaw": 0.3,
    "extent": [0.04, 0.05, 0.04], "stamp": 0.4, "source": "seen", "last_view": [1.0, 0.0, 0.5],
}  # fmt: skip
HELD = {**SLOT, "position": [0.5, 0.1, 0.2], "source": "held", "stamp": 2.0}
EMPTY = {"intent": None, "releasing": False, "grip": None}
GRIP = {"phrase": "red block", "p_tool_object": [0.001, 0.002, 0.01], "yaw_tool": 0.2, "width": 0.04}
EVENTS = (
    ("seen", 0.4, {"slots": {"red block": SLOT}, "hand": EMPTY, "log_odds": -6.0}),
    ("intent", 1.0, {"slots": {}, "hand": {**EMPTY, "intent": "red block"}, "log_odds": -6.0}),
    ("tree.look", 1.5, {}),
    ("holding", 2.0, {"slots": {"red block": HELD}, "hand": {**EMPTY, "grip": GRIP}, "log_odds": 6.0}),
)


def event(kind, stamp, belief):
    return Event(1, "robot", stamp, None, kind, "", 1, {}, json.loads(json.dumps(belief)))


def replayed(count):
    beliefs = Beliefs()
    for one in EVENTS[:count]:
        beliefs = applied(beliefs, event(*one))
    return beliefs


def test_a_slot_keeps_place_turn_size_and_how_sure_they_are():
    slot = replayed(1).slot_named("red block")
    np.testing.assert_array_equal(slot.position, SLOT["position"])
    np.testing.assert_allclose(slot.covariance, SLOT["covariance"], atol=1e-9)
    np.testing.assert_array_equal(slot.extent, SLOT["extent"])
    np.testing.assert_array_equal(slot.last_view, SLOT["last_view"])
    assert slot.yaw == pytest.approx(0.3)
    assert (slot.status, slot.stamp, slot.last_seen) == ("seen", 0.4, 0.4)
    assert slot.attributes["colour"].best() == "red"
    assert replayed(1).touch.state is False


def test_intents_and_grips_refer_to_the_slot():
    assert replayed(2).hand.intent == replayed(1).slot_named("red block").id
    beliefs = replayed(4)
    grip, slot = beliefs.hand.grip, beliefs.slot_named("red block")
    assert (grip.slot, grip.width, slot.status) == (slot.id, 0.04, "held")
    assert (slot.attachment.kind, slot.attachment.to) == ("held", "hand")
    np.testing.assert_array_equal(grip.T_tool_object[:3, 3], GRIP["p_tool_object"])
    assert beliefs.touch.state is True
    # The tool points down and is turned by 0.1 rad: what it holds stands upright, turned by 0.2 more.
    c, s = np.cos(0.1), np.sin(0.1)
    R_base_tool = np.array([[c, s, 0.0], [s, -c, 0.0], [0.0, 0.0, -1.0]])
    R = R_base_tool @ grip.T_tool_object[:3, :3]
    np.testing.assert_allclose(R @ [0.0, 0.0, 1.0], [0.0, 0.0, 1.0], atol=1e-12)
    assert np.arctan2(R[1, 0], R[0, 0]) == pytest.approx(0.3)


def test_what_was_forgotten_is_gone():
    forgotten = event("forgotten", 3.0, {"slots": {"red block": None}, "hand": EMPTY, "log_odds": 0.0})
    assert applied(replayed(4), forgotten).slots == {}


def test_events_of_today_are_read_as_they_are():
    today = Event(1, "robot", 0.0, 0.0, "seen", "", 2, {}, {"stamp": 1.0})
    assert belief_delta(today) == {"stamp": 1.0}


@pytest.mark.parametrize("belief", [{"slots": {}}, {"slots": {"x": {}}, "hand": EMPTY, "log_odds": 0.0}])
def test_what_no_version_wrote_is_named(belief):
    with pytest.raises(StoreError, match=r"event 1 \(seen at 0.4 s\) holds a belief that cannot be read"):
        applied(Beliefs(), event("seen", 0.4, belief))


def test_a_memory_goes_on_from_a_file_of_version_1(tmp_path, clock, write_version_1):
    write_version_1(tmp_path / "events.db", [(s, k, "", {}, b) for k, s, b in EVENTS])
    with EventStore(tmp_path / "events.db") as store:
        memory = WorldMemory.from_events(store, clock=clock)
        assert memory.holding() == "red block"
        memory.forget("red block")
        assert not WorldMemory.from_events(store, clock=clock).has("red block")
