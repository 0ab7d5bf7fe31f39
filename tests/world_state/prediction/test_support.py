"""What a thing that is let go comes to rest on."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from world_state.beliefs import Beliefs
from world_state.errors import UnknownSlot
from world_state.prediction.support import DROP_STD, RELEASE_STD, rest, supports

BOWL = (0.15, 0.15, 0.04)
CABINET = (0.2, 0.2, 0.095)


def let_go(beliefs, slot, **options):
    return rest(beliefs, slot.id, **{"table_height": 0.0, "stamp": 4.0, "on_purpose": True, **options})


@pytest.mark.parametrize(("on_purpose", "std"), [(True, RELEASE_STD), (False, DROP_STD)])
def test_with_nothing_below_it_stands_on_the_table_where_it_was_let_go(put, lift, on_purpose, std):
    beliefs, slot = put(Beliefs(), "cup", 0.5, 0.1)
    beliefs = lift(beliefs, slot, 0.4, 0.1, 0.3)
    laid = let_go(beliefs, slot, table_height=0.01, on_purpose=on_purpose)
    np.testing.assert_allclose(laid.position, [0.4, 0.1, 0.0325], atol=1e-9)
    np.testing.assert_allclose(laid.covariance[:2, :2], (0.003**2 + std**2) * np.eye(2), atol=1e-9)
    assert (laid.attachment.kind, laid.attachment.to) == ("on", "table")
    assert laid.attachment.probability > 0.97
    assert laid.status == ("released" if on_purpose else "dropped")
    assert laid.stamp == 4.0


def test_over_a_bowl_it_rests_on_the_floor_within_the_walls(put, lift):
    beliefs, bowl = put(Beliefs(), "bowl", 0.5, 0.0, extent=BOWL)
    beliefs, slot = put(beliefs, "red ball", 0.4, 0.2, extent=(0.045, 0.045, 0.045))
    beliefs = lift(beliefs, slot, 0.55, 0.0, 0.2)
    laid = let_go(beliefs, slot)
    assert (laid.attachment.kind, laid.attachment.to) == ("in", bowl.id)
    assert laid.attachment.probability > 0.9
    assert laid.position[2] == pytest.approx(0.006 + 0.0225, abs=1e-6)
    assert np.hypot(*(laid.position[:2] - bowl.position[:2])) <= 0.075 - 0.005 - 0.0225 + 0.001
    T = laid.attachment.T_parent_object
    np.testing.assert_allclose(bowl.pose.T @ T, laid.pose.T, atol=1e-12)


def test_over_the_edge_of_a_bowl_nobody_knows(put, lift):
    beliefs, bowl = put(Beliefs(), "bowl", 0.5, 0.0, extent=BOWL)
    beliefs, slot = put(beliefs, "red ball", 0.4, 0.2)
    beliefs = lift(beliefs, slot, 0.575, 0.0, 0.2)
    found = {s.to: s.probability for s in supports(beliefs, slot.id, table_height=0.0)}
    assert 0.35 < found[bowl.id] < 0.65
    assert found[bowl.id] + found["table"] + found[""] == pytest.approx(1.0)
    assert let_go(beliefs, slot).covariance[0, 0] > (2 * RELEASE_STD) ** 2


def test_on_a_block_it_stands_on_its_top(put, lift):
    beliefs, block = put(Beliefs(), "green block", 0.5, 0.0, yaw=0.3)
    beliefs, slot = put(beliefs, "red block", 0.4, 0.2)
    laid = let_go(lift(beliefs, slot, 0.502, 0.001, 0.08), slot)
    assert (laid.attachment.kind, laid.attachment.to) == ("on", block.id)
    assert laid.position[2] == pytest.approx(0.045 + 0.0225, abs=1e-6)


def test_of_a_tower_the_highest_takes_it(put, lift):
    beliefs, low = put(Beliefs(), "green block", 0.5, 0.0)
    beliefs, high = put(beliefs, "blue block", 0.5, 0.0, z=0.0675)
    beliefs, slot = put(beliefs, "red block", 0.4, 0.2)
    beliefs = lift(beliefs, slot, 0.5, 0.0, 0.2)
    found = {s.to: s.probability for s in supports(beliefs, slot.id, table_height=0.0)}
    assert found[high.id] > 0.97
    assert found.get(low.id, 0.0) < 0.02


def test_what_hangs_higher_than_the_thing_does_not_take_it(put, lift):
    beliefs, shelf = put(Beliefs(), "book", 0.5, 0.0, z=0.4, extent=(0.1, 0.14, 0.016))
    beliefs, slot = put(beliefs, "red block", 0.4, 0.2)
    laid = let_go(lift(beliefs, slot, 0.5, 0.0, 0.1), slot)
    assert shelf.id != laid.attachment.to == "table"


def test_a_thing_that_may_not_be_there_takes_it_that_much_less(put, lift):
    beliefs, plate = put(Beliefs(), "plate", 0.5, 0.0, extent=(0.14, 0.14, 0.008), existence=0.0)
    beliefs, slot = put(beliefs, "red block", 0.4, 0.2)
    beliefs = lift(beliefs, slot, 0.5, 0.0, 0.1)
    found = {s.to: s.probability for s in supports(beliefs, slot.id, table_height=0.0)}
    assert found[plate.id] == pytest.approx(0.5, abs=0.01)


def test_a_shut_drawer_takes_nothing_in_but_bears_it(put, lift, drawer):
    beliefs, cabinet = put(Beliefs(), "drawer", 0.5, 0.0, extent=CABINET)
    beliefs, slot = put(beliefs, "red block", 0.4, 0.2)
    beliefs = lift(beliefs, slot, 0.5, 0.0, 0.2)
    shut = let_go(beliefs.with_articulation(drawer(0.0)), slot)
    assert (shut.attachment.kind, shut.attachment.to) == ("on", cabinet.id)
    assert shut.position[2] == pytest.approx(0.095 + 0.0225, abs=1e-6)
    opened = let_go(beliefs.with_articulation(drawer(0.95)), slot)
    assert (opened.attachment.kind, opened.attachment.to) == ("in", cabinet.id)
    assert opened.position[2] == pytest.approx(0.025 + 0.0225, abs=1e-6)


def test_what_lies_in_a_bowl_gives_way_to_the_next(put, lift):
    beliefs, bowl = put(Beliefs(), "bowl", 0.5, 0.0, extent=BOWL)
    beliefs, _ = put(beliefs, "green ball", 0.5, 0.0, z=0.0285)
    beliefs, slot = put(beliefs, "red ball", 0.4, 0.2)
    laid = let_go(lift(beliefs, slot, 0.5, 0.0, 0.2), slot)
    assert (laid.attachment.kind, laid.attachment.to) == ("in", bowl.id)


def test_what_the_hand_holds_is_not_below_itself(put, lift):
    beliefs, slot = put(Beliefs(), "plate", 0.4, 0.2, extent=(0.14, 0.14, 0.008))
    beliefs, on_it = put(beliefs, "red block", 0.4, 0.2, z=0.3)
    laid = let_go(lift(beliefs, slot, 0.4, 0.2, 0.3), slot)
    assert laid.attachment.to in ("table", on_it.id)
    with pytest.raises(UnknownSlot):
        rest(beliefs, "s99", table_height=0.0, stamp=0.0, on_purpose=True)


@settings(max_examples=40, deadline=None, phases=(Phase.generate,))
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["bowl", "plate", "red block", "bin", "green ball"]),
            st.floats(0.3, 0.6), st.floats(-0.2, 0.2), st.floats(0.001, 0.1), st.floats(-6, 6),
        ),
        max_size=5,
    ),
    st.floats(0.3, 0.6), st.floats(-0.2, 0.2), st.floats(0.02, 0.4), st.booleans(),
)  # fmt: skip
def test_total_probability_is_one_and_the_belief_stays_a_belief(put, lift, others, x, y, z, on_purpose):
    beliefs, slot = put(Beliefs(), "lemon", 0.4, 0.0)
    for phrase, ox, oy, std, existence in others:
        beliefs, _ = put(beliefs, phrase, ox, oy, std=std, existence=existence)
    beliefs = lift(beliefs, slot, x, y, z)
    before = beliefs.to_json()
    outcomes = supports(beliefs, slot.id, table_height=0.0, on_purpose=on_purpose)
    assert sum(s.probability for s in outcomes) == pytest.approx(1.0)
    assert min(s.probability for s in outcomes) >= 0.0
    laid = let_go(beliefs, slot, on_purpose=on_purpose)
    assert np.linalg.eigvalsh(laid.pose.joint)[0] > 0.0
    assert laid.existence == slot.existence
    assert beliefs.to_json() == before
