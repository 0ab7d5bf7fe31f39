"""How a thing sits between the fingers and where it goes with them."""

import numpy as np
import pytest

from world_state.categorical import Categorical
from world_state.hand import GRASP_VARIANCE, Hand, carry, grasp
from world_state.pose import initial
from world_state.slot import Slot

SLOT = Slot(
    id="s1",
    pose=initial(np.array([0.5, 0, 0.02]), np.eye(3) * 1e-6, yaw=0.2, symmetry=4),
    labels=Categorical.of({"cup": 0.95}),
    extent=[0.04, 0.04, 0.05],
    stamp=0.0,
    last_seen=0.0,
    last_view=[0.86, 0, 0.7],
)


def tool(x, y, z, *, yaw=0.0):
    c, s = np.cos(yaw), np.sin(yaw)
    return np.array([[c, s, 0, x], [s, -c, 0, y], [0, 0, -1, z], [0, 0, 0, 1.0]])


def test_a_held_thing_turns_and_moves_with_the_tool():
    grip = grasp(SLOT, tool(0.5, 0.01, 0.03), width=0.04)
    moved = carry(SLOT, grip, tool(0.3, 0.2, 0.4, yaw=np.pi / 2), stamp=2.0)
    np.testing.assert_allclose(moved.position, [0.31, 0.2, 0.39], atol=1e-12)
    assert moved.yaw == pytest.approx(0.2)
    assert moved.source == "held"
    assert moved.attachment.to == "hand"
    assert moved.sources == ("hand",)
    assert moved.covariance[0, 0] == pytest.approx(1e-6 + GRASP_VARIANCE)
    again = carry(moved, grip, tool(0.5, 0, 0.3), stamp=3.0)
    # Its error turns with it and grows no more.
    np.testing.assert_allclose(np.linalg.eigvalsh(again.covariance), np.linalg.eigvalsh(moved.covariance))
    assert again.sources == ("hand",)
    assert again.attachment.kind == "held"


def test_a_belief_far_from_the_closed_fingers_gives_way_to_them():
    grip = grasp(SLOT, tool(0.56, 0, 0.02), width=0.04)
    np.testing.assert_array_equal(grip.T_tool_object[:3, 3], np.zeros(3))


def test_hand_json_round_trip():
    for hand in (
        Hand(),
        Hand(intent="s1", releasing=True, grip=grasp(SLOT, tool(0.5, 0.01, 1 / 30), width=0.04)),
    ):
        assert Hand.from_json(hand.to_json()).to_json() == hand.to_json()
