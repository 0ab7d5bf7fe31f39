"""The memory's events, unfolded for the plots."""

import numpy as np

from hybridctl.record.memory_events import Unfolding
from world_state.categorical import Categorical
from world_state.hand import Hand, grasp
from world_state.pose import initial
from world_state.slot import Slot

COVARIANCE = np.diag([1e-6, 4e-6, 9e-6])
SLOT = Slot(
    id="s7",
    pose=initial(np.array([0.5, 0.1, 0.02]), COVARIANCE, view=np.ones(3), bias=1e-12 * np.eye(3)),
    labels=Categorical.of({"cup": 0.6, "bowl": 0.1}),
    extent=np.full(3, 0.04),
    stamp=0.0,
    last_seen=0.0,
    last_view=np.ones(3),
)


def test_things_go_by_their_name_with_place_and_variance():
    _, belief = Unfolding().unfolded({}, {"slots": {"s7": SLOT.to_json()}})
    cup = belief["slots"]["cup"]
    assert cup["position"] == [0.5, 0.1, 0.02]
    np.testing.assert_allclose(cup["covariance"], COVARIANCE, atol=1e-9)


def test_what_the_hand_holds_is_known_until_another_event_says_otherwise():
    unfolding = Unfolding()
    hand = Hand(grip=grasp(SLOT, np.eye(4), width=0.04)).to_json()
    unfolding.unfolded({}, {"slots": {"s7": SLOT.to_json()}, "hand": hand})
    assert unfolding.unfolded({}, {})[1]["hand"]["grip"]["phrase"] == "cup"
    assert unfolding.unfolded({}, {"slots": {"s7": None}})[1]["slots"] == {"cup": None}
    assert unfolding.unfolded({}, {"hand": Hand().to_json()})[1]["hand"]["grip"] is None


def test_a_single_sighting_says_how_sure_the_policy_was():
    measurement, _ = Unfolding().unfolded({"sightings": [{"entropy": 2.1}], "camera": "fixed"}, {})
    assert (measurement["entropy"], measurement["camera"]) == (2.1, "fixed")


def test_what_older_versions_wrote_stays_as_it_is():
    old = {"slots": {"cup": {"position": [0, 0, 0]}, "bowl": None}, "hand": {"grip": {"phrase": "cup"}}}
    measurement, belief = Unfolding().unfolded({"entropy": 1.0}, old)
    assert (measurement, belief) == ({"entropy": 1.0}, old)
