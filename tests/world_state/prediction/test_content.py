"""What moves along with what, against geometry worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from world_state.attachment import Attachment
from world_state.beliefs import Beliefs
from world_state.prediction.content import (
    SLIP_VARIANCE,
    UNKNOWN_TRAVEL,
    Slide,
    content,
    slid,
    with_content,
)
from world_state.transport import inverse

SIDEWAYS = Slide(np.array([0.6, 0.8, 0.0]), 0.16)


def attached(beliefs, slot, parent, kind="in", probability=1.0):
    """Beliefs where a thing moves with a parent slot."""
    T = inverse(parent.pose.T) @ slot.pose.T
    return beliefs.with_slot(replace(slot, attachment=Attachment(kind, parent.id, probability, T)))


def test_a_drawer_takes_its_content_along_its_axis(put):
    beliefs, front = put(Beliefs(), "drawer", 0.3, -0.1, extent=(0.2, 0.23, 0.095))
    beliefs, inside = put(beliefs, "red ball", 0.28, -0.12, z=0.05)
    beliefs, beside = put(beliefs, "lemon", 0.5, 0.2)
    beliefs = attached(beliefs, inside, front)
    after = slid(beliefs, "drawer", 0.5, 0.0, slide=SIDEWAYS)
    # 0.16 m × 0.5 along (0.6, 0.8): 48 mm and 64 mm.
    np.testing.assert_allclose(after.slots[inside.id].position, [0.328, -0.056, 0.05], atol=1e-12)
    np.testing.assert_allclose(after.slots[front.id].position[:2], [0.348, -0.036], atol=1e-12)
    assert after.slots[beside.id] is beliefs.slots[beside.id]
    T = after.slots[inside.id].attachment.T_parent_object
    np.testing.assert_allclose(after.slots[front.id].pose.T @ T, after.slots[inside.id].pose.T, atol=1e-12)


def test_there_and_back_again_is_where_it_was(put):
    beliefs, front = put(Beliefs(), "drawer", 0.3, -0.1, extent=(0.2, 0.23, 0.095))
    beliefs, inside = put(beliefs, "red ball", 0.28, -0.12, z=0.05)
    beliefs = attached(beliefs, inside, front)
    back = slid(slid(beliefs, "drawer", 0.9, 0.0, slide=SIDEWAYS), "drawer", -0.9, 0.0, slide=SIDEWAYS)
    np.testing.assert_allclose(back.slots[inside.id].position, inside.position, atol=1e-12)


def test_what_is_not_known_of_the_opening_is_not_known_of_the_content_along_the_axis(put):
    beliefs, front = put(Beliefs(), "drawer", 0.3, -0.1, extent=(0.2, 0.23, 0.095))
    beliefs, inside = put(beliefs, "red ball", 0.28, -0.12, z=0.05)
    beliefs = attached(beliefs, inside, front)
    after = slid(beliefs, "drawer", 0.8, 0.1, slide=SIDEWAYS).slots[inside.id]
    added = after.covariance - inside.covariance - 0.16 * 0.8 * SLIP_VARIANCE * np.diag([1.0, 1.0, 0.0])
    np.testing.assert_allclose(added, 0.016**2 * np.outer(SIDEWAYS.axis, SIDEWAYS.axis), atol=1e-12)


def test_a_drawer_of_which_nobody_knows_the_way_leaves_its_content_that_unsure(put):
    beliefs, front = put(Beliefs(), "drawer", 0.3, -0.1, extent=(0.2, 0.23, 0.095))
    beliefs, inside = put(beliefs, "red ball", 0.28, -0.12, z=0.05)
    after = slid(attached(beliefs, inside, front), "drawer", 0.8, 0.0, slide=None).slots[inside.id]
    np.testing.assert_array_equal(after.position, inside.position)
    added = (0.8 * UNKNOWN_TRAVEL) ** 2 * np.diag([1.0, 1.0, 0.0])
    np.testing.assert_allclose(after.covariance - inside.covariance, added, atol=1e-12)


def test_content_is_known_by_the_articulations_name_where_the_drawer_has_no_slot(put):
    beliefs, inside = put(Beliefs(), "red ball", 0.28, -0.12, z=0.05)
    beliefs = beliefs.with_slot(replace(inside, attachment=Attachment("in", "drawer", 1.0)))
    after = slid(beliefs, "drawer", 1.0, 0.0, slide=SIDEWAYS).slots[inside.id]
    np.testing.assert_allclose(after.position, [0.376, 0.008, 0.05], atol=1e-12)


@pytest.mark.parametrize(("probability", "moves"), [(0.8, True), (0.3, False)])
def test_what_is_perhaps_in_the_drawer_is_perhaps_where_it_was(put, probability, moves):
    beliefs, front = put(Beliefs(), "drawer", 0.3, -0.1, extent=(0.2, 0.23, 0.095))
    beliefs, inside = put(beliefs, "red ball", 0.28, -0.12, z=0.05)
    beliefs = attached(beliefs, inside, front, probability=probability)
    after = slid(beliefs, "drawer", 1.0, 0.0, slide=SIDEWAYS).slots[inside.id]
    shift = 0.16 * SIDEWAYS.axis
    np.testing.assert_allclose(after.position - inside.position, moves * shift, atol=1e-12)
    along = SIDEWAYS.axis @ (after.covariance - inside.covariance) @ SIDEWAYS.axis
    expected = min(probability, 1 - probability) * 0.16**2 + probability * 0.16 * SLIP_VARIANCE
    assert along == pytest.approx(expected)


def test_a_carried_plate_turns_what_is_on_it_about_itself(put):
    beliefs, plate = put(Beliefs(), "plate", 0.5, 0.0, extent=(0.14, 0.14, 0.008), yaw=0.0)
    beliefs, ball = put(beliefs, "red ball", 0.54, 0.0, z=0.03)
    beliefs, top = put(beliefs, "small block", 0.54, 0.0, z=0.06, extent=(0.02, 0.02, 0.02))
    beliefs = attached(attached(beliefs, ball, plate, "on"), top, ball, "on")
    assert [slot.id for slot in content(beliefs, plate.id)] == [ball.id, top.id]
    T = np.array([[0.0, -1.0, 0.0, 0.3], [1.0, 0.0, 0.0, 0.2], [0.0, 0.0, 1.0, 0.2], [0.0, 0.0, 0.0, 1.0]])
    after = with_content(beliefs, plate, replace(plate, pose=plate.pose.at(T)))
    # 4 cm along x of the plate become 4 cm along y; it rose by 0.196 m.
    np.testing.assert_allclose(after.slots[ball.id].position, [0.3, 0.24, 0.226], atol=1e-12)
    np.testing.assert_allclose(after.slots[top.id].position, [0.3, 0.24, 0.256], atol=1e-12)


def test_a_way_in_many_steps_is_as_unsure_as_in_one(put):
    beliefs, plate = put(Beliefs(), "plate", 0.5, 0.0, extent=(0.14, 0.14, 0.008))
    beliefs, ball = put(beliefs, "red ball", 0.5, 0.0, z=0.03)
    beliefs = attached(beliefs, ball, plate, "on")
    for _ in range(50):
        plate = beliefs.slots[plate.id]
        T = np.array(plate.pose.T)
        T[0, 3] += 0.004
        beliefs = with_content(beliefs, plate, replace(plate, pose=plate.pose.at(T)))
    after = beliefs.slots[ball.id]
    np.testing.assert_allclose(after.position, [0.7, 0.0, 0.03], atol=1e-12)
    assert after.covariance[1, 1] - ball.covariance[1, 1] == pytest.approx(0.2 * SLIP_VARIANCE)


def test_an_unsure_turn_of_the_parent_swings_what_is_far_from_its_middle(put):
    beliefs, plate = put(Beliefs(), "plate", 0.5, 0.0, extent=(0.14, 0.14, 0.008), yaw=0.0)
    beliefs, ball = put(beliefs, "red ball", 0.55, 0.0, z=0.03)
    beliefs = attached(beliefs, ball, plate, "on")
    turned = plate.pose.spread(np.diag([0.0, 0.0, 0.0, 0.0, 0.0, 0.1**2]))
    after = with_content(beliefs, plate, replace(plate, pose=turned)).slots[ball.id]
    # 5 cm × 0.1 rad across, nothing along.
    np.testing.assert_allclose(np.diag(after.covariance - ball.covariance), [0.0, 0.005**2, 0.0], atol=1e-12)


def test_attachments_in_a_circle_do_not_hang(put):
    beliefs, a = put(Beliefs(), "bowl", 0.5, 0.0)
    beliefs, b = put(beliefs, "cup", 0.5, 0.0)
    beliefs = attached(attached(beliefs, a, b), b, a)
    assert [slot.id for slot in content(beliefs, a.id)] == [b.id]
